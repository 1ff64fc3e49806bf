//! Arguments that several verbs share, and their conversion into requests.

use std::{num::NonZeroUsize, time::Duration};

use camino::Utf8PathBuf;
use clap::{Args, ValueHint};
use clap_complete::engine::ArgValueCandidates;

use crate::{
    config::{Overrides, parse_duration},
    diagnostic::closest,
    executor::{Confirmation, InvalidDigest},
    graph::{Selection, Since},
    model::{CreateWorkspace, GuardException, InvalidAllow},
    run::{Confirm, ReportFiles, RunRequest, Stop},
};

/// Selection of stacks.
#[derive(Debug, Args)]
#[command(next_help_heading = "Selection")]
pub(super) struct SelectionArgs {
    /// Stacks by name or glob (`app-*`); none means all.
    #[arg(value_name = "STACK", add = ArgValueCandidates::new(super::complete::stacks))]
    stacks: Vec<String>,

    /// Only stacks with one of these tags; a captured folder is the tag `region=eu-west-1`.
    #[arg(long = "tag", value_name = "TAG")]
    tags: Vec<String>,

    /// Of these only stacks that have changed since HEAD left REF, committed or not: their files, local modules at any
    /// depth, var files, settings. Without REF the branch that HEAD will be merged into.
    #[arg(long, value_name = "REF", num_args = 0..=1, require_equals = true, default_missing_value = NO_VALUE, value_parser = parse_since, add = ArgValueCandidates::new(super::complete::commits))]
    changed: Option<Since>,

    /// Leave these stacks out, by name or glob.
    #[arg(long, value_name = "STACK", add = ArgValueCandidates::new(super::complete::stacks))]
    exclude: Vec<String>,

    /// Take what the selected stacks depend on as well.
    #[arg(long)]
    with_dependencies: bool,

    /// Take what depends on the selected stacks as well.
    #[arg(long)]
    with_dependents: bool,
}

impl From<SelectionArgs> for Selection {
    fn from(args: SelectionArgs) -> Self {
        Self {
            patterns: args.stacks,
            tags: args.tags,
            changed_since: args.changed,
            exclude: args.exclude,
            with_dependencies: args.with_dependencies,
            with_dependents: args.with_dependents,
        }
    }
}

/// Options of a run's steps and output.
#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own on the command line")]
#[command(next_help_heading = "Run")]
pub(super) struct CommonRunArgs {
    /// Stacks at once; by default the environment's `jobs`, else the number of cores.
    #[arg(short, long, value_name = "N", value_parser = at_least_one)]
    jobs: Option<NonZeroUsize>,

    #[command(flatten)]
    allow: AllowArgs,

    /// After a failure start nothing new; by default stacks that do not depend on it go on.
    #[arg(long, conflicts_with = "keep_going")]
    fail_fast: bool,

    /// After a failure let stacks go on that do not depend on it (the default).
    #[arg(long)]
    keep_going: bool,

    /// Say how long the plans and the applies will probably take, from what they took in earlier runs.
    #[arg(long)]
    eta: bool,

    /// Print the report as JSON; standard output holds nothing else.
    #[arg(long)]
    json: bool,

    /// Write the report to a file as JSON; the error, as `--json` prints it, where there is no report. A file that holds
    /// anything else than an earlier report is never replaced.
    #[arg(long, value_name = "FILE.json", value_hint = ValueHint::FilePath, value_parser = parse_report_file)]
    report: Option<Utf8PathBuf>,

    /// Append a Markdown summary to a file, as `$GITHUB_STEP_SUMMARY`: a new or empty one, one with an earlier summary, or one
    /// that ends in `.md`.
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    summary: Option<Utf8PathBuf>,
}

impl CommonRunArgs {
    /// Applies these flags to the overrides of environments.toml.
    pub(super) fn override_settings(&self, overrides: &mut Overrides) {
        overrides.jobs = self.jobs;
    }

    /// Returns true if standard output is one JSON document.
    pub(super) fn json(&self) -> bool {
        self.json
    }

    /// Returns the paths of the report and the summary.
    pub(super) fn report_files(&self) -> ReportFiles {
        ReportFiles { report: self.report.clone(), summary: self.summary.clone(), ..ReportFiles::default() }
    }

    /// Returns the request of a run with these options, without environment and selection.
    pub(super) fn request(self) -> RunRequest {
        RunRequest {
            environment: None,
            selection: Selection::default(),
            targets: Vec::new(),
            excludes: Vec::new(),
            replace: Vec::new(),
            allow: self.allow.allow,
            acks: Vec::new(),
            stop: if self.fail_fast { Stop::AtFirstFailure } else { Stop::AtDependents },
            eta: self.eta,
            json: self.json,
            report: self.report,
            summary: self.summary,
            reuse: None,
            stored: None,
            resumes: None,
        }
    }
}

