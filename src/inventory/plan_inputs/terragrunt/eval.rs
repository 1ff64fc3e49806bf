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
    expr::{Expression, ObjectKey, Traversal, TraversalOperator},
    structure::{Block, Body},
    template::{Element, StringTemplate},
};

use super::builtins::call;
use crate::{
    engine::{layout::unit_file_in, terragrunt::units::normalised},
    files,
    git::command::repository,
    hcl::parse_unit,
    inventory::plan_inputs::deleted_paths::DeletedPaths,
};

/// Maximum depth of nested expressions; it ends a circle of locals.
const DEPTH: usize = 48;
/// Maximum number of expressions that are evaluated for one file.
const STEPS: usize = 50_000;

/// Terragrunt unit, with the files that were parsed for it.
pub(in super::super) struct Unit {
    pub(super) dir: Utf8PathBuf,
    /// Deleted paths that count as present.
    pub(super) gone: Arc<DeletedPaths>,
    read: RefCell<BTreeMap<Utf8PathBuf, Option<Rc<Body>>>>,
    /// True while `get_env` evaluates to its default.
    pub(super) defaults: Cell<bool>,
    depth: Cell<usize>,
    steps: Cell<usize>,
}

/// Parsed file, with the folders that relative paths in it start from.
#[derive(Clone)]
pub(super) struct Part {
    pub(super) body: Rc<Body>,
    /// Folder of the file.
    pub(super) own: Utf8PathBuf,
    /// Value of `get_terragrunt_dir()` in the file: the unit's folder if the unit includes the file, the folder of the file
    /// if `read_terragrunt_config` reads it.
    pub(super) dir: Utf8PathBuf,
}

/// Value of an expression.
pub(super) enum Value {
    Text(String),
    File(Part),
    Locals(Part),
    Object(Part, Expression),
}

impl Unit {
    /// Returns the unit in a folder.
    pub(in super::super) fn new(dir: &Utf8Path, gone: &Arc<DeletedPaths>) -> Self {
        Self {
            dir: dir.to_owned(),
            gone: Arc::clone(gone),
            read: RefCell::default(),
            defaults: Cell::new(false),
            depth: Cell::new(0),
            steps: Cell::new(0),
        }
    }

    /// Returns the root of the repository that the unit lies in; absent outside of one.
    pub(super) fn repository(&self) -> Option<&Utf8Path> {
        repository(&self.dir)
    }

    /// Returns the files that were opened so far, also those that could not be parsed.
    pub(in super::super) fn opened(&self) -> Vec<Utf8PathBuf> {
        self.read.borrow().keys().cloned().collect()
    }

    /// Resets the count of evaluated expressions, for the next file.
    pub(super) fn begin(&self) {
        self.steps.set(0);
    }

    /// Returns a parsed file; `dir` is the unit's folder for an included file and the file's own for one that is read.
    /// Absent when the file cannot be read or parsed.
    pub(super) fn part(&self, file: &Utf8Path, dir: &Utf8Path) -> Option<Part> {
        let mut read = self.read.borrow_mut();
        let body = read.entry(file.to_owned()).or_insert_with(|| {
            let text = files::read_text(file).ok()?;
            parse_unit(file, text.strip_prefix('\u{feff}').unwrap_or(&text)).ok().map(Rc::new)
        });
        let body = Rc::clone(body.as_ref()?);
        Some(Part { body, own: file.parent()?.to_owned(), dir: dir.to_owned() })
    }

    /// Evaluates an expression to a text; absent when it is unknown or another kind of value.
    pub(super) fn text(&self, part: &Part, expression: &Expression) -> Option<String> {
        match self.value(part, expression)? {
            Value::Text(text) => Some(text),
            Value::File(_) | Value::Locals(_) | Value::Object(..) => None,
        }
    }

    /// Evaluates an expression to a text, with the default of each `get_env`.
    pub(super) fn usual_text(&self, part: &Part, expression: &Expression) -> Option<String> {
        self.defaults.set(true);
        let text = self.text(part, expression);
        self.defaults.set(false);
        text
    }

