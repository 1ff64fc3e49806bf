//! Terragrunt dependencies whose mocks are mixed with real outputs, which Terragrunt does without a message.
//!
//! Source: the `dependency` block in Terragrunt's documentation; the missing message was measured with Terragrunt 1.1.3.

use std::collections::BTreeMap;

use camino::Utf8PathBuf;
use hcl_edit::{
    expr::Expression,
    structure::{Block, Body},
};
use serde_json::{Map, Value};

use super::UnitEvaluator;
use crate::{
    engine::layout::unit_file,
    files::normalised,
    inventory::plan_inputs::{
        eval_scope::key_text, path_reference_cache::PathReferenceCache, scope::InputScope,
    },
};

/// Terragrunt dependency whose mocks replace outputs that are missing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MixedMocks {
    /// Label of the `dependency` block.
    pub dependency: String,
    /// Folder of the unit that the dependency names; `None` when only Terragrunt can compute it.
    pub dir: Option<Utf8PathBuf>,
    /// Names of the mocks; `None` when only Terragrunt can compute them.
    mocks: Option<MockNames>,
    /// True if missing members of maps are replaced too, not only missing outputs.
    deep: bool,
}

/// Tree of the names in an object. A value that is not an object is a leaf.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
struct MockNames(BTreeMap<String, MockNames>);

impl MockNames {
    /// Returns the names in a JSON object; `None` for another value.
    fn from_json(value: &Value) -> Option<Self> {
        let below = |value: &Value| Self::from_json(value).unwrap_or_default();
        Some(Self(value.as_object()?.iter().map(|(name, value)| (name.clone(), below(value))).collect()))
    }
}

impl MixedMocks {
    /// Finds the dependencies of a unit and of its includes whose mocks are mixed with outputs in a plan.
    pub fn find(scope: &InputScope) -> Vec<Self> {
        mixed_mocks(scope, dependencies(scope))
    }

    /// Finds the dependencies as [`Self::find`] does, with the `dependency` blocks as `terragrunt render` gives them in
    /// place of those that were parsed here.
    pub fn find_rendered(scope: &InputScope, blocks: &Map<String, Value>) -> Vec<Self> {
        let mut all = dependencies(scope);
        all.extend(blocks.iter().map(|(label, block)| (label.clone(), Dependency::rendered(block))));
        mixed_mocks(scope, all)
    }

    /// Returns true if only Terragrunt can compute the dependency's folder or its mocks.
    pub fn is_unresolved(&self) -> bool {
        self.dir.is_none() || self.mocks.is_none()
    }

    /// Returns the path (`net.tags.a`) of the first mock that replaces a value missing in these outputs; only the label
    /// (`net`) when the mocks are unknown.
    pub fn first_replaced_output(&self, outputs: &Map<String, Value>) -> Option<String> {
        match &self.mocks {
            None => Some(self.dependency.clone()),
            Some(names) => {
                first_missing(names, outputs, self.deep).map(|path| format!("{}.{path}", self.dependency))
            }
        }
    }
}

/// Returns the path of the first mock without an output, or with `deep` without a member of an output.
fn first_missing(names: &MockNames, outputs: &Map<String, Value>, deep: bool) -> Option<String> {
    names.0.iter().find_map(|(name, below)| match outputs.get(name) {
        None => Some(name.clone()),
        Some(Value::Object(members)) if deep => {
            first_missing(below, members, deep).map(|path| format!("{name}.{path}"))
        }
        Some(_) => None,
    })
}

/// Returns the dependencies whose mocks are mixed with outputs in a plan.
fn mixed_mocks(scope: &InputScope, dependencies: BTreeMap<String, Dependency>) -> Vec<MixedMocks> {
    let mixed = dependencies.into_iter().filter(|(_, dependency)| dependency.mixes && dependency.at_plan);
    let mixed = mixed.map(|(label, Dependency { path, mocks, deep, .. })| MixedMocks {
        dependency: label,
        dir: path.map(|path| normalised(&scope.dir.join(path))),
        mocks,
        deep,
    });
    mixed.collect()
}

