//! Decision whether the environments of a stack are workspaces.

use std::collections::BTreeSet;

use camino::{Utf8Path, Utf8PathBuf};

use super::{
    environment_names::is_environment_name,
    evidence::{ARGUMENT, Closeness, ENVIRONMENT, ScriptFact, ScriptFindings, UNKNOWN},
    workspace_usage::WorkspaceMentions,
};

/// Use of workspaces by a stack.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum WorkspaceUse {
    /// Default workspace in every environment.
    Default,
    /// Workspace per environment.
    PerEnvironment(WorkspaceEvidence),
    /// Workspaces whose names nothing tells, with the reason to think so.
    Unnamed(String),
}

/// Evidence that the environments of a stack are workspaces.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum WorkspaceEvidence {
    /// A script selects the workspace.
    Script(Utf8PathBuf),
    /// Nothing selects one: a proposal with its reason.
    Proposal(String),
}

impl WorkspaceUse {
    /// Returns true if the environments of the stack are workspaces.
    pub(super) fn is_per_environment(&self) -> bool {
        matches!(self, Self::PerEnvironment(_))
    }
}

/// Workspaces that scripts select for a stack.
#[derive(Debug, Default)]
pub(super) struct SelectedWorkspaces {
    /// Names in the scripts.
    pub(super) names: BTreeSet<String>,
    /// Closest script that selects one, by name or by a variable.
    pub(super) script: Option<(Closeness, Utf8PathBuf)>,
    /// Name that scripts make of the environment's: `app-{env}`; `None` if it is the environment's or unknown.
    pub(super) template: Option<String>,
    /// True if a script selects a workspace by the environment's name.
    pub(super) is_by_environment: bool,
}

impl SelectedWorkspaces {
    /// Finds the workspaces that scripts select for the stack in a folder.
    pub(super) fn find(scripts: &ScriptFindings, stack: &Utf8Path) -> Self {
        let mut selected = Self::default();
        for command in &scripts.commands {
            let ScriptFact::Workspace(name) = &command.fact else { continue };
            let has_text = name.chars().any(char::is_alphanumeric);
            if name == "default" || has_text && name.contains([UNKNOWN, ARGUMENT]) {
                // A name made of something else is no environment's, as that of a pull request.
                continue;
            }
            let Some(closeness) = command.closeness(stack) else { continue };
            if selected.script.as_ref().is_none_or(|(best, _)| *best < closeness) {
                selected.script = Some((closeness, command.script.clone()));
            }
            if name.contains(ENVIRONMENT) && has_text {
                selected.template = Some(name.replace(ENVIRONMENT, "{env}"));
            }
            selected.is_by_environment |= name.contains(ENVIRONMENT) || is_environment_name(name);
            if !name.contains([ENVIRONMENT, ARGUMENT, UNKNOWN]) && is_environment_name(name) {
                selected.names.insert(name.clone());
            }
        }
        selected
    }
}

/// Facts about a stack that decide on its workspaces.
pub(super) struct WorkspaceFacts<'a> {
    pub(super) selected: &'a SelectedWorkspaces,
    pub(super) mentions: &'a WorkspaceMentions,
    /// Environments of the stack.
    pub(super) environments: &'a BTreeSet<String>,
    /// True if backend block, backend files and pairs give each environment a state of its own.
    pub(super) distinguishes: bool,
    /// True if scripts set the place of the state to a value from elsewhere.
    pub(super) has_unknown_place: bool,
    /// True if each environment has a folder of its own.
    pub(super) has_folders: bool,
    /// File or folder that names the environments.
    pub(super) source: Option<String>,
    /// Name of the stack's folder for the user.
    pub(super) folder: &'a str,
}

