//! Var file of a stack: `"environments/{env}.tfvars"`, or `"?local.tfvars"` for one that may be missing.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use super::{
    field::Read,
    reader::{Node, Reader},
    template::Template,
};

/// Var file with its templates.
#[derive(Debug, Clone)]
pub(crate) struct VarFileTemplate {
    /// Path without the `?`.
    pub(crate) path: Template,
    /// True if the path was marked with `?`.
    pub(crate) optional: bool,
}

impl Read for VarFileTemplate {
    fn read<'t>(node: &'t Node<'t>, reader: &mut Reader<'t>) -> Option<Self> {
        let written = Template::read(node, reader)?;
        let entry = match written.strip_prefix('?') {
            Some(path) => Self { path, optional: true },
            None => Self { path: written, optional: false },
        };
        if entry.path.text().is_empty() {
            let help = "a path relative to the stack; `?` before it marks an optional file";
            reader.invalid("config::var-file", node.span(), "no path", help);
            return None;
        }
        Some(entry)
    }

    fn templates(&self, visit: &mut dyn FnMut(&Template)) {
        visit(&self.path);
    }
}

impl JsonSchema for VarFileTemplate {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "VarFile".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "minLength": 1 })
    }
}
