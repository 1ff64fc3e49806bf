//! Output files that the user names: checks that they may be overwritten, and opens them without waiting for a reader.

use std::{
    collections::BTreeMap,
    ffi::{OsStr, OsString},
    fs::{self, File, Metadata, Permissions},
    io::{self, Read as _, Write as _},
    os::unix::fs::{FileTypeExt as _, MetadataExt as _, PermissionsExt as _},
};

use camino::Utf8Path;
use rustix::{
    fs::{CWD, Mode, OFlags, fcntl_getfl, fcntl_setfl, openat},
    io::Errno,
};
use serde_json::{Map, Value};

use crate::{engine::layout::is_found_by_name, files, reporter};

/// Environment variables that name files which a GitHub Actions job reads line by line: a summary in such a file would set
/// variables.
const FILES_OF_GITHUB: [&str; 4] = ["GITHUB_OUTPUT", "GITHUB_ENV", "GITHUB_PATH", "GITHUB_STATE"];

/// Environment variable with the summary file of a GitHub Actions job.
const STEP_SUMMARY: &str = "GITHUB_STEP_SUMMARY";

/// Streams and devices of the system that a summary may be written to, apart from `/dev/fd/N`.
const STREAMS: [&str; 4] = ["/dev/stdout", "/dev/stderr", "/dev/tty", "/dev/null"];

/// Number of leading bytes that are checked to recognise a summary of envctl.
const BEGINNING: u64 = 64 << 10;

/// Kind of content of an output file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum OutputFileKind {
    /// The report as JSON, which replaces the one of an earlier run.
    Report,
    /// The Markdown summary, which is appended.
    Summary,
}

/// Checks that a file may be written: that it is new or empty, or holds earlier output of this kind. Does not change the
/// file.
pub(crate) fn check(
    path: &Utf8Path,
    content: OutputFileKind,
    env: &BTreeMap<OsString, OsString>,
) -> io::Result<()> {
    check_name(path)?;
    let Some(found) = checked_metadata(path)? else {
        openat(
            CWD,
            path.as_str(),
            OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC,
            new_file_mode(),
        )?;
        return fs::remove_file(path);
    };
    if !found.is_file() {
        return Ok(());
    }
    let is_file_of = |name: &&str| {
        let named = env.get(OsStr::new(*name)).filter(|value| !value.is_empty());
        named.and_then(|named| fs::metadata(named).ok()).is_some_and(|named| is_same_inode(&named, &found))
    };
    if let Some(name) = FILES_OF_GITHUB.iter().find(|name| is_file_of(name)) {
        return Err(refused(format!("it is the file of `{name}`")));
    }
    drop(open(path, OFlags::APPEND)?);
    let markdown = matches!(path.extension(), Some("md" | "markdown")) || is_file_of(&STEP_SUMMARY);
    if found.len() == 0 || (content == OutputFileKind::Summary && markdown) {
        return Ok(());
    }
    match content {
        OutputFileKind::Report if is_report(&files::read(path)?) => Ok(()),
        OutputFileKind::Summary if reporter::is_summary(&beginning(path)?) => Ok(()),
        OutputFileKind::Report => Err(refused("it holds something else than a report of envctl".to_owned())),
        OutputFileKind::Summary => Err(refused(
            "it holds something else than a summary of envctl, and its name does not end in `.md`".to_owned(),
        )),
    }
}

/// Returns true if both paths lead to the same file, or would after it is created.
pub(super) fn is_same_file(a: &Utf8Path, b: &Utf8Path) -> bool {
    let resolved = |path: &Utf8Path| {
        let absolute = camino::absolute_utf8(path).ok()?;
        Some(files::resolve_links(&absolute))
    };
    let of_same_inode =
        a.metadata().is_ok_and(|a| b.metadata().is_ok_and(|b| a.is_file() && is_same_inode(&a, &b)));
    of_same_inode || resolved(a).is_some_and(|a| resolved(b) == Some(a))
}

/// Replaces the content of a file.
pub(crate) fn replace(path: &Utf8Path, bytes: &[u8]) -> io::Result<()> {
    checked_metadata(path)?;
    open(path, OFlags::TRUNC | OFlags::CREATE)?.write_all(bytes)
}

