//! `[checks.X]`: checks that run after a deploy.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use toml::de::DeValue;

use super::{
    duration::Length,
    field::{Placed, Read},
    guards::Command,
    json::Json,
    map::Map,
    reader::{Node, Reader},
    table::{plain_table, table},
    template::Template,
};

table! {
    /// What must answer after a deploy, import, rollback or restore.
    struct CheckTable {
        /// Where it is asked; absent for all environments.
        environments: Vec<Placed<String>>,
        /// Asked after these stacks changed; absent for any.
        stacks: Vec<Placed<String>>,
        /// A URL; `{output.STACK.NAME}` stands for an output.
        http: Option<Template>,
        /// A command, run beside this file.
        command: Option<Command>,
        /// A host and a port.
        tcp: Option<Template>,
        /// Request headers: a text, or `{ secret = "NAME" }`.
        headers: Map<HeaderValue>,
        /// The status of the response.
        status: Option<Placed<u64>>,
        /// The whole body.
        equals: Option<Template>,
        /// A part of the body.
        contains: Option<Template>,
        /// A glob that the body matches.
        matches: Option<Template>,
        /// Values in a JSON body, by path: `"$.status" = "up"`.
        json: Map<Json>,
        /// Response headers.
        response_headers: Map<Template>,
        /// Whether redirects are followed.
        follow_redirects: Option<bool>,
        /// How the certificate must be.
        tls: Option<TlsTable>,
        /// For how long one try may take.
        timeout: Option<Length>,
        /// The time between tries.
        interval: Option<Length>,
        /// How often it is tried again.
        retries: Option<u64>,
        /// How long the answer may take.
        max_latency: Option<Length>,
    }
}

table! {
    /// How a certificate must be.
    struct TlsTable {
        /// For how many days it must still be valid.
        min_days: Option<u64>,
    }
}

plain_table!(CheckTable, TlsTable);

/// Value of a request header.
#[derive(Debug, Clone)]
pub(crate) enum HeaderValue {
    /// Text as written.
    Plain(Template),
    /// Name of a secret of the environment, whose value is sent.
    Secret(Placed<String>),
}

impl Read for HeaderValue {
    fn read<'t>(node: &'t Node<'t>, reader: &mut Reader<'t>) -> Option<Self> {
        let DeValue::Table(table) = node.get_ref() else {
            if matches!(node.get_ref(), DeValue::String(_)) {
                return Template::read(node, reader).map(Self::Plain);
            }
            reader.mismatch(node, "a string or `{ secret = \"NAME\" }`");
            return None;
        };
        let mut secret = None;
        for (key, value) in table {
            let name: &'t str = key.get_ref();
            if name == "secret" {
                secret = reader.within(name, |reader| Placed::read(value, reader));
            } else {
                reader.unknown_key(name, key.span(), &["secret"], None);
            }
        }
        reader.require(table, node.span(), &["secret"]);
        secret.map(Self::Secret)
    }

    fn templates(&self, visit: &mut dyn FnMut(&Template)) {
        if let Self::Plain(template) = self {
            visit(template);
        }
    }
}

impl JsonSchema for HeaderValue {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "HeaderValue".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "A text, or the name of one of the environment's secrets.",
            "anyOf": [
                { "type": "string" },
                {
                    "type": "object",
                    "properties": { "secret": { "type": "string" } },
                    "required": ["secret"],
                    "additionalProperties": false,
                },
            ],
        })
    }
}
