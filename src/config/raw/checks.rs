//! `[checks.X]`: checks that run after a deploy.

use toml::de::DeValue;

use super::{
    duration::Length,
    field::{KeyPath, Located, TomlValue, Visited, Visitor},
    guards::Command,
    json::Json,
    map::Map,
    reader::{TomlNode, TomlReader},
    table::table,
    template::Template,
    value_schema::value_schema,
};

table! {
    /// Check that must succeed after a deploy, import, rollback or restore.
    struct CheckTable {
        /// Environments in which the check runs; absent for all.
        environments: Vec<Located<String>>,
        /// Stacks after whose changes the check runs; absent for any.
        stacks: Vec<Located<String>>,
        /// URL to request; `{output.STACK.NAME}` stands for an output.
        http: Option<Template>,
        /// Command to run in the folder of environments.toml.
        command: Option<Command>,
        /// Host and port to connect to.
        tcp: Option<Template>,
        /// Request headers: a text, or `{ secret = "NAME" }`.
        headers: Map<HeaderValue>,
        /// Expected HTTP status code of the response.
        status: Option<Located<u64>>,
        /// Expected body of the response, as a whole.
        equals: Option<Template>,
        /// Text that the body of the response must contain.
        contains: Option<Template>,
        /// Glob that the body of the response must match.
        matches: Option<Template>,
        /// Expected values in a JSON body, by path: `"$.status" = "up"`.
        json: Map<Json>,
        /// Expected response headers.
        response_headers: Map<Template>,
        /// True if envctl follows redirects.
        follow_redirects: Option<bool>,
        /// Requirements for the certificate of the server.
        tls: Option<TlsTable>,
        /// Time limit of one attempt.
        timeout: Option<Length>,
        /// Time between attempts.
        interval: Option<Length>,
        /// Number of further attempts after a first attempt that fails.
        retries: Option<u64>,
        /// Highest latency of the response.
        max_latency: Option<Length>,
    }
}

table! {
    /// Requirements for a certificate.
    struct TlsTable {
        /// Number of days for which the certificate must still be valid.
        min_days: Option<u64>,
    }
}

/// Value of a request header.
#[derive(Debug, Clone)]
pub(crate) enum HeaderValue {
    /// Header value as text.
    Plain(Template),
    /// Name of a secret of the environment, whose value is sent.
    Secret(Located<String>),
}

impl TomlValue for HeaderValue {
    fn read<'t>(node: &'t TomlNode<'t>, reader: &mut TomlReader<'t>) -> Option<Self> {
        let DeValue::Table(table) = node.get_ref() else {
            if matches!(node.get_ref(), DeValue::String(_)) {
                return Template::read(node, reader).map(Self::Plain);
            }
            reader.report_wrong_type(node, "a string or `{ secret = \"NAME\" }`");
            return None;
        };
        let mut secret = None;
        for (key, value) in table {
            let name: &'t str = key.get_ref();
            if name == "secret" {
                secret = reader.within(name, |reader| Located::read(value, reader));
            } else {
                reader.report_unknown_key(name, key.span(), &["secret"], None);
            }
        }
        reader.report_missing_keys(table, node.span(), &["secret"]);
        secret.map(Self::Secret)
    }

    fn visit(&self, _: &KeyPath<'_>, visitor: &mut Visitor<'_>) {
        if let Self::Plain(template) = self {
            visitor(Visited::Template(template));
        }
    }
}

value_schema!(HeaderValue, "HeaderValue", {
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
});