    fn value(&self, part: &Part, expression: &Expression) -> Option<Value> {
        if self.depth.get() >= DEPTH || self.steps.get() >= STEPS {
            return None;
        }
        self.depth.set(self.depth.get() + 1);
        self.steps.set(self.steps.get() + 1);
        let value = match expression {
            Expression::String(text) => Some(Value::Text(text.value().clone())),
            Expression::Number(number) => Some(Value::Text(number.value().to_string())),
            Expression::Parenthesis(inner) => self.value(part, inner.inner()),
            Expression::StringTemplate(template) => self.joined(part, template).map(Value::Text),
            Expression::FuncCall(function) => call(self, part, function),
            Expression::Traversal(traversal) => self.followed(part, traversal),
            Expression::Object(_) => Some(Value::Object(part.clone(), expression.clone())),
            _ => None,
        };
        self.depth.set(self.depth.get() - 1);
        value
    }

    fn joined(&self, part: &Part, template: &StringTemplate) -> Option<String> {
        let mut text = String::new();
        for element in template {
            match element {
                Element::Literal(literal) => text.push_str(literal.value()),
                Element::Interpolation(value) if value.strip.strip_start() || value.strip.strip_end() => {
                    return None;
                }
                Element::Interpolation(value) => text.push_str(&self.text(part, &value.expr)?),
                Element::Directive(_) => return None,
            }
        }
        Some(text)
    }

    fn followed(&self, part: &Part, traversal: &Traversal) -> Option<Value> {
        let mut names = traversal.operators.iter().map(|operator| match operator.value() {
            TraversalOperator::GetAttr(name) => Some(name.to_string()),
            TraversalOperator::Index(index) => self.text(part, index),
            _ => None,
        });
        let mut value = match &traversal.expr {
            Expression::Variable(name) if name.as_str() == "local" => Value::Locals(part.clone()),
            Expression::Variable(name) if name.as_str() == "include" => {
                Value::File(self.included(part, Some(&names.next()??))?)
            }
            expression => self.value(part, expression)?,
        };
        for name in names {
            value = self.member(&value, &name?)?;
        }
        Some(value)
    }

    fn member(&self, value: &Value, name: &str) -> Option<Value> {
        match value {
            Value::File(part) if name == "locals" => Some(Value::Locals(part.clone())),
            Value::File(part) => self.value(part, &part.body.get_attribute(name)?.value),
            Value::Locals(part) => {
                let attribute =
                    part.body.get_blocks("locals").find_map(|locals| locals.body.get_attribute(name))?;
                self.value(part, &attribute.value)
            }
            Value::Object(part, Expression::Object(object)) => {
                let named = |key: &ObjectKey| match key {
                    ObjectKey::Ident(key) => key.as_str() == name,
                    ObjectKey::Expression(key) => self.text(part, key).is_some_and(|key| key == name),
                };
                let (_, found) = object.iter().filter(|(key, _)| named(key)).last()?;
                self.value(part, found.expr())
            }
            Value::Object(..) | Value::Text(_) => None,
        }
    }

    /// Returns the file of the `include` block with this label; without a label, of the only `include` block.
    pub(super) fn included(&self, part: &Part, name: Option<&str>) -> Option<Part> {
        let labelled = |block: &&Block| {
            name.is_none_or(|name| block.labels.first().is_some_and(|label| label.as_str() == name))
        };
        let mut includes = part.body.get_blocks("include").filter(labelled);
        let include = includes.next().filter(|_| name.is_some() || includes.next().is_none())?;
        let path = self.text(part, &include.body.get_attribute("path")?.value)?;
        self.part(&normalised(&part.dir.join(path)), &part.dir)
    }

    /// Returns the file that `read_terragrunt_config` reads: of a folder, the unit file in it.
    pub(super) fn read(&self, part: &Part, path: &str) -> Option<Part> {
        let mut file = normalised(&part.dir.join(path));
        if file.is_dir() {
            file = unit_file_in(&file);
        }
        self.part(&file, file.parent()?)
    }
}
