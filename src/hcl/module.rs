//! Configuration of one module: the blocks of its files, merged with those of its override files.

use camino::Utf8PathBuf;
use indexmap::IndexMap;

use super::{Attribute, Expr, SourceSpan};

/// Module: the configuration in one folder.
#[derive(Debug, Clone, Default)]
pub struct Module {
    /// Folder of the module, absolute.
    pub dir: Utf8PathBuf,
    /// Files of the module in the order in which they are merged, absolute.
    pub files: Vec<Utf8PathBuf>,
    /// Var files that the engine loads by their names (`terraform.tfvars`, `*.auto.tfvars`), absolute and in its order.
    pub auto_var_files: Vec<Utf8PathBuf>,
    /// Backend block; `None` when the files declare no backend, so that the state is local, or a `cloud` block.
    pub backend: Option<BackendBlock>,
    /// Span of the header of the `cloud` block; `None` when the files have none.
    pub cloud_span: Option<SourceSpan>,
    /// Declared variables by name.
    pub variables: IndexMap<String, VariableDecl>,
    /// Module calls by name: each `module` block.
    pub module_calls: IndexMap<String, ModuleCall>,
    /// Required providers by local name.
    pub required_providers: IndexMap<String, RequiredProvider>,
    /// Version constraints on the engine: each `required_version`.
    pub required_versions: Vec<Attribute>,
    /// Version constraints on OpenTofu: each `opentofu` of a `compatible_with` block.
    pub compatible_versions: Vec<Attribute>,
    /// `terraform_remote_state` data sources by name.
    pub remote_states: IndexMap<String, RemoteState>,
}

/// Block `backend "s3" { … }`.
#[derive(Debug, Clone, PartialEq)]
pub struct BackendBlock {
    /// Type of the backend: `s3`, `local`, `pg` …
    pub backend_type: String,
    /// Attributes by name; nested blocks are objects.
    pub attributes: IndexMap<String, Attribute>,
    /// Span of the block's header: its type and labels.
    pub header_span: SourceSpan,
}

/// Block `variable "x" { … }`.
#[derive(Debug, Clone, PartialEq)]
pub struct VariableDecl {
    /// True if the variable is declared `sensitive`: engines hide the value in their output.
    pub sensitive: bool,
    /// True if the variable is declared `ephemeral`: engines keep the value out of plans and states.
    pub ephemeral: bool,
    /// Class of the declared type, which decides how the engine converts `TF_VAR_x`.
    pub kind: VariableKind,
    /// Default value; `None` when a value must be set.
    pub default: Option<Expr>,
    /// Span of the block's header: its type and labels.
    pub header_span: SourceSpan,
}

/// Class of a variable's declared type, which decides how the engine converts the text of `TF_VAR_x`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VariableKind {
    /// No type: the engine takes the text literally.
    Untyped,
    /// Primitive type: the engine converts the text.
    Primitive,
    /// Any other type: the engine parses the text as an expression.
    Other,
}

/// Block `module "x" { … }`.
#[derive(Debug, Clone, PartialEq)]
pub struct ModuleCall {
    /// Label of the block, by which the calling module refers to the called one.
    pub name: String,
    /// Source address of the called module.
    pub source: Option<Attribute>,
    /// Version constraint on the called module.
    pub version: Option<Attribute>,
    /// Span of the block's header: its type and labels.
    pub header_span: SourceSpan,
}

impl VariableDecl {
    /// Returns true if envctl must not show values of the variable: it is declared `sensitive` or `ephemeral`.
    pub fn is_hidden(&self) -> bool {
        self.sensitive || self.ephemeral
    }
}

impl ModuleCall {
    /// Returns the source if it is a literal path, which is relative to the folder of the calling module.
    pub fn local_source(&self) -> Option<&str> {
        let source = self.source.as_ref()?.value.text()?;
        let is_local = source.starts_with("./") || source.starts_with("../") || [".", ".."].contains(&source);
        is_local.then_some(source)
    }
}

/// Entry of `required_providers`.
#[derive(Debug, Clone, PartialEq)]
pub struct RequiredProvider {
    /// Source address, as `hashicorp/aws`; `None` for the provider with the local name in the default namespace.
    pub source: Option<String>,
    /// Version constraints on the provider, as written.
    pub version: Option<String>,
    /// Span of the entry's value.
    pub value_span: SourceSpan,
}

/// Block `data "terraform_remote_state" "x" { … }`.
#[derive(Debug, Clone, PartialEq)]
pub struct RemoteState {
    /// Name of the data source.
    pub name: String,
    /// Type of the backend that holds the state.
    pub backend_type: Option<Attribute>,
    /// Configuration of the backend; `None` when only an engine can evaluate it.
    pub config: Option<IndexMap<String, Expr>>,
    /// Workspace whose state is read; `None` for the default workspace.
    pub workspace: Option<Attribute>,
    /// Span of the block's header: its type and labels.
    pub header_span: SourceSpan,
}
