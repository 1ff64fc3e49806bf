//! Source files of this repository.

use std::{
    fs,
    path::{Path, PathBuf},
};

/// Source file.
pub(crate) struct Source {
    /// Path from the root of the repository: `src/engine/terraform/init.rs`.
    pub(crate) path: String,
    /// Whole text.
    pub(crate) text: String,
}

impl Source {
    /// Reads every `.rs` file below a folder of the repository, sorted by path.
    pub(crate) fn all_below(folder: &str) -> Vec<Self> {
        let read = |file: PathBuf| {
            let path = file.strip_prefix(root()).unwrap().to_str().unwrap().to_owned();
            Self { path, text: fs::read_to_string(file).unwrap() }
        };
        files_below(&root().join(folder)).into_iter().map(read).collect()
    }

    /// Reads the files of the crate, except modules that are compiled for tests alone.
    pub(crate) fn of_the_crate() -> Vec<Self> {
        let mut sources = Self::all_below("src");
        let test_files: Vec<String> = sources.iter().flat_map(Self::test_files).collect();
        sources.retain(|source| !test_files.contains(&source.path));
        sources
    }

    /// Returns the names of the file's module below the crate's root: `engine`, `init`.
    pub(crate) fn module(&self) -> Vec<&str> {
        let mut names: Vec<&str> =
            self.path.trim_start_matches("src/").trim_end_matches(".rs").split('/').collect();
        names.pop_if(|last| *last == "mod");
        names
    }

    /// Returns the name of the top-level module.
    pub(crate) fn top_module(&self) -> &str {
        self.path.trim_start_matches("src/").trim_end_matches(".rs").split('/').next().unwrap()
    }

    /// Returns the text before the test module.
    pub(crate) fn without_tests(&self) -> &str {
        let is_module = |at: usize| {
            let after = self.text[at..].lines().skip(1);
            let declared = after.into_iter().find(|line| !line.trim_start().starts_with('#'));
            declared.is_some_and(|line| line.contains("mod ") && line.ends_with('{'))
        };
        let end = self.text.match_indices("#[cfg(test)]").map(|(at, _)| at).find(|at| is_module(*at));
        &self.text[..end.unwrap_or(self.text.len())]
    }

    /// Returns the paths of modules that the file declares under `#[cfg(test)]`.
    fn test_files(&self) -> Vec<String> {
        let folder = match self.path.rsplit_once('/').unwrap() {
            (folder, "mod.rs" | "lib.rs") => folder.to_owned(),
            _ => self.path.trim_end_matches(".rs").to_owned(),
        };
        let lines: Vec<&str> = self.text.lines().collect();
        let declared = lines.windows(2).filter(|pair| pair[0].trim() == "#[cfg(test)]");
        let names = declared.filter_map(|pair| Some(pair[1].strip_suffix(';')?.rsplit_once("mod ")?.1));
        names.map(|name| format!("{folder}/{name}.rs")).collect()
    }
}

/// Returns the root folder of the repository.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn files_below(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files_below(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    found.sort();
    found
}
