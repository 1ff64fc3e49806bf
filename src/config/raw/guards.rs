//! `[environments.X.guards]`: rules that every plan must satisfy, also when it is confirmed.

use super::{
    duration::Length,
    field::Read,
    reader::{Node, Reader},
    source::read_command,
    table::{plain_table, table},
    template::Template,
    text_values::{ACTIONS, Days, PatternTemplate, TimeOfDay, ZoneName},
    words::one_of,
};
use crate::config::origin::Value;

table! {
    /// Rules that a plan must satisfy, confirmed or not.
    struct GuardsTable {
        /// HEAD is one of these branches, or contained in its remote head.
        branch: Option<Value<Vec<Template>>>,
        /// HEAD is not behind its remote.
        up_to_date: Option<Value<bool>>,
        /// Nothing uncommitted under the stacks' files.
        clean_tree: Option<Value<bool>>,
        /// Deletes, replaces and forgets over the whole run.
        max_deletes: Option<Value<u64>>,
        /// Changed resources and invoked actions over the whole run.
        max_changes: Option<Value<u64>>,
        /// Resources that are never deleted, replaced or forgotten.
        protect: Option<Value<Vec<PatternTemplate>>>,
        /// Actions that are refused for some resources.
        deny_actions: Option<Value<Vec<DenyTable>>>,
        /// Who must be acting.
        identity: Option<IdentityTable>,
        /// When changes may be made.
        window: Option<Value<Vec<WindowTable>>>,
        /// How old a plan may be when it is applied.
        max_plan_age: Option<Value<Length>>,
    }
}

table! {
    /// Actions that are refused for the resources that match; `delete` includes replace.
    struct DenyTable {
        /// The resources.
        r#match: Option<PatternTemplate>,
        /// The actions.
        actions: Vec<DeniedAction>,
    }
}

table! {
    /// A command whose output says who is acting.
    struct IdentityTable {
        /// The command.
        command: Option<Value<Command>>,
        /// A glob that its output must match.
        matches: Option<Value<Template>>,
    }
}

table! {
    /// A time in which changes may be made; it may pass midnight.
    struct WindowTable {
        /// The days on which it starts; absent for all.
        days: Vec<Days>,
        /// When it starts.
        from: Option<TimeOfDay>,
        /// When it ends.
        to: Option<TimeOfDay>,
        /// Where; absent for UTC.
        timezone: Option<ZoneName>,
    }
}

plain_table!(GuardsTable, DenyTable ["match", "actions"], IdentityTable, WindowTable ["from", "to"]);

/// Program and its arguments; no shell is started.
#[derive(Debug, Clone)]
pub(crate) struct Command(pub(crate) Vec<Template>);

impl Read for Command {
    fn read<'t>(node: &'t Node<'t>, reader: &mut Reader<'t>) -> Option<Self> {
        read_command(node, reader).map(Self)
    }

    fn templates(&self, visit: &mut dyn FnMut(&Template)) {
        self.0.iter().for_each(visit);
    }
}

impl schemars::JsonSchema for Command {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Command".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "array", "items": { "type": "string" }, "minItems": 1 })
    }
}

/// Action that a rule denies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct DeniedAction(pub(crate) &'static str);

impl Read for DeniedAction {
    fn read<'t>(node: &'t Node<'t>, reader: &mut Reader<'t>) -> Option<Self> {
        one_of(node, reader, &ACTIONS.map(|action| (action, Self(action))))
    }
}

impl schemars::JsonSchema for DeniedAction {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Action".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "enum": ACTIONS })
    }
}