/// Options of the engines of a run.
#[derive(Debug, Args)]
#[command(next_help_heading = "Run")]
pub(super) struct RunArgs {
    #[command(flatten)]
    common: CommonRunArgs,

    /// Set an HCL variable of every selected stack, over var files and `vars`. Its declared type says how the value is read, as
    /// with `-var` of the engines: a text for a string, number or bool, an HCL expression for other types. May be repeated.
    #[arg(long = "var", value_name = "NAME=VALUE", value_parser = parse_pair)]
    vars: Vec<(String, String)>,

    /// Plan only this resource or module and what it depends on: an incomplete plan, for emergencies. May be repeated.
    #[arg(long = "target", value_name = "ADDR")]
    targets: Vec<String>,

    /// Plan everything but this resource or module and what depends on it (OpenTofu's `-exclude`): an incomplete plan, for
    /// emergencies. May be repeated.
    #[arg(long = "without", value_name = "ADDR", conflicts_with = "targets")]
    excludes: Vec<String>,

    /// Plan to replace this resource. May be repeated.
    #[arg(long = "replace", value_name = "ADDR")]
    replace: Vec<String>,

    /// Make the workspace when it does not exist, without asking.
    #[arg(long)]
    create_workspace: bool,

    /// Let an init in CI add the providers that a lock file lacks and remove those that it has too many; outside of CI it may,
    /// and where the environment has `confirm` it never does.
    #[arg(long)]
    update_lockfile: bool,
}

impl RunArgs {
    /// Applies these flags to the overrides of environments.toml.
    pub(super) fn override_settings(&self, overrides: &mut Overrides) {
        self.common.override_settings(overrides);
        overrides.vars.clone_from(&self.vars);
        overrides.create_workspace = self.create_workspace.then_some(CreateWorkspace::Always);
        overrides.update_lockfile = self.update_lockfile;
    }

    /// Returns true if standard output is one JSON document.
    pub(super) fn json(&self) -> bool {
        self.common.json()
    }

    /// Returns the paths of the report and the summary.
    pub(super) fn report_files(&self) -> ReportFiles {
        self.common.report_files()
    }
}

/// Environment, stacks and options of a verb that plans.
#[derive(Debug, Args)]
pub(super) struct PlanningArgs {
    /// The environment, by name or alias.
    #[arg(value_name = "ENV", add = ArgValueCandidates::new(super::complete::environments))]
    environment: Option<String>,

    #[command(flatten)]
    selection: SelectionArgs,

    #[command(flatten)]
    pub(super) run: RunArgs,
}

impl PlanningArgs {
    /// Returns the request of a run over the environment and its stacks.
    pub(super) fn request(self) -> RunRequest {
        let RunArgs { common, targets, excludes, replace, .. } = self.run;
        RunRequest {
            environment: self.environment,
            selection: self.selection.into(),
            targets,
            excludes,
            replace,
            ..common.request()
        }
    }
}

/// Parses a number of concurrent steps, at least 1.
pub(in crate::cli) fn at_least_one(text: &str) -> Result<NonZeroUsize, String> {
    text.parse().map_err(|_| "it must be a whole number, at least 1".to_owned())
}

/// Exceptions to guards.
#[derive(Debug, Args)]
pub(in crate::cli) struct AllowArgs {
    /// Let one thing through that a guard refuses: `delete:STACK/ADDR` (replace, forget, and a move out of protection too),
    /// `change:STACK/ADDR`, `branch`, `behind`, `dirty`, `deletes=N`, `changes=N`, `window`, `age`, `incomplete`, or
    /// `lineage:ENV/STACK` (a state that is not the last known one, as after a deliberate reset, or that was lost). `STACK/` may
    /// be left out where one stack of the run has that address. Recorded. May be repeated.
    #[arg(long = "allow", value_name = "WHAT", value_parser = parse_exception)]
    pub(in crate::cli) allow: Vec<GuardException>,
}

/// Value of `--reuse` without an argument.
const A_DAY: &str = "24h";

/// Reuse of clean plans.
#[derive(Debug, Args)]
pub(super) struct ReuseArgs {
    /// Start nothing for a stack whose last plan was clean, is not older than this (24h without a value), and rested on what is
    /// there now: files, values, versions, and the state, where it is a local one or in an S3 bucket. What changed outside is not
    /// seen.
    #[arg(long, value_name = "MAX_AGE", num_args = 0..=1, require_equals = true, default_missing_value = A_DAY, value_parser = parse_duration)]
    pub(super) reuse: Option<Duration>,
}

