//! Keys that have layers: all of them in `[defaults]`, templates and environments, some of them in stacks and instances.

use std::{num::NonZeroUsize, sync::Arc};

use toml::de::DeTable;

use super::{
    bootstrap::BootstrapTable,
    dependencies::DependencyKeys,
    duration::Length,
    field::{KeyPath, Located, TomlValue, Visitor},
    guards::GuardsTable,
    hooks::HooksTable,
    json::{Json, TemplateJson},
    keywords::FreeValue,
    map::Map,
    naming::NamingTable,
    reader::{TomlNode, TomlReader},
    require::RequiredItem,
    source::{EnvVarTemplate, SecretTemplate},
    stack_file::StackFileTemplate,
    table::{FixedTable, table},
    template::Template,
    value_schema::value_schema,
    variable_pattern::BoundName,
};
use crate::{
    config::{
        origin::{Layer, Origin, Value},
        support::{self, VerbClass},
    },
    model::CreateWorkspace,
};

table! {
    /// Keys of one layer.
    struct Keys {
        /// Description of the environment for the user.
        description: Option<Value<String>>,
        /// Other names of the environment for the command line.
        aliases: Option<Value<Vec<Located<String>>>>,
        /// Templates whose keys the environment inherits, from low to high.
        extends: Option<Value<Vec<Located<String>>>>,
        /// Environments that come before this environment in promotion order.
        after: Option<Value<Vec<Located<String>>>>,
        /// Workspace; absent for the default workspace.
        workspace: Option<Value<Template>>,
        /// Handling of a workspace that does not exist.
        create_workspace: Option<Value<CreateWorkspace>>,
        /// Value of the template name `{prefix}`.
        prefix: Option<Value<Template>>,
        /// Template names that the project defines, with their values.
        values: Map<Value<FreeValue>>,
        /// Typed values for HCL variables.
        vars: Map<Value<Json>>,
        /// Var files relative to the stack, or below `{root}`; `?path` marks a file that may be missing.
        var_files: Option<Value<Vec<StackFileTemplate>>>,
        /// Files that complete the backend block, relative to the stack, or below `{root}`; `?path` marks a file that may be missing.
        backend_files: Option<Value<Vec<StackFileTemplate>>>,
        /// Backend pairs by backend type; a stack gets the pairs of the type in its `backend` block.
        backend: Map<Map<Value<TemplateJson>>>,
        /// Environment variables for engines, hooks, checks and guard commands.
        env: Map<Value<EnvVarTemplate>>,
        /// Further environment variables that influence a provider, as `ACME_*`: plans are bound to them.
        bind: Option<Value<Vec<BoundName>>>,
        /// Sources of the values of secret HCL variables.
        secrets: Map<Value<SecretTemplate>>,
        /// True if changes need a confirmation.
        confirm: Option<Value<bool>>,
        /// Highest number of stacks at once; absent for the number of cores.
        jobs: Option<Value<NonZeroUsize>>,
        /// Value of the engine's flag `-parallelism`.
        parallelism: Option<Value<NonZeroUsize>>,
        /// Time that an engine waits for a state lock.
        lock_timeout: Option<Value<Length>>,
        /// Items of `envctl check` that must pass before the environment is changed.
        require: Option<Value<Vec<RequiredItem>>>,
        /// Statements that the user confirms at the gate, by ids that the project chooses.
        checklist: Map<Value<String>>,
        /// Rules that every plan must satisfy, also when it is confirmed.
        guards: Option<Box<GuardsTable>>,
        /// Rules for the names of resources.
        naming: Option<Box<NamingTable>>,
        /// Creation of the bucket and the lock table of the backend.
        bootstrap: Option<Box<BootstrapTable>>,
        /// Programs that run before and after the steps of a stack, each as program and arguments.
        hooks: Option<Box<HooksTable>>,
        /// Inherited keys to remove, as `vars.x`.
        unset: Vec<Value<UnsetPath>>,
    }
}

/// Keys that only an environment has.
pub(crate) const ENVIRONMENT_KEYS: &[&str] = &["description", "aliases", "extends", "after"];

/// Keys that a stack and an instance have.
pub(crate) const INSTANCE_KEYS: &[&str] =
    &["vars", "var_files", "backend_files", "backend", "env", "secrets", "parallelism", "hooks", "unset"];

/// Kind of table that holds a layer; it decides which keys are allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LayerKind {
    /// Tables `[defaults]` and `[templates.X]`.
    Shared,
    /// Table `[environments.X]`.
    Environment,
    /// Tables `[stacks.X]` and `[stacks.X.in.Y]`.
    Instance,
}

