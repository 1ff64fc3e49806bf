//! What an expression of a unit's file stands for.
//!
//! Measured on Terragrunt 1.1.3: in a file that a unit includes, `get_terragrunt_dir()` is the unit's folder,
//! `find_in_parent_folders` searches above it, and relative sources, includes and files that are read as configuration start
//! there; `file()` and its like start at the file itself. In a file that `read_terragrunt_config` reads everything starts at
//! that file.

use std::{
    cell::{Cell, OnceCell, RefCell},
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

use super::functions::call;
use crate::{
    engine::{layout::unit_file_in, units::normalised},
    files,
    inventory::{hcl::parse_unit, inputs::gone::Gone},
};

/// How deep values rest on others: a circle of locals ends here.
const DEPTH: usize = 48;
/// How many expressions are looked at for one file.
const STEPS: usize = 50_000;

/// A unit, with the files that were read for it.
pub(in super::super) struct Unit {
    pub(super) dir: Utf8PathBuf,
    /// The root of the repository, where there is one.
    repository: OnceCell<Option<Utf8PathBuf>>,
    /// What counts as if it were there.
    pub(super) gone: Arc<Gone>,
    read: RefCell<BTreeMap<Utf8PathBuf, Option<Rc<Body>>>>,
    /// Whether what rests on a variable of the environment counts as its default.
    pub(super) defaults: Cell<bool>,
    depth: Cell<usize>,
    steps: Cell<usize>,
}

/// A file in the part that it has for the unit.
#[derive(Clone)]
pub(super) struct Part {
    pub(super) body: Rc<Body>,
    /// The file's own folder.
    pub(super) own: Utf8PathBuf,
    /// What `get_terragrunt_dir()` is there: the unit's folder, or that of a file that is read for its own sake.
    pub(super) dir: Utf8PathBuf,
}

/// What an expression stands for.
pub(super) enum Value {
    Text(String),
    File(Part),
    Locals(Part),
    Object(Part, Expression),
}

impl Unit {
    /// The unit in a folder.
    pub(in super::super) fn new(dir: &Utf8Path, gone: &Arc<Gone>) -> Self {
        Self {
            dir: dir.to_owned(),
            repository: OnceCell::new(),
            gone: Arc::clone(gone),
            read: RefCell::default(),
            defaults: Cell::new(false),
            depth: Cell::new(0),
            steps: Cell::new(0),
        }
    }

    /// Returns the root of the repository that the unit lies in; absent outside of one.
    pub(super) fn repository(&self) -> Option<&Utf8PathBuf> {
        let find = || self.dir.ancestors().find(|dir| dir.join(".git").exists()).map(Into::into);
        self.repository.get_or_init(find).as_ref()
    }

    /// The files that were looked into so far, whatever became of what they hold.
    pub(in super::super) fn opened(&self) -> Vec<Utf8PathBuf> {
        self.read.borrow().keys().cloned().collect()
    }

    /// Begins with another file.
    pub(super) fn begin(&self) {
        self.steps.set(0);
    }

    /// A file as the unit, or one of its files, includes it (`dir` is the unit's) or reads it (`dir` is the file's).
    pub(super) fn part(&self, file: &Utf8Path, dir: &Utf8Path) -> Option<Part> {
        let mut read = self.read.borrow_mut();
        let body = read.entry(file.to_owned()).or_insert_with(|| {
            let text = files::read_text(file).ok()?;
            parse_unit(file, text.strip_prefix('\u{feff}').unwrap_or(&text)).ok().map(Rc::new)
        });
        let body = Rc::clone(body.as_ref()?);
        Some(Part { body, own: file.parent()?.to_owned(), dir: dir.to_owned() })
    }

    /// The text that an expression stands for.
    pub(super) fn text(&self, part: &Part, expression: &Expression) -> Option<String> {
        match self.value(part, expression)? {
            Value::Text(text) => Some(text),
            Value::File(_) | Value::Locals(_) | Value::Object(..) => None,
        }
    }

    /// The text that it stands for where no variable of the environment says otherwise.
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

    /// The file that a part includes under a name; without one, the only one that it includes.
    pub(super) fn included(&self, part: &Part, name: Option<&str>) -> Option<Part> {
        let labelled = |block: &&Block| {
            name.is_none_or(|name| block.labels.first().is_some_and(|label| label.as_str() == name))
        };
        let mut includes = part.body.get_blocks("include").filter(labelled);
        let include = includes.next().filter(|_| name.is_some() || includes.next().is_none())?;
        let path = self.text(part, &include.body.get_attribute("path")?.value)?;
        self.part(&normalised(&part.dir.join(path)), &part.dir)
    }

    /// The file that `read_terragrunt_config` reads.
    pub(super) fn read(&self, part: &Part, path: &str) -> Option<Part> {
        let mut file = normalised(&part.dir.join(path));
        if file.is_dir() {
            file = unit_file_in(&file);
        }
        self.part(&file, file.parent()?)
    }
}
