//! Addresses of modules and resources as engines parse them in `-target`, `-exclude` and `-replace`.
//!
//! Measured on OpenTofu 1.12.6 and Terraform 1.11.4: an address is a traversal of HCL, with blanks and escapes. An index stands
//! behind the name of a module or of a resource, once, and is a whole number or a text without templates.

use hcl_edit::expr::{Expression, Traversal, TraversalOperator};

/// Kind of object that an address names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ObjectKind {
    /// Module: `module.network`.
    Module,
    /// Resource: `aws_vpc.main`.
    Resource,
    /// Data source: `data.aws_ami.latest`.
    DataSource,
    /// Object that no state holds: `ephemeral.aws_secret.db` or `action.aws_lambda.run`.
    WithoutState,
}

/// Address of a module, a resource or a data source in any module, without indexes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObjectAddress {
    /// Address without indexes: `module.network.aws_vpc.main`.
    pub path: String,
    /// Kind of the object.
    pub kind: ObjectKind,
}

impl ObjectAddress {
    /// Parses an address; `None` for a text that is no address.
    pub fn parse(text: &str) -> Option<Self> {
        let expression: Expression = text.trim().parse().ok()?;
        let names = parse_names(&expression)?;
        let mut rest = names.as_slice();
        while let [("module", false), _, deeper @ ..] = rest {
            rest = deeper;
        }
        // Terraform takes the word `resource` before the type.
        let is_prefixed = matches!(rest, [("resource", false), _, _]);
        let kind = match rest {
            [] if !names.is_empty() => ObjectKind::Module,
            [("resource", false), (_, false), _] => ObjectKind::Resource,
            [("data", false), (_, false), _] => ObjectKind::DataSource,
            [("ephemeral" | "action", false), (_, false), _] => ObjectKind::WithoutState,
            [("data" | "ephemeral" | "module", _), _] => return None,
            [(_, false), _] => ObjectKind::Resource,
            _ => return None,
        };
        let at = names.len() - rest.len();
        let names = names.iter().enumerate().filter(|(index, _)| !(is_prefixed && *index == at));
        let names: Vec<&str> = names.map(|(_, (name, _))| *name).collect();
        Some(Self { path: names.join("."), kind })
    }
}

/// Returns the names of an address, each with true if an index follows the name; `None` for any other expression.
fn parse_names(expression: &Expression) -> Option<Vec<(&str, bool)>> {
    let Traversal { expr, operators, .. } = expression.as_traversal()?;
    let mut names = vec![(expr.as_variable()?.as_str(), false)];
    for operator in operators {
        match operator.value() {
            TraversalOperator::GetAttr(name) => names.push((name.as_str(), false)),
            TraversalOperator::Index(Expression::String(_)) => mark_index(&mut names)?,
            TraversalOperator::Index(Expression::Number(number)) if number.value().as_u64().is_some() => {
                mark_index(&mut names)?;
            }
            _ => return None,
        }
    }
    Some(names)
}

/// Marks the last name as followed by an index; `None` if it already is.
fn mark_index(names: &mut [(&str, bool)]) -> Option<()> {
    let (_, has_index) = names.last_mut()?;
    (!std::mem::replace(has_index, true)).then_some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_parsed_as_engines_do() {
        for (text, path, kind) in [
            ("a.b", "a.b", ObjectKind::Resource),
            (" a . b[ 0 ] ", "a.b", ObjectKind::Resource),
            ("a.\u{e9}", "a.\u{e9}", ObjectKind::Resource),
            ("resource.a.b", "a.b", ObjectKind::Resource),
            ("module.m[0].resource.a.b", "module.m.a.b", ObjectKind::Resource),
            ("a.b[\"x.y\\\"]\"]", "a.b", ObjectKind::Resource),
            ("module.m", "module.m", ObjectKind::Module),
            ("module.m[\"z/1\"].module.n", "module.m.module.n", ObjectKind::Module),
            ("module.m[0].module.n.data.a.b[1]", "module.m.module.n.data.a.b", ObjectKind::DataSource),
            ("data.a.b", "data.a.b", ObjectKind::DataSource),
            ("action.a.b", "action.a.b", ObjectKind::WithoutState),
            ("module.m.ephemeral.a.b", "module.m.ephemeral.a.b", ObjectKind::WithoutState),
        ] {
            let expected = ObjectAddress { path: path.to_owned(), kind };
            assert_eq!(ObjectAddress::parse(text), Some(expected), "{text}");
        }
    }

    #[test]
    fn what_engines_refuse_is_no_address() {
        for text in [
            "",
            "a",
            "a.b[",
            "a.b]",
            "a.b; rm",
            "a.b c.d",
            "a.b\nc.d",
            "module",
            "module.m.a",
            "data.a",
            "ephemeral.a",
            "a.b.c",
            "a.b[0].id",
            "a.b[0][1]",
            "a.b[x]",
            "a.b[*]",
            "a.*",
            "a.*.b",
            "a.b[\"${\"a\"}\"]",
            "a.b[-1]",
            "a.b[1.5]",
            "\"a\".b",
            "a.b.0",
            "a.b[true]",
            "a.b['a']",
            "a[0].b",
            "data.a[0].b",
            "module[0].m",
            "a..b",
            "module.m[*].a.b",
            "f(a).b",
            "(a).b",
            "a-b",
            "1.a",
        ] {
            assert_eq!(ObjectAddress::parse(text), None, "{text}");
        }
    }
}
