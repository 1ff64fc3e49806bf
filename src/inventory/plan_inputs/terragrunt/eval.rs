//! Evaluation of the expressions in the files of a Terragrunt unit.
//!
//! Measured on Terragrunt 1.1.3: in a file that a unit includes, `get_terragrunt_dir()` is the unit's folder,
//! `find_in_parent_folders` searches above it, and relative sources, includes and files that are read as configuration start
//! there; `file()` and its like start at the file itself. In a file that `read_terragrunt_config` reads, everything starts
//! at that file.

use std::{
    cell::{Cell, RefCell},
    collections::BTreeMap,
    rc::Rc,
    sync::Arc,
};

use camino::{Utf8Path, Utf8PathBuf};
use hcl_edit::{
    expr::{Expression, FuncCall, Traversal},
    structure::{Block, Body},
};

use super::builtins::evaluate_builtin;
use crate::{
    engine::layout::unit_file_in,
    files::{self, normalised},
    git::command::repository_root,
    hcl::{
        eval::{
            ContextualCall, Evaluated, PathSegment, Resolver, evaluate, known_text, object_member,
            operator_name,
        },
        parse_unit,
    },
    inventory::plan_inputs::deleted_paths::DeletedPaths,
};

/// Maximum depth of nested expressions; it ends a circle of locals.
const MAX_DEPTH: usize = 48;
/// Maximum number of expressions that are evaluated for one file.
const MAX_STEPS: usize = 50_000;

/// Evaluator of the files of one Terragrunt unit, with a cache of the parsed files.
pub(in super::super) struct UnitEvaluator {
    /// Folder of the unit.
    pub(super) dir: Utf8PathBuf,
    /// Deleted paths that count as present.
    pub(super) deleted: Arc<DeletedPaths>,
    /// Files that were opened; `None` for those that could not be parsed.
    opened_files: RefCell<BTreeMap<Utf8PathBuf, Option<Rc<Body>>>>,
    /// True while `get_env` evaluates to its default.
    pub(super) use_env_defaults: Cell<bool>,
    /// Number of expressions that were evaluated for the current file.
    steps: Cell<usize>,
}

/// Parsed file, with the folders that relative paths in it start from.
#[derive(Clone)]
pub(super) struct UnitFile {
    pub(super) body: Rc<Body>,
    /// Folder of the file.
    pub(super) file_dir: Utf8PathBuf,
    /// Value of `get_terragrunt_dir()` in the file: the unit's folder if the unit includes the file, the folder of the file
    /// if `read_terragrunt_config` reads it.
    pub(super) terragrunt_dir: Utf8PathBuf,
}

/// Value of an expression.
pub(super) enum UnitValue {
    /// Text.
    Text(String),
    /// Configuration that `read_terragrunt_config` or an `include` block gives.
    File(UnitFile),
    /// All `locals` of a file.
    Locals(UnitFile),
    /// Expression of an object, and the file that the expression stands in.
    Object(UnitFile, Expression),
}

/// Resolver of references and functions in one file of a unit.
struct FileResolver<'u> {
    unit: &'u UnitEvaluator,
    parsed: &'u UnitFile,
}

impl Resolver for FileResolver<'_> {
    fn reference(&self, traversal: &Traversal, depth: usize) -> Option<Evaluated<'static>> {
        match self.unit.resolve_traversal(self.parsed, traversal, depth)? {
            UnitValue::Text(text) => Some(Evaluated::Text(vec![PathSegment::Text(text)])),
            UnitValue::File(_) | UnitValue::Locals(_) | UnitValue::Object(..) => None,
        }
    }

    fn function(&self, function: &FuncCall, depth: usize) -> ContextualCall {
        evaluate_builtin(self.unit, self.parsed, function, depth)
    }

    fn working_dir(&self) -> Option<&Utf8Path> {
        Some(&self.unit.dir)
    }

    fn count_expression(&self) -> bool {
        self.unit.count_expression()
    }
}

impl UnitEvaluator {
    /// Returns an evaluator for the unit in a folder.
    pub(in super::super) fn new(dir: &Utf8Path, deleted: &Arc<DeletedPaths>) -> Self {
        Self {
            dir: dir.to_owned(),
            deleted: Arc::clone(deleted),
            opened_files: RefCell::default(),
            use_env_defaults: Cell::new(false),
            steps: Cell::new(0),
        }
    }

    /// Returns the root of the repository that the unit lies in; `None` outside of a repository.
    pub(super) fn repository_root(&self) -> Option<&Utf8Path> {
        repository_root(&self.dir)
    }

    /// Returns the files that were opened so far, also those that could not be parsed.
    pub(in super::super) fn opened_files(&self) -> Vec<Utf8PathBuf> {
        self.opened_files.borrow().keys().cloned().collect()
    }

    /// Resets the count of evaluated expressions, for the next file.
    pub(super) fn reset_steps(&self) {
        self.steps.set(0);
    }

    /// Returns a parsed file; `dir` is the value of `get_terragrunt_dir()` in the file. `None` when the file cannot be
    /// read or parsed.
    pub(super) fn parse_file(&self, file: &Utf8Path, dir: &Utf8Path) -> Option<UnitFile> {
        let mut read = self.opened_files.borrow_mut();
        let body = read.entry(file.to_owned()).or_insert_with(|| {
            let text = files::read_text(file).ok()?;
            parse_unit(file, text.strip_prefix('\u{feff}').unwrap_or(&text)).ok().map(Rc::new)
        });
        let body = Rc::clone(body.as_ref()?);
        Some(UnitFile { body, file_dir: file.parent()?.to_owned(), terragrunt_dir: dir.to_owned() })
    }

