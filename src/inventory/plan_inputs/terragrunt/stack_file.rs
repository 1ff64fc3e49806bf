//! Units and nested stacks that a `terragrunt.stack.hcl` declares, as far as they are known without running Terragrunt.
//!
//! Measured on Terragrunt 1.1.3: a component is generated at its `path` below `.terragrunt-stack`, or with
//! `no_dot_terragrunt_stack` below the stack's folder; an `include` adds the blocks of another file, whose path is relative
//! to the stack's folder; an `expansion` makes several components of one block.

use std::{collections::BTreeMap, io, sync::Arc};

use camino::{Utf8Path, Utf8PathBuf};
use hcl_edit::{expr::Expression, structure::Block};

use super::eval::{UnitEvaluator, UnitFile};
use crate::{
    engine::terragrunt::stack_files::{GENERATED_FOLDER, INHERITED_STACK_FILE, STACK_FILE, VALUES_FILE},
    files::{self, normalised},
    inventory::plan_inputs::eval_scope::key_text,
};

/// Kind of a block in a `terragrunt.stack.hcl`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ComponentKind {
    /// `unit` block.
    Unit,
    /// `stack` block: a nested stack.
    Stack,
}

/// `unit` or `stack` block of a `terragrunt.stack.hcl`. A value that only Terragrunt can compute is `None`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StackComponent {
    /// Kind of the block.
    pub kind: ComponentKind,
    /// Label of the block.
    pub name: String,
    /// Absolute path of the folder that Terragrunt generates.
    pub folder: Option<Utf8PathBuf>,
    /// `source`, as Terragrunt resolves it.
    pub source: Option<String>,
    /// Text of each value in `values`; the whole is `None` without the attribute, and if its names are computed.
    pub values: Option<BTreeMap<String, Option<String>>>,
}

/// Parsed `terragrunt.stack.hcl`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TerragruntStack {
    /// Folder of the file, absolute.
    pub dir: Utf8PathBuf,
    /// Components that the file and its includes declare.
    pub components: Vec<StackComponent>,
    /// True if the stack may have further components, or components in folders that only Terragrunt can compute.
    pub has_unknown_components: bool,
    /// Files that declare the components, or give values for them.
    pub files: Vec<Utf8PathBuf>,
}

impl TerragruntStack {
    /// Returns the components of the stack in a folder; `None` when its file cannot be read or parsed.
    pub fn read(dir: &Utf8Path) -> Option<Self> {
        let evaluator = UnitEvaluator::new(dir, &Arc::default());
        let own = evaluator.parse_file(&dir.join(STACK_FILE), dir)?;
        let mut stack = Self {
            dir: dir.to_owned(),
            components: Vec::new(),
            has_unknown_components: dir.join(INHERITED_STACK_FILE).exists(),
            files: Vec::new(),
        };
        stack.add_components(&evaluator, &own, &own);
        for include in own.body.get_blocks("include") {
            let path = include.body.get_attribute("path");
            let path = path.and_then(|path| evaluator.text(&own, &path.value));
            match path.and_then(|path| evaluator.parse_file(&normalised(&dir.join(path)), dir)) {
                Some(included) => stack.add_components(&evaluator, &included, &own),
                None => stack.has_unknown_components = true,
            }
        }
        stack.files = evaluator.opened_files();
        Some(stack)
    }

    /// Adds the components of a file. Expressions in an included file see the locals of `own`, the stack's own file.
    fn add_components(&mut self, evaluator: &UnitEvaluator, parsed: &UnitFile, own: &UnitFile) {
        for block in parsed.body.blocks() {
            let kind = match block.ident.as_str() {
                "unit" => ComponentKind::Unit,
                "stack" => ComponentKind::Stack,
                _ => continue,
            };
            let component = self.component(evaluator, kind, block, own);
            self.has_unknown_components |= component.folder.is_none();
            self.components.push(component);
        }
    }

    /// Returns the component of a block.
    fn component(
        &self,
        evaluator: &UnitEvaluator,
        kind: ComponentKind,
        block: &Block,
        own: &UnitFile,
    ) -> StackComponent {
        let expression = |name: &str| block.body.get_attribute(name).map(|attribute| &attribute.value);
        let text = |name: &str| expression(name).and_then(|value| evaluator.text(own, value));
        let is_beside = expression("no_dot_terragrunt_stack").map_or(Some(false), Expression::as_bool);
        let is_one = !block.body.has_blocks("expansion");
        let folder = text("path").zip(is_beside).filter(|_| is_one).map(|(path, is_beside)| {
            let base = if is_beside { self.dir.clone() } else { self.dir.join(GENERATED_FOLDER) };
            normalised(&base.join(path))
        });
        let values = expression("values").and_then(Expression::as_object).and_then(|values| {
            let value = |(key, value): (_, &hcl_edit::expr::ObjectValue)| {
                Some((key_text(key)?.to_owned(), evaluator.text(own, value.expr())))
            };
            values.iter().map(value).collect::<Option<BTreeMap<_, _>>>()
        });
        StackComponent {
            kind,
            name: block.labels.first().map(|label| label.as_str().to_owned()).unwrap_or_default(),
            folder,
            source: text("source").filter(|_| is_one),
            values: values.filter(|_| is_one),
        }
    }
}

