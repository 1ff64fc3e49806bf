//! environments.toml as a whole, as written: all tables at its top level.

use std::sync::Arc;

use toml::de::{DeTable, DeValue};

use super::{
    checks::CheckTable,
    comparison::{DriftTable, IsolationTable, ParityTable},
    discover::DiscoverTable,
    field::{Located, TomlValue},
    generate::GenerateTable,
    imports::ImportTable,
    layer::{EnvironmentLayer, LayerTable, SharedLayer},
    map::Map,
    project::{EngineTable, ProjectTable},
    reader::{TomlNode, TomlReader},
    stack::StackTable,
    store::{BackupsTable, StoreTable},
    syntax,
    table::{read_table, table},
};
use crate::diagnostic::{Diagnostics, SourceFile};

table! {
    /// environments.toml: stacks and their environments, such as dev, staging and production.
    struct Document {
        /// Name of the project, and defaults for all stacks.
        project: Option<ProjectTable>,
        /// Settings for OpenTofu.
        tofu: Option<EngineTable>,
        /// Settings for Terraform.
        terraform: Option<EngineTable>,
        /// Settings for Terragrunt.
        terragrunt: Option<EngineTable>,
        /// Lowest layer of every environment: keys that templates and environments inherit.
        #[schemars(with = "Option<SharedLayer>")]
        defaults: Option<LayerTable>,
        /// Layers that environments inherit by `extends`, by name.
        #[schemars(with = "Map<SharedLayer>")]
        templates: Map<LayerTable>,
        /// Environments by name.
        #[schemars(with = "Map<EnvironmentLayer>")]
        environments: Map<LayerTable>,
        /// Stacks by name.
        stacks: Map<StackTable>,
        /// Patterns of folders that are stacks.
        discover: Option<Located<DiscoverTable>>,
        /// Existing resources to import, by environment and stack.
        imports: Map<Map<Located<ImportTable>>>,
        /// Values that environments must not share.
        isolation: Option<Located<IsolationTable>>,
        /// Allowed and forbidden differences between environments.
        parity: Option<ParityTable>,
        /// Checks that must succeed after a deploy.
        checks: Map<Located<CheckTable>>,
        /// Expected drift.
        drift: Option<DriftTable>,
        /// Backups of states.
        backups: Option<BackupsTable>,
        /// Storage of runs.
        store: Option<StoreTable>,
        /// Pipelines that are generated from environments.toml.
        generate: Option<GenerateTable>,
    }
}

/// Problems of reading environments.toml, with the values that could be read all the same.
#[derive(Debug)]
pub(crate) struct ReadProblems {
    /// Errors, in the order of environments.toml.
    pub(crate) problems: Diagnostics,
    /// Keys whose values could not be read.
    pub(crate) unread: Vec<String>,
}

impl Document {
    /// Returns the tables of the engines, in the order of [`EngineName::ALL`](crate::model::EngineName::ALL).
    pub(crate) fn engines(&self) -> [Option<&EngineTable>; 3] {
        [&self.tofu, &self.terraform, &self.terragrunt].map(Option::as_ref)
    }

    /// Reads environments.toml; errors are returned together with the values that could be read.
    ///
    /// A syntax error alone ends the reading: the content after it cannot be trusted.
    pub(crate) fn read(source: &Arc<SourceFile>) -> Result<(Self, ReadProblems), Diagnostics> {
        let node = parse(source)?;
        let mut reader = TomlReader::of_file(source);
        let document = read_table(&node, &mut reader).unwrap_or_default();
        Ok((document, ReadProblems { problems: reader.problems, unread: reader.unread }))
    }
}

/// Parses a source into a table with the spans of its values.
fn parse(source: &Arc<SourceFile>) -> Result<TomlNode<'_>, Diagnostics> {
    let (tree, errors) = DeTable::parse_recoverable(source.text());
    if errors.is_empty() {
        Ok(toml::Spanned::new(tree.span(), DeValue::Table(tree.into_inner())))
    } else {
        Err(syntax::syntax_diagnostics(source, &errors))
    }
}

/// Reads the embedded defaults: the keys of `[defaults]` at the top level.
pub(crate) fn read_defaults(source: &Arc<SourceFile>) -> Result<LayerTable, Diagnostics> {
    let node = parse(source)?;
    let mut reader = TomlReader::of_file(source);
    let layer = LayerTable::read(&node, &mut reader).unwrap_or_default();
    reader.problems.finish(layer).map(|(layer, _)| layer)
}
