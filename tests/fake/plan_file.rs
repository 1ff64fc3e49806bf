//! Plan files: ZIP archives with the members that envctl reads, and one for the fake engine itself.

use std::{
    collections::{BTreeMap, HashMap},
    fs::{self, File},
    io::{Cursor, Read, Write},
};

use prost::Message;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use zip::{ZipArchive, ZipWriter, write::SimpleFileOptions};

use crate::{Fatal, arguments::log, state::State};

/// Plan as the fake engine stores it.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Saved {
    /// State that the plan was made for.
    pub(crate) before: State,
    /// State after an apply.
    pub(crate) after: State,
    /// Resources whose change replaces them.
    pub(crate) replaced: Vec<String>,
    /// Outputs whose values are known only after an apply.
    pub(crate) unknown: Vec<String>,
    pub(crate) backend: String,
    pub(crate) config: Value,
    pub(crate) workspace: String,
    pub(crate) version: String,
    #[serde(skip)]
    pub(crate) variables: BTreeMap<String, Value>,
    /// Plan mode: 0 normal, 1 destroy, 2 refresh only.
    pub(crate) mode: i32,
    pub(crate) targets: Vec<String>,
    /// Actions that an apply invokes.
    pub(crate) actions: BTreeMap<String, Option<(String, String)>>,
    /// Members of the plan JSON of actions: `config_values`, `config_sensitive`, `config_unknown`.
    #[serde(default)]
    pub(crate) configurations: BTreeMap<String, serde_json::Value>,
    /// Deferred resources by address, with the reason.
    pub(crate) deferred: BTreeMap<String, String>,
}

/// Planned change of one resource.
pub(crate) struct Change<'s> {
    pub(crate) address: &'s str,
    /// Actions as in the plan JSON.
    pub(crate) actions: &'static [&'static str],
    pub(crate) before: Option<&'s Value>,
    pub(crate) after: Option<&'s Value>,
}

#[derive(Message)]
struct Plan {
    #[prost(message, optional, tag = "13")]
    backend: Option<Backend>,
    #[prost(string, repeated, tag = "5")]
    targets: Vec<String>,
    #[prost(string, tag = "14")]
    version: String,
    #[prost(int32, tag = "17")]
    mode: i32,
    #[prost(map = "string, message", tag = "2")]
    variables: HashMap<String, Dynamic>,
    #[prost(bool, tag = "25")]
    applyable: bool,
    #[prost(bool, tag = "26")]
    complete: bool,
}

#[derive(PartialEq, Message)]
struct Dynamic {
    #[prost(bytes = "vec", tag = "1")]
    msgpack: Vec<u8>,
}

impl Dynamic {
    /// Encodes a value as engines do; its type is always `dynamic`, which tests do not examine.
    fn of(value: &Value) -> Self {
        let mut msgpack = b"\x92\xa9\"dynamic\"".to_vec();
        pack(value, &mut msgpack);
        Self { msgpack }
    }
}

impl Dynamic {
    /// Encodes a value without its type, as engines do where the reader knows the type.
    fn untyped(value: &Value) -> Self {
        let mut msgpack = Vec::new();
        pack(value, &mut msgpack);
        Self { msgpack }
    }
}

fn pack(value: &Value, bytes: &mut Vec<u8>) {
    let length = |kind: u8, length: usize| {
        let mut head = vec![kind];
        // No value in a test exceeds 32 bits of length.
        head.extend(u32::try_from(length).unwrap_or(u32::MAX).to_be_bytes());
        head
    };
    match value {
        Value::Null => bytes.push(0xc0),
        Value::Bool(value) => bytes.push(if *value { 0xc3 } else { 0xc2 }),
        Value::Number(number) => {
            bytes.push(0xcb);
            bytes.extend(number.as_f64().unwrap_or_default().to_be_bytes());
        }
        Value::String(text) => {
            bytes.extend(length(0xdb, text.len()));
            bytes.extend(text.as_bytes());
        }
        Value::Array(items) => {
            bytes.extend(length(0xdd, items.len()));
            for item in items {
                pack(item, bytes);
            }
        }
        Value::Object(members) => {
            bytes.extend(length(0xdf, members.len()));
            for (name, member) in members {
                pack(&Value::from(name.as_str()), bytes);
                pack(member, bytes);
            }
        }
    }
}