/// Returns the dependencies in the files of a unit by their labels.
fn dependencies(scope: &InputScope) -> BTreeMap<String, Dependency> {
    let mut found: BTreeMap<String, Dependency> = BTreeMap::new();
    if unit_file(scope.engine).is_none() {
        return found;
    }
    let unit = UnitEvaluator::new(&scope.dir, &scope.deleted);
    let files = scope.follow_refs(&[], &PathReferenceCache::default()).parsed;
    for file in files.iter().filter(|file| file.extension() == Some("hcl")) {
        // The first body is the one as included. A file that is only read adds no dependencies to the unit.
        let Some(body) = unit.inlined_as_included(file) else { continue };
        for block in body.blocks().filter(|block| block.ident.as_str() == "dependency") {
            if let Some(label) = block.labels.first() {
                found.entry(label.as_str().to_owned()).or_default().add(block);
            }
        }
    }
    found
}

/// Merged settings of all `dependency` blocks with one label.
struct Dependency {
    /// `config_path`: folder of the unit.
    path: Option<String>,
    /// `mock_outputs`: names of the mocks; `None` when only Terragrunt can compute them.
    mocks: Option<MockNames>,
    /// True if mocks are mixed with outputs.
    mixes: bool,
    /// True if mocks also replace missing members of maps.
    deep: bool,
    /// True if a plan uses the mocks.
    at_plan: bool,
}

impl Default for Dependency {
    fn default() -> Self {
        Self { path: None, mocks: Some(MockNames::default()), mixes: false, deep: false, at_plan: true }
    }
}

impl Dependency {
    /// Reads a block of Terragrunt's `render`, which has each setting; one that is not set is null.
    fn rendered(block: &Value) -> Self {
        let mut dependency =
            Self { path: block["config_path"].as_str().map(str::to_owned), ..Self::default() };
        let mocks = &block["mock_outputs"];
        dependency.mocks =
            if mocks.is_null() { Some(MockNames::default()) } else { MockNames::from_json(mocks) };
        let strategy = &block["mock_outputs_merge_strategy_with_state"];
        dependency.mixes = !strategy.is_null() && strategy != "no_merge";
        dependency.deep = dependency.mixes && strategy != "shallow";
        dependency.mixes |= block["mock_outputs_merge_with_state"] == true;
        if let Some(commands) = block["mock_outputs_allowed_terraform_commands"].as_array() {
            dependency.at_plan = commands.iter().any(|command| command == "plan");
        }
        dependency
    }

    /// Merges a `dependency` block with the same label into these settings.
    fn add(&mut self, block: &Block) {
        let text = |name: &str| attribute(&block.body, name).and_then(Expression::as_str).map(str::to_owned);
        self.path = text("config_path").or(self.path.take());
        if let Some(mocks) = attribute(&block.body, "mock_outputs") {
            self.mocks = self.mocks.take().zip(mock_names(mocks)).map(|(mut all, more)| {
                all.0.extend(more.0);
                all
            });
        }
        if let Some(strategy) = attribute(&block.body, "mock_outputs_merge_strategy_with_state") {
            let strategy = strategy.as_str();
            self.mixes |= strategy != Some("no_merge");
            // An unknown strategy may be a deep one.
            self.deep |= !matches!(strategy, Some("no_merge" | "shallow"));
        }
        if let Some(merge) = attribute(&block.body, "mock_outputs_merge_with_state") {
            self.mixes |= merge.as_bool() != Some(false);
        }
        if let Some(commands) = attribute(&block.body, "mock_outputs_allowed_terraform_commands")
            && let Some(commands) = commands.as_array()
        {
            let unknown = commands.iter().any(|command| command.as_str().is_none());
            self.at_plan &= unknown || commands.iter().any(|command| command.as_str() == Some("plan"));
        }
    }
}

/// Returns the value of an attribute of a block.
fn attribute<'b>(body: &'b Body, name: &str) -> Option<&'b Expression> {
    body.attributes().find(|attribute| attribute.key.as_str() == name).map(|attribute| &attribute.value)
}

