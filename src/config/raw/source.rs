//! Sources of secrets, and environment variables: a text, or a table that names a source.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use toml::de::DeValue;

use super::{
    field::{KeyPath, TomlValue, Visited, Visitor},
    reader::{TomlNode, TomlReader},
    template::Template,
    value_schema::value_schema,
};

/// Secret as written, with templates in its source.
#[derive(Debug, Clone)]
pub(crate) struct SecretTemplate {
    pub(crate) source: SourceTemplate,
    /// `allow_empty = true`: an empty value is accepted.
    pub(crate) allow_empty: bool,
}

/// Source of a secret as written, with its templates.
#[derive(Debug, Clone)]
pub(crate) enum SourceTemplate {
    /// Environment variable of envctl: `{ env = "NAME" }`.
    Env(Template),
    /// File: `{ file = "PATH" }`.
    File(Template),
    /// Output of a program: `{ command = ["PROGRAM", …] }`.
    Command(Vec<Template>),
    /// Path and key of a value in a SOPS file: `{ sops = "PATH", key = "KEY" }`.
    Sops(Template, Template),
}

const SOURCE_KEYS: &[&str] = &["env", "file", "command", "sops"];
/// Keys that may stand beside a key of [`SOURCE_KEYS`].
const KEYS_BESIDE_SOURCE: &[&str] = &["key", "allow_empty"];
const SOURCE_HELP: &str = "one of `{ env = \"NAME\" }`, `{ file = \"PATH\" }`, `{ command = [\"PROGRAM\", \"ARG\"] }`, \
                           `{ sops = \"FILE\", key = \"KEY\" }`";

impl TomlValue for SecretTemplate {
    fn read<'t>(node: &'t TomlNode<'t>, reader: &mut TomlReader<'t>) -> Option<Self> {
        read_source(node, reader, &[]).and_then(|(secret, _)| secret)
    }

    fn visit(&self, _: &KeyPath<'_>, visitor: &mut Visitor<'_>) {
        match &self.source {
            SourceTemplate::Env(template) | SourceTemplate::File(template) => {
                visitor(Visited::Template(template));
            }
            SourceTemplate::Command(words) => {
                for word in words {
                    visitor(Visited::Template(word));
                }
            }
            SourceTemplate::Sops(file, key) => {
                visitor(Visited::Template(file));
                visitor(Visited::Template(key));
            }
        }
    }
}

/// Secret of a table (`None` when the table names no source), and the other keys of the table, which the caller reads.
type SourceParts<'t> = (Option<SecretTemplate>, Vec<(&'t str, &'t TomlNode<'t>)>);

/// Reads a table with a secret source; the values of keys in `extra` are returned unread.
fn read_source<'t>(
    node: &'t TomlNode<'t>,
    reader: &mut TomlReader<'t>,
    extra: &[&'static str],
) -> Option<SourceParts<'t>> {
    let DeValue::Table(table) = node.get_ref() else {
        let what = if matches!(node.get_ref(), DeValue::String(_)) {
            "a secret is never written into the file"
        } else {
            "expected a table that names a source"
        };
        let message = format!("`{}` does not say where the secret comes from", reader.dotted_path());
        let problem = reader.problem("config::secret-source", message, node.span(), what).help(SOURCE_HELP);
        reader.report(problem.without_excerpts());
        return None;
    };
    let before = reader.problems.0.len();
    let mut sources: Vec<(&str, SourceTemplate)> = Vec::new();
    let (mut sops, mut sops_key, mut allow_empty, mut rest) = (None, None, None, Vec::new());
    for (key, value) in table {
        let name: &'t str = key.get_ref();
        reader.within(name, |reader| match name {
            "env" => sources.extend(Template::read(value, reader).map(|t| (name, SourceTemplate::Env(t)))),
            "file" => sources.extend(Template::read(value, reader).map(|t| (name, SourceTemplate::File(t)))),
            "command" => {
                sources
                    .extend(read_command(value, reader).map(|words| (name, SourceTemplate::Command(words))));
            }
            "sops" => sops = Template::read(value, reader),
            "key" => sops_key = Template::read(value, reader),
            "allow_empty" => allow_empty = bool::read(value, reader),
            _ if extra.contains(&name) => rest.push((name, value)),
            _ => {}
        });
        if !SOURCE_KEYS.contains(&name) && !KEYS_BESIDE_SOURCE.contains(&name) && !extra.contains(&name) {
            let known: Vec<_> = SOURCE_KEYS.iter().chain(KEYS_BESIDE_SOURCE).chain(extra).copied().collect();
            reader.report_unknown_key(name, key.span(), &known, None);
        }
    }
    if reader.problems.0.len() > before {
        return None;
    }
    match (sops, sops_key) {
        (Some(file), Some(key)) => sources.push(("sops", SourceTemplate::Sops(file, key))),
        (None, None) => {}
        (Some(_), None) => return refuse_source(node, reader, "`sops` needs a `key` beside it"),
        (None, Some(_)) => return refuse_source(node, reader, "`key` belongs to `sops`"),
    }
    if sources.len() > 1 {
        let names: Vec<_> = sources.iter().map(|(name, _)| format!("`{name}`")).collect();
        return refuse_source(node, reader, &format!("{} are given, one is needed", names.join(" and ")));
    }
    match sources.pop() {
        Some((_, source)) => {
            let allow_empty = allow_empty.unwrap_or_default();
            Some((Some(SecretTemplate { source, allow_empty }), rest))
        }
        None if allow_empty.is_some() => refuse_source(node, reader, "`allow_empty` belongs to a source"),
        None if rest.is_empty() => refuse_source(node, reader, "names no source"),
        None => Some((None, rest)),
    }
}

