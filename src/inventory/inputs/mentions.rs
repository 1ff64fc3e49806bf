//! The paths that a file of HCL names, and where each of them starts.

use hcl_edit::{
    expr::{Expression, FuncCall, TraversalOperator},
    structure::{Attribute, Block, Body},
    template::{Element, StringTemplate, Template},
    visit::{self, Visit},
};

use super::words::{ends_path, is_relative_path, known_folder, may_be_file, words};

/// Where a path that a file names starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Base {
    /// At the folder of the file: `${path.module}`.
    Own,
    /// At the stack's folder: `${path.root}`, and whatever is relative to where the engine runs.
    Stack,
    /// At the root of the repository: `${get_repo_root()}`.
    Repository,
    /// In a folder that the same file names and that is too large to count as a whole: `run.sh`.
    Named,
    /// Nobody knows but the engine: the source of a module is an expression.
    Computed,
    /// Searched for upwards from the stack's folder: `find_in_parent_folders("root.hcl")`.
    Above,
}

/// A path as a file names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Mention {
    /// Where it starts.
    pub(super) base: Base,
    /// What is written behind that.
    pub(super) path: String,
    /// Whether it is the source of a module.
    pub(super) source: bool,
}

/// What a string of JSON syntax is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// The source of a module.
    Source,
    /// It says where a state lies.
    Place,
    /// Anything else.
    Other,
}

/// Collects what a file mentions. Where a state or another unit lies is no mention, but a file that says where it lies is
/// one.
#[derive(Debug, Default)]
pub(super) struct Mentions {
    pub(super) found: Vec<Mention>,
    /// The kinds of the blocks that are open.
    open: Vec<String>,
    in_source: bool,
    /// Whether the source is that of a unit: it starts at the unit's folder, whichever file names it.
    of_unit: bool,
    /// Whether texts say where a state or another unit lies.
    in_place: bool,
}

impl Mentions {
    /// What a parsed file mentions.
    pub(super) fn of(body: &Body) -> Vec<Mention> {
        let mut mentions = Self::default();
        mentions.visit_body(body);
        mentions.found
    }

    /// What a string of JSON syntax mentions.
    pub(super) fn of_text(text: &str, role: Role) -> Vec<Mention> {
        let (in_source, in_place) = (role == Role::Source, role == Role::Place);
        let mut mentions = Self { in_source, in_place, ..Self::default() };
        match text.parse::<Template>() {
            Ok(template) => {
                mentions.source(in_source && is_computed(template.iter()));
                mentions.visit_template(&template);
            }
            Err(_) => mentions.literal(text),
        }
        mentions.found
    }

    /// Takes in whether a source is an expression.
    fn source(&mut self, is_computed: bool) {
        if is_computed {
            self.note(Base::Computed, "");
        }
    }

    fn note(&mut self, base: Base, path: &str) {
        let source = self.in_source;
        let path = path.trim_start_matches('/').to_owned();
        self.found.push(Mention { base, path, source });
    }

    /// Where relative paths start.
    fn start(&self) -> Base {
        if self.in_source && !self.of_unit { Base::Own } else { Base::Stack }
    }

    /// A text of which all is known.
    fn literal(&mut self, text: &str) {
        if self.in_place {
            return;
        }
        let base = self.start();
        // Joined to any folder, an absolute path stays what it is.
        let is_absolute = text.len() > 1 && text.starts_with('/') && !text.contains(char::is_whitespace);
        if is_absolute || is_relative_path(text) {
            self.found.push(Mention { base, path: text.to_owned(), source: self.in_source });
        }
        if !self.in_source {
            self.words(text, text);
        }
    }

    /// The words of a text; `whole` was noted already.
    fn words(&mut self, text: &str, whole: &str) {
        for word in words(text) {
            let mut note = |base| self.found.push(Mention { base, path: word.to_owned(), source: false });
            if is_relative_path(word) && word != whole {
                note(Base::Stack);
            }
            if may_be_file(word) {
                note(Base::Named);
            }
        }
    }

    /// A template: each text in it belongs to the folder that stands before it up to the end of the word, and has words of
    /// its own behind that. Of a word that goes on with a value the folder is known.
    fn template<'e>(&mut self, elements: impl Iterator<Item = &'e Element>) {
        if self.in_place {
            return;
        }
        let mut elements = elements.peekable();
        let mut before = Before::Nothing;
        while let Some(element) = elements.next() {
            let goes_on = elements.peek().is_some();
            match element {
                Element::Literal(text) if matches!(before, Before::Nothing) && !goes_on => {
                    self.literal(text.value());
                }
                Element::Literal(text) => self.text(text.value(), &before, goes_on),
                Element::Interpolation(value) => {
                    before = base_of(&value.expr).map_or(Before::Value, Before::Folder);
                    if let (Before::Folder(base), false) = (&before, goes_on) {
                        self.note(*base, "");
                    }
                }
                Element::Directive(_) => before = Before::Value,
            }
        }
    }

    /// A text between values.
    fn text(&mut self, text: &str, before: &Before, goes_on: bool) {
        let end = match before {
            Before::Nothing => 0,
            Before::Folder(_) | Before::Value => text.find(ends_path).unwrap_or(text.len()),
        };
        let (first, rest) = text.split_at(end);
        if let Before::Folder(base) = before
            && (first.is_empty() || first.starts_with('/'))
        {
            if rest.is_empty() && goes_on {
                if let Some(folder) = known_folder(first) {
                    self.note(*base, folder);
                }
            } else {
                self.note(*base, first);
                if !goes_on && !rest.is_empty() && !first.is_empty() {
                    self.note(*base, text);
                }
            }
        }
        let cut = if goes_on { rest.rfind(ends_path).map_or(0, |at| at + 1) } else { rest.len() };
        let (known, last) = rest.split_at(cut);
        self.words(known, "");
        if let Some(folder) = known_folder(last).filter(|folder| is_relative_path(folder)) {
            let base = self.start();
            self.found.push(Mention { base, path: folder.to_owned(), source: false });
        }
    }
}

