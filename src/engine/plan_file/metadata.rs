//! Metadata of a plan file, read without a process.
//!
//! A plan file is a ZIP with, among others, the member `tfstate` (the state that the plan was made on) and the member
//! `tfplan` (protobuf). Source: `planfile.proto` of OpenTofu 1.12 and Terraform 1.11, and
//! <https://github.com/opentofu/opentofu/blob/main/internal/plans/planfile/doc.go>.

use std::{
    fs::File,
    io::{self, BufReader, Read},
};

use camino::{Utf8Path, Utf8PathBuf};
use prost::Message;
use zip::{ZipArchive, result::ZipError};

use super::dynamic_value::{DynamicValue, decode};
use crate::{
    engine::{PlanFacts, PlanMode, StateIdentity},
    files,
};

/// Reason why a plan file cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum PlanFileError {
    /// The file cannot be opened.
    #[error("cannot read the plan file `{path}`: {source}")]
    Unreadable {
        /// Path of the plan file.
        path: Utf8PathBuf,
        /// Error of the operating system.
        source: io::Error,
    },
    /// The file is no ZIP archive: it is encrypted by OpenTofu, or the bookmark of a remote plan.
    #[error("the plan file `{path}` is encrypted, or no plan file")]
    Opaque {
        /// Path of the plan file.
        path: Utf8PathBuf,
    },
    /// The file is an archive, but a member is missing or invalid.
    #[error("the plan file `{path}` is broken: {reason}")]
    Broken {
        /// Path of the plan file.
        path: Utf8PathBuf,
        /// Description of the error.
        reason: String,
    },
}

/// Members of the encoded plan that envctl reads.
#[derive(Message)]
struct PlanMessage {
    #[prost(message, optional, tag = "13")]
    backend: Option<PlanBackend>,
    #[prost(string, repeated, tag = "5")]
    targets: Vec<String>,
    #[prost(string, repeated, tag = "6")]
    excludes: Vec<String>,
    #[prost(string, tag = "14")]
    version: String,
    #[prost(int32, tag = "17")]
    mode: i32,
    #[prost(bool, tag = "20")]
    errored: bool,
}

/// Verdict of Terraform on its own plan.
///
/// Source: `planfile.proto` of Terraform since 1.9, measured on 1.11.4; OpenTofu has no such fields.
#[derive(Clone, Copy, PartialEq, Eq, Message)]
pub(in crate::engine) struct PlanVerdict {
    /// True if the plan changes something.
    #[prost(bool, tag = "25")]
    pub(in crate::engine) applyable: bool,
    /// True if no change is deferred to a later plan.
    #[prost(bool, tag = "26")]
    pub(in crate::engine) complete: bool,
}

/// Backend in the encoded plan.
#[derive(Message)]
struct PlanBackend {
    #[prost(string, tag = "1")]
    backend_type: String,
    #[prost(message, optional, tag = "2")]
    config: Option<DynamicValue>,
    #[prost(string, tag = "3")]
    workspace: String,
}

/// Reads the state that a plan was made on, as it was before the refresh, from a plan file.
pub(in crate::engine) fn state_before(path: &Utf8Path) -> Result<Vec<u8>, PlanFileError> {
    member(path, &mut archive(path)?, "tfstate-prev")
}

/// Reads the encoded plan (protobuf) of a plan file.
pub(super) fn plan_of(path: &Utf8Path) -> Result<Vec<u8>, PlanFileError> {
    member(path, &mut archive(path)?, "tfplan")
}

/// Reads the verdict of Terraform on its own plan.
pub(in crate::engine) fn plan_verdict(path: &Utf8Path) -> Result<PlanVerdict, PlanFileError> {
    PlanVerdict::decode(plan_of(path)?.as_slice())
        .map_err(|error| PlanFileError::Broken { path: path.to_owned(), reason: error.to_string() })
}

fn archive(path: &Utf8Path) -> Result<ZipArchive<BufReader<File>>, PlanFileError> {
    let unreadable = |source| PlanFileError::Unreadable { path: path.to_owned(), source };
    let file = files::open_regular(path).map_err(unreadable)?;
    match ZipArchive::new(BufReader::new(file)) {
        Ok(archive) => Ok(archive),
        Err(ZipError::Io(source)) if source.kind() != io::ErrorKind::UnexpectedEof => Err(unreadable(source)),
        Err(_) => Err(PlanFileError::Opaque { path: path.to_owned() }),
    }
}

fn member(
    path: &Utf8Path,
    archive: &mut ZipArchive<BufReader<File>>,
    name: &str,
) -> Result<Vec<u8>, PlanFileError> {
    let broken = |error: String| PlanFileError::Broken {
        path: path.to_owned(),
        reason: format!("member `{name}`: {error}"),
    };
    let mut bytes = Vec::new();
    let mut found = archive.by_name(name).map_err(|error| broken(error.to_string()))?;
    found.read_to_end(&mut bytes).map_err(|error| broken(error.to_string()))?;
    Ok(bytes)
}

/// Reads the metadata of a plan file.
pub fn plan_facts(path: &Utf8Path) -> Result<PlanFacts, PlanFileError> {
    let broken = |reason: String| PlanFileError::Broken { path: path.to_owned(), reason };
    let mut archive = archive(path)?;
    let mut member = |name: &str| member(path, &mut archive, name);
    let plan =
        PlanMessage::decode(member("tfplan")?.as_slice()).map_err(|error| broken(error.to_string()))?;
    let state: StateIdentity =
        serde_json::from_slice(&member("tfstate")?).map_err(|error| broken(format!("its state: {error}")))?;
    let backend = plan.backend.ok_or_else(|| broken("it names no backend".to_owned()))?;
    let backend_config = match backend.config.map(|config| decode(&config.msgpack)) {
        None => serde_json::Map::new(),
        Some(Some(serde_json::Value::Object(config))) => config,
        Some(_) => return Err(broken("the configuration of its backend cannot be understood".to_owned())),
    };
    Ok(PlanFacts {
        lineage: state.lineage,
        serial: state.serial,
        workspace: backend.workspace,
        backend_type: backend.backend_type,
        backend_config,
        version: plan.version,
        mode: match plan.mode {
            0 => PlanMode::Normal,
            1 => PlanMode::Destroy,
            2 => PlanMode::RefreshOnly,
            other => return Err(broken(format!("its mode {other} is unknown"))),
        },
        targets: plan.targets,
        excludes: plan.excludes,
        errored: plan.errored,
    })
}
