//! Units that exclude themselves from a run by an `exclude` block.
//!
//! `run --all` removes them from its queue; a unit that is run alone is run all the same, unless the block has `no_run`,
//! which exits with 0 and without any output (measured on Terragrunt 1.1.3). envctl behaves as `run --all` does.

use std::collections::BTreeSet;

use camino::Utf8PathBuf;
use serde::Deserialize;

use super::{commands::Terragrunt, rendered};
use crate::{
    engine::{
        EngineError, PlanMode, Session, Target,
        detect::LOCKFILE,
        driver::Invocation,
        layout::{is_configuration, unit_file_in},
        messages::exit_error::command_error,
        process::call::capture,
    },
    files::{self, normalised},
    model::{Failure, FailureKind},
};

/// Unit in the output of `terragrunt find`.
#[derive(Deserialize)]
struct ListedUnit {
    path: Utf8PathBuf,
    exclude: Option<Exclude>,
}

/// Evaluated `exclude` block of a unit.
#[derive(Debug, PartialEq, Eq, Deserialize)]
struct Exclude {
    #[serde(rename = "if", default)]
    applies: bool,
    #[serde(default)]
    actions: Option<Vec<String>>,
}

impl Exclude {
    /// Returns the reason why the block excludes a plan in this mode; `None` if it does not. Plans are made to be applied:
    /// a block for either action excludes the plan.
    fn exclusion_reason(&self, mode: PlanMode) -> Option<String> {
        let wanted: &[&str] = match mode {
            PlanMode::Normal | PlanMode::RefreshOnly => &["plan", "apply"],
            PlanMode::Destroy => &["plan", "apply", "destroy"],
        };
        let actions = self.actions.as_deref().unwrap_or_default();
        let all = ["all", "all_except_output"];
        let counts = |action: &String| all.contains(&action.as_str()) || wanted.contains(&action.as_str());
        (self.applies && actions.iter().any(counts))
            .then(|| format!("its unit has an `exclude` block for {}", actions.join(", ")))
    }
}

/// Returns the reason why a unit is excluded from a plan; `None` if it is not. Terragrunt is run for this only if a file
/// that the unit may include has an `exclude` block or is unknown, or if `silent` is true: then the plan of the unit exited
/// with 0 and without output of an engine.
pub(super) fn exclusion(
    engine: &Terragrunt,
    target: &Target,
    mode: PlanMode,
    silent: bool,
    session: &Session<'_>,
) -> Result<Option<String>, EngineError> {
    if !silent && !may_exclude(target) {
        return Ok(None);
    }
    Ok(ask_exclude(engine, target, silent, session)?.and_then(|found| found.exclusion_reason(mode)))
}

/// Reads the `exclude` block of a unit by running Terragrunt; fails if Terragrunt fails, since the unit may exclude itself.
///
/// Measured on Terragrunt 1.1.3: `run --all` uses `find`, which lists no JSON units and no block with an output of another
/// unit; such a block takes effect if the unit is run alone. `render` shows both.
fn ask_exclude(
    engine: &Terragrunt,
    target: &Target,
    silent: bool,
    session: &Session<'_>,
) -> Result<Option<Exclude>, EngineError> {
    let unclear = |why: &str| {
        let summary =
            format!("cannot tell whether the unit `{}` excludes itself: {why}", target.instance.stack);
        EngineError::Failed(Failure::new(FailureKind::Engine, summary))
    };
    if silent || unit_file_in(&target.dir).extension() == Some("json") {
        let mut unit =
            rendered::unit(Invocation::new(engine, target, session), &engine.render_command(target))?;
        let exclude = unit.remove("exclude").filter(|exclude| !exclude.is_null());
        let exclude = exclude.map(serde_json::from_value).transpose();
        return exclude.map_err(|error| unclear(&error.to_string()));
    }
    let command =
        engine.base_command(target).args(["find", "--json", "--exclude", "--no-color", "--non-interactive"]);
    let captured = capture(session, &command)?;
    if !captured.exit.is_success() {
        return Err(command_error(Invocation::new(engine, target, session), &captured, "find"));
    }
    let listed: Vec<ListedUnit> =
        serde_json::from_slice(&captured.stdout).map_err(|error| unclear(&error.to_string()))?;
    let own = listed.into_iter().find(|unit| unit.path == ".");
    Ok(own.ok_or_else(|| unclear("`find` does not list it"))?.exclude)
}

/// Returns true if the file of a unit, or one that it may include, has an `exclude` block.
fn may_exclude(target: &Target) -> bool {
    texts_of_unit(target).is_none_or(|texts| texts.iter().any(|text| has_exclude_block(text)))
}

/// Returns the texts of a unit's file and of the files that it may include: all in the folders above, and those whose path
/// the unit's text names below one of these folders. `None` if a file is unknown, as for a path with a variable.
pub(super) fn texts_of_unit(target: &Target) -> Option<Vec<String>> {
    let is_hcl = |name: &str| is_configuration(name) && name.contains(".hcl");
    let own = files::read_text(&unit_file_in(&target.dir)).ok()?;
    let mut found = BTreeSet::new();
    for dir in target.dir.ancestors() {
        for entry in dir.read_dir_utf8().ok()? {
            let entry = entry.ok()?;
            if is_hcl(entry.file_name()) && entry.file_name() != LOCKFILE {
                found.insert(entry.path().to_owned());
            }
        }
    }
    let named = own.split('"').filter(|text| is_hcl(text) && text.contains(['/', '}']));
    for tail in named.filter_map(|text| text.rsplit('}').next()) {
        let tail = tail.trim_start_matches('/');
        let below = target.dir.ancestors().map(|dir| normalised(&dir.join(tail)));
        let there: Vec<Utf8PathBuf> = below.filter(|file| files::is_file_there(file)).collect();
        if there.is_empty() {
            return None;
        }
        found.extend(there);
    }
    found.iter().map(|file| files::read_text(file).ok()).collect()
}

/// Returns true if a text has a block or a member with the name `exclude`.
fn has_exclude_block(text: &str) -> bool {
    text.match_indices("exclude").any(|(at, word)| {
        let rest = &text[at + word.len()..];
        rest.starts_with('"') || rest.trim_start().starts_with('{')
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_exclude_counts_for_the_actions_that_a_plan_leads_to() {
        let exclude = |applies, actions: &[&str]| Exclude {
            applies,
            actions: Some(actions.iter().map(|action| (*action).to_owned()).collect()),
        };
        for (exclude, normal, destroy) in [
            (exclude(true, &["all"]), true, true),
            (exclude(true, &["all_except_output"]), true, true),
            (exclude(true, &["apply"]), true, true),
            (exclude(true, &["plan"]), true, true),
            (exclude(true, &["destroy"]), false, true),
            (exclude(true, &["output"]), false, false),
            (exclude(false, &["all"]), false, false),
            (Exclude { applies: true, actions: None }, false, false),
        ] {
            let left_out =
                [PlanMode::Normal, PlanMode::Destroy].map(|mode| exclude.exclusion_reason(mode).is_some());
            assert_eq!(left_out, [normal, destroy], "{exclude:?}");
        }
    }

    #[test]
    fn only_a_block_or_a_member_is_an_exclude() {
        assert!(
            has_exclude_block("exclude {\n")
                && has_exclude_block("exclude\t{")
                && has_exclude_block("{\"exclude\": {}}")
        );
        assert!(!has_exclude_block("exclude_from_copy = []") && !has_exclude_block("# exclude nothing"));
    }
}
