//! Options of the verbs that run engines over an environment.

use std::time::Duration;

use camino::Utf8PathBuf;

use super::started_programs::StartedPrograms;
use crate::{
    config::{VerbClass, duration_word},
    engine::{GivenFlags, PlanMode},
    executor::Confirmation,
    graph::{Selection, Since},
    model::{EnvName, GuardException, RunId, RunVerb},
    ui::shell_word,
};

/// Default maximum age of a clean plan that `--reuse` accepts.
pub const REUSED_WITHOUT_AGE: Duration = Duration::from_hours(24);

/// Effect of a failure on other steps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stop {
    /// Dependents are skipped.
    AtDependents,
    /// All steps that have not started are skipped.
    AtFirstFailure,
}

/// Verb and plan mode of a run.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RunMode {
    /// Verb of the run.
    pub(crate) verb: RunVerb,
    /// Mode of the plans.
    pub(crate) mode: PlanMode,
}

impl RunMode {
    /// Returns true if the run makes all of its plans itself.
    pub(super) fn makes_plans(self, request: &RunRequest) -> bool {
        self.verb != RunVerb::Apply && !request.adopts_plans()
    }

    /// Returns the programs that may be started while the project is read: plans are made of newly generated units, stored
    /// plans are applied to those that are there.
    pub(super) fn started_programs(self, request: &RunRequest, read_only: bool) -> StartedPrograms {
        if self.makes_plans(request) && !read_only {
            StartedPrograms::Generation
        } else {
            StartedPrograms::Queries
        }
    }

    /// Returns the kinds of keys in environments.toml that the verb depends on.
    pub(super) fn classes(self) -> &'static [VerbClass] {
        match (self.verb, self.mode) {
            (RunVerb::Plan, _) => &[VerbClass::Plan],
            (_, PlanMode::Destroy) => &[VerbClass::Plan, VerbClass::Change],
            _ => &[VerbClass::Plan, VerbClass::Change, VerbClass::Deploy],
        }
    }
}

/// Options of a run over an environment and its stacks.
#[derive(Debug, Clone)]
pub struct RunRequest {
    /// Name or alias of the environment.
    pub environment: Option<String>,
    /// Selection of stacks.
    pub selection: Selection,
    /// Addresses of `--target`.
    pub targets: Vec<String>,
    /// Addresses of `--without`.
    pub excludes: Vec<String>,
    /// Addresses of `--replace`.
    pub replace: Vec<String>,
    /// Exceptions of `--allow`.
    pub allow: Vec<GuardException>,
    /// Confirmed items of the checklist (`--ack`).
    pub acks: Vec<String>,
    /// Effect of a failure on other steps.
    pub stop: Stop,
    /// True if estimated durations are printed.
    pub eta: bool,
    /// True if the report is printed as JSON.
    pub json: bool,
    /// Path of the report.
    pub report: Option<Utf8PathBuf>,
    /// Path of the Markdown summary, which is appended.
    pub summary: Option<Utf8PathBuf>,
    /// Maximum age of a clean plan that is used in place of a new plan; `None` without `--reuse`.
    pub reuse: Option<Duration>,
    /// Run whose stored plans are applied; `None` for a run that makes plans.
    pub stored: Option<RunId>,
    /// Run that is resumed.
    pub resumes: Option<RunId>,
}

/// Answers to the gate from flags.
#[derive(Debug, Clone)]
pub struct Confirm {
    /// `--confirm`, plain or with a digest.
    pub confirmation: Option<Confirmation>,
    /// True with `--yes`: confirms every review of an environment without `confirm = true`.
    pub yes: bool,
    /// `--confirm-rounds`: confirms later rounds in advance, except for losses that no confirmed review has shown.
    pub confirm_rounds: bool,
}

impl Confirm {
    /// Returns these answers as flags.
    pub(super) fn flags(&self) -> Vec<String> {
        let confirm = self.confirmation.as_ref().map(|confirmation| match confirmation {
            Confirmation::Plain => "--confirm".to_owned(),
            Confirmation::Digest(digest) => format!("--confirm={digest}"),
        });
        let yes = self.yes.then(|| "--yes".to_owned());
        let rounds = self.confirm_rounds.then(|| "--confirm-rounds".to_owned());
        [confirm, yes, rounds].into_iter().flatten().collect()
    }
}

