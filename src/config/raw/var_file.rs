//! Var file of a stack: `"environments/{env}.tfvars"`, or `"?local.tfvars"` for a file that may be missing.

use super::{
    field::{KeyPath, TomlValue, Visited, Visitor},
    reader::{TomlNode, TomlReader},
    template::Template,
    value_schema::value_schema,
};

/// Var file as written, with its templates.
#[derive(Debug, Clone)]
pub(crate) struct VarFileTemplate {
    /// Path without the `?`.
    pub(crate) path: Template,
    /// True if the path was marked with `?`: the file may be missing.
    pub(crate) optional: bool,
}

impl TomlValue for VarFileTemplate {
    fn read<'t>(node: &'t TomlNode<'t>, reader: &mut TomlReader<'t>) -> Option<Self> {
        let written = Template::read(node, reader)?;
        let entry = match written.strip_prefix('?') {
            Some(path) => Self { path, optional: true },
            None => Self { path: written, optional: false },
        };
        if entry.path.text().is_empty() {
            let help = "a path relative to the stack; `?` before it marks an optional file";
            reader.report_invalid("config::var-file", node.span(), "no path", help);
            return None;
        }
        Some(entry)
    }

    fn visit(&self, _: &KeyPath<'_>, visitor: &mut Visitor<'_>) {
        visitor(Visited::Template(&self.path));
    }
}

value_schema!(inline VarFileTemplate, "VarFile", { "type": "string", "minLength": 1 });