/// Appends to a file, or creates it.
pub(super) fn append(path: &Utf8Path, text: &str) -> io::Result<()> {
    checked_metadata(path)?;
    open(path, OFlags::APPEND | OFlags::CREATE)?.write_all(text.as_bytes())
}

/// Writes a file atomically; a link or a fifo at its path is replaced, not followed. Returns false if there is a file and
/// `replaces` is false.
pub(crate) fn write_atomically(path: &Utf8Path, bytes: &[u8], replaces: bool) -> io::Result<bool> {
    let mut draft = tempfile::Builder::new()
        .prefix(".envctl-")
        .permissions(Permissions::from_mode(0o666))
        .tempfile_in(path.parent().unwrap_or(path))?;
    draft.write_all(bytes)?;
    let persisted = if replaces { draft.persist(path) } else { draft.persist_noclobber(path) };
    match persisted {
        Ok(_) => Ok(true),
        Err(refused) if refused.error.kind() == io::ErrorKind::AlreadyExists => Ok(false),
        Err(refused) => Err(refused.error),
    }
}

/// Returns an error for a name that an engine or envctl reads as configuration or state.
fn check_name(path: &Utf8Path) -> io::Result<()> {
    let Some(name) = path.file_name() else {
        let empty = "the path is empty";
        return Err(refused(if path.as_str().is_empty() { empty } else { "it is a folder" }.to_owned()));
    };
    if is_found_by_name(name) || path.extension() == Some("toml") {
        return Err(refused("a file of this name is read as configuration or as a state".to_owned()));
    }
    let absolute = camino::absolute_utf8(path)?;
    if files::resolve_links(&absolute).components().any(|part| part.as_str() == ".envctl") {
        return Err(refused("it lies in `.envctl`, where envctl keeps its own files".to_owned()));
    }
    Ok(())
}

/// Returns the metadata of a path, `None` if it does not exist. A link, a file with several hard links, and any other file
/// that is not regular is an error, except for streams and devices of the system such as `/dev/stderr` and `/dev/null`.
fn checked_metadata(path: &Utf8Path) -> io::Result<Option<Metadata>> {
    let found = match path.symlink_metadata() {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        other => other?,
    };
    if STREAMS.contains(&path.as_str()) || path.parent().is_some_and(|dir| dir == "/dev/fd") {
        return path.metadata().map(Some);
    }
    let kind = found.file_type();
    let what = if kind.is_symlink() {
        "it is a link: name the file itself"
    } else if kind.is_dir() {
        "it is a folder"
    } else if kind.is_fifo() {
        "it is a fifo, not a regular file"
    } else if !kind.is_file() {
        "it is a socket or a device, not a regular file"
    } else if found.nlink() > 1 {
        "it is another file's second name (a hard link)"
    } else {
        return Ok(Some(found));
    };
    Err(refused(what.to_owned()))
}

/// Opens a file for writing. A pipe without a reader is an error, because envctl would wait for ever.
fn open(path: &Utf8Path, flags: OFlags) -> io::Result<File> {
    let flags = flags | OFlags::WRONLY | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
    let opened = openat(CWD, path.as_str(), flags, new_file_mode()).map_err(|errno| match errno {
        Errno::NXIO => refused("nobody reads it".to_owned()),
        other => other.into(),
    })?;
    fcntl_setfl(&opened, fcntl_getfl(&opened)? - OFlags::NONBLOCK)?;
    Ok(File::from(opened))
}

/// Returns the first bytes of a file as text.
fn beginning(path: &Utf8Path) -> io::Result<String> {
    let mut bytes = Vec::new();
    files::open_regular(path)?.take(BEGINNING).read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// Returns true if a JSON text has the members of a report or of an error document of envctl.
fn is_report(text: &[u8]) -> bool {
    let members = serde_json::from_slice::<Map<String, Value>>(text).unwrap_or_default();
    [
        &["format", "run", "command", "environment", "totals", "stacks"][..],
        &["format", "result", "exit_code", "error"],
    ]
    .iter()
    .any(|required| required.iter().all(|name| members.contains_key(*name)))
}

fn is_same_inode(a: &Metadata, b: &Metadata) -> bool {
    (a.dev(), a.ino()) == (b.dev(), b.ino())
}

/// Returns the mode of a new file, before the user's umask applies.
fn new_file_mode() -> Mode {
    Mode::from_bits_truncate(0o666)
}

fn refused(message: String) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, message)
}