    /// Evaluates an expression to a text; `None` when the value is unknown or no text.
    pub(super) fn text(&self, parsed: &UnitFile, expression: &Expression) -> Option<String> {
        self.text_within(parsed, expression, MAX_DEPTH)
    }

    /// Evaluates an expression to a text, with the default of each `get_env`.
    pub(super) fn text_with_defaults(&self, parsed: &UnitFile, expression: &Expression) -> Option<String> {
        self.use_env_defaults.set(true);
        let text = self.text(parsed, expression);
        self.use_env_defaults.set(false);
        text
    }

    /// Evaluates an expression to a text, up to a depth of nested expressions.
    pub(super) fn text_within(
        &self,
        parsed: &UnitFile,
        expression: &Expression,
        depth: usize,
    ) -> Option<String> {
        known_text(&evaluate(&FileResolver { unit: self, parsed }, expression, depth))
    }

    /// Evaluates an expression; `None` when only Terragrunt can.
    fn value(&self, parsed: &UnitFile, expression: &Expression, depth: usize) -> Option<UnitValue> {
        let within = depth.checked_sub(1)?;
        match expression {
            Expression::Parenthesis(inner) => self.value(parsed, inner.inner(), within),
            Expression::Traversal(traversal) => self.resolve_traversal(parsed, traversal, within),
            Expression::Object(_) => Some(UnitValue::Object(parsed.clone(), expression.clone())),
            Expression::FuncCall(call) if call.name.name.as_str() == "read_terragrunt_config" => self
                .read_config(parsed, &self.text_within(parsed, call.args.get(0)?, within)?)
                .map(UnitValue::File),
            _ => self.text_within(parsed, expression, depth).map(UnitValue::Text),
        }
    }

    /// Returns the value that a reference leads to, such as `local.a.b`; `None` when only Terragrunt can evaluate it.
    fn resolve_traversal(&self, parsed: &UnitFile, traversal: &Traversal, depth: usize) -> Option<UnitValue> {
        let resolver = FileResolver { unit: self, parsed };
        let mut names =
            traversal.operators.iter().map(|operator| operator_name(&resolver, operator.value(), depth));
        let mut value = match &traversal.expr {
            Expression::Variable(name) if name.as_str() == "local" => UnitValue::Locals(parsed.clone()),
            Expression::Variable(name) if name.as_str() == "include" => {
                UnitValue::File(self.included_file(parsed, Some(&names.next()??), depth)?)
            }
            expression => self.value(parsed, expression, depth)?,
        };
        for name in names {
            value = self.member(&value, &name?, depth)?;
        }
        Some(value)
    }

    /// Returns the member of an object, of the locals of a file, or of a file (`locals`).
    fn member(&self, value: &UnitValue, name: &str, depth: usize) -> Option<UnitValue> {
        if !self.count_expression() {
            return None;
        }
        match value {
            UnitValue::File(parsed) if name == "locals" => Some(UnitValue::Locals(parsed.clone())),
            UnitValue::File(parsed) => self.value(parsed, &parsed.body.get_attribute(name)?.value, depth),
            UnitValue::Locals(parsed) => {
                let attribute =
                    parsed.body.get_blocks("locals").find_map(|locals| locals.body.get_attribute(name))?;
                self.value(parsed, &attribute.value, depth)
            }
            UnitValue::Object(parsed, Expression::Object(object)) => {
                let found = object_member(&FileResolver { unit: self, parsed }, object, name, depth)?;
                self.value(parsed, found, depth)
            }
            UnitValue::Object(..) | UnitValue::Text(_) => None,
        }
    }

    /// Counts an evaluated expression; returns false once `MAX_STEPS` expressions were evaluated for the file.
    fn count_expression(&self) -> bool {
        let steps = self.steps.get() + 1;
        self.steps.set(steps);
        steps <= MAX_STEPS
    }

    /// Returns the file of the `include` block with this label; without a label, of the only `include` block.
    pub(super) fn included_file(
        &self,
        parsed: &UnitFile,
        name: Option<&str>,
        depth: usize,
    ) -> Option<UnitFile> {
        let labelled = |block: &&Block| {
            name.is_none_or(|name| block.labels.first().is_some_and(|label| label.as_str() == name))
        };
        let mut includes = parsed.body.get_blocks("include").filter(labelled);
        let include = includes.next().filter(|_| name.is_some() || includes.next().is_none())?;
        let path = self.text_within(parsed, &include.body.get_attribute("path")?.value, depth)?;
        self.parse_file(&normalised(&parsed.terragrunt_dir.join(path)), &parsed.terragrunt_dir)
    }

    /// Returns the file that `read_terragrunt_config` reads: of a folder, the unit file in it.
    pub(super) fn read_config(&self, parsed: &UnitFile, path: &str) -> Option<UnitFile> {
        let mut file = normalised(&parsed.terragrunt_dir.join(path));
        if file.is_dir() {
            file = unit_file_in(&file);
        }
        self.parse_file(&file, file.parent()?)
    }
}
