//! `[environments.X.guards]`: rules that every plan must satisfy, also when it is confirmed.

use super::{
    duration::Length,
    field::{KeyPath, TomlValue, Visited, Visitor},
    keywords::one_of,
    parsed_text::{ACTIONS, Days, PatternTemplate, TimeOfDay, ZoneName},
    reader::{TomlNode, TomlReader},
    source::read_command,
    table::table,
    template::Template,
    value_schema::value_schema,
};
use crate::config::origin::Value;

table! {
    /// Rules that every plan must satisfy, also when it is confirmed.
    struct GuardsTable {
        /// Git branches: HEAD must be one of them, or contained in the remote head of one of them.
        branch: Option<Value<Vec<Template>>>,
        /// True if HEAD must not be behind its remote branch.
        up_to_date: Option<Value<bool>>,
        /// True if the stacks' files must not have uncommitted changes.
        clean_tree: Option<Value<bool>>,
        /// Highest number of deletes, replaces and forgets of a run.
        max_deletes: Option<Value<u64>>,
        /// Highest number of changed resources and invoked actions of a run.
        max_changes: Option<Value<u64>>,
        /// Resources that are never deleted, replaced or forgotten.
        protect: Option<Value<Vec<PatternTemplate>>>,
        /// Rules that deny actions on some resources.
        deny_actions: Option<Value<Vec<DenyTable>>>,
        /// Identity that the engines must act as.
        identity: Option<IdentityTable>,
        /// Times in which changes are allowed.
        window: Option<Value<Vec<WindowTable>>>,
        /// Highest age of a plan when it is applied.
        max_plan_age: Option<Value<Length>>,
    }
}

table! {
    /// Rule that denies actions on the resources that match a pattern; `delete` includes replace.
    struct DenyTable requires ["match", "actions"] {
        /// Pattern of the resources.
        r#match: Option<PatternTemplate>,
        /// Denied actions.
        actions: Vec<DeniedAction>,
    }
}

table! {
    /// Command whose output is the identity that the engines act as.
    struct IdentityTable {
        /// Command to run in the folder of environments.toml.
        command: Option<Value<Command>>,
        /// Glob that the output must match.
        matches: Option<Value<Template>>,
    }
}

table! {
    /// Window of time in which changes are allowed; a window may pass midnight.
    struct WindowTable requires ["from", "to"] {
        /// Weekdays on which the window begins; absent for all.
        days: Vec<Days>,
        /// Begin of the window.
        from: Option<TimeOfDay>,
        /// End of the window.
        to: Option<TimeOfDay>,
        /// Time zone of `from` and `to`; absent for UTC.
        timezone: Option<ZoneName>,
    }
}

/// Program and its arguments; no shell is started.
#[derive(Debug, Clone)]
pub(crate) struct Command(pub(crate) Vec<Template>);

impl TomlValue for Command {
    fn read<'t>(node: &'t TomlNode<'t>, reader: &mut TomlReader<'t>) -> Option<Self> {
        read_command(node, reader).map(Self)
    }

    fn visit(&self, _: &KeyPath<'_>, visitor: &mut Visitor<'_>) {
        self.0.iter().for_each(|word| visitor(Visited::Template(word)));
    }
}

value_schema!(inline Command, "Command", { "type": "array", "items": { "type": "string" }, "minItems": 1 });

/// Action that a rule denies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct DeniedAction(pub(crate) &'static str);

impl TomlValue for DeniedAction {
    fn read<'t>(node: &'t TomlNode<'t>, reader: &mut TomlReader<'t>) -> Option<Self> {
        one_of(node, reader, &ACTIONS.map(|action| (action, Self(action))))
    }
}

value_schema!(inline DeniedAction, "Action", { "enum": ACTIONS });
