//! Secret key of the project: without it, digests cannot be guessed and seals cannot be forged.

use std::io::{self, Read as _};

use camino::{Utf8Path, Utf8PathBuf};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::{files, model::hex};

/// Name of the key file in `.envctl`; never copied into a shared store.
const FILE: &str = "key";

/// Length of the key in bytes.
const LENGTH: usize = 32;

/// Reason why the project's key cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The key file cannot be read or created.
    #[error("cannot use the key `{path}`: {source}")]
    Io {
        /// Path of the key file.
        path: Utf8PathBuf,
        /// Error of the operating system.
        source: io::Error,
    },
    /// The operating system has no random bytes.
    #[error("cannot make a key: {0}")]
    NoRandomness(String),
    /// The key file does not hold 32 bytes.
    #[error("`{path}` is no key: remove it to have a new one, for which no stored plan counts")]
    Broken {
        /// Path of the key file.
        path: Utf8PathBuf,
    },
}

/// Key of 32 random bytes.
#[derive(Clone)]
pub struct ProjectKey([u8; LENGTH]);

impl ProjectKey {
    /// Reads the key of the project with this `.envctl` folder; creates it with mode 0600 when there is none.
    pub fn of_project(home: &Utf8Path) -> Result<Self, KeyError> {
        let path = home.join(FILE);
        let failed = |source| KeyError::Io { path: path.clone(), source };
        let read = || -> io::Result<Vec<u8>> {
            let mut bytes = Vec::new();
            files::open_own_to_read(&path)?.read_to_end(&mut bytes)?;
            Ok(bytes)
        };
        let bytes = match read() {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let mut fresh = [0; LENGTH];
                getrandom::fill(&mut fresh).map_err(|error| KeyError::NoRandomness(error.to_string()))?;
                // Several processes may create the key at once: the first file stays, and all read that one.
                files::write_new(&path, &fresh).map_err(failed)?;
                read().map_err(failed)?
            }
            Err(error) => return Err(failed(error)),
        };
        bytes.try_into().map(Self).map_err(|_| KeyError::Broken { path })
    }

    /// Returns the HMAC-SHA256 of a purpose and a value, in lower-case hexadecimal digits.
    pub fn digest(&self, purpose: &str, value: &[u8]) -> String {
        self.started_hmac(purpose, value).map(|mac| hex(&mac.finalize().into_bytes())).unwrap_or_default()
    }

    /// Returns true if `digest` is the HMAC of this purpose and value. Compares in constant time.
    pub fn verifies(&self, purpose: &str, value: &[u8], digest: &[u8]) -> bool {
        self.started_hmac(purpose, value).is_some_and(|mac| mac.verify_slice(digest).is_ok())
    }

    fn started_hmac(&self, purpose: &str, value: &[u8]) -> Option<Hmac<Sha256>> {
        // HMAC accepts keys of any length, so this is never `None`.
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.0).ok()?;
        mac.update(&(purpose.len() as u64).to_be_bytes());
        mac.update(purpose.as_bytes());
        mac.update(value);
        Some(mac)
    }
}

impl std::fmt::Debug for ProjectKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ProjectKey")
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn a_project_keeps_its_key_and_another_has_another() {
        let (one, two) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let of = |dir: &tempfile::TempDir| {
            ProjectKey::of_project(Utf8Path::from_path(dir.path()).unwrap()).unwrap().digest("value x", b"1")
        };
        assert_eq!(of(&one), of(&one));
        assert_ne!(of(&one), of(&two));
        let mode = std::fs::metadata(one.path().join("key")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn a_digest_is_for_one_purpose_and_one_value() {
        let key = ProjectKey([7; LENGTH]);
        let digest = key.digest("value x", b"1");
        assert_eq!(digest.len(), 64);
        assert_ne!(digest, key.digest("value y", b"1"));
        assert_ne!(digest, key.digest("value x", b"2"));
        assert_ne!(digest, key.digest("value ", b"x1"));
    }

    #[test]
    fn a_file_that_is_no_key_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("key"), "short").unwrap();
        let error = ProjectKey::of_project(Utf8Path::from_path(dir.path()).unwrap()).unwrap_err();
        assert!(matches!(error, KeyError::Broken { .. }), "{error}");
    }
}
