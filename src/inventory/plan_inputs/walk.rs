//! Recursive listing of the files in a folder that may be inputs of a plan: without states, data directories and files that a
//! manifest records as items of their own.

use std::{collections::BTreeSet, fs, io, os::unix::ffi::OsStrExt as _, path::Path};

use camino::{Utf8Path, Utf8PathBuf};

use super::excluded_paths::ExcludedPaths;
use crate::{
    engine::{
        layout::{is_configuration, is_found_by_name, marks_stack},
        terragrunt::stack_files::GENERATED_MARKER,
    },
    files,
};

/// Folders that hold data of an engine, envctl or version control.
const DATA_FOLDERS: &[&str] =
    &[".terraform", ".terragrunt-cache", ".envctl", "terraform.tfstate.d", ".git", ".hg", ".svn"];

/// Maximum number of nested folders; deeper ones are an error. A circle of symbolic links does not count: the walk does
/// not enter a folder that it is inside of already.
const MAX_DEPTH: usize = 64;

/// Walk through a folder, with the paths that it leaves out.
pub(super) struct Walk<'a> {
    /// Excluded paths: folders of other stacks, and states under custom names.
    pub(super) excluded: &'a ExcludedPaths,
    /// True if subfolders with configuration are left out: a module is an input only where it is called.
    pub(super) skip_modules: bool,
}

/// Files and folders that a walk found.
#[derive(Default)]
struct Walked {
    files: BTreeSet<Utf8PathBuf>,
    /// Folders, by their paths without links.
    folders: BTreeSet<Utf8PathBuf>,
}

impl Walk<'_> {
    /// Returns all files below a folder, following symbolic links. A file that is not regular is listed, and refused when it
    /// is read.
    pub(super) fn files(&self, dir: &Utf8Path) -> io::Result<BTreeSet<Utf8PathBuf>> {
        Ok(self.listing(dir)?.files)
    }

    /// Returns the files directly in a folder that engines find by their names.
    pub(super) fn files_found_by_name(&self, dir: &Utf8Path) -> io::Result<BTreeSet<Utf8PathBuf>> {
        let names = files::entry_names(dir)?
            .into_iter()
            .filter(|name| is_found_by_name(name) && !is_state_file(name));
        let paths = names.map(|name| dir.join(name));
        Ok(paths.filter(|path| !path.is_dir() && !self.excluded.is_bound_separately(path)).collect())
    }

    /// Returns the folders whose files `files` lists, by their paths without links.
    pub(super) fn folders(&self, dir: &Utf8Path) -> io::Result<BTreeSet<Utf8PathBuf>> {
        Ok(self.listing(dir)?.folders)
    }

    /// Lists the files and folders below a folder.
    fn listing(&self, dir: &Utf8Path) -> io::Result<Walked> {
        let mut found = Walked::default();
        self.collect(dir, &mut Vec::new(), &mut found)?;
        Ok(found)
    }

    /// Adds the files and folders below a folder; `above` are the folders that lead to it.
    fn collect(&self, dir: &Utf8Path, above: &mut Vec<Utf8PathBuf>, found: &mut Walked) -> io::Result<()> {
        let real = files::resolve_links(dir);
        if above.contains(&real) {
            return Ok(());
        }
        if above.len() > MAX_DEPTH {
            let text =
                format!("`{dir}` lies more than {MAX_DEPTH} folders deep: move it up, or out of the stack");
            return Err(io::Error::other(text));
        }
        let entries = match fs::read_dir(dir) {
            // No error here: an engine that has to read the folder reports it.
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => return Ok(()),
            entries => entries?,
        };
        found.folders.insert(real.clone());
        above.push(real);
        for entry in entries {
            let path = Utf8PathBuf::from_path_buf(entry?.path()).map_err(|path| not_utf8(&path))?;
            let name = path.file_name().unwrap_or_default();
            let kind = match fs::metadata(&path) {
                Ok(kind) => kind,
                // No error here: an engine that has to read the file reports it.
                Err(error) if files::leads_nowhere(&error) => continue,
                Err(error) if error.kind() == io::ErrorKind::PermissionDenied => continue,
                Err(error) => return Err(error),
            };
            if !kind.is_dir()
                && !is_state_file(name)
                && name != GENERATED_MARKER
                && !self.is_state(&path)
                && !self.excluded.is_bound_separately(&path)
            {
                found.files.insert(path);
            } else if kind.is_dir()
                && !is_data_folder(name)
                && !self.excluded.has_folder(&path)
                && (!self.skip_modules || !has_configuration(&path))
            {
                self.collect(&path, above, found)?;
            }
        }
        above.pop();
        Ok(())
    }

    /// Returns true if a file is a state under a custom name, its backup or its lock.
    fn is_state(&self, path: &Utf8Path) -> bool {
        let Some(name) = path.file_name().filter(|name| !is_configuration(name)) else { return false };
        self.excluded.states_in(path.parent()).any(|state| {
            name.strip_prefix(state).is_some_and(belongs_to_state) || name == format!(".{state}.lock.info")
        })
    }
}

