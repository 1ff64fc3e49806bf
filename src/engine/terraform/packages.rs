//! Fetched module packages: the folders into which an init, or Terragrunt, copied module sources.

use std::{
    collections::{BTreeMap, BTreeSet},
    ffi::OsStr,
    fs, io,
    os::unix::{ffi::OsStrExt as _, fs::MetadataExt as _},
    path::{Path, PathBuf},
};

use camino::{Utf8Path, Utf8PathBuf};
use sha2::{Digest as _, Sha256};

use super::effective_init::module_folders;
use crate::{
    engine::{detect::LOCKFILE, layout::is_configuration},
    files::{self, DigestCache, MetadataDigest, file_digest},
    model::hex,
};

/// Folders of version control systems in fetched packages: their content differs between fetches.
const VERSION_CONTROL: [&str; 2] = [".git", ".hg"];

/// Names of files and folders that Terragrunt and the engine that it drives write into the copy of a unit's source.
const UNIT_FILES: [&str; 7] = [
    ".terraform",
    ".terragrunt-cache",
    ".terragrunt-init-required",
    ".terragrunt-module-manifest",
    ".terragrunt-source-manifest",
    ".terragrunt-source-version",
    "terraform.tfstate.d",
];

/// File in which Terragrunt records the downloaded source, at the root of the copy. Measured on Terragrunt 1.1.
const SOURCE_VERSION: &str = ".terragrunt-source-version";

/// Maximum nesting of folders; a package with more is refused. Circular links are detected by device and inode of the
/// folder.
const MAX_DEPTH: usize = 64;

/// Digest of a whole package: a module may lie in a folder of it (`//sub`), and read files of the folders above its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PackageDigest {
    /// Digest of the configuration and value files, which an engine only reads.
    pub configuration: String,
    /// Digest of all other files: a plan may write some of them, such as an archive.
    pub other_files: String,
}

/// Returns the digest of every package that an init fetched into a data directory, by `module NAME` with its name in
/// `modules`; empty before an init. Relative folders start at `folder`.
pub(super) fn fetched_packages(
    data_dir: &Utf8Path,
    folder: &Utf8Path,
    digests: &DigestCache,
) -> io::Result<BTreeMap<String, PackageDigest>> {
    let roots = [data_dir.join("modules"), folder.join(".terraform/modules")];
    let below = |dir: &Utf8PathBuf| {
        let root = roots.iter().find(|root| dir.starts_with(root))?;
        let name = dir.strip_prefix(root).ok()?.components().next()?;
        Some((format!("module {name}"), root.join(name)))
    };
    let dirs = module_folders(data_dir, folder)?.unwrap_or_default();
    let packages: BTreeSet<(String, Utf8PathBuf)> = dirs.iter().filter_map(below).collect();
    let digest = |(name, package): (String, Utf8PathBuf)| {
        let is_left_out = |name: &OsStr| VERSION_CONTROL.iter().any(|other| name == *other);
        Ok((name, tree_digest(&package, &is_left_out, digests)?))
    };
    packages.into_iter().map(digest).collect()
}

/// Returns the digest of the copy of a unit's source that Terragrunt runs the engine in; `None` if the engine runs in the
/// unit's own folder.
pub(super) fn unit_package(
    folder: &Utf8Path,
    unit: &Utf8Path,
    digests: &DigestCache,
) -> io::Result<Option<PackageDigest>> {
    if folder == unit {
        return Ok(None);
    }
    let above = folder.ancestors().take_while(|dir| !unit.starts_with(dir));
    let root = above.filter(|dir| dir.join(SOURCE_VERSION).is_file()).last().unwrap_or(folder);
    let is_left_out = |name: &OsStr| {
        let is_state = name
            .to_str()
            .is_some_and(|name| name == LOCKFILE || name.contains(".tfstate") && !is_configuration(name));
        is_state || VERSION_CONTROL.iter().chain(&UNIT_FILES).any(|other| name == *other)
    };
    tree_digest(root, &is_left_out, digests).map(Some)
}

/// File below a package's folder, with its path relative to that folder.
struct PackageFile {
    name: PathBuf,
    path: PathBuf,
    content: PackageFileKind,
}

enum PackageFileKind {
    File {
        executable: bool,
    },
    /// Dangling or circular link, or a device: never opened.
    Unread(String),
}

/// Returns the digest of all files below a folder, links followed; it is cached until one of them changes.
fn tree_digest(
    root: &Utf8Path,
    is_left_out: &dyn Fn(&OsStr) -> bool,
    digests: &DigestCache,
) -> io::Result<PackageDigest> {
    let mut entries = Vec::new();
    let mut stamp = MetadataDigest::default();
    collect(
        root.as_std_path(),
        Path::new(""),
        is_left_out,
        &mut Vec::new(),
        &mut (&mut entries, &mut stamp),
    )?;
    let real = root.canonicalize_utf8()?;
    let digest = digests.digest(&real, stamp, || content_digests(&entries))?;
    let (configuration, others) = digest.split_once(' ').unwrap_or((&digest, ""));
    Ok(PackageDigest { configuration: configuration.to_owned(), other_files: others.to_owned() })
}