#[derive(Message)]
struct Backend {
    #[prost(string, tag = "1")]
    kind: String,
    #[prost(message, optional, tag = "2")]
    config: Option<Dynamic>,
    #[prost(string, tag = "3")]
    workspace: String,
}

/// Inverts all bytes, so that they are no archive; a second call restores them.
fn veiled(bytes: Vec<u8>) -> Vec<u8> {
    bytes.into_iter().map(|byte| !byte).collect()
}

/// Returns the SHA-256 of a file in hexadecimal digits.
pub(crate) fn digest(path: &str) -> Result<String, Fatal> {
    Ok(Sha256::digest(fs::read(path)?).iter().map(|byte| format!("{byte:02x}")).collect())
}

impl Saved {
    /// Writes the plan file; `opaque` makes it unreadable for envctl, as an encrypted one.
    pub(crate) fn write(&self, path: &str, opaque: bool) -> Result<(), Fatal> {
        let plan = Plan {
            backend: Some(Backend {
                kind: self.backend.clone(),
                config: Some(Dynamic::untyped(&self.config)),
                workspace: self.workspace.clone(),
            }),
            targets: self.targets.clone(),
            version: self.version.clone(),
            mode: self.mode,
            applyable: !self.is_empty(),
            complete: self.is_complete(),
            variables: self
                .variables
                .iter()
                .map(|(name, value)| (name.clone(), Dynamic::of(value)))
                .collect(),
        };
        let mut archive = ZipWriter::new(File::create(path)?);
        let members = [
            ("tfplan", plan.encode_to_vec()),
            ("tfstate", serde_json::to_vec(&self.before)?),
            ("tfstate-prev", serde_json::to_vec(&self.before)?),
            ("fake", serde_json::to_vec(self)?),
        ];
        for (name, bytes) in members {
            archive.start_file(name, SimpleFileOptions::default())?;
            archive.write_all(&bytes)?;
        }
        archive.finish()?;
        if opaque {
            fs::write(path, veiled(fs::read(path)?))?;
        }
        log(&json!({ "planned": path, "sha256": digest(path)? }))
    }

    pub(crate) fn read(path: &str) -> Result<Self, Fatal> {
        let mut bytes = Vec::new();
        let file = fs::read(path)?;
        let archive = if file.starts_with(b"PK") { file } else { veiled(file) };
        ZipArchive::new(Cursor::new(archive))?.by_name("fake")?.read_to_end(&mut bytes)?;
        Ok(serde_json::from_slice(&bytes)?)
    }

    /// Returns the change of each resource, unchanged ones included.
    pub(crate) fn changes(&self) -> Vec<Change<'_>> {
        let (before, after) = (&self.before.resources, &self.after.resources);
        let mut addresses: Vec<&String> = before.keys().chain(after.keys()).collect();
        addresses.sort();
        addresses.dedup();
        addresses
            .into_iter()
            .map(|address| {
                let (before, after) = (before.get(address), after.get(address));
                let actions: &[&str] = match (before, after) {
                    (None, _) => &["create"],
                    (_, None) => &["delete"],
                    (old, new) if old == new => &["no-op"],
                    _ if self.replaced.contains(address) => &["delete", "create"],
                    _ => &["update"],
                };
                Change { address, actions, before, after }
            })
            .collect()
    }

    /// Returns the change of each output.
    pub(crate) fn output_changes(&self) -> Vec<(String, &'static str)> {
        let (before, after) = (&self.before.outputs, &self.after.outputs);
        let mut names: Vec<&String> = before.keys().chain(after.keys()).collect();
        names.sort();
        names.dedup();
        names
            .into_iter()
            .map(|name| {
                let action = match (before.get(name), after.get(name)) {
                    (None, _) => "create",
                    (_, None) => "delete",
                    (old, new) if old == new => "no-op",
                    _ => "update",
                };
                (name.clone(), action)
            })
            .collect()
    }

    pub(crate) fn is_complete(&self) -> bool {
        self.deferred.is_empty() && self.targets.is_empty()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.actions.is_empty()
            && self.changes().iter().all(|change| change.actions == ["no-op"])
            && self.output_changes().iter().all(|(_, action)| *action == "no-op")
    }
}
