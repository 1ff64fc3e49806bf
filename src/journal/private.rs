//! Files and folders that only their owner may read.

use std::{
    fs::{DirBuilder, File, OpenOptions, Permissions},
    io,
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _},
};

use camino::Utf8Path;

/// Makes a folder and the missing ones above it, 0700 each.
pub(super) fn create_dirs(path: &Utf8Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(path)
}

/// Makes a folder that must not exist yet, 0700.
pub(super) fn create_new_dir(path: &Utf8Path) -> io::Result<()> {
    DirBuilder::new().mode(0o700).create(path)
}

/// Makes a file that must not exist yet, 0600, to be appended to.
pub(super) fn create_new_file(path: &Utf8Path) -> io::Result<File> {
    OpenOptions::new().append(true).create_new(true).mode(0o600).open(path)
}

/// Writes a whole file, 0600, so that a reader sees the old or the new text and never half of one; not synced.
pub(super) fn write(path: &Utf8Path, text: &[u8]) -> io::Result<()> {
    let dir = path.parent().unwrap_or(Utf8Path::new("."));
    let mut file = tempfile::Builder::new().permissions(Permissions::from_mode(0o600)).tempfile_in(dir)?;
    io::Write::write_all(&mut file, text)?;
    file.persist(path)?;
    Ok(())
}

/// Makes sure that the entries of a folder outlive a crash.
pub(super) fn sync_dir(path: &Utf8Path) -> io::Result<()> {
    File::open(path)?.sync_all()
}