impl RunRequest {
    /// Returns the command line that repeats a verb with the same stacks and options.
    pub(super) fn command_line(&self, verb: RunVerb, environment: &EnvName, flags: &GivenFlags) -> String {
        let mut words =
            vec![flags.command(if self.resumes.is_some() { "runs resume" } else { verb.as_str() })];
        if let Some(run) = self.resumes.as_ref().or(self.stored.as_ref()) {
            words.push(run.to_string());
            words
                .extend(self.allow.iter().map(|allow| format!("--allow {}", shell_word(&allow.to_string()))));
            words.extend(self.acks.iter().map(|id| format!("--ack {}", shell_word(id))));
            words.extend(self.fail_fast_flag());
            return words.join(" ");
        }
        words.push(environment.to_string());
        words.extend(self.selection.patterns.iter().map(|word| shell_word(word)));
        words.extend(self.selection.changed_since.iter().map(|since| match since {
            Since::Default => "--changed".to_owned(),
            Since::Commit(name) => format!("--changed={}", shell_word(name)),
        }));
        let mut flag = |name: &str, value: &str| words.push(format!("{name} {}", shell_word(value)));
        self.selection.tags.iter().for_each(|tag| flag("--tag", tag));
        self.selection.exclude.iter().for_each(|stack| flag("--exclude", stack));
        self.targets.iter().for_each(|address| flag("--target", address));
        self.excludes.iter().for_each(|address| flag("--without", address));
        self.replace.iter().for_each(|address| flag("--replace", address));
        self.allow.iter().for_each(|allow| flag("--allow", &allow.to_string()));
        // `plan` has no gate.
        self.acks.iter().filter(|_| verb != RunVerb::Plan).for_each(|id| flag("--ack", id));
        words.extend(flags.values(true));
        if let Some(age) = self.reuse {
            words.push(match age {
                REUSED_WITHOUT_AGE => "--reuse".to_owned(),
                age => format!("--reuse={}", duration_word(age)),
            });
        }
        if self.selection.with_dependencies {
            words.push("--with-dependencies".to_owned());
        }
        if self.selection.with_dependents {
            words.push("--with-dependents".to_owned());
        }
        words.extend(self.fail_fast_flag());
        words.join(" ")
    }

    fn fail_fast_flag(&self) -> Option<String> {
        (self.stop == Stop::AtFirstFailure).then(|| "--fail-fast".to_owned())
    }

    /// Returns true if the run continues with the plans of an earlier run.
    pub(super) fn adopts_plans(&self) -> bool {
        self.stored.is_some() || self.resumes.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_to_type_again_asks_for_the_same() {
        let request = RunRequest {
            environment: None,
            selection: Selection {
                patterns: vec!["app-*".to_owned(), "network".to_owned()],
                tags: vec!["base".to_owned()],
                changed_since: Some(Since::Commit("origin/main".to_owned())),
                with_dependents: true,
                ..Selection::default()
            },
            targets: vec!["a.b[\"x\"]".to_owned()],
            excludes: vec!["module.m".to_owned()],
            replace: Vec::new(),
            allow: vec!["window".parse().unwrap()],
            acks: vec!["on-call".to_owned()],
            stop: Stop::AtDependents,
            eta: false,
            json: false,
            report: None,
            summary: None,
            reuse: None,
            stored: None,
            resumes: None,
        };
        let line = |age: Duration| {
            let request = RunRequest { reuse: Some(age), selection: Selection::default(), ..request.clone() };
            let line = request.command_line(RunVerb::Plan, &"dev".parse().unwrap(), &GivenFlags::default());
            line.split(' ').next_back().unwrap().to_owned()
        };
        assert_eq!(line(REUSED_WITHOUT_AGE), "--reuse");
        assert_eq!(line(Duration::from_mins(90)), "--reuse=90m");
        let vars = vec![("size".to_owned(), Some("3".to_owned()))];
        let flags = GivenFlags { vars, ..GivenFlags::default() };
        assert_eq!(
            request.command_line(RunVerb::Deploy, &"production".parse().unwrap(), &flags),
            "envctl deploy production 'app-*' network --changed=origin/main --tag base --target 'a.b[\"x\"]' --without module.m --allow window --ack on-call --var size=3 --with-dependents"
        );
        let sets = vec![
            ("env.TOKEN".to_owned(), Some("t0ken".to_owned())),
            ("parallelism".to_owned(), Some("4".to_owned())),
        ];
        let given = GivenFlags { sets, ..GivenFlags::default() }.hiding(|_| false);
        let line = request.command_line(RunVerb::Plan, &"dev".parse().unwrap(), &given);
        assert!(line.contains("--set 'env.TOKEN=…' --set parallelism=4"), "{line}");
        assert!(!line.contains("--ack"), "`plan` takes none: {line}");
        let run: RunId = RunId::new(1, 0);
        let resumed = RunRequest { resumes: Some(run.clone()), stop: Stop::AtFirstFailure, ..request };
        let line = resumed.command_line(
            RunVerb::Deploy,
            &"production".parse().unwrap(),
            &GivenFlags { config: Some("my infra/environments.toml".to_owned()), ..flags },
        );
        assert_eq!(
            line,
            format!(
                "envctl --config 'my infra/environments.toml' runs resume {run} --allow window --ack on-call --fail-fast"
            )
        );
    }
}