/// What stands before a text in a template.
enum Before {
    Nothing,
    Folder(Base),
    Value,
}

/// Whether a function reads the files that it is given, or runs them; others only make texts of texts.
fn reads_files(function: &str) -> bool {
    function.starts_with("file")
        || ["mark_", "read_", "sops_"].iter().any(|prefix| function.starts_with(prefix))
        || ["run_cmd", "templatefile"].contains(&function)
}

/// The folder that an expression stands for.
fn base_of(expression: &Expression) -> Option<Base> {
    match expression {
        Expression::Parenthesis(inner) => base_of(inner.inner()),
        Expression::Traversal(traversal) => match (&traversal.expr, traversal.operators.as_slice()) {
            (Expression::Variable(root), [operator]) if root.as_str() == "path" => match operator.value() {
                TraversalOperator::GetAttr(name) if name.as_str() == "module" => Some(Base::Own),
                TraversalOperator::GetAttr(name) if ["root", "cwd"].contains(&name.as_str()) => {
                    Some(Base::Stack)
                }
                _ => None,
            },
            _ => None,
        },
        Expression::FuncCall(call) => match call.name.name.as_str() {
            "get_terragrunt_dir" | "get_original_terragrunt_dir" => Some(Base::Stack),
            "get_parent_terragrunt_dir" => Some(Base::Own),
            "get_repo_root" | "get_path_to_repo_root" => Some(Base::Repository),
            _ => None,
        },
        _ => None,
    }
}

/// Whether nobody can tell by the text alone which folder a source means. An address of another kind than a path begins as
/// one.
fn is_computed<'e>(elements: impl Iterator<Item = &'e Element>) -> bool {
    let mut elements = elements.peekable();
    let begins_elsewhere = |text: &str| !text.is_empty() && !text.starts_with(['.', '/']);
    if let Some(Element::Literal(text)) = elements.peek()
        && begins_elsewhere(text.value())
    {
        return false;
    }
    let is_known = |element: &Element| match element {
        Element::Literal(_) => true,
        Element::Interpolation(value) => base_of(&value.expr).is_some(),
        Element::Directive(_) => false,
    };
    !elements.all(is_known)
}

impl Visit for Mentions {
    fn visit_block(&mut self, node: &Block) {
        let kind = node.ident.as_str();
        let reads_a_state = kind == "data"
            && node.labels.first().is_some_and(|label| label.as_str() == "terraform_remote_state");
        // Another unit is a stack of its own, with files of its own.
        let is_other_unit = ["dependency", "dependencies"].contains(&kind);
        let is_place = reads_a_state || is_other_unit || ["backend", "remote_state"].contains(&kind);
        let outside = self.in_place;
        self.in_place |= is_place;
        self.open.push(kind.to_owned());
        visit::visit_block(self, node);
        self.open.pop();
        self.in_place = outside;
    }

    fn visit_attr(&mut self, node: &Attribute) {
        let inside: Vec<&str> = self.open.iter().map(String::as_str).collect();
        let calls_a_module = matches!(inside.as_slice(), ["module" | "terraform"]);
        self.in_source = calls_a_module && node.key.as_str() == "source";
        self.of_unit = inside == ["terraform"];
        self.source(
            self.in_source
                && match &node.value {
                    Expression::String(_) => false,
                    Expression::StringTemplate(template) => is_computed(template.iter()),
                    _ => true,
                },
        );
        visit::visit_attr(self, node);
        self.in_source = false;
    }

    fn visit_expr(&mut self, node: &Expression) {
        if let Expression::String(text) = node {
            self.literal(text.value());
        }
        visit::visit_expr(self, node);
    }

    fn visit_string_template(&mut self, node: &StringTemplate) {
        self.template(node.iter());
        visit::visit_string_template(self, node);
    }

    fn visit_template(&mut self, node: &Template) {
        self.template(node.iter());
        visit::visit_template(self, node);
    }

    fn visit_func_call(&mut self, node: &FuncCall) {
        let name = node.name.name.as_str();
        if name == "find_in_parent_folders" && !self.in_place {
            let named = node.args.iter().next().and_then(|name| match name {
                Expression::String(text) => Some(text.value().clone()),
                _ => None,
            });
            let name = named.unwrap_or_else(|| crate::engine::layout::UNIT_FILE.to_owned());
            self.note(Base::Above, &name);
        }
        // What it is given is read: it is no place itself.
        let is_read = !node.name.namespace.is_empty() || reads_files(name);
        let outside = self.in_place;
        self.in_place &= !is_read;
        visit::visit_func_call(self, node);
        self.in_place = outside;
    }
}

#[cfg(test)]
mod tests;