/// Returns the error for a name that is not UTF-8, shown escaped. `fileset` may find such a file, but a manifest cannot name
/// it.
fn not_utf8(path: &Path) -> io::Error {
    let chunks = path.as_os_str().as_bytes().utf8_chunks();
    let shown: String =
        chunks.map(|chunk| format!("{}{}", chunk.valid(), chunk.invalid().escape_ascii())).collect();
    io::Error::new(
        io::ErrorKind::InvalidData,
        format!("the name of `{shown}` is not UTF-8: rename or move it"),
    )
}

/// Returns true if a folder of this name holds data of an engine, envctl or version control.
pub(in crate::inventory) fn is_data_folder(name: &str) -> bool {
    DATA_FOLDERS.contains(&name)
}

/// Returns true if the text behind a state's name makes the file the state itself (empty text), a backup or the lock.
fn belongs_to_state(behind: &str) -> bool {
    let is_backup = behind.starts_with('.') && behind.ends_with(".backup");
    is_backup || ["", ".lock.info"].contains(&behind)
}

/// Returns true if a file of this name is a state, or the backup or lock of one. No other file is left out by its name: a
/// function of the configuration may read a file of any name.
pub(in crate::inventory) fn is_state_file(name: &str) -> bool {
    const STATE_EXTENSION: &str = ".tfstate";
    name.rfind(STATE_EXTENSION).is_some_and(|at| belongs_to_state(&name[at + STATE_EXTENSION.len()..]))
}

/// Returns true if a folder holds files of a stack or module.
fn has_configuration(dir: &Utf8Path) -> bool {
    dir.read_dir_utf8()
        .is_ok_and(|mut entries| entries.any(|entry| entry.is_ok_and(|entry| marks_stack(entry.file_name()))))
}

#[cfg(test)]
mod tests {
    use std::{
        collections::HashSet,
        ffi::OsStr,
        os::unix::{ffi::OsStrExt as _, fs::symlink},
        sync::Arc,
    };

    use super::*;

    #[test]
    fn a_file_whose_name_begins_as_the_states_is_an_input() {
        let keep = tempfile::tempdir().unwrap();
        let dir = Utf8Path::from_path(keep.path()).unwrap().canonicalize_utf8().unwrap();
        let inputs = ["state-of-things.txt", "state.auto.tfvars", "state.json", "state.tf", "x.tfstate.tf"];
        let of_the_state =
            ["state", "state.backup", "state.17632.backup", ".state.lock.info", "b.tfstate.1.backup"];
        for file in inputs.into_iter().chain(of_the_state) {
            fs::write(dir.join(file), "").unwrap();
        }
        let excluded = ExcludedPaths::new(&Arc::default(), vec![dir.join("state")]);
        let found = Walk { excluded: &excluded, skip_modules: false }.files(&dir).unwrap();
        let shown: Vec<&str> = found.iter().filter_map(|path| path.file_name()).collect();
        assert_eq!(shown, inputs);
    }

