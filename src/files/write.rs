//! Atomic writes of whole files.

use std::{
    fs::Permissions,
    io::{self, Write as _},
    os::unix::fs::PermissionsExt as _,
};

use camino::Utf8Path;

use super::{create_dirs, read_whole};

/// Writes a whole file with mode 0600, so that a reader sees either the old or the new content; not synced. Missing folders
/// above it are created.
///
/// Several threads and processes may write at the same time: the last write stays.
pub fn write(path: &Utf8Path, bytes: &[u8]) -> io::Result<()> {
    let dir = path.parent().filter(|dir| !dir.as_str().is_empty()).unwrap_or(Utf8Path::new("."));
    let unfinished = || tempfile::Builder::new().permissions(Permissions::from_mode(0o600)).tempfile_in(dir);
    let mut file = match unfinished() {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            create_dirs(dir)?;
            unfinished()?
        }
        other => other?,
    };
    file.write_all(bytes)?;
    file.persist(path)?;
    Ok(())
}

/// Writes a whole file with mode 0600 if the path does not exist; returns true if it was written.
pub fn write_new(path: &Utf8Path, bytes: &[u8]) -> io::Result<bool> {
    let dir = path.parent().filter(|dir| !dir.as_str().is_empty()).unwrap_or(Utf8Path::new("."));
    let mut file = tempfile::Builder::new().permissions(Permissions::from_mode(0o600)).tempfile_in(dir)?;
    file.write_all(bytes)?;
    match file.persist_noclobber(path) {
        Ok(_) => Ok(true),
        Err(error) if error.error.kind() == io::ErrorKind::AlreadyExists => Ok(false),
        Err(error) => Err(error.error),
    }
}

/// Writes a whole file unless it has this content already.
pub fn write_if_changed(path: &Utf8Path, bytes: &[u8]) -> io::Result<()> {
    // A file that cannot be read is written again, which reports the error.
    if read_whole(path).is_ok_and(|there| there == bytes) { Ok(()) } else { write(path, bytes) }
}

#[cfg(test)]
mod tests {
    use std::{fs, os::unix::fs::MetadataExt as _, thread};

    use super::*;

    #[test]
    fn a_file_is_replaced_as_a_whole_and_its_owners_alone() {
        let keep = tempfile::tempdir().unwrap();
        let dir = Utf8Path::from_path(keep.path()).unwrap().join("missing");
        let path = dir.join("file");
        write(&path, b"a longer text").unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o644)).unwrap();
        write(&path, b"short").unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "short");
        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, 0o600);
        assert_eq!(fs::metadata(&dir).unwrap().mode() & 0o777, 0o700);
        assert_eq!(dir.read_dir_utf8().unwrap().count(), 1);
    }

    #[test]
    fn several_that_write_at_once_do_not_meet() {
        let keep = tempfile::tempdir().unwrap();
        let path = Utf8Path::from_path(keep.path()).unwrap().join("file");
        let texts: Vec<String> = ["a", "b", "c", "d"].map(|letter| letter.repeat(4096)).to_vec();
        thread::scope(|scope| {
            for text in &texts {
                let path = &path;
                scope.spawn(move || (0..50).for_each(|_| write(path, text.as_bytes()).unwrap()));
            }
        });
        assert!(texts.contains(&fs::read_to_string(&path).unwrap()));
        assert_eq!(path.parent().unwrap().read_dir_utf8().unwrap().count(), 1);
    }

    #[test]
    fn the_first_of_several_stays() {
        let keep = tempfile::tempdir().unwrap();
        let path = Utf8Path::from_path(keep.path()).unwrap().join("file");
        assert!(write_new(&path, b"one").unwrap());
        assert!(!write_new(&path, b"two").unwrap());
        assert_eq!(fs::read_to_string(&path).unwrap(), "one");
        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, 0o600);
    }

    #[test]
    fn what_a_file_says_already_is_not_written_again() {
        let keep = tempfile::tempdir().unwrap();
        let path = Utf8Path::from_path(keep.path()).unwrap().join("file");
        write_if_changed(&path, b"one").unwrap();
        let first = fs::metadata(&path).unwrap().ino();
        write_if_changed(&path, b"one").unwrap();
        assert_eq!(fs::metadata(&path).unwrap().ino(), first);
        write_if_changed(&path, b"two").unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "two");
    }
}