impl StackComponent {
    /// Returns the folder on this machine that the component is copied from, without a symbolic link resolved; `None` for
    /// a source elsewhere, and for one that only Terragrunt can compute. `dir` is the folder of the stack.
    pub fn local_source(&self, dir: &Utf8Path) -> Option<Utf8PathBuf> {
        let source = self.source.as_ref()?;
        let path = normalised(&dir.join(source.replace("//", "/")));
        (!source.contains("::") && !source.contains("://") && path.is_dir()).then_some(path)
    }

    /// Returns the values that the last generation wrote into the component's folder; `None` for an item whose value only
    /// Terragrunt can compute. Without a file there are no values.
    pub fn generated_values(folder: &Utf8Path) -> io::Result<BTreeMap<String, Option<String>>> {
        let file = folder.join(VALUES_FILE);
        if !files::is_file_there(&file) {
            return Ok(BTreeMap::new());
        }
        let evaluator = UnitEvaluator::new(folder, &Arc::default());
        let parsed = evaluator.parse_file(&file, folder).ok_or(io::ErrorKind::InvalidData)?;
        let values = parsed.body.attributes();
        Ok(values.map(|value| (value.key.to_string(), evaluator.text(&parsed, &value.value))).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reads a stack file in `live/dev` beside these files, and returns its components with paths relative to the root.
    fn stack(text: &str, others: &[(&str, &str)]) -> (Vec<String>, bool) {
        let keep = tempfile::tempdir().unwrap();
        let root = Utf8Path::from_path(keep.path()).unwrap();
        std::fs::create_dir_all(root.join(".git")).unwrap();
        for (file, text) in [("live/dev/terragrunt.stack.hcl", text)].iter().chain(others) {
            let path = root.join(file);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        let stack = TerragruntStack::read(&root.join("live/dev")).unwrap();
        let shown = |component: &StackComponent| {
            let folder = component.folder.as_ref();
            let folder = folder
                .map_or("?", |folder| folder.strip_prefix(root).map_or("/", Utf8Path::as_str))
                .to_owned();
            let source = component.source.clone().unwrap_or("?".to_owned()).replace(root.as_str(), "ROOT");
            format!("{:?} {} {folder} {source}", component.kind, component.name)
        };
        (stack.components.iter().map(shown).collect(), stack.has_unknown_components)
    }

    #[test]
    fn folders_and_sources_are_those_that_terragrunt_computes() {
        let text = "locals {\n  unit = \"vpc\"\n}\n\
            unit \"vpc\" {\n  source = \"${get_repo_root()}/catalog/${local.unit}\"\n  path = local.unit\n}\n\
            unit \"near\" {\n  source = \"../../catalog/vpc\"\n  path = \"near\"\n  no_dot_terragrunt_stack = true\n}\n\
            stack \"net\" {\n  source = \"git::https://example.com/c.git//net?ref=v1\"\n  path = \"a/net\"\n}\n";
        let expected = [
            "Unit vpc live/dev/.terragrunt-stack/vpc ROOT/catalog/vpc",
            "Unit near live/dev/near ../../catalog/vpc",
            "Stack net live/dev/.terragrunt-stack/a/net git::https://example.com/c.git//net?ref=v1",
        ];
        assert_eq!(stack(text, &[]), (expected.map(str::to_owned).to_vec(), false));
    }

    #[test]
    fn what_only_terragrunt_can_compute_is_unknown() {
        for text in [
            "unit \"a\" {\n  source = \"x\"\n  path = run_cmd(\"x\")\n}\n",
            "unit \"a\" {\n  source = \"x\"\n  path = values.path\n}\n",
            "unit \"a\" {\n  source = \"x\"\n  path = \"a\"\n  no_dot_terragrunt_stack = values.near\n}\n",
            "unit \"a\" {\n  source = \"x\"\n  path = \"a\"\n  expansion {\n    count = 2\n  }\n}\n",
        ] {
            let (components, is_unknown) = stack(text, &[]);
            assert!(components[0].starts_with("Unit a ? "), "{components:?}");
            assert!(is_unknown, "{text}");
        }
        assert!(stack("include \"a\" {\n  path = run_cmd(\"x\")\n}\n", &[]).1);
    }

    #[test]
    fn an_include_adds_its_blocks() {
        let included = ("live/units.hcl", "unit \"a\" {\n  source = \"../c\"\n  path = \"a\"\n}\n");
        let (components, is_unknown) =
            stack("include \"units\" {\n  path = \"../units.hcl\"\n}\n", &[included]);
        assert_eq!(components, ["Unit a live/dev/.terragrunt-stack/a ../c"]);
        assert!(!is_unknown);
    }
}
