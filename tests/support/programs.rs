//! Programs for tests: those that scripts/engines built, else those on PATH.

use std::{
    env,
    path::{Path, PathBuf},
};

/// Engines, which `ENVCTL_TEST_ENGINES` names; other programs are required whenever it names one.
const ENGINES: [&str; 3] = ["tofu", "terraform", "terragrunt"];

/// Installed program.
#[derive(Debug, Clone)]
pub(crate) struct Program {
    /// Name on PATH.
    pub(crate) name: &'static str,
    /// Path, with symbolic links resolved.
    pub(crate) path: PathBuf,
}

/// Finds the programs that a test needs; absent if this test run is without one of them.
///
/// With `ENVCTL_TEST_ENGINES` set, an engine that it names and any other program are required: a missing one is a
/// panic, so that no test is skipped by mistake. Engines that it does not name are left out, and all programs when it
/// is empty. Unset, a test runs when all its programs are installed.
#[track_caller]
pub(crate) fn programs<const N: usize>(names: [&'static str; N]) -> Option<[Program; N]> {
    let wanted = env::var("ENVCTL_TEST_ENGINES").ok();
    let mut found = Vec::with_capacity(N);
    for name in names {
        match decide(name, wanted.as_deref(), find(name)) {
            Ok(Some(path)) => found.push(Program { name, path }),
            Ok(None) => {
                say(&format!("not run: this run of the tests does without `{name}`"));
                return None;
            }
            Err(message) => panic!("{message}"),
        }
    }
    found.try_into().ok()
}

fn decide(name: &str, wanted: Option<&str>, found: Option<PathBuf>) -> Result<Option<PathBuf>, String> {
    let Some(wanted) = wanted else { return Ok(found) };
    let mut list = wanted.split(',').map(str::trim).filter(|word| !word.is_empty()).peekable();
    let left_out = list.peek().is_none() || (ENGINES.contains(&name) && !list.any(|word| word == name));
    match (left_out, found) {
        (true, _) => Ok(None),
        (false, Some(path)) => Ok(Some(path)),
        (false, None) => Err(format!(
            "`{name}` is missing, and ENVCTL_TEST_ENGINES={wanted} needs it\n\
             hint: scripts/engines builds what the tests need; they look in $ENVCTL_ENGINES_DIR, .engines/bin and PATH"
        )),
    }
}

fn find(name: &str) -> Option<PathBuf> {
    let built = env::var_os("ENVCTL_ENGINES_DIR").map(PathBuf::from);
    let built = built.iter().flat_map(|folder| [folder.join("bin"), folder.clone()]);
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join(".engines/bin");
    let path = env::var_os("PATH").unwrap_or_default();
    built.chain([own]).chain(env::split_paths(&path)).find_map(|folder| {
        let resolved = folder.join(name).canonicalize().ok()?;
        resolved.is_file().then_some(resolved)
    })
}

#[expect(clippy::print_stderr, reason = "a test that does not run says so")]
fn say(message: &str) {
    eprintln!("{message}");
}

#[test]
fn a_named_engine_that_is_missing_is_a_failure() {
    let message = decide("tofu", Some("terragrunt,tofu"), None).unwrap_err();
    assert!(message.starts_with("`tofu` is missing"), "{message}");
    assert!(
        decide("moto_server", Some("tofu"), None).is_err(),
        "what is no engine is needed wherever one is"
    );
}

#[test]
fn an_engine_that_is_not_named_is_left_out_although_it_is_there() {
    let there = || Some(PathBuf::from("/bin/there"));
    assert_eq!(decide("terraform", Some("tofu"), there()), Ok(None));
    assert_eq!(decide("sops", Some(""), there()), Ok(None), "an empty list wants no test on real programs");
    assert_eq!(decide("terraform", None, there()), Ok(there()));
    assert_eq!(decide("terraform", None, None), Ok(None));
}
