//! Names of the entries of a folder.

use std::{fs, io};

use camino::Utf8Path;

/// Returns the names of a folder's entries; engines load no file whose name is not UTF-8.
pub fn entry_names(dir: &Utf8Path) -> io::Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(dir)? {
        names.extend(entry?.file_name().into_string().ok());
    }
    Ok(names)
}

/// Returns the names of a folder's entries; empty for a folder that does not exist or cannot be read.
pub fn entry_names_if_readable(dir: &Utf8Path) -> Vec<String> {
    entry_names(dir).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::os::unix::ffi::OsStrExt;

    use super::*;

    #[test]
    fn names_of_files_and_folders_are_listed_if_they_are_utf8() {
        let keep = tempfile::tempdir().unwrap();
        let dir = Utf8Path::from_path(keep.path()).unwrap();
        fs::create_dir(dir.join("folder")).unwrap();
        fs::write(dir.join("file"), "").unwrap();
        fs::write(keep.path().join(std::ffi::OsStr::from_bytes(b"caf\xe9")), "").unwrap();
        let mut names = entry_names(dir).unwrap();
        names.sort();
        assert_eq!(names, ["file", "folder"]);
        assert!(entry_names(&dir.join("gone")).is_err());
        assert!(entry_names_if_readable(&dir.join("gone")).is_empty());
    }
}
