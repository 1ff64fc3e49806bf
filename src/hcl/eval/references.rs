//! References of expressions in a module that have values without an engine: variables, the workspace, folders.

use hcl_edit::expr::{Expression, FuncCall, Traversal, TraversalOperator};
use serde_json::Value;

use super::evaluator::{ContextualCall, Evaluated, Resolver};

/// Reference that can be looked up without an engine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reference<'a> {
    /// Variable of the module: `var.name`.
    Variable(&'a str),
    /// Name of the workspace: `terraform.workspace` (`tofu.workspace` on OpenTofu).
    Workspace,
    /// Folder of the configuration: `path.module` or `path.root`.
    Folder(Folder),
}

/// Folder that an expression may refer to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Folder {
    /// Folder of the module itself.
    Module,
    /// Folder of the root module.
    Root,
}

impl<'a> Reference<'a> {
    /// Returns the reference that a traversal is; `None` for a reference that only an engine can look up.
    pub fn from_traversal(traversal: &'a Traversal) -> Option<Self> {
        let (Expression::Variable(root), [operator]) = (&traversal.expr, traversal.operators.as_slice())
        else {
            return None;
        };
        let TraversalOperator::GetAttr(name) = operator.value() else { return None };
        match (root.as_str(), name.as_str()) {
            ("var", name) => Some(Self::Variable(name)),
            ("terraform" | "tofu", "workspace") => Some(Self::Workspace),
            ("path", "module") => Some(Self::Folder(Folder::Module)),
            ("path", "root") => Some(Self::Folder(Folder::Root)),
            _ => None,
        }
    }
}

/// Resolver for expressions in a module, which gets the values of references from a function.
pub struct ReferenceResolver<'l> {
    /// Returns the value of a reference; `None` when it is unknown.
    pub value_of: &'l dyn Fn(Reference<'_>) -> Option<Value>,
}

impl Resolver for ReferenceResolver<'_> {
    fn reference(&self, traversal: &Traversal, _: usize) -> Option<Evaluated<'static>> {
        (self.value_of)(Reference::from_traversal(traversal)?).map(Evaluated::Value)
    }

    fn function(&self, call: &FuncCall, _: usize) -> ContextualCall {
        match call.name.name.as_str() {
            // The folder that the engine runs in is not known, and a sensitive value is not to be shown.
            "abspath" | "sensitive" => ContextualCall::Unknown,
            _ => ContextualCall::Independent,
        }
    }
}