/// Answer to the gate.
#[derive(Debug, Args)]
#[command(next_help_heading = "Confirmation")]
pub(super) struct ConfirmArgs {
    /// Confirm one review without a question; with a digest (16 digits or more), only the review that shows it.
    #[arg(long, value_name = "DIGEST", num_args = 0..=1, require_equals = true, default_missing_value = NO_VALUE, value_parser = parse_confirmation)]
    confirm: Option<Confirmation>,

    /// Answer yes to every round's review in an environment that needs no confirmation; never enough in one that does.
    #[arg(short, long)]
    yes: bool,

    /// Say yes beforehand to the reviews of later rounds (deferred stacks, and plans that go beyond what was confirmed), but
    /// never to a delete, replace, forget or move out of protection that no confirmed review has shown and no `--allow delete:`
    /// names.
    #[arg(long)]
    confirm_rounds: bool,

    /// Say yes to an item of the environment's checklist, by its id. May be repeated.
    #[arg(long = "ack", value_name = "ID")]
    pub(in crate::cli) acks: Vec<String>,
}

impl From<ConfirmArgs> for Confirm {
    fn from(args: ConfirmArgs) -> Self {
        Self { confirmation: args.confirm, yes: args.yes, confirm_rounds: args.confirm_rounds }
    }
}

/// Parses `NAME=VALUE`.
pub(super) fn parse_pair(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err("it is written NAME=VALUE".to_owned()),
    }
}

/// Value of `--confirm` and `--changed` without an argument. No argument can contain it: an empty argument, for example
/// from an unset shell variable, is neither a digest nor a commit, and must not confirm everything.
const NO_VALUE: &str = "\0";

fn parse_confirmation(text: &str) -> Result<Confirmation, InvalidDigest> {
    if text == NO_VALUE { Ok(Confirmation::Plain) } else { text.parse().map(Confirmation::Digest) }
}

fn parse_since(text: &str) -> Result<Since, String> {
    match text {
        NO_VALUE => Ok(Since::Default),
        "" => Err("it is empty; `--changed` alone compares with the default branch".to_owned()),
        name if name.starts_with('-') || name.contains("..") => {
            Err("it is no branch, tag or commit".to_owned())
        }
        name => Ok(Since::Commit(name.to_owned())),
    }
}

pub(super) fn parse_report_file(text: &str) -> Result<Utf8PathBuf, String> {
    let path = Utf8PathBuf::from(text);
    match path.extension() {
        Some("json") => Ok(path),
        Some(other) => Err(format!("`.{other}` reports are not supported yet; `.json` is")),
        None => Err("the extension names the format: `.json`".to_owned()),
    }
}

fn parse_exception(text: &str) -> Result<GuardException, String> {
    text.parse().map_err(|error: InvalidAllow| match &error {
        InvalidAllow::Unknown { word } => match closest(word, GuardException::words()) {
            Some(known) => format!("{error}; did you mean `{known}`?"),
            None => format!("{error}; there are {}", GuardException::FORMS.join(", ")),
        },
        InvalidAllow::Form { .. } | InvalidAllow::UnsupportedGuard { .. } => error.to_string(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::REUSED_WITHOUT_AGE;

    #[test]
    fn a_report_is_named_by_its_format() {
        assert!(parse_report_file("a/b.json").is_ok());
        assert_eq!(
            parse_report_file("a.html").unwrap_err(),
            "`.html` reports are not supported yet; `.json` is"
        );
        assert!(parse_report_file("a").is_err());
    }

    #[test]
    fn a_base_is_one_commit_and_never_an_option_of_git() {
        assert_eq!(parse_since(NO_VALUE), Ok(Since::Default));
        assert_eq!(parse_since("origin/main"), Ok(Since::Commit("origin/main".to_owned())));
        for wrong in ["", "--output=x", "a..b", "a...b"] {
            assert!(parse_since(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_plan_to_reuse_is_as_old_as_is_said_of_it() {
        assert_eq!(parse_duration(A_DAY), Ok(REUSED_WITHOUT_AGE));
    }

    #[test]
    fn a_value_may_hold_an_equals_sign() {
        assert_eq!(parse_pair("a=b=c").unwrap(), ("a".to_owned(), "b=c".to_owned()));
        assert!(parse_pair("=b").is_err());
        assert!(parse_pair("a").is_err());
    }
}