fn collect(
    folder: &Path,
    below: &Path,
    is_left_out: &dyn Fn(&OsStr) -> bool,
    above: &mut Vec<(u64, u64)>,
    found: &mut (&mut Vec<PackageFile>, &mut MetadataDigest),
) -> io::Result<()> {
    let own = fs::metadata(folder)?;
    let own = (own.dev(), own.ino());
    if above.contains(&own) {
        return Ok(());
    }
    if above.len() > MAX_DEPTH {
        let text =
            format!("`{}` has more than {MAX_DEPTH} folders above it in one package", folder.display());
        return Err(io::Error::other(text));
    }
    let mut names: Vec<_> =
        fs::read_dir(folder)?.map(|entry| entry.map(|entry| entry.file_name())).collect::<Result<_, _>>()?;
    names.sort();
    above.push(own);
    for name in names.iter().filter(|name| !is_left_out(name)) {
        let (path, name) = (folder.join(name), below.join(name));
        let kind = match fs::metadata(&path) {
            Ok(kind) => kind,
            Err(error) if files::leads_nowhere(&error) => match fs::read_link(&path) {
                Ok(target) => {
                    found.1.add(name.as_os_str().as_bytes(), &fs::symlink_metadata(&path)?);
                    let content = PackageFileKind::Unread(format!("link to {}", target.display()));
                    found.0.push(PackageFile { name, path, content });
                    continue;
                }
                // Removed since the folder was listed.
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                Err(_) => return Err(error),
            },
            Err(error) => return Err(error),
        };
        if kind.is_dir() {
            collect(&path, &name, is_left_out, above, found)?;
            continue;
        }
        found.1.add(name.as_os_str().as_bytes(), &kind);
        let content = if kind.is_file() {
            PackageFileKind::File { executable: kind.mode() & 0o100 != 0 }
        } else {
            PackageFileKind::Unread("no regular file".to_owned())
        };
        found.0.push(PackageFile { name, path, content });
    }
    above.pop();
    Ok(())
}

