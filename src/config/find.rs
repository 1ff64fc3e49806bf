//! Search for environments.toml from the working directory upwards.

use camino::{Utf8Path, Utf8PathBuf};

use crate::files;

/// Name of envctl's configuration file.
pub const FILE_NAME: &str = "environments.toml";

/// Returns the nearest environments.toml in a folder or above it.
pub fn find(start: &Utf8Path) -> Option<Utf8PathBuf> {
    start.ancestors().map(|folder| folder.join(FILE_NAME)).find(|path| files::is_file_there(path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_file_upwards_is_found() {
        let temporary = tempfile::tempdir().unwrap();
        let root = Utf8Path::from_path(temporary.path()).unwrap();
        let deep = root.join("a/b/c");
        std::fs::create_dir_all(&deep).unwrap();
        std::fs::write(root.join("a").join(FILE_NAME), "").unwrap();
        assert_eq!(find(&deep), Some(root.join("a").join(FILE_NAME)));
        std::fs::create_dir(root.join("a/b").join(FILE_NAME)).unwrap();
        assert_eq!(
            find(&deep),
            Some(root.join("a").join(FILE_NAME)),
            "a folder of that name is not the file"
        );
    }
}