fn refuse_source<'t>(
    node: &TomlNode<'_>,
    reader: &mut TomlReader<'t>,
    reason: &str,
) -> Option<SourceParts<'t>> {
    reader.report_invalid("config::secret-source", node.span(), reason, SOURCE_HELP);
    None
}

/// Reads a command: a program and its arguments; no shell is started.
pub(crate) fn read_command<'t>(node: &'t TomlNode<'t>, reader: &mut TomlReader<'t>) -> Option<Vec<Template>> {
    let words = Vec::<Template>::read(node, reader)?;
    if words.is_empty() || words[0].text().is_empty() {
        let help = "a program and its arguments, as `[\"op\", \"read\", \"op://…\"]`; no shell is started";
        reader.report_invalid("config::command", node.span(), "no program is named", help);
        return None;
    }
    Some(words)
}

/// Environment variable: a text, a text with conditions, or a secret source.
#[derive(Debug, Clone)]
pub(crate) struct EnvVarTemplate {
    pub(crate) source: EnvSourceTemplate,
    /// Names of envctl's environment variables: if one of them is set, envctl does not set this variable.
    pub(crate) unless: Vec<String>,
}

/// Value of an environment variable as written.
#[derive(Debug, Clone)]
pub(crate) enum EnvSourceTemplate {
    /// Text as written.
    Plain(Template),
    /// Secret source.
    Secret(SecretTemplate),
}

impl TomlValue for EnvVarTemplate {
    fn read<'t>(node: &'t TomlNode<'t>, reader: &mut TomlReader<'t>) -> Option<Self> {
        match node.get_ref() {
            DeValue::String(_) => Template::read(node, reader)
                .map(|text| Self { source: EnvSourceTemplate::Plain(text), unless: Vec::new() }),
            DeValue::Table(_) => {
                let (source, rest) = read_source(node, reader, &["value", "unless"])?;
                let (mut value, mut unless) = (None, Vec::new());
                for (name, node) in rest {
                    reader.within(name, |reader| match name {
                        "value" => value = Template::read(node, reader),
                        _ => unless = Vec::read(node, reader).unwrap_or_default(),
                    });
                }
                let source = match (source, value) {
                    (Some(source), None) => EnvSourceTemplate::Secret(source),
                    (None, Some(value)) => EnvSourceTemplate::Plain(value),
                    (Some(_), Some(_)) => {
                        refuse_source(node, reader, "`value` and a source are given, one is needed");
                        return None;
                    }
                    (None, None) => {
                        refuse_source(node, reader, "neither `value` nor a source is given");
                        return None;
                    }
                };
                Some(Self { source, unless })
            }
            _ => {
                reader.report_wrong_type(node, "a string or a table");
                None
            }
        }
    }

    fn visit(&self, path: &KeyPath<'_>, visitor: &mut Visitor<'_>) {
        match &self.source {
            EnvSourceTemplate::Plain(template) => visitor(Visited::Template(template)),
            EnvSourceTemplate::Secret(secret) => secret.visit(path, visitor),
        }
    }
}

fn source_schemas() -> Vec<serde_json::Value> {
    let text = serde_json::json!({ "type": "string" });
    let one = |key: &str, schema: serde_json::Value| {
        serde_json::json!({
            "type": "object",
            "properties": { key: schema, "allow_empty": { "type": "boolean" } },
            "required": [key],
            "additionalProperties": false,
        })
    };
    let command = serde_json::json!({ "type": "array", "items": { "type": "string" }, "minItems": 1 });
    vec![
        one("env", text.clone()),
        one("file", text.clone()),
        one("command", command),
        serde_json::json!({
            "type": "object",
            "properties": { "sops": text, "key": text, "allow_empty": { "type": "boolean" } },
            "required": ["sops", "key"],
            "additionalProperties": false,
        }),
    ]
}

value_schema!(SecretTemplate, "SecretSource", { "description": "Where a secret comes from.", "anyOf": source_schemas() });

impl JsonSchema for EnvVarTemplate {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "EnvironmentVariable".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let unless = serde_json::json!({ "type": "array", "items": { "type": "string" } });
        let mut forms = vec![serde_json::json!({ "type": "string" })];
        forms.push(serde_json::json!({
            "type": "object",
            "properties": { "value": { "type": "string" } },
            "required": ["value"],
            "additionalProperties": false,
        }));
        forms.extend(source_schemas());
        for form in &mut forms[1..] {
            form["properties"]["unless"] = unless.clone();
        }
        json_schema!({ "description": "A text, a text that is only set sometimes, or a secret source.", "anyOf": forms })
    }
}
