//! Folders and files of envctl itself, below `.envctl`: no links, and owned by the current user. Links and files of other
//! users are refused; modes that give access to other users are restricted.

use std::{
    fs::{DirBuilder, File, Metadata, Permissions},
    io,
    os::unix::fs::{DirBuilderExt as _, MetadataExt as _, PermissionsExt as _},
    sync::LazyLock,
};

use camino::Utf8Path;
use rustix::{
    fs::{CWD, Mode, OFlags, openat},
    io::Errno,
    process::geteuid,
};

/// Name of the folder with envctl's own files.
const OWN_FOLDER: &str = ".envctl";

/// Effective user id of this process, which never changes.
static USER: LazyLock<u32> = LazyLock::new(|| geteuid().as_raw());

/// Permission bits of other users.
const OTHERS_ACCESS: u32 = 0o077;

/// Creates a folder and the missing ones above it, with mode 0700. An existing folder from `.envctl` on has to be a real
/// folder of this user, and is restricted to 0700.
pub fn create_dirs(path: &Utf8Path) -> io::Result<()> {
    let own = path.components().filter(|part| part.as_str() == OWN_FOLDER).count();
    let is_own = |dir: &&Utf8Path| {
        own > 0 && dir.components().filter(|part| part.as_str() == OWN_FOLDER).count() == own
    };
    let mut folders: Vec<&Utf8Path> = path.ancestors().take_while(is_own).collect();
    folders.reverse();
    let above = folders.first().map_or(Some(path), |first| first.parent());
    let is_file_there = folders.first().is_some_and(|first| first.symlink_metadata().is_ok());
    if let Some(above) = above.filter(|above| !is_file_there && !above.as_str().is_empty()) {
        DirBuilder::new().recursive(true).mode(0o700).create(above)?;
    }
    folders.into_iter().try_for_each(|folder| make_private(folder, *USER))
}

/// Creates a folder with mode 0700, or restricts an existing one; `user` has to be its owner.
fn make_private(folder: &Utf8Path, user: u32) -> io::Result<()> {
    if folder.symlink_metadata().is_ok_and(|found| is_private(&found, user)) {
        return Ok(());
    }
    match DirBuilder::new().mode(0o700).create(folder) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
        other => return other,
    }
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let opened = openat(CWD, folder.as_str(), flags, Mode::empty()).map_err(|errno| match errno {
        Errno::LOOP | Errno::NOTDIR => {
            refusal("it is a link or no folder, and envctl keeps its files in a real one".to_owned())
        }
        other => other.into(),
    })?;
    let opened = File::from(opened);
    let found = opened.metadata()?;
    check_owner(user, found.uid())?;
    if found.mode() & OTHERS_ACCESS != 0 {
        opened.set_permissions(Permissions::from_mode(0o700))?;
    }
    Ok(())
}

fn is_private(found: &Metadata, user: u32) -> bool {
    found.is_dir() && found.uid() == user && found.mode() & OTHERS_ACCESS == 0
}

/// Opens a file of envctl under a fixed name for reading and writing, or creates it with mode 0600. A link, a file with
/// several hard links, and a file of another user are refused, because a write would change another file.
pub fn open_own(path: &Utf8Path) -> io::Result<File> {
    let flags = OFlags::RDWR | OFlags::CREATE | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let opened = openat(CWD, path.as_str(), flags, Mode::RUSR | Mode::WUSR).map_err(open_error)?;
    refuse_unless_own(File::from(opened))
}

/// Opens a file of envctl for reading, under the conditions of [`open_own`].
pub fn open_own_to_read(path: &Utf8Path) -> io::Result<File> {
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    refuse_unless_own(File::from(openat(CWD, path.as_str(), flags, Mode::empty()).map_err(open_error)?))
}

/// Returns the file if it is regular, has one link and belongs to this user.
fn refuse_unless_own(file: File) -> io::Result<File> {
    let found = file.metadata()?;
    if !found.is_file() {
        return Err(refusal("it is not a regular file".to_owned()));
    }
    if found.nlink() > 1 {
        return Err(refusal("it is another file's second name (a hard link): remove it".to_owned()));
    }
    check_owner(*USER, found.uid())?;
    Ok(file)
}

fn open_error(errno: Errno) -> io::Error {
    match errno {
        Errno::LOOP => refusal("it is a link, which envctl does not follow here: remove it".to_owned()),
        other => other.into(),
    }
}

