//! One module: what its files say together, overrides applied.

use camino::Utf8PathBuf;
use indexmap::IndexMap;

use super::{Attribute, Expr, Place};

/// The configuration in one folder.
#[derive(Debug, Clone, Default)]
pub struct Module {
    /// The folder, absolute.
    pub dir: Utf8PathBuf,
    /// Its files in the order in which they are merged, absolute.
    pub files: Vec<Utf8PathBuf>,
    /// Var files in the folder that an engine loads by their names alone, absolute and in its order.
    pub auto_var_files: Vec<Utf8PathBuf>,
    /// The backend block; without one the state is local.
    pub backend: Option<BackendBlock>,
    /// The `cloud` block.
    pub cloud: Option<Place>,
    /// Declared variables.
    pub variables: IndexMap<String, VariableDecl>,
    /// Calls of other modules.
    pub modules: IndexMap<String, ModuleCall>,
    /// Providers by local name.
    pub required_providers: IndexMap<String, RequiredProvider>,
    /// The constraints on the engine's version.
    pub required_version: Vec<Attribute>,
    /// `terraform_remote_state` data sources by name.
    pub remote_states: IndexMap<String, RemoteState>,
}

/// `backend "s3" { … }`
#[derive(Debug, Clone, PartialEq)]
pub struct BackendBlock {
    /// `s3`, `local`, `pg` …
    pub kind: String,
    /// Its attributes; nested blocks are objects.
    pub attributes: IndexMap<String, Attribute>,
    /// Its head.
    pub place: Place,
}

/// `variable "x" { … }`
#[derive(Debug, Clone, PartialEq)]
pub struct VariableDecl {
    /// Whether plans hide its value.
    pub sensitive: bool,
    /// Whether its value is kept out of plans and states.
    pub ephemeral: bool,
    /// How an engine reads it from its environment.
    pub kind: VariableKind,
    /// Its default; absent when a value must be given.
    pub default: Option<Expr>,
    /// Its head.
    pub place: Place,
}

/// How an engine reads a variable from `TF_VAR_x`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VariableKind {
    /// Without a type: as a text, whatever it holds.
    Untyped,
    /// Of a primitive type: as a text, which is converted.
    Primitive,
    /// Of another type: as an expression.
    Other,
}

/// `module "x" { … }`
#[derive(Debug, Clone, PartialEq)]
pub struct ModuleCall {
    /// Its name.
    pub name: String,
    /// Where the module comes from.
    pub source: Option<Attribute>,
    /// Which versions of it.
    pub version: Option<Attribute>,
    /// Its head.
    pub place: Place,
}

impl ModuleCall {
    /// The source when it is a folder relative to the caller's.
    pub fn local_source(&self) -> Option<&str> {
        let source = self.source.as_ref()?.value.text()?;
        let is_local = source.starts_with("./") || source.starts_with("../") || [".", ".."].contains(&source);
        is_local.then_some(source)
    }
}

/// One entry of `required_providers`.
#[derive(Debug, Clone, PartialEq)]
pub struct RequiredProvider {
    /// `hashicorp/aws`; absent for a provider of that name in the default namespace.
    pub source: Option<String>,
    /// The version constraints as written.
    pub version: Option<String>,
    /// Where it stands.
    pub place: Place,
}

/// `data "terraform_remote_state" "x" { … }`
#[derive(Debug, Clone, PartialEq)]
pub struct RemoteState {
    /// Its name.
    pub name: String,
    /// The type of the backend.
    pub backend: Option<Attribute>,
    /// The configuration of the backend; absent when only an engine can tell.
    pub config: Option<IndexMap<String, Expr>>,
    /// The workspace; absent for the default one.
    pub workspace: Option<Attribute>,
    /// Its head.
    pub place: Place,
}
