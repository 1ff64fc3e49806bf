//! Engines that the contract is tested on.

use std::os::unix::fs::symlink;

use camino::{Utf8Path, Utf8PathBuf};
use envctl::model::EngineName;

use crate::support::{programs::programs, registry::OnEngine};

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

/// Returns a real engine.
#[track_caller]
pub(crate) fn real(name: EngineName) -> UnderTest {
    let [program] = programs([name.as_str()]);
    let program = Utf8PathBuf::from_path_buf(program.path).unwrap();
    UnderTest { name, program, is_fake: false }
}

impl OnEngine for UnderTest {
    fn on(engine: &'static str) -> Self {
        match engine {
            "fake_tofu" => fake(EngineName::Tofu),
            "fake_terraform" => fake(EngineName::Terraform),
            name => real(name.parse().unwrap()),
        }
    }
}
