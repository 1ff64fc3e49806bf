//! Files of a stack: `"environments/{env}.tfvars"`, `"{root}/common.tfvars"`, `"?local.tfvars"` for a file that may be missing,
//! and globs such as `"../src/**"`.

use super::{
    field::{KeyPath, TomlValue, Visited, Visitor},
    reader::{TomlNode, TomlReader},
    template::Template,
    value_schema::value_schema,
};

/// Path of a var file or backend file as written, with its templates.
#[derive(Debug, Clone)]
pub(crate) struct StackFileTemplate {
    /// Path without the `?`.
    pub(crate) path: Template,
    /// True if the path was marked with `?`: the file may be missing.
    pub(crate) optional: bool,
}

impl TomlValue for StackFileTemplate {
    fn read<'t>(node: &'t TomlNode<'t>, reader: &mut TomlReader<'t>) -> Option<Self> {
        let written = Template::read_path(node, Some('?'), reader)?;
        let entry = match written.strip_prefix('?') {
            Some(path) => Self { path, optional: true },
            None => Self { path: written, optional: false },
        };
        if entry.path.text().is_empty() {
            let help =
                "a path relative to the stack, or below `{root}`; `?` before it marks an optional file";
            reader.report_invalid("config::stack-file", node.span(), "no path", help);
            return None;
        }
        Some(entry)
    }

    fn visit(&self, _: &KeyPath<'_>, visitor: &mut Visitor<'_>) {
        visitor(Visited::Template(&self.path));
    }
}

value_schema!(inline StackFileTemplate, "StackFile", { "type": "string", "minLength": 1 });

/// Glob of further files of a stack, with its templates.
#[derive(Debug, Clone)]
pub(crate) struct FilesGlob(pub(crate) Template);

impl TomlValue for FilesGlob {
    fn read<'t>(node: &'t TomlNode<'t>, reader: &mut TomlReader<'t>) -> Option<Self> {
        Template::read_path(node, None, reader).map(Self)
    }

    fn visit(&self, _: &KeyPath<'_>, visitor: &mut Visitor<'_>) {
        visitor(Visited::Template(&self.0));
    }
}

value_schema!(inline FilesGlob, "FilesGlob", { "type": "string" });