impl WorkspaceFacts<'_> {
    /// Decides on the workspaces of a stack.
    pub(super) fn decide(&self) -> WorkspaceUse {
        let per_environment = |evidence| WorkspaceUse::PerEnvironment(evidence);
        let speaks = || format!("{} speaks of its workspace", self.folder);
        let selecting = self.selected.script.as_ref();
        if self.environments.is_empty() {
            return match selecting {
                _ if self.mentions.is_mentioned => WorkspaceUse::Unnamed(speaks()),
                Some((Closeness::Own | Closeness::Pattern, script)) => {
                    WorkspaceUse::Unnamed(format!("{script} selects one"))
                }
                _ => WorkspaceUse::Default,
            };
        }
        let has_own_states = self.distinguishes || self.has_folders;
        match selecting {
            Some((closeness, script))
                if !has_own_states
                    || self.selected.is_by_environment
                        && (self.mentions.is_mentioned || !matches!(closeness, Closeness::Above(_))) =>
            {
                per_environment(WorkspaceEvidence::Script(script.clone()))
            }
            _ if self.mentions.is_mentioned && self.has_unknown_place => {
                let reason = format!("{}, and nothing here selects one", speaks());
                per_environment(WorkspaceEvidence::Proposal(reason))
            }
            _ if self.mentions.is_mentioned && self.has_folders => WorkspaceUse::Unnamed(speaks()),
            _ if has_own_states => WorkspaceUse::Default,
            _ if self.mentions.is_mentioned => {
                per_environment(WorkspaceEvidence::Proposal(format!("{}, and nothing selects one", speaks())))
            }
            _ if self.environments.len() < 2 => WorkspaceUse::Default,
            _ => {
                let source =
                    self.source.as_deref().map_or(String::new(), |file| format!("; {file} is there"));
                per_environment(WorkspaceEvidence::Proposal(format!("nothing selects a workspace{source}")))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn evidence_decides_before_guesses() {
        let (selected, mentioned) = (
            |closeness| SelectedWorkspaces {
                script: Some((closeness, "x.sh".into())),
                is_by_environment: true,
                ..SelectedWorkspaces::default()
            },
            WorkspaceMentions { is_mentioned: true, names: BTreeSet::new() },
        );
        let two = BTreeSet::from(["dev".to_owned(), "prod".to_owned()]);
        let use_of =
            |selected: &SelectedWorkspaces, mentions: &WorkspaceMentions, environments, distinguishes| {
                let source = Some("dev.tfvars".to_owned());
                let facts = WorkspaceFacts {
                    selected,
                    mentions,
                    environments,
                    distinguishes,
                    has_unknown_place: false,
                    has_folders: false,
                    source,
                    folder: "a",
                };
                facts.decide()
            };
        let (none, silent, nobody) =
            (SelectedWorkspaces::default(), WorkspaceMentions::default(), BTreeSet::new());
        let script = WorkspaceUse::PerEnvironment(WorkspaceEvidence::Script("x.sh".into()));
        assert_eq!(use_of(&selected(Closeness::Above(0)), &silent, &two, false), script);
        assert_eq!(use_of(&selected(Closeness::Above(0)), &silent, &two, true), WorkspaceUse::Default);
        assert_eq!(use_of(&selected(Closeness::Own), &silent, &two, true), script);
        let unknown = SelectedWorkspaces { is_by_environment: false, ..selected(Closeness::Own) };
        assert_eq!(use_of(&unknown, &mentioned, &two, true), WorkspaceUse::Default);
        let proposal = "nothing selects a workspace; dev.tfvars is there".to_owned();
        let proposal = WorkspaceUse::PerEnvironment(WorkspaceEvidence::Proposal(proposal));
        assert_eq!(use_of(&none, &silent, &two, false), proposal);
        assert!(use_of(&none, &mentioned, &two, false).is_per_environment());
        let unnamed = WorkspaceUse::Unnamed("a speaks of its workspace".to_owned());
        assert_eq!(use_of(&none, &mentioned, &nobody, false), unnamed);
        assert_eq!(use_of(&none, &silent, &nobody, false), WorkspaceUse::Default);
    }
}