/// Returns two digests, separated by a space: that of the configuration files and that of all other files.
fn content_digests(entries: &[PackageFile]) -> io::Result<String> {
    let (mut configuration, mut others) = (Sha256::new(), Sha256::new());
    for PackageFile { name, path, content } in entries {
        let text = match content {
            PackageFileKind::File { executable } => {
                let mode = if *executable { "x" } else { "-" };
                match file_digest(path) {
                    Ok(digest) => format!("{mode}{digest}"),
                    Err(error) if error.kind() == io::ErrorKind::PermissionDenied => "unreadable".to_owned(),
                    Err(error) => return Err(error),
                }
            }
            PackageFileKind::Unread(what) => what.clone(),
        };
        let is_configuration = name.to_str().is_some_and(is_configuration);
        let hash = if is_configuration { &mut configuration } else { &mut others };
        for part in [name.as_os_str().as_bytes(), text.as_bytes()] {
            hash.update(part.len().to_le_bytes());
            hash.update(part);
        }
    }
    Ok(format!("{} {}", hex(&configuration.finalize()), hex(&others.finalize())))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    use super::*;

    struct Package {
        _keep: tempfile::TempDir,
        root: Utf8PathBuf,
    }

    impl Package {
        fn new(files: &[&str]) -> Self {
            let keep = tempfile::tempdir().unwrap();
            let root = Utf8Path::from_path(keep.path()).unwrap().canonicalize_utf8().unwrap();
            let place = Self { _keep: keep, root };
            for file in files {
                place.write(file, "one");
            }
            place
        }

        fn write(&self, file: &str, text: &str) {
            let path = self.root.join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }

        fn tree(&self, folder: &str) -> PackageDigest {
            let digests = DigestCache::in_file(self.root.join("digests.json"));
            let is_left_out = |name: &OsStr| name == ".git";
            tree_digest(&self.root.join(folder), &is_left_out, &digests).unwrap()
        }

        fn init(&self, dirs: &[&str]) {
            let modules: Vec<_> = dirs.iter().map(|dir| serde_json::json!({ "Dir": dir })).collect();
            self.write("data/modules/modules.json", &serde_json::json!({ "Modules": modules }).to_string());
        }

        fn packages(&self) -> BTreeMap<String, PackageDigest> {
            let digests = DigestCache::in_file(self.root.join("digests.json"));
            fetched_packages(&self.root.join("data"), &self.root.join("app"), &digests).unwrap()
        }
    }

    #[test]
    fn every_change_below_a_package_changes_its_digest() {
        let place = Package::new(&["p/sub/main.tf", "p/run.sh", "p/.git/HEAD", "outside/x"]);
        symlink("../outside", place.root.join("p/linked")).unwrap();
        symlink("..", place.root.join("p/sub/circle")).unwrap();
        symlink("nowhere", place.root.join("p/dangling")).unwrap();
        symlink("itself", place.root.join("p/itself")).unwrap();
        let mut before = place.tree("p");
        place.write("p/.git/HEAD", "two");
        assert_eq!(place.tree("p"), before);
        let mode = |mode: u32| {
            fs::set_permissions(place.root.join("p/run.sh"), fs::Permissions::from_mode(mode)).unwrap();
        };
        let changes: [(&str, &dyn Fn(), bool); 8] = [
            ("a module in it", &|| place.write("p/sub/main.tf", "two"), true),
            ("a script above the module", &|| place.write("p/run.sh", "two"), false),
            ("its mode", &|| mode(0o755), false),
            ("what a link leads to", &|| place.write("outside/x", "two"), false),
            ("a new file", &|| place.write("p/new", "one"), false),
            (
                "a link that leads nowhere",
                &|| {
                    fs::remove_file(place.root.join("p/dangling")).unwrap();
                    symlink("elsewhere", place.root.join("p/dangling")).unwrap();
                },
                false,
            ),
            (
                "a link that leads to itself by another way",
                &|| {
                    fs::remove_file(place.root.join("p/itself")).unwrap();
                    symlink("./itself", place.root.join("p/itself")).unwrap();
                },
                false,
            ),
            (
                "a link that leads through a file",
                &|| symlink("run.sh/below", place.root.join("p/through")).unwrap(),
                false,
            ),
        ];
        for (what, change, is_configuration) in changes {
            change();
            let after = place.tree("p");
            assert_eq!(before.configuration != after.configuration, is_configuration, "{what}");
            assert_eq!(before.other_files == after.other_files, is_configuration, "{what}");
            before = after;
        }
    }

    #[test]
    fn a_file_below_many_folders_counts_and_too_many_are_an_error() {
        let deep = |levels: usize| format!("p/{}x", "d/".repeat(levels));
        let place = Package::new(&[&deep(MAX_DEPTH)]);
        let before = place.tree("p");
        place.write(&deep(MAX_DEPTH), "two");
        assert_ne!(place.tree("p"), before);
        place.write(&deep(MAX_DEPTH + 1), "one");
        let digests = DigestCache::in_file(place.root.join("digests.json"));
        let error = tree_digest(&place.root.join("p"), &|_: &OsStr| false, &digests).unwrap_err();
        assert!(error.to_string().ends_with("has more than 64 folders above it in one package"), "{error}");
    }

    #[test]
    fn packages_are_found_by_the_modules_in_them_whichever_folder_they_lie_in() {
        let place = Package::new(&[
            "data/modules/vpc/modules/x/main.tf",
            "data/modules/stale/main.tf",
            "app/.terraform/modules/own/main.tf",
            "mods/local/main.tf",
        ]);
        assert_eq!(place.packages(), BTreeMap::new(), "there was no init");
        place.init(&[".", "../data/modules/vpc/modules/x", ".terraform/modules/own", "../mods/local"]);
        let packages = place.packages();
        assert_eq!(packages.keys().collect::<Vec<_>>(), ["module own", "module vpc"]);
        place.write("data/modules/vpc/run.sh", "new");
        assert_ne!(place.packages()["module vpc"], packages["module vpc"]);
    }

    #[test]
    fn a_package_may_be_a_link_to_its_source() {
        let place = Package::new(&["elsewhere/main.tf"]);
        place.init(&["../data/modules/m"]);
        symlink("../../elsewhere", place.root.join("data/modules/m")).unwrap();
        let before = place.packages();
        place.write("elsewhere/main.tf", "two");
        assert_ne!(place.packages(), before);
    }

    #[test]
    fn files_of_terragrunt_in_a_copy_do_not_count_as_content() {
        let place = Package::new(&["app/terragrunt.hcl", "app/c/a/b/sub/main.tf", "app/c/a/b/run.sh"]);
        place.write("app/c/a/b/.terragrunt-source-version", "1");
        let unit = place.root.join("app");
        let digests = DigestCache::in_file(place.root.join("digests.json"));
        let package = || unit_package(&unit.join("c/a/b/sub"), &unit, &digests).unwrap().unwrap();
        let before = package();
        for kept in [
            ".terragrunt-source-version",
            "sub/.terragrunt-module-manifest",
            "sub/.terraform/x",
            "sub/.terraform.lock.hcl",
            "sub/terraform.tfstate",
            "sub/terraform.tfstate.backup",
        ] {
            place.write(&format!("app/c/a/b/{kept}"), "other");
            assert_eq!(package(), before, "{kept}");
        }
        place.write("app/c/a/b/run.sh", "two");
        assert_ne!(package(), before);
        assert_eq!(unit_package(&unit, &unit, &digests).unwrap(), None);
    }
}
