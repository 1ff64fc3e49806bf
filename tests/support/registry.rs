//! Registered tests of a suite: one test per case and engine, reported as ignored where a program is missing.
//!
//! `#[test]` takes what a test needs: `engines(fake, tofu, terraform)` makes one test per engine, named
//! `module::case::tofu`; `needs(moto_server)` names further programs; `rows(TABLE)` makes one test per row of a table.

use std::{env, process::ExitCode};

use libtest_mimic::{Arguments, Trial};

use super::programs::{decided, declare};

/// Test as its function declares it.
pub(crate) struct Case {
    /// Path of the function, with the name of the suite.
    pub(crate) path: &'static str,
    /// Makes the tests of the case, one per engine or row.
    pub(crate) variants: fn() -> Vec<Variant>,
}

inventory::collect!(Case);

/// Test of a case on one engine, or for one row of a table.
pub(crate) struct Variant {
    label: Option<String>,
    programs: Vec<&'static str>,
    run: Box<dyn FnOnce() + Send>,
}

/// Value of a test's parameter, made for one engine.
pub(crate) trait OnEngine {
    /// Makes the value for an engine of `engines(…)`.
    fn on(engine: &'static str) -> Self;
}

/// Row of a table with a name for its test.
pub(crate) trait NamedRow {
    /// Returns a name in words.
    fn name(&self) -> String;
}

impl Variant {
    /// Makes a test per engine, or a single one for a case without engines.
    pub(crate) fn of_engines(
        engines: &'static [&'static str],
        needs: &'static [&'static str],
        run: fn(&'static str),
    ) -> Vec<Self> {
        let variant = |label: Option<&'static str>| {
            let programs = label.into_iter().flat_map(programs_of).chain(needs).copied().collect();
            Self {
                label: label.map(str::to_owned),
                programs,
                run: Box::new(move || run(label.unwrap_or_default())),
            }
        };
        if engines.is_empty() {
            return vec![variant(None)];
        }
        engines.iter().map(|engine| variant(Some(engine))).collect()
    }

    /// Makes a test per row.
    pub(crate) fn of_rows<R: NamedRow + Sync>(rows: &'static [R], run: fn(&'static R)) -> Vec<Self> {
        let label = |row: &R| {
            let name = row.name();
            let words = name.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
            words.collect::<Vec<_>>().join("_")
        };
        let variant =
            |row| Self { label: Some(label(row)), programs: Vec::new(), run: Box::new(move || run(row)) };
        rows.iter().map(variant).collect()
    }
}

impl Case {
    /// Returns the tests of the case. A test whose programs this run of the tests is without has the flag `ignored`; one
    /// whose programs are required and missing fails.
    fn trials(&self) -> impl Iterator<Item = Trial> {
        let path = self.path.split_once("::").map_or(self.path, |(_, path)| path);
        (self.variants)().into_iter().map(move |Variant { label, programs, run }| {
            let name = label.map_or_else(|| path.to_owned(), |label| format!("{path}::{label}"));
            let missing = programs.iter().find(|program| matches!(decided(program), Ok(None))).copied();
            let test = move || {
                declare(programs);
                run();
                Ok(())
            };
            let trial = Trial::test(name, test).with_ignored_flag(missing.is_some());
            missing.into_iter().fold(trial, |trial, program| trial.with_kind(format!("without {program}")))
        })
    }
}

/// Returns the programs behind an engine of `engines(…)`. Terragrunt alone drives OpenTofu.
fn programs_of(engine: &'static str) -> &'static [&'static str] {
    match engine {
        "fake" | "fake_tofu" | "fake_terraform" => &[],
        "tofu" => &["tofu"],
        "terraform" => &["terraform"],
        "terragrunt" | "terragrunt_tofu" => &["terragrunt", "tofu"],
        "terragrunt_terraform" => &["terragrunt", "terraform"],
        _ => panic!("`engines({engine})` names no engine"),
    }
}

/// Runs the registered tests of this suite.
pub(crate) fn run() -> ExitCode {
    let mut arguments = Arguments::from_args();
    let threads = || env::var("RUST_TEST_THREADS").ok()?.parse().ok();
    arguments.test_threads = arguments.test_threads.or_else(threads);
    let mut trials: Vec<Trial> = inventory::iter::<Case>.into_iter().flat_map(Case::trials).collect();
    trials.sort_by(|left, right| left.name().cmp(right.name()));
    libtest_mimic::run(&arguments, trials).exit_code()
}

/// Registers a test function; `#[test]` calls it with its arguments and the function.
macro_rules! registered_test {
    (@run $name:ident) => {
        |_| $name()
    };
    (@run $name:ident $argument:tt: &$subject:ty $(,)?) => {
        |engine| $name(&<$subject as $crate::support::registry::OnEngine>::on(engine))
    };
    (@run $name:ident mut $argument:ident: $subject:ty $(,)?) => {
        $crate::support::registry::registered_test!(@run $name $argument: $subject)
    };
    (@run $name:ident $argument:ident: $subject:ty $(,)?) => {
        |engine| $name(<$subject as $crate::support::registry::OnEngine>::on(engine))
    };
    ((rows($rows:ident)) $(#[$meta:meta])* fn $name:ident($row:ident: &$type:ty) $body:block) => {
        $(#[$meta])*
        fn $name($row: &$type) $body
        inventory::submit! {
            $crate::support::registry::Case {
                path: concat!(module_path!(), "::", stringify!($name)),
                variants: || $crate::support::registry::Variant::of_rows($rows, $name),
            }
        }
    };
    (
        ($(engines($($engine:ident),+))? $(,)? $(needs($($program:ident),+))?)
        $(#[$meta:meta])* fn $name:ident($($argument:tt)*) $body:block
    ) => {
        $(#[$meta])*
        fn $name($($argument)*) $body
        inventory::submit! {
            $crate::support::registry::Case {
                path: concat!(module_path!(), "::", stringify!($name)),
                variants: || $crate::support::registry::Variant::of_engines(
                    &[$($(stringify!($engine)),+)?],
                    &[$($(stringify!($program)),+)?],
                    $crate::support::registry::registered_test!(@run $name $($argument)*),
                ),
            }
        }
    };
}
pub(crate) use registered_test;
