//! Engines that the contract is tested on.

use std::{env, os::unix::fs::symlink};

use camino::{Utf8Path, Utf8PathBuf};
use envctl::model::EngineName;

/// Engine under test.
#[derive(Debug, Clone)]
pub(crate) struct UnderTest {
    pub(crate) name: EngineName,
    pub(crate) program: Utf8PathBuf,
    pub(crate) is_fake: bool,
}

/// Returns the fake engine under the name of a real one, by a link in the folder of build files.
pub(crate) fn fake(name: EngineName) -> UnderTest {
    let program = Utf8Path::new(env!("CARGO_BIN_EXE_envctl-fake-engine"));
    let folder = Utf8Path::new(env!("CARGO_TARGET_TMPDIR")).join("fake-engines");
    std::fs::create_dir_all(&folder).unwrap();
    let link = folder.join(name.as_str());
    // Tests run in parallel: the first one makes the link.
    match symlink(program, &link) {
        Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => panic!("{link}: {error}"),
        _ => {}
    }
    assert_eq!(link.canonicalize_utf8().unwrap(), program.canonicalize_utf8().unwrap());
    UnderTest { name, program: link, is_fake: true }
}

/// Returns a real engine; absent if this test run is without it.
pub(crate) fn real(name: EngineName) -> Option<UnderTest> {
    let wanted = env::var("ENVCTL_TEST_ENGINES").ok();
    if let Some(list) = &wanted
        && !list.split(',').any(|word| word.trim() == name.as_str())
    {
        return None;
    }
    let repository = Utf8Path::new(env!("CARGO_MANIFEST_DIR")).join(".engines");
    let folder = env::var("ENVCTL_ENGINES_DIR").map_or(repository, Utf8PathBuf::from).join("bin");
    let path = env::var("PATH").unwrap_or_default();
    let program = std::iter::once(folder.as_path())
        .chain(path.split(':').map(Utf8Path::new))
        .map(|folder| folder.join(name.as_str()))
        .find(|program| program.is_file());
    assert!(program.is_some() || wanted.is_none(), "`{name}` is in ENVCTL_TEST_ENGINES and cannot be found");
    program.map(|program| UnderTest { name, program, is_fake: false })
}

/// Returns the installed OpenTofu and Terraform, and the fake engine under both names.
pub(crate) fn all() -> Vec<UnderTest> {
    let names = [EngineName::Tofu, EngineName::Terraform];
    names.into_iter().map(fake).chain(names.into_iter().filter_map(real)).collect()
}
