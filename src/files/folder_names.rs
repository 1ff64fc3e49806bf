//! Names of the entries of a folder.

use std::{fs, io};

use camino::Utf8Path;

/// Returns the names of a folder's entries; engines load no file whose name is not UTF-8.
pub fn folder_names(dir: &Utf8Path) -> io::Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(dir)? {
        names.extend(entry?.file_name().into_string().ok());
    }
    Ok(names)
}

/// Returns the names of a folder's entries; none for a folder that is absent or cannot be read.
pub fn folder_names_if_readable(dir: &Utf8Path) -> Vec<String> {
    folder_names(dir).unwrap_or_default()
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
        let mut names = folder_names(dir).unwrap();
        names.sort();
        assert_eq!(names, ["file", "folder"]);
        assert!(folder_names(&dir.join("gone")).is_err());
        assert!(folder_names_if_readable(&dir.join("gone")).is_empty());
    }
}