impl LayerKind {
    /// Returns true if the table has a key.
    pub(crate) fn has_key(self, key: &str) -> bool {
        match self {
            Self::Shared => Keys::KEYS.contains(&key) && key != "hooks" && !ENVIRONMENT_KEYS.contains(&key),
            Self::Environment => Keys::KEYS.contains(&key) && key != "hooks",
            Self::Instance => INSTANCE_KEYS.contains(&key),
        }
    }

    /// Returns the keys of the table.
    pub(crate) fn keys(self) -> Vec<&'static str> {
        Keys::KEYS.iter().copied().filter(|key| self.has_key(key)).collect()
    }
}

/// Key that this version does not honour, with its origin.
#[derive(Debug, Clone)]
pub(crate) struct UnsupportedKey {
    /// Key, relative to the table of the layer.
    pub(crate) key: &'static str,
    pub(crate) origin: Origin,
    /// Classes of verbs that would have to honour the key.
    pub(crate) verbs: &'static [VerbClass],
}

/// Layer of environments.toml, of flags or of `ENVCTL_*` variables, as written or merged with lower layers.
#[derive(Debug, Clone, Default)]
pub(crate) struct LayerTable {
    pub(crate) keys: Keys,
    /// Keys of the layer that this version does not honour.
    pub(crate) unsupported: Vec<UnsupportedKey>,
}

impl LayerTable {
    /// Merges a higher layer into this one; returns the `unset` paths that removed nothing.
    pub(crate) fn apply<'a>(&mut self, higher: &'a Self) -> Vec<&'a Value<UnsetPath>> {
        let mut unused = Vec::new();
        for path in &higher.keys.unset {
            let keys: Vec<&str> = path.value.0.iter().map(String::as_str).collect();
            if !self.keys.unset(&keys) {
                unused.push(path);
            }
            self.unsupported.retain(|own| !contains_key(&keys, own.key));
        }
        self.keys.overlay(&higher.keys);
        for unsupported in &higher.unsupported {
            self.unsupported.retain(|own| own.key != unsupported.key);
            self.unsupported.push(unsupported.clone());
        }
        unused
    }

    /// Reads one key of the layer. Returns false if a layer of this kind does not have the key.
    pub(crate) fn read_key<'t>(
        &mut self,
        kind: LayerKind,
        key: &'t str,
        node: &'t TomlNode<'t>,
        reader: &mut TomlReader<'t>,
    ) -> bool {
        if !kind.has_key(key) || !self.keys.read_key(key, node, reader) {
            return false;
        }
        let table = match kind {
            LayerKind::Shared | LayerKind::Environment => support::TableKind::Environment,
            LayerKind::Instance => support::TableKind::Stack,
        };
        if let Some((key, verbs)) = support::not_yet(table, key) {
            self.unsupported.push(UnsupportedKey { key, origin: reader.origin(node.span()), verbs });
        }
        true
    }
}

/// Returns true if a path names a dotted key, or a table that contains the key.
fn contains_key(path: &[&str], key: &str) -> bool {
    let mut parts = key.split('.');
    path.iter().all(|name| parts.next() == Some(name))
}

/// Returns the layer and kind of the table at a path of keys; `None` when the table is no layer.
fn layer_at(path: &[&str]) -> Option<(Layer, LayerKind)> {
    match *path {
        ["defaults"] => Some((Layer::Defaults, LayerKind::Shared)),
        ["templates", name] => Some((Layer::Template(Arc::from(name)), LayerKind::Shared)),
        ["environments", name] => Some((Layer::Environment(Arc::from(name)), LayerKind::Environment)),
        _ => None,
    }
}

impl TomlValue for LayerTable {
    fn read<'t>(node: &'t TomlNode<'t>, reader: &mut TomlReader<'t>) -> Option<Self> {
        let table = reader.table(node)?;
        let (layer, kind) = layer_at(reader.path()).unwrap_or((reader.layer.clone(), LayerKind::Shared));
        let outer = std::mem::replace(&mut reader.layer, layer);
        let own = Self::read_keys(table, kind, reader);
        reader.layer = outer;
        Some(own)
    }

    fn visit(&self, path: &KeyPath<'_>, visitor: &mut Visitor<'_>) {
        self.keys.visit(path, visitor);
    }
}

