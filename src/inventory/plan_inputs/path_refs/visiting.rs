//! Visitor methods that walk a parsed file and collect its path references.

use hcl_edit::{
    expr::{Expression, ForExpr, FuncCall},
    structure::{Attribute, Block, BlockLabel},
    template::{HeredocTemplate, Template},
    visit::{self, Visit},
};

use super::{RefCollector, RefKind, is_computed, reads_files, reads_path};
use crate::{
    engine::layout::{JSON_UNIT_FILE, UNIT_FILE},
    hcl::eval::{PathBase, PathSegment, origin_of_text},
    inventory::plan_inputs::eval_scope::{EvalScope, key_text},
};

impl Visit for RefCollector<'_> {
    fn visit_block(&mut self, node: &Block) {
        let block_type = node.ident.as_str();
        let label = node.labels.first().map(BlockLabel::as_str);
        let reads_state = block_type == "data" && label == Some("terraform_remote_state");
        // Another unit is a stack of its own, with files of its own.
        let is_other_unit = ["dependency", "dependencies"].contains(&block_type);
        let is_location = reads_state || is_other_unit || ["backend", "remote_state"].contains(&block_type);
        let was_in_location = self.in_location;
        self.in_location |= is_location;
        self.enclosing_blocks.push(block_type.to_owned());
        let variable = std::mem::replace(&mut self.variable, label.map(str::to_owned));
        let bound = self.iteration_variables.len();
        if let Some(each) = node.body.get_attribute("for_each") {
            let iterator = node.body.get_attribute("iterator").map(|iterator| iterator.value.to_string());
            let name = match (block_type, label) {
                ("dynamic", Some(label)) => iterator.map_or(label.to_owned(), |name| name.trim().to_owned()),
                _ => "each".to_owned(),
            };
            self.iteration_variables.push((name, each.value.clone()));
        }
        visit::visit_block(self, node);
        self.iteration_variables.truncate(bound);
        self.variable = variable;
        self.enclosing_blocks.pop();
        self.in_location = was_in_location;
    }

    fn visit_attr(&mut self, node: &Attribute) {
        let inside: Vec<&str> = self.enclosing_blocks.iter().map(String::as_str).collect();
        let calls_a_module = matches!(inside.as_slice(), ["module" | "terraform"]);
        let of_unit = inside == ["terraform"];
        if calls_a_module && node.key.as_str() == "source" {
            (self.kind, self.in_unit_source) = (RefKind::Source, of_unit);
            let segments = EvalScope { locals: self.locals, iteration_variables: &[] }.segments(&node.value);
            if is_computed(&segments) {
                self.push_below(PathBase::Computed, "");
            }
            self.add_template(&segments);
            (self.kind, self.in_unit_source) = (RefKind::Other, false);
            return;
        }
        let scope = EvalScope { locals: self.locals, iteration_variables: &self.iteration_variables };
        match (inside.as_slice(), node.key.as_str(), &node.value) {
            (["module"], name, value) => {
                self.file_refs
                    .variables
                    .arguments
                    .push((name.to_owned(), origin_of_text(&scope.segments(value))));
            }
            (["variable"], "default", value) => {
                let origin = origin_of_text(&scope.segments(value));
                self.file_refs.variables.defaults.extend(self.variable.clone().map(|name| (name, origin)));
            }
            ([], "inputs", Expression::Object(inputs)) => {
                for (name, value) in inputs {
                    let origin = origin_of_text(&scope.segments(value.expr()));
                    self.file_refs
                        .variables
                        .arguments
                        .extend(key_text(name).map(|name| (name.to_owned(), origin)));
                }
            }
            _ => {}
        }
        visit::visit_attr(self, node);
    }

    fn visit_expr(&mut self, node: &Expression) {
        match node {
            Expression::String(_) | Expression::StringTemplate(_) => {
                let scope =
                    EvalScope { locals: self.locals, iteration_variables: &self.iteration_variables.clone() };
                self.add_template(&scope.segments(node));
            }
            Expression::FuncCall(call) => {
                let name = call.name.name.as_str();
                if !call.name.is_namespaced() && reads_path(name) {
                    return self.add_read(call);
                }
                let scope =
                    EvalScope { locals: self.locals, iteration_variables: &self.iteration_variables.clone() };
                let segments = scope.segments(node);
                match segments.as_slice() {
                    // The result of the call is unknown: its arguments are visited.
                    [PathSegment::Value(Some(value), _)] if std::ptr::eq(*value, node) => {
                        visit::visit_expr(self, node);
                    }
                    // A folder that is an argument of another function, or a local that counts where it is used.
                    [PathSegment::Folder(_, up)]
                        if *up == 0
                            || self.call_depth > 0
                            || self.enclosing_blocks.first().is_some_and(|kind| kind == "locals") => {}
                    segments => self.add_template(segments),
                }
            }
            _ => visit::visit_expr(self, node),
        }
    }

    fn visit_heredoc_template(&mut self, node: &HeredocTemplate) {
        self.visit_template(&node.template);
    }

    fn visit_template(&mut self, node: &Template) {
        let scope = EvalScope { locals: self.locals, iteration_variables: &self.iteration_variables.clone() };
        self.add_template(&scope.template_segments(node.iter()));
    }

    fn visit_for_expr(&mut self, node: &ForExpr) {
        let bound = self.iteration_variables.len();
        let names = [node.intro.key_var.as_ref(), Some(&node.intro.value_var)];
        for name in names.into_iter().flatten() {
            self.iteration_variables
                .push((name.to_string().trim().to_owned(), node.intro.collection_expr.clone()));
        }
        visit::visit_for_expr(self, node);
        self.iteration_variables.truncate(bound);
    }

    fn visit_func_call(&mut self, node: &FuncCall) {
        let name = node.name.name.as_str();
        if name == "find_in_parent_folders" && !self.in_location {
            let named = node.args.iter().next().and_then(|name| match name {
                Expression::String(text) => Some(text.value().clone()),
                _ => None,
            });
            if named.is_none() && node.args.is_empty() {
                self.push_below(PathBase::Above, JSON_UNIT_FILE);
            }
            self.push_below(PathBase::Above, &named.unwrap_or_else(|| UNIT_FILE.to_owned()));
        }
        // The argument names a file to read, not the location of a state.
        let is_read = node.name.is_namespaced() || reads_files(name);
        let was_in_location = self.in_location;
        self.in_location &= !is_read;
        self.call_depth += 1;
        visit::visit_func_call(self, node);
        self.call_depth -= 1;
        self.in_location = was_in_location;
    }
}
