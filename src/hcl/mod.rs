//! Read-only access to configuration files with spans: backend, variables, module calls, links to other states.
//!
//! `*.tf` and `*.tf.json` are read into the same [`HclBlock`]s, so that their readers need not tell the syntaxes apart.

mod block;
pub mod eval;
mod expression;
mod flag_expression;
mod folder;
mod from_hcl;
mod from_json;
mod heredocs;
mod json_tree;
mod json_unit;
mod module;
mod object_address;
mod overrides;
mod parse;
mod parts;
mod resources;
mod unit;
mod var_file;

pub use block::{Attribute, HclBlock, SourceSpan};
pub use eval::{Folder, Reference};
pub use expression::Expr;
pub use flag_expression::{FlagExpression, flag_expression, in_parentheses, literals};
pub use folder::{ReadError, read_folder};
pub use from_hcl::SYNTAX_CODE;
pub use json_tree::JsonTree;
pub use module::{
    BackendBlock, Module, ModuleCall, RemoteState, RequiredProvider, VariableDecl, VariableKind,
};
pub use object_address::{ObjectAddress, ObjectKind};
pub use parse::parse_body;
pub use resources::declared_resources;
pub use unit::{
    FolderRole, JSON_SYNTAX_CODE, NamedFolder, parse_unit, read_dependency_paths, read_named_folders,
    read_unit_source,
};
pub use var_file::{VarFileContent, read_var_file};
