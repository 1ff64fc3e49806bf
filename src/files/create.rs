//! Creation of folders, and of files that are appended to.

use std::{
    fs::{DirBuilder, File, OpenOptions},
    io,
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _},
};

use camino::Utf8Path;
use rustix::fs::OFlags;

/// Creates a folder that must not exist yet, with mode 0700.
pub fn create_new_dir(path: &Utf8Path) -> io::Result<()> {
    DirBuilder::new().mode(0o700).create(path)
}

/// Creates a file that must not exist yet, with mode 0600, for appending.
pub fn create_new(path: &Utf8Path) -> io::Result<File> {
    OpenOptions::new().append(true).create_new(true).mode(0o600).open(path)
}

/// Opens a file for appending, or creates it with mode 0600. A fifo at its path is an error; the call never waits for it.
pub fn append(path: &Utf8Path) -> io::Result<File> {
    let flags = OFlags::NONBLOCK.bits().cast_signed();
    OpenOptions::new().append(true).create(true).mode(0o600).custom_flags(flags).open(path)
}

/// Syncs a folder, so that its entries survive a crash.
pub fn sync_dir(path: &Utf8Path) -> io::Result<()> {
    File::open(path)?.sync_all()
}

#[cfg(test)]
mod tests {
    use std::{fs, io::Write as _, os::unix::fs::PermissionsExt as _};

    use super::{super::create_dirs, *};

    fn mode(path: &Utf8Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn folders_and_files_are_their_owners_alone() {
        let keep = tempfile::tempdir().unwrap();
        let dir = Utf8Path::from_path(keep.path()).unwrap().join("a/b");
        create_dirs(&dir).unwrap();
        create_new_dir(&dir.join("c")).unwrap();
        for folder in [dir.parent().unwrap(), &dir, &dir.join("c")] {
            assert_eq!(mode(folder), 0o700, "{folder}");
        }
        let (new, log) = (dir.join("new"), dir.join("log"));
        create_new(&new).unwrap();
        for line in ["one\n", "two\n"] {
            append(&log).unwrap().write_all(line.as_bytes()).unwrap();
        }
        assert_eq!((mode(&new), mode(&log)), (0o600, 0o600));
        assert_eq!(fs::read_to_string(&log).unwrap(), "one\ntwo\n");
    }

    #[test]
    fn what_must_be_new_is_refused_when_it_is_there() {
        let keep = tempfile::tempdir().unwrap();
        let path = Utf8Path::from_path(keep.path()).unwrap().join("x");
        create_new(&path).unwrap();
        assert_eq!(create_new(&path).unwrap_err().kind(), io::ErrorKind::AlreadyExists);
        assert_eq!(create_new_dir(&path).unwrap_err().kind(), io::ErrorKind::AlreadyExists);
    }
}