fn check_owner(user: u32, owner: u32) -> io::Result<()> {
    if owner == user {
        return Ok(());
    }
    Err(refusal(format!(
        "it belongs to another user ({owner}, not {user}), who could read and change what envctl keeps there"
    )))
}

fn refusal(message: String) -> io::Error {
    io::Error::new(io::ErrorKind::PermissionDenied, message)
}

#[cfg(test)]
mod tests {
    use std::{fs, os::unix::fs::symlink};

    use super::*;

    fn mode(path: &Utf8Path) -> u32 {
        fs::metadata(path).unwrap().mode() & 0o777
    }

    fn open_to_all(path: &Utf8Path) {
        fs::set_permissions(path, Permissions::from_mode(0o777)).unwrap();
    }

    #[test]
    fn folders_of_envctls_own_are_narrowed_and_those_above_are_left_alone() {
        let keep = tempfile::tempdir().unwrap();
        let root = Utf8Path::from_path(keep.path()).unwrap();
        let runs = root.join(".envctl/runs");
        fs::create_dir_all(&runs).unwrap();
        for folder in [root, runs.parent().unwrap(), &runs] {
            open_to_all(folder);
        }
        create_dirs(&runs.join("new")).unwrap();
        assert_eq!(mode(root), 0o777);
        for folder in [runs.parent().unwrap(), &runs, &runs.join("new")] {
            assert_eq!(mode(folder), 0o700, "{folder}");
        }
        let elsewhere = root.join("state/dev");
        fs::create_dir(root.join("state")).unwrap();
        open_to_all(&root.join("state"));
        create_dirs(&elsewhere).unwrap();
        assert_eq!((mode(&root.join("state")), mode(&elsewhere)), (0o777, 0o700));
    }

    #[test]
    fn a_link_and_a_file_in_place_of_a_folder_are_refused() {
        let keep = tempfile::tempdir().unwrap();
        let root = Utf8Path::from_path(keep.path()).unwrap();
        fs::create_dir(root.join("elsewhere")).unwrap();
        open_to_all(&root.join("elsewhere"));
        symlink("elsewhere", root.join(".envctl")).unwrap();
        let error = create_dirs(&root.join(".envctl/runs")).unwrap_err().to_string();
        assert!(error.starts_with("it is a link or no folder"), "{error}");
        assert_eq!(mode(&root.join("elsewhere")), 0o777);
        fs::remove_file(root.join(".envctl")).unwrap();
        fs::create_dir(root.join(".envctl")).unwrap();
        symlink("../elsewhere", root.join(".envctl/runs")).unwrap();
        create_dirs(&root.join(".envctl/runs/x")).unwrap_err();
        fs::write(root.join(".envctl/locks"), "").unwrap();
        create_dirs(&root.join(".envctl/locks")).unwrap_err();
        assert_eq!(root.join("elsewhere").read_dir_utf8().unwrap().count(), 0);
    }

    #[test]
    fn a_folder_of_another_user_is_refused_and_not_changed() {
        let keep = tempfile::tempdir().unwrap();
        let root = Utf8Path::from_path(keep.path()).unwrap();
        open_to_all(root);
        let other = geteuid().as_raw() + 1;
        let error = make_private(root, other).unwrap_err().to_string();
        assert!(error.starts_with("it belongs to another user"), "{error}");
        assert_eq!(mode(root), 0o777);
    }

    #[test]
    fn a_file_of_envctls_own_is_not_written_through_a_link() {
        let keep = tempfile::tempdir().unwrap();
        let root = Utf8Path::from_path(keep.path()).unwrap();
        let (precious, lock) = (root.join("precious"), root.join("lock"));
        fs::write(&precious, "precious").unwrap();
        let refused = |word: &str| {
            for error in [open_own(&lock).unwrap_err(), open_own_to_read(&lock).unwrap_err()] {
                assert!(error.to_string().contains(word), "{error}");
            }
            fs::remove_file(&lock).unwrap();
        };
        symlink("precious", &lock).unwrap();
        refused("it is a link");
        symlink("gone", &lock).unwrap();
        refused("it is a link");
        assert!(!root.join("gone").exists());
        fs::hard_link(&precious, &lock).unwrap();
        refused("hard link");
        open_own(&lock).unwrap();
        assert_eq!(mode(&lock), 0o600);
        open_own_to_read(&lock).unwrap();
    }
}
