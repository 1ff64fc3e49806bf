//! Which engines the contract is tested on.

use std::{env, os::unix::fs::symlink};

use camino::{Utf8Path, Utf8PathBuf};
use envctl::model::EngineName;

/// An engine of the contract.
#[derive(Debug, Clone)]
pub(crate) struct UnderTest {
    pub(crate) name: EngineName,
    pub(crate) program: Utf8PathBuf,
    pub(crate) is_fake: bool,
}

/// The fake as both engines, called by links in a folder that lives as long as the tests.
pub(crate) fn fake(name: EngineName) -> UnderTest {
    let program = Utf8Path::new(env!("CARGO_BIN_EXE_envctl-fake-engine"));
    let folder = Utf8Path::new(env!("CARGO_TARGET_TMPDIR")).join("fake-engines");
    std::fs::create_dir_all(&folder).unwrap();
    let link = folder.join(name.as_str());
    // Tests run at once: whoever comes first makes the link.
    match symlink(program, &link) {
        Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => panic!("{link}: {error}"),
        _ => {}
    }
    assert_eq!(link.canonicalize_utf8().unwrap(), program.canonicalize_utf8().unwrap());
    UnderTest { name, program: link, is_fake: true }
}

/// A real engine, if it must or can be tested.
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

/// OpenTofu and Terraform as far as they are there, and the fake as both.
pub(crate) fn all() -> Vec<UnderTest> {
    let names = [EngineName::Tofu, EngineName::Terraform];
    names.into_iter().map(fake).chain(names.into_iter().filter_map(real)).collect()
}