    #[test]
    fn a_name_that_is_not_utf8_is_an_error_that_shows_it_escaped() {
        let keep = tempfile::tempdir().unwrap();
        let dir = Utf8Path::from_path(keep.path()).unwrap().canonicalize_utf8().unwrap();
        fs::create_dir(dir.join("conf")).unwrap();
        fs::write(dir.join("conf").as_std_path().join(OsStr::from_bytes(b"b\xffd")), "one").unwrap();
        let error =
            Walk { excluded: &ExcludedPaths::default(), skip_modules: false }.files(&dir).unwrap_err();
        let shown = format!("the name of `{dir}/conf/b\\xffd` is not UTF-8: rename or move it");
        assert_eq!(error.to_string(), shown);
        fs::create_dir(dir.join(".terraform")).unwrap();
        fs::rename(dir.join("conf"), dir.join(".terraform/conf")).unwrap();
        Walk { excluded: &ExcludedPaths::default(), skip_modules: false }.files(&dir).unwrap();
    }

    #[test]
    fn a_file_below_many_folders_is_an_input_and_too_many_are_an_error() {
        let keep = tempfile::tempdir().unwrap();
        let dir = Utf8Path::from_path(keep.path()).unwrap().canonicalize_utf8().unwrap();
        let deepest = dir.join("d/".repeat(MAX_DEPTH));
        fs::create_dir_all(&deepest).unwrap();
        fs::write(deepest.join("x"), "").unwrap();
        let walk = Walk { excluded: &ExcludedPaths::default(), skip_modules: false };
        assert_eq!(walk.files(&dir).unwrap(), BTreeSet::from([deepest.join("x")]));
        fs::create_dir(deepest.join("d")).unwrap();
        let error = walk.files(&dir).unwrap_err().to_string();
        assert!(
            error.ends_with("lies more than 64 folders deep: move it up, or out of the stack"),
            "{error}"
        );
    }

    #[test]
    fn states_data_and_other_stacks_are_left_out_and_links_are_followed() {
        let keep = tempfile::tempdir().unwrap();
        let dir = Utf8Path::from_path(keep.path()).unwrap().canonicalize_utf8().unwrap();
        let files = [
            "app/main.tf",
            "app/.hidden",
            "app/ignored.json",
            "app/terraform.tfstate",
            "app/terraform.tfstate.backup",
            "app/.terraform.tfstate.lock.info",
            "app/errored.tfstate",
            "app/states/own.json",
            "app/states/own.json.backup",
            "app/states/kept.txt",
            "app/.terraform.lock.hcl",
            "app/.terraform/modules/modules.json",
            "app/.terragrunt-cache/a/main.tf",
            "app/.envctl/x",
            "app/terraform.tfstate.d/staging/terraform.tfstate",
            "app/other/main.tf",
            "app/main.tf~",
            "app/conf/environments.toml",
            "app/conf/.terraform.lock.hcl",
            "app/conf/.run.sh.swp",
            "app/conf/#run.sh#",
            "elsewhere/a.tpl",
        ];
        for file in files {
            fs::create_dir_all(dir.join(file).parent().unwrap()).unwrap();
            fs::write(dir.join(file), "").unwrap();
        }
        symlink("../elsewhere", dir.join("app/linked")).unwrap();
        symlink("..", dir.join("elsewhere/circle")).unwrap();
        symlink("nowhere", dir.join("app/dangling")).unwrap();
        symlink("itself", dir.join("app/itself")).unwrap();
        let stacks = HashSet::from([dir.join("app/other")]);
        let excluded = ExcludedPaths::new(&Arc::new(stacks), vec![dir.join("app/states/own.json")]);
        let excluded = excluded.for_stack(&dir.join("app"), &dir);
        let found = Walk { excluded: &excluded, skip_modules: false }.files(&dir.join("app")).unwrap();
        let shown: Vec<&str> = found.iter().map(|path| path.strip_prefix(&dir).unwrap().as_str()).collect();
        assert_eq!(
            shown,
            [
                "app/.hidden",
                "app/conf/#run.sh#",
                "app/conf/.run.sh.swp",
                "app/conf/.terraform.lock.hcl",
                "app/conf/environments.toml",
                "app/ignored.json",
                "app/linked/a.tpl",
                "app/main.tf",
                "app/main.tf~",
                "app/states/kept.txt"
            ]
        );
    }
}
