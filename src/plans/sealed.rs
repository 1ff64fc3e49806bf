//! Tamper-proof documents: canonical JSON with a seal, which is an HMAC made with the project's key.

use std::io;

use camino::{Utf8Path, Utf8PathBuf};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Map, Value};

use super::ProjectKey;
use crate::files;

/// Member of a document that holds the seal.
const SEAL: &str = "seal";

/// Reason why a sealed document cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SealError {
    /// The file cannot be read or written.
    #[error("cannot {operation} `{path}`: {source}")]
    Io {
        /// Operation that failed: `read` or `write`.
        operation: &'static str,
        /// Path of the document.
        path: Utf8PathBuf,
        /// Error of the operating system.
        source: io::Error,
    },
    /// The file is not JSON, or not a document of this kind.
    #[error("`{path}` cannot be understood: {reason}")]
    Broken {
        /// Path of the document.
        path: Utf8PathBuf,
        /// Description of the error.
        reason: String,
    },
    /// The seal does not match: the content was edited, or the document has another purpose or comes from
    /// another project.
    #[error("the seal of `{path}` does not fit: it was edited, or comes from another project")]
    Edited {
        /// Path of the document.
        path: Utf8PathBuf,
    },
}

/// Writes a document with its seal, mode 0600.
pub(super) fn write(
    key: &ProjectKey,
    purpose: &str,
    path: &Utf8Path,
    document: &impl Serialize,
) -> Result<(), SealError> {
    let broken = |reason: String| SealError::Broken { path: path.to_owned(), reason };
    let value = serde_json::to_value(document).map_err(|error| broken(error.to_string()))?;
    let Value::Object(mut members) = value else { return Err(broken("it is no object".to_owned())) };
    let seal = key.digest(purpose, canonical(&Value::Object(members.clone())).to_string().as_bytes());
    members.insert(SEAL.to_owned(), Value::String(seal));
    let text = format!("{}\n", canonical(&Value::Object(members)));
    files::write(path, text.as_bytes()).map_err(|source| SealError::Io {
        operation: "write",
        path: path.to_owned(),
        source,
    })
}

/// Reads a document and verifies its seal.
pub(super) fn read<T: DeserializeOwned>(
    key: &ProjectKey,
    purpose: &str,
    path: &Utf8Path,
) -> Result<T, SealError> {
    let broken = |reason: String| SealError::Broken { path: path.to_owned(), reason };
    let bytes = files::read_whole(path).map_err(|source| SealError::Io {
        operation: "read",
        path: path.to_owned(),
        source,
    })?;
    let mut members: Map<String, Value> =
        serde_json::from_slice(&bytes).map_err(|error| broken(error.to_string()))?;
    let seal = members.shift_remove(SEAL);
    let seal = seal.as_ref().and_then(Value::as_str).and_then(decode_hex);
    let content = canonical(&Value::Object(members));
    let fits = |seal: Vec<u8>| key.verifies(purpose, content.to_string().as_bytes(), &seal);
    if !seal.is_some_and(fits) {
        return Err(SealError::Edited { path: path.to_owned() });
    }
    serde_json::from_value(content).map_err(|error| broken(error.to_string()))
}

/// Returns the value with the keys of all objects sorted.
fn canonical(value: &Value) -> Value {
    match value {
        Value::Object(members) => {
            let mut keys: Vec<&String> = members.keys().collect();
            keys.sort_unstable();
            Value::Object(keys.into_iter().map(|key| (key.clone(), canonical(&members[key]))).collect())
        }
        Value::Array(items) => Value::Array(items.iter().map(canonical).collect()),
        other => other.clone(),
    }
}

/// Decodes pairs of hexadecimal digits.
fn decode_hex(text: &str) -> Option<Vec<u8>> {
    let digits = text.as_bytes();
    let pair = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
    digits.len().is_multiple_of(2).then(|| digits.chunks(2).map(pair).collect::<Option<Vec<u8>>>())?
}

#[cfg(test)]
mod tests {
    use std::{fs, os::unix::fs::PermissionsExt as _};

    use serde_json::json;

    use super::*;

    fn place() -> (tempfile::TempDir, Utf8PathBuf, ProjectKey) {
        let keep = tempfile::tempdir().unwrap();
        let dir = Utf8Path::from_path(keep.path()).unwrap().to_owned();
        let key = ProjectKey::of_project(&dir).unwrap();
        (keep, dir.join("x.json"), key)
    }

    #[test]
    fn a_document_is_sorted_private_and_reads_back() {
        let (_keep, path, key) = place();
        let document = json!({ "b": { "d": 1, "c": [true] }, "a": "x" });
        write(&key, "test", &path, &document).unwrap();
        let text = fs::read_to_string(&path).unwrap();
        assert!(text.starts_with(r#"{"a":"x","b":{"c":[true],"d":1},"seal":""#), "{text}");
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(read::<Value>(&key, "test", &path).unwrap(), document);
    }

    #[test]
    fn an_edited_document_or_one_of_another_kind_or_project_is_refused() {
        let (_keep, path, key) = place();
        write(&key, "test", &path, &json!({ "a": "staging" })).unwrap();
        let refused = |key: &ProjectKey, purpose: &str| {
            matches!(read::<Value>(key, purpose, &path), Err(SealError::Edited { .. }))
        };
        assert!(!refused(&key, "test"));
        assert!(refused(&key, "other"));
        assert!(refused(&place().2, "test"));
        let text = fs::read_to_string(&path).unwrap();
        for edited in [text.replace("staging", "production"), text.replace("\"seal\"", "\"deal\"")] {
            fs::write(&path, edited).unwrap();
            assert!(refused(&key, "test"));
        }
    }
}
