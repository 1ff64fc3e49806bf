//! `[store]` and `[backups]`: storage and encryption of runs and of backups of states.

use super::{
    duration::Length,
    field::{Located, TomlValue},
    map::Map,
    reader::{TomlNode, TomlReader},
    source::{EnvVarTemplate, SecretTemplate},
    table::table,
    template::Template,
    value_schema::value_schema,
};

table! {
    /// Storage of runs; default: the folder `.envctl/runs` beside environments.toml.
    struct StoreTable {
        /// Shared storage, as `s3://bucket/prefix`.
        url: Option<Located<Template>>,
        /// Age recipients that plans are encrypted for.
        recipients: Option<Located<Vec<Recipient>>>,
        /// Age identity that decrypts plans, and the key (HMAC) of the digests in manifests.
        identity: Option<Located<SecretTemplate>>,
        /// Environment variables for the access to the storage at `url`; default: those of envctl itself.
        env: Option<Located<Map<EnvVarTemplate>>>,
        /// Time for which runs are kept.
        keep: Option<Located<Length>>,
    }
}

table! {
    /// Backups of states, taken before a state is changed.
    struct BackupsTable {
        /// Number of backups of each state to keep.
        keep: Option<u64>,
        /// Age recipients that backups are encrypted for.
        recipients: Vec<Recipient>,
        /// Age identity that decrypts backups.
        identity: Option<SecretTemplate>,
    }
}

/// Age recipient: a public key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Recipient(pub(crate) String);

impl TomlValue for Recipient {
    fn read<'t>(node: &'t TomlNode<'t>, reader: &mut TomlReader<'t>) -> Option<Self> {
        let text = reader.string(node)?;
        if text.starts_with("age1") || text.starts_with("ssh-") {
            return Some(Self(text.to_owned()));
        }
        let help = "a public key, as \"age1…\" (`age-keygen` prints it) or \"ssh-ed25519 …\"";
        reader.report_invalid("config::recipient", node.span(), "no age recipient", help);
        None
    }
}

value_schema!(inline Recipient, "Recipient", { "type": "string", "pattern": "^(age1|ssh-)" });
