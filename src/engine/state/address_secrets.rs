//! Secrets in the addresses that the state of an instance has had, kept to mask them once they are no longer current.
//!
//! An expression of a backend may use a secret. When the secret changes, messages name the former address too, and nothing
//! else knows its former value.

use std::{collections::BTreeSet, io};

use camino::Utf8Path;

use super::{claims::ADDRESS, record_files::ADDRESS_SECRETS};
use crate::{
    files,
    model::{Failure, FailureKind},
    process::Redactor,
};

/// Adds the secrets in former addresses of an instance to the texts that are masked; `folder` is the instance's.
pub fn mask_former_address(folder: &Utf8Path, redactor: &Redactor) -> Result<(), Failure> {
    let texts = read(folder).map_err(|error| unusable(folder, &error))?;
    for text in &texts {
        redactor.add(text);
    }
    Ok(())
}

/// Keeps the secrets in the present address of an instance's state; `folder` is the instance's.
pub fn keep_address_secrets(folder: &Utf8Path, redactor: &Redactor) -> Result<(), Failure> {
    let keep = || {
        let address = match files::read_whole_text(&folder.join(ADDRESS)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            found => found?,
        };
        let present = redactor.secrets_in(&address);
        if present.is_empty() {
            return Ok(());
        }
        let mut texts = read(folder)?;
        let known = texts.len();
        texts.extend(present.into_iter().map(str::to_owned));
        if texts.len() == known {
            return Ok(());
        }
        files::write(&folder.join(ADDRESS_SECRETS), &serde_json::to_vec(&texts)?)
    };
    keep().map_err(|error| unusable(folder, &error))
}

/// Reads the kept secrets.
fn read(folder: &Utf8Path) -> io::Result<BTreeSet<String>> {
    match files::read_whole(&folder.join(ADDRESS_SECRETS)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(BTreeSet::new()),
        found => Ok(serde_json::from_slice(&found?)?),
    }
}

fn unusable(folder: &Utf8Path, error: &io::Error) -> Failure {
    let path = folder.join(ADDRESS_SECRETS);
    let summary = format!("cannot use `{path}`, the secrets in addresses of the state: {error}");
    Failure::new(FailureKind::State, summary)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_secret_in_an_address_stays_masked_after_it_changed() {
        let root = tempfile::tempdir().unwrap();
        let folder = Utf8Path::from_path(root.path()).unwrap();
        let masked = |secret: &str| {
            let redactor = Redactor::new();
            mask_former_address(folder, &redactor).unwrap();
            redactor.add(secret);
            fs::write(folder.join(ADDRESS), format!("local:/p/{secret}.tfstate")).unwrap();
            keep_address_secrets(folder, &redactor).unwrap();
            redactor.mask("first-key second-key third-key").into_owned()
        };

        assert_eq!(masked("first-key"), "(redacted) second-key third-key");
        assert_eq!(masked("second-key"), "(redacted) (redacted) third-key");
        assert_eq!(masked("third-key"), "(redacted) (redacted) (redacted)");

        fs::write(folder.join(ADDRESS_SECRETS), "[").unwrap();
        let failure = mask_former_address(folder, &Redactor::new()).unwrap_err();
        assert!(failure.summary.contains("address-secrets.json"), "{failure}");
    }
}
