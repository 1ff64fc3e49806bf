//! `[isolation]`, `[parity]` and `[drift]`: allowed and required differences between environments, and expected drift.

use super::{
    field::{Located, TomlValue},
    parsed_text::PatternTemplate,
    reader::{TomlNode, TomlReader},
    table::table,
    value_schema::value_schema,
};

table! {
    /// Values that environments must not share.
    struct IsolationTable {
        /// Environments that are compared with each other.
        environments: Vec<Located<String>>,
        /// Backend pairs whose values must differ between the environments; state addresses must always differ.
        backend: Vec<Located<String>>,
        /// Globs of HCL variables whose values must differ between the environments.
        distinct: Vec<Located<String>>,
        /// HCL variables that hold address ranges (CIDR) that must not overlap between the environments.
        cidr: Vec<VariableName>,
        /// HCL variables whose values environments share on purpose.
        shared: Vec<VariableName>,
    }
}

table! {
    /// Allowed and forbidden differences between environments.
    struct ParityTable {
        /// Pairs of environments to compare.
        pairs: Vec<Located<Vec<Located<String>>>>,
        /// Allowed differences: `NAME`, `KIND:NAME`, globs; kinds are var, mock, input, module, provider, engine.
        differ: Vec<ParitySubject>,
        /// Forbidden differences, in the same syntax.
        same: Vec<ParitySubject>,
    }
}

table! {
    /// Drift that is expected, and therefore not reported.
    struct DriftTable {
        /// Resource addresses, each with an attribute that may drift: `aws_autoscaling_group.*.desired_capacity`.
        ignore: Vec<PatternTemplate>,
    }
}

/// Name of an HCL variable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct VariableName(pub(crate) String);

impl TomlValue for VariableName {
    fn read<'t>(node: &'t TomlNode<'t>, reader: &mut TomlReader<'t>) -> Option<Self> {
        let text = reader.string(node)?;
        if is_variable_name(text) {
            return Some(Self(text.to_owned()));
        }
        let help = "a letter or `_`, then letters, digits, `_` and `-`; globs are for `distinct`";
        reader.report_invalid("config::variable", node.span(), "no name of an HCL variable", help);
        None
    }
}

/// Returns true if HCL allows a variable of this name.
pub(crate) fn is_variable_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_alphabetic() || c == '_')
        && text.chars().all(|c| c.is_alphanumeric() || c == '_' || c == '-')
}

const KINDS: [&str; 6] = ["var", "mock", "input", "module", "provider", "engine"];

/// Subject of a parity rule: `instance_type`, `module:*@version`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ParitySubject(pub(crate) String);

impl TomlValue for ParitySubject {
    fn read<'t>(node: &'t TomlNode<'t>, reader: &mut TomlReader<'t>) -> Option<Self> {
        let text = reader.string(node)?;
        let (kind, name) = text.split_once(':').unwrap_or(("var", text));
        let reason = if !KINDS.contains(&kind) {
            Some(format!("`{kind}` is none of {}", KINDS.join(", ")))
        } else if name.is_empty() {
            Some("no name".to_owned())
        } else {
            globset::Glob::new(name).err().map(|error| error.kind().to_string())
        };
        if let Some(reason) = reason {
            let help = "a name or a glob, for others than variables with a kind, as \"module:*@version\"";
            reader.report_invalid("config::parity", node.span(), reason, help);
            return None;
        }
        Some(Self(text.to_owned()))
    }
}

value_schema!(inline VariableName, "VariableName", { "type": "string", "minLength": 1 });
value_schema!(inline ParitySubject, "Difference", { "type": "string", "minLength": 1 });
