//! Paths with resolved links, even if the end of a path does not exist yet.

use std::fs;

use camino::{Utf8Component, Utf8Path, Utf8PathBuf};

/// Maximum number of links in one path, as on Linux: more of them are a loop.
const MOST_LINKS: usize = 40;

/// Follows the links of an absolute path as the operating system does when it opens a file there.
///
/// A part that does not exist yet is kept as written. A dangling link resolves to its target, where a write would create
/// the file; a loop is not resolved.
pub fn resolve_links(path: &Utf8Path) -> Utf8PathBuf {
    let (mut resolved, mut rest) = match (path.parent(), path.file_name()) {
        (Some(folder), Some(name)) if is_without_links(folder) => (normalised(folder), vec![name.to_owned()]),
        _ => (Utf8PathBuf::new(), parts(path)),
    };
    let mut links = 0;
    while let Some(part) = rest.pop() {
        match Utf8Path::new(&part).components().next() {
            None | Some(Utf8Component::CurDir) => {}
            Some(Utf8Component::ParentDir) => {
                resolved.pop();
            }
            Some(_) => {
                let next = resolved.join(&part);
                let target = fs::read_link(&next).ok().filter(|_| links < MOST_LINKS);
                match target.and_then(|target| Utf8PathBuf::try_from(target).ok()) {
                    Some(target) => {
                        links += 1;
                        rest.extend(parts(&target));
                    }
                    None => resolved = next,
                }
            }
        }
    }
    resolved
}

/// Returns true if a folder exists and no part of its path is a link, with one system call in place of one per part. False
/// if the operating system has no such call.
fn is_without_links(folder: &Utf8Path) -> bool {
    #[cfg(target_os = "linux")]
    {
        use rustix::fs::{CWD, Mode, OFlags, ResolveFlags, openat2};
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        folder.is_absolute()
            && openat2(CWD, folder.as_str(), flags, Mode::empty(), ResolveFlags::NO_SYMLINKS).is_ok()
    }
    #[cfg(not(target_os = "linux"))]
    {
        let _ = folder;
        false
    }
}

/// Returns a path without `.` and without any `..` that has a folder before it, by its text alone.
pub fn normalised(path: &Utf8Path) -> Utf8PathBuf {
    path.components().fold(Utf8PathBuf::new(), |mut clean, part| {
        match part {
            Utf8Component::CurDir => {}
            // The root has no parent.
            Utf8Component::ParentDir if clean.file_name().is_some() || clean.has_root() => drop(clean.pop()),
            part => clean.push(part),
        }
        clean
    })
}

/// Returns the relative path from one folder to another path, both absolute and without links.
pub fn relative_path(from: &Utf8Path, to: &Utf8Path) -> Utf8PathBuf {
    let common = from.components().zip(to.components()).take_while(|(one, other)| one == other).count();
    let up = from.components().skip(common).map(|_| Utf8Component::ParentDir);
    let path: Utf8PathBuf = up.chain(to.components().skip(common)).collect();
    if path.as_str().is_empty() { ".".into() } else { path }
}

/// Returns the parts of a path, the first one last; a root is a part of its own, and restarts the path.
fn parts(path: &Utf8Path) -> Vec<String> {
    path.components().rev().map(|part| part.as_str().to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    fn folder() -> (tempfile::TempDir, Utf8PathBuf) {
        let keep = tempfile::tempdir().unwrap();
        let path = Utf8Path::from_path(keep.path()).unwrap().canonicalize_utf8().unwrap();
        fs::create_dir_all(path.join("real/below")).unwrap();
        (keep, path)
    }

    #[test]
    fn links_are_followed_at_every_level_and_before_a_step_upwards() {
        let (_keep, dir) = folder();
        symlink("real/below", dir.join("linked")).unwrap();
        symlink(dir.join("linked"), dir.join("twice")).unwrap();
        for (path, expected) in [
            ("linked/x", "real/below/x"),
            ("twice/x", "real/below/x"),
            ("linked/../x", "real/x"),
            ("./real/../linked/./x", "real/below/x"),
        ] {
            assert_eq!(resolve_links(&dir.join(path)), dir.join(expected), "{path}");
        }
    }

    #[test]
    fn a_path_is_normalised_by_its_text_alone() {
        for (path, clean) in [
            ("/a/./b/../c", "/a/c"),
            ("/../a", "/a"),
            ("a/../../b", "../b"),
            ("../../a/..", "../.."),
            ("./a", "a"),
        ] {
            assert_eq!(normalised(path.into()), clean, "{path}");
        }
    }

    #[test]
    fn the_way_between_two_folders_is_relative() {
        for (from, to, way) in [
            ("/p/infra/app", "/p/.envctl/data/dev/app", "../../.envctl/data/dev/app"),
            (
                "/p/.envctl/data/dev/app",
                "/p/infra/app/.terraform/modules",
                "../../../../infra/app/.terraform/modules",
            ),
            ("/a", "/b", "../b"),
            ("/a/b", "/a/b", "."),
        ] {
            assert_eq!(relative_path(from.into(), to.into()), way);
        }
    }

    #[test]
    fn what_does_not_exist_is_kept_and_a_dangling_link_leads_to_what_it_names() {
        let (_keep, dir) = folder();
        symlink("../new/state", dir.join("real/dangling")).unwrap();
        symlink("loop", dir.join("loop")).unwrap();
        assert_eq!(resolve_links(&dir.join("new/../none/x")), dir.join("none/x"));
        assert_eq!(resolve_links(&dir.join("real/dangling")), dir.join("new/state"));
        assert_eq!(resolve_links(&dir.join("loop/x")), dir.join("loop/x"));
        assert_eq!(resolve_links("/../x".into()), "/x");
    }
}
