//! Lookup of programs on PATH.

use std::{ffi::OsStr, fs, io, os::unix::fs::PermissionsExt};

use camino::{Utf8Path, Utf8PathBuf};

use super::ProcessError;

/// Returns the path of an executable program. A path in `program` is checked as it is; a bare name is searched in the
/// folders of `path_var`, as a shell does.
pub fn which(program: &OsStr, path_var: Option<&OsStr>) -> Result<Utf8PathBuf, ProcessError> {
    let name = utf8_text(program)?;
    if name.contains('/') {
        let path = Utf8PathBuf::from(name);
        return check_executable(&path).map(|()| path);
    }
    let searched = utf8_text(path_var.unwrap_or_default())?;
    // As in a shell, a file that is not executable is passed over; the error names it if no executable follows.
    let mut passed_over = None;
    for folder in searched.split(':').filter(|folder| !folder.is_empty()) {
        let path = Utf8Path::new(folder).join(name);
        match check_executable(&path) {
            Ok(()) => return Ok(path),
            Err(ProcessError::NotExecutable { path }) => {
                passed_over.get_or_insert(path);
            }
            Err(_) => {}
        }
    }
    Err(match passed_over {
        Some(path) => ProcessError::NotExecutable { path },
        None => ProcessError::NotOnPath {
            program: name.to_owned(),
            searched: if searched.is_empty() { "empty".to_owned() } else { format!("`{searched}`") },
        },
    })
}

fn utf8_text(text: &OsStr) -> Result<&str, ProcessError> {
    text.to_str().ok_or_else(|| ProcessError::NotUtf8 { shown: text.to_string_lossy().into_owned() })
}

fn check_executable(path: &Utf8Path) -> Result<(), ProcessError> {
    match fs::metadata(path) {
        Ok(found) if found.is_dir() => Err(ProcessError::IsDirectory { path: path.to_owned() }),
        Ok(found) if found.permissions().mode() & 0o111 == 0 => {
            Err(ProcessError::NotExecutable { path: path.to_owned() })
        }
        Ok(_) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
            Err(ProcessError::NotExecutable { path: path.to_owned() })
        }
        Err(_) => Err(ProcessError::Missing { path: path.to_owned() }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_searched_on_the_given_path_only() {
        let found = which(OsStr::new("sh"), Some(OsStr::new("/nowhere:/bin:/usr/bin"))).unwrap();
        assert_eq!(found, "/bin/sh");
        let error = which(OsStr::new("sh"), Some(OsStr::new("/nowhere"))).unwrap_err();
        assert_eq!(error.to_string(), "program `sh` was not found on PATH");
        assert_eq!(error.detail(), "the PATH that was searched is `/nowhere`");
        assert!(which(OsStr::new("sh"), None).unwrap_err().detail().ends_with(" is empty"));
    }

    #[test]
    fn a_file_that_may_not_run_is_named_unless_a_better_one_follows() {
        let folder = tempfile::tempdir().unwrap();
        let path = Utf8Path::from_path(folder.path()).unwrap();
        fs::write(path.join("sh"), "").unwrap();
        let alone = which(OsStr::new("sh"), Some(path.as_os_str())).unwrap_err();
        assert_eq!(alone.to_string(), format!("`{path}/sh` is not executable"));
        let both = format!("{path}:/bin");
        assert_eq!(which(OsStr::new("sh"), Some(OsStr::new(&both))).unwrap(), "/bin/sh");
    }

    #[test]
    fn a_path_says_what_is_wrong_with_it() {
        let message = |path: &str| which(OsStr::new(path), None).unwrap_err().to_string();
        assert_eq!(message("/bin"), "`/bin` is a directory, not a program");
        assert_eq!(message("/nowhere/tofu"), "program `/nowhere/tofu` does not exist");
    }
}
