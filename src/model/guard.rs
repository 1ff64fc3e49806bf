//! Names of guards and of other rules that refuse a plan.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Rule that refuses to apply a plan or to run a typed command. Its name is a key of `guards` in environments.toml if users
/// can set it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Guard {
    /// Protects resources that match a pattern.
    Protect,
    /// Denies actions on resources that match a pattern.
    DenyActions,
    /// Refuses actions that envctl does not know.
    #[serde(rename = "unknown")]
    UnknownAction,
    /// Refuses an `--allow` that fits no change or several stacks.
    Allow,
    /// Limits the number of losses of a run.
    MaxDeletes,
    /// Limits the number of changes of a run.
    MaxChanges,
    /// Refuses a plan that covers only a part of its stack.
    Incomplete,
    /// Limits the age of a plan.
    MaxPlanAge,
    /// Limits the times at which changes are made.
    Window,
    /// Limits the branches that changes are made from.
    Branch,
    /// Refuses a HEAD that is behind its remote.
    UpToDate,
    /// Refuses uncommitted changes.
    CleanTree,
    /// Refuses to act with credentials of another identity than the environment allows.
    Identity,
    /// Refuses a typed command that makes no plan.
    Plan,
    /// Refuses a plan file on the command line of a typed command.
    PlanFile,
    /// Refuses an address that is not in the form that the engine prints.
    Address,
    /// Refuses a typed command that cannot be judged.
    Exec,
    /// Refuses to push a state that cannot be compared with the current one.
    StatePush,
    /// Refuses a plan that an input, the state or a provider no longer fits.
    Binding,
    /// Refuses a new plan with changes beyond the confirmed one.
    Replan,
    /// Refuses a plan with values that are not known yet.
    Tentative,
    /// Refuses a state that is not the one of the last apply.
    Lineage,
    /// Refuses a workspace that does not exist.
    Workspace,
    /// Refuses a backend that is not the one of the last init.
    Backend,
    /// Refuses to change a lock file.
    Lockfile,
    /// Refuses changes that the journal cannot record.
    Journal,
    /// Refuses changes while `ENVCTL_READ_ONLY` is set.
    ReadOnly,
    /// Rule of another version of envctl, read from its journal.
    #[serde(untagged)]
    Other(String),
}

impl Guard {
    /// Returns the guard's name in reports and messages.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Protect => "protect",
            Self::DenyActions => "deny_actions",
            Self::UnknownAction => "unknown",
            Self::Allow => "allow",
            Self::MaxDeletes => "max_deletes",
            Self::MaxChanges => "max_changes",
            Self::Incomplete => "incomplete",
            Self::MaxPlanAge => "max_plan_age",
            Self::Window => "window",
            Self::Branch => "branch",
            Self::UpToDate => "up_to_date",
            Self::CleanTree => "clean_tree",
            Self::Identity => "identity",
            Self::Plan => "plan",
            Self::PlanFile => "plan_file",
            Self::Address => "address",
            Self::Exec => "exec",
            Self::StatePush => "state_push",
            Self::Binding => "binding",
            Self::Replan => "replan",
            Self::Tentative => "tentative",
            Self::Lineage => "lineage",
            Self::Workspace => "workspace",
            Self::Backend => "backend",
            Self::Lockfile => "lockfile",
            Self::Journal => "journal",
            Self::ReadOnly => "read_only",
            Self::Other(name) => name,
        }
    }
}

impl fmt::Display for Guard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_guard_has_one_name_in_json_and_in_messages() {
        let names = [
            "protect",
            "deny_actions",
            "unknown",
            "allow",
            "max_deletes",
            "max_changes",
            "incomplete",
            "max_plan_age",
            "window",
            "branch",
            "up_to_date",
            "clean_tree",
            "identity",
            "plan",
            "plan_file",
            "address",
            "exec",
            "state_push",
            "binding",
            "replan",
            "tentative",
            "lineage",
            "workspace",
            "backend",
            "lockfile",
            "journal",
            "read_only",
        ];
        for name in names {
            let guard: Guard = serde_json::from_value(name.into()).unwrap();
            assert!(!matches!(guard, Guard::Other(_)), "{name}");
            assert_eq!(guard.to_string(), name);
            assert_eq!(serde_json::to_value(&guard).unwrap(), name);
        }
    }

    #[test]
    fn a_guard_of_another_version_keeps_its_name() {
        let guard: Guard = serde_json::from_value("opaque".into()).unwrap();
        assert_eq!(guard, Guard::Other("opaque".to_owned()));
        assert_eq!(guard.to_string(), "opaque");
        assert_eq!(serde_json::to_value(&guard).unwrap(), "opaque");
    }
}
