//! Programs for tests: those that scripts/engines built, else those on PATH.

use std::{
    cell::RefCell,
    env,
    path::{Path, PathBuf},
};

use super::registry::OnEngine;

/// Engines, which `ENVCTL_TEST_ENGINES` names; other programs are required whenever it names one.
const ENGINES: [&str; 3] = ["tofu", "terraform", "terragrunt"];

/// Name of the mirror of providers that `scripts/engines` makes, needed as programs are.
const PROVIDERS: &str = "provider_mirror";

/// Installed program.
#[derive(Debug, Clone)]
pub(crate) struct Program {
    /// Name on PATH.
    pub(crate) name: &'static str,
    /// Path, with symbolic links resolved.
    pub(crate) path: PathBuf,
}

thread_local! {
    /// Programs that the test on this thread declares.
    static DECLARED: RefCell<Vec<&'static str>> = const { RefCell::new(Vec::new()) };
}

/// Records the programs that the test on this thread declares.
pub(crate) fn declare(programs: Vec<&'static str>) {
    DECLARED.set(programs);
}

/// Finds the programs that a test declares; panics for another program, and for one that is missing.
#[track_caller]
pub(crate) fn programs<const N: usize>(names: [&'static str; N]) -> [Program; N] {
    names.map(|name| {
        assert!(
            DECLARED.with_borrow(|declared| declared.contains(&name)),
            "`{name}` is needed here: name it in `#[test(engines(…))]` or in `#[test(needs(…))]`"
        );
        match decided(name) {
            Ok(Some(path)) => Program { name, path },
            Ok(None) => panic!("this run of the tests is without `{name}`"),
            Err(message) => panic!("{message}"),
        }
    })
}

/// Finds a program; absent if this run of the tests is without it.
///
/// With `ENVCTL_TEST_ENGINES` set, an engine that it names and any other program are required: a missing one is an
/// error, so that no test is ignored by mistake. Engines that it does not name are left out, and all programs when it
/// is empty. Unset, a program is used when it is installed.
pub(crate) fn decided(name: &str) -> Result<Option<PathBuf>, String> {
    let wanted = env::var("ENVCTL_TEST_ENGINES").ok();
    decide(name, wanted.as_deref(), find(name))
}

/// Returns the CLI configuration of the mirror of providers that `scripts/engines` makes.
fn provider_mirror() -> Option<PathBuf> {
    let built = env::var_os("ENVCTL_ENGINES_DIR").map(PathBuf::from);
    let folder = built.unwrap_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join(".engines"));
    Some(folder.join("cli.tfrc")).filter(|config| config.is_file())
}

impl OnEngine for Program {
    fn on(engine: &'static str) -> Self {
        let [program] = programs([engine]);
        program
    }
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
    if name == PROVIDERS {
        return provider_mirror();
    }
    let built = env::var_os("ENVCTL_ENGINES_DIR").map(PathBuf::from);
    let built = built.iter().flat_map(|folder| [folder.join("bin"), folder.clone()]);
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join(".engines/bin");
    let path = env::var_os("PATH").unwrap_or_default();
    built.chain([own]).chain(env::split_paths(&path)).find_map(|folder| {
        let resolved = folder.join(name).canonicalize().ok()?;
        resolved.is_file().then_some(resolved)
    })
}

#[test]
fn a_named_engine_that_is_missing_is_a_failure() {
    let message = decide("tofu", Some("terragrunt,tofu"), None).expect_err("a missing engine");
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