impl LayerTable {
    fn read_keys<'t>(table: &'t DeTable<'t>, kind: LayerKind, reader: &mut TomlReader<'t>) -> Self {
        let mut own = Self::default();
        for (key, node) in table {
            let name: &'t str = key.get_ref();
            if !reader.within(name, |reader| own.read_key(kind, name, node, reader)) {
                reader.report_unknown_key(name, key.span(), &kind.keys(), misplaced_key_help(name, kind));
            }
        }
        own
    }
}

/// Returns help that names the right table for a key that is in the wrong table; `None` if no table has the key.
pub(crate) fn misplaced_key_help(key: &str, kind: LayerKind) -> Option<String> {
    let place = match kind {
        LayerKind::Shared if ENVIRONMENT_KEYS.contains(&key) => {
            "`[environments.NAME]`: it is one environment's own"
        }
        LayerKind::Shared | LayerKind::Environment if key == "hooks" => {
            "`[stacks.NAME]` or `[stacks.NAME.in.ENV]`"
        }
        LayerKind::Instance if LayerKind::Environment.has_key(key) => {
            "`[environments.NAME]`, `[defaults]` or a template"
        }
        LayerKind::Shared | LayerKind::Environment if GuardsTable::KEYS.contains(&key) => {
            "`guards`, as `[environments.NAME.guards]`"
        }
        _ => return None,
    };
    Some(format!("`{key}` belongs in {place}"))
}

/// Path in `unset`, of a key that a layer removes from lower layers: `vars.x`, `backend.s3.key`, `workspace`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct UnsetPath(pub(crate) Vec<String>);

impl TomlValue for UnsetPath {
    fn read<'t>(node: &'t TomlNode<'t>, reader: &mut TomlReader<'t>) -> Option<Self> {
        let text = reader.string(node)?;
        let path = dotted_keys(text).filter(|path| is_key_of_layers(&path[0]));
        if path.is_none() {
            let help = "a key of the layers below, as \"workspace\", \"vars.x\" or \"backend.s3.key\"";
            reader.report_invalid("config::unset", node.span(), "names no key", help);
        }
        path.map(Self)
    }
}

/// Returns true if layers can have a key that a higher layer removes.
fn is_key_of_layers(key: &str) -> bool {
    (Keys::KEYS.contains(&key) && key != "unset") || DependencyKeys::KEYS.contains(&key)
}

/// Splits a dotted TOML key at its dots; `None` when the text is no dotted key.
pub(crate) fn dotted_keys(text: &str) -> Option<Vec<String>> {
    if text.contains(['\n', '=', '{']) {
        return None;
    }
    let line = format!("{text} = 0");
    let document = DeTable::parse(&line).ok()?;
    let mut keys = Vec::new();
    let mut table = document.get_ref();
    while let Some((key, node)) = table.iter().next().filter(|_| table.len() == 1) {
        keys.push(key.get_ref().clone().into_owned());
        match node.get_ref() {
            toml::de::DeValue::Table(inner) => table = inner,
            toml::de::DeValue::Integer(_) => return Some(keys),
            _ => return None,
        }
    }
    None
}

value_schema!(inline UnsetPath, "UnsetPath", { "type": "string" });

macro_rules! view_schema {
    ($($(#[$doc:meta])* $name:ident, $title:literal, $kind:expr;)*) => {$(
        $(#[$doc])*
        pub(crate) struct $name;

        impl schemars::JsonSchema for $name {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                $title.into()
            }

            fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
                let mut schema = Keys::json_schema(generator);
                if let Some(keys) = schema.get_mut("properties").and_then(serde_json::Value::as_object_mut) {
                    keys.retain(|key, _| $kind.has_key(key));
                }
                schema
            }
        }
    )*};
}

view_schema! {
    /// Schema of `[defaults]` and templates.
    SharedLayer, "SharedLayer", LayerKind::Shared;
    /// Schema of environments.
    EnvironmentLayer, "Environment", LayerKind::Environment;
    /// Schema of the settings of stacks and instances.
    InstanceLayer, "Instance", LayerKind::Instance;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dotted_path_may_quote_its_keys() {
        assert_eq!(dotted_keys("vars.x").unwrap(), ["vars", "x"]);
        assert_eq!(dotted_keys("vars.\"a.b\"").unwrap(), ["vars", "a.b"]);
        assert_eq!(dotted_keys("workspace").unwrap(), ["workspace"]);
        for bad in ["", "a b", "a = 1\nb", "[a]\nb", "a.", "{x}"] {
            assert_eq!(dotted_keys(bad), None, "{bad:?}");
        }
    }
}