/// Returns the names in an object expression; `None` when only Terragrunt can compute them.
fn mock_names(expression: &Expression) -> Option<MockNames> {
    let object = expression.as_object()?;
    let members = object.iter().map(|(key, value)| {
        let name = key_text(key)?;
        // An expression may evaluate to an object, but its members are unknown: it counts as a leaf.
        Some((name.to_owned(), mock_names(value.expr()).unwrap_or_default()))
    });
    members.collect::<Option<_>>().map(MockNames)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::inventory::{fixture::Project, plan_inputs::ExcludedPaths};

    fn mixed_mocks(unit: &str, common: &str) -> Vec<MixedMocks> {
        let toml = "[environments.dev]\n[stacks.app]\npath = \"live/app\"\nengine = \"terragrunt\"\n";
        let project = Project::new(
            toml,
            &[
                ("live/app/terragrunt.hcl", unit),
                ("live/common.hcl", common),
                ("live/net/terragrunt.hcl", ""),
            ],
        );
        let scope = InputScope::new(&project.instances("dev")[0], &project.root(), ExcludedPaths::default());
        let mut found = MixedMocks::find(&scope);
        for mocks in &mut found {
            mocks.dir = mocks.dir.take().map(|dir| dir.strip_prefix(project.root()).unwrap().to_owned());
        }
        found
    }

    fn of(strategy: &str) -> String {
        format!(
            "dependency \"net\" {{\n  config_path = \"../net\"\n  mock_outputs = {{ id = \"m\", tags = {{ a = 1 }} }}\n  {strategy}\n}}\n"
        )
    }

    #[test]
    fn each_strategy_mixes_what_it_mixes() {
        let there = |value: Value| value.as_object().unwrap().clone();
        let full = there(json!({ "id": "i", "tags": { "a": 1 } }));
        let (no_id, no_tag) = (there(json!({ "tags": {} })), there(json!({ "id": "i", "tags": {} })));
        for none in [
            "",
            "mock_outputs_merge_strategy_with_state = \"no_merge\"",
            "mock_outputs_merge_with_state = false",
        ] {
            assert_eq!(mixed_mocks(&of(none), ""), [], "{none}");
        }
        for shallow in
            ["mock_outputs_merge_strategy_with_state = \"shallow\"", "mock_outputs_merge_with_state = true"]
        {
            let found = &mixed_mocks(&of(shallow), "")[0];
            assert_eq!(found.dir.as_deref().unwrap(), "live/net", "{shallow}");
            assert_eq!(found.first_replaced_output(&full), None);
            assert_eq!(found.first_replaced_output(&no_tag), None);
            assert_eq!(found.first_replaced_output(&no_id).as_deref(), Some("net.id"));
        }
        let deep = &mixed_mocks(&of("mock_outputs_merge_strategy_with_state = \"deep_map_only\""), "")[0];
        assert_eq!(deep.first_replaced_output(&full), None);
        assert_eq!(deep.first_replaced_output(&no_tag).as_deref(), Some("net.tags.a"));
    }

    #[test]
    fn dependencies_of_included_files_count_and_mocks_of_other_verbs_do_not() {
        let include = "include \"c\" {\n  path = \"../common.hcl\"\n}\n";
        let common = of("mock_outputs_merge_strategy_with_state = \"shallow\"");
        assert_eq!(mixed_mocks(include, &common)[0].dependency, "net");
        let validate = "mock_outputs_merge_strategy_with_state = \"shallow\"\n  mock_outputs_allowed_terraform_commands = [\"validate\"]";
        assert_eq!(mixed_mocks(&of(validate), ""), []);
    }

    #[test]
    fn what_only_terragrunt_can_tell_stands_in_for_anything() {
        let unit = "dependency \"net\" {\n  config_path = run_cmd(\"x\")\n  mock_outputs = local.mocks\n  mock_outputs_merge_strategy_with_state = \"shallow\"\n}\n";
        let found = &mixed_mocks(unit, "")[0];
        assert_eq!(found.dir, None);
        assert_eq!(found.first_replaced_output(&Map::new()).as_deref(), Some("net"));
    }
}
