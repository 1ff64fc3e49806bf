//! `[environments.X.bootstrap]`: creation of the bucket and the lock of a backend.

use super::{
    duration::Length,
    field::TomlValue,
    keywords::one_of,
    reader::{TomlNode, TomlReader},
    table::table,
    template::Template,
    value_schema::value_schema,
};
use crate::config::origin::Value;

table! {
    /// Creation of the bucket and the lock table that the backend of the environment names.
    struct BootstrapTable {
        /// Versioning of the bucket: earlier versions of each state are kept.
        versioning: Option<Value<bool>>,
        /// Time for which earlier versions of a state are kept.
        keep_versions: Option<Value<Length>>,
        /// KMS key that encrypts the states.
        kms: Option<Value<Template>>,
        /// Storage of the state locks.
        lock: Option<Value<LockKind>>,
        /// Point-in-time recovery of the lock table.
        point_in_time_recovery: Option<Value<bool>>,
        /// Name of an access policy to create; if absent, the policy is only printed.
        policy: Option<Value<Template>>,
    }
}

/// Storage of the state locks for the states in a bucket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LockKind {
    /// Lock as an item of a DynamoDB table.
    Dynamodb,
    /// Lock as an object beside the state in the bucket.
    Object,
}

impl TomlValue for LockKind {
    fn read<'t>(node: &'t TomlNode<'t>, reader: &mut TomlReader<'t>) -> Option<Self> {
        one_of(node, reader, &[("dynamodb", Self::Dynamodb), ("object", Self::Object)])
    }
}

value_schema!(LockKind, "LockKind", { "enum": ["dynamodb", "object"] });
