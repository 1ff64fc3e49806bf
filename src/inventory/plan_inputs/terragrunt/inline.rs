//! Terragrunt files with their known expressions replaced by values; paths become relative to the unit's folder.

use camino::{Utf8Path, Utf8PathBuf};
use hcl_edit::{
    expr::{Expression, FuncCall},
    structure::{Block, Body},
    template::{Element, StringTemplate, Template},
    visit_mut::{self, VisitMut},
};

use super::{
    builtins::argument_base,
    eval::{UnitEvaluator, UnitFile},
};
use crate::{files::normalised, inventory::plan_inputs::words::ends_path};

impl UnitEvaluator {
    /// Returns the file with known expressions replaced by values: first as included by the unit, then, if it lies in
    /// another folder, as read by `read_terragrunt_config`. Empty when it cannot be parsed.
    pub(in super::super) fn inlined_bodies(&self, file: &Utf8Path) -> Vec<Body> {
        self.reset_steps();
        let own = file.parent().filter(|own| *own != self.dir);
        let parsed_files =
            [Some(&*self.dir), own].into_iter().flatten().filter_map(|dir| self.parse_file(file, dir));
        parsed_files
            .map(|parsed| {
                let mut body = (*parsed.body).clone();
                Inliner { unit: self, parsed }.visit_body_mut(&mut body);
                body
            })
            .collect()
    }

    /// Returns the unit's own file or a file that the unit includes, with known expressions replaced by values; `None` when
    /// the file cannot be parsed.
    pub(super) fn inlined_as_included(&self, file: &Utf8Path) -> Option<Body> {
        self.inlined_bodies(file).into_iter().next()
    }

    /// Returns the path of each file that a body of [`Self::inlined_bodies`] includes; `None` where only Terragrunt can
    /// compute it.
    pub(super) fn include_paths(&self, body: &Body) -> Vec<Option<Utf8PathBuf>> {
        let paths = body.get_blocks("include").map(|include| {
            let path = include.body.get_attribute("path")?.value.as_str()?;
            Some(normalised(&self.dir.join(path)))
        });
        paths.collect()
    }

    /// Returns an absolute path relative to the unit's folder.
    fn relative_to_unit(&self, path: &str) -> String {
        let mut up = String::from(".");
        for (level, dir) in self.dir.ancestors().enumerate() {
            if level > 0 {
                up = if level == 1 { "..".to_owned() } else { up + "/.." };
            }
            match path.strip_prefix(dir.as_str()) {
                Some("") => return up,
                Some(rest) if rest.starts_with('/') => return up + rest,
                Some(rest) if dir == "/" => return format!("{up}/{rest}"),
                _ => {}
            }
        }
        path.to_owned()
    }
}

/// Visitor that replaces the known expressions of one file by their values.
struct Inliner<'u> {
    unit: &'u UnitEvaluator,
    parsed: UnitFile,
}

impl Inliner<'_> {
    /// Returns the text that an expression evaluates to; `None` when only Terragrunt can evaluate the expression.
    fn known_text(&self, expression: &Expression) -> Option<String> {
        self.unit.text(&self.parsed, expression)
    }

    /// Returns the elements of a template with known expressions replaced by their values.
    fn elements<'e>(&self, elements: impl Iterator<Item = &'e Element>) -> Vec<Element> {
        let mut inlined = Vec::new();
        let mut text = String::new();
        for element in elements {
            match element {
                Element::Literal(literal) => text.push_str(literal.value()),
                Element::Interpolation(value) if let Some(known) = self.known_text(&value.expr) => {
                    let is_path = known.starts_with('/') && text.chars().next_back().is_none_or(ends_path);
                    text.push_str(&if is_path { self.unit.relative_to_unit(&known) } else { known });
                }
                other => {
                    if !text.is_empty() {
                        inlined.push(Element::from(std::mem::take(&mut text)));
                    }
                    inlined.push(other.clone());
                }
            }
        }
        if !text.is_empty() {
            inlined.push(Element::from(text));
        }
        inlined
    }

    /// Replaces a path that is relative to `start` by one relative to the unit's folder, if the path is known.
    fn make_relative_to_unit(&self, expression: &mut Expression, start: &Utf8Path) {
        if let Some(path) = self.known_text(expression).filter(|path| !path.is_empty()) {
            *expression = Expression::from(self.unit.relative_to_unit(start.join(path).as_str()));
        }
    }
}

impl VisitMut for Inliner<'_> {
    fn visit_block_mut(&mut self, node: &mut Block) {
        if node.ident.as_str() == "include"
            && let Some(mut path) = node.body.get_attribute_mut("path")
        {
            let dir = self.parsed.terragrunt_dir.clone();
            self.make_relative_to_unit(path.value_mut(), &dir);
        }
        visit_mut::visit_block_mut(self, node);
    }

    fn visit_expr_mut(&mut self, node: &mut Expression) {
        let keeps_its_type = matches!(
            node,
            Expression::Bool(_)
                | Expression::Number(_)
                | Expression::String(_)
                | Expression::StringTemplate(_)
                | Expression::HeredocTemplate(_)
        );
        if !keeps_its_type && let Some(known) = self.known_text(node) {
            let text = if known.starts_with('/') { self.unit.relative_to_unit(&known) } else { known };
            *node = Expression::from(text);
            return;
        }
        visit_mut::visit_expr_mut(self, node);
    }

    fn visit_func_call_mut(&mut self, node: &mut FuncCall) {
        let start = argument_base(&self.parsed, node.name.name.as_str()).map(Utf8Path::to_owned);
        if let Some(start) = start
            && let Some(path) = node.args.get_mut(0)
        {
            self.make_relative_to_unit(path, &start);
        }
        // A file under the default name counts, although only Terragrunt knows whether `get_env` gives this name.
        if node.name.name.as_str() == "find_in_parent_folders"
            && let Some(name) = node.args.get_mut(0)
            && let Some(usual) = self.unit.text_with_defaults(&self.parsed, name)
        {
            *name = Expression::from(usual);
        }
        visit_mut::visit_func_call_mut(self, node);
    }

    fn visit_string_template_mut(&mut self, node: &mut StringTemplate) {
        *node = StringTemplate::from(self.elements(node.iter()));
        visit_mut::visit_string_template_mut(self, node);
    }

    fn visit_template_mut(&mut self, node: &mut Template) {
        *node = Template::from(self.elements(node.iter()));
        visit_mut::visit_template_mut(self, node);
    }
}
