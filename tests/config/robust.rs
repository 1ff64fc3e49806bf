//! Random files: each gives a configuration or diagnostics that can be printed.

use std::{collections::BTreeMap, fs};

use camino::Utf8Path;
use envctl::config::{Config, ConfigError, Overrides};
use proptest::prelude::*;

use super::{fixtures, shown};

fn texts() -> Vec<String> {
    let kinds = ["valid", "invalid"];
    kinds.iter().flat_map(|kind| fixtures(kind)).map(|path| fs::read_to_string(path).unwrap()).collect()
}

/// Replaces a range of characters in a text.
fn edit(text: &str, at: usize, length: usize, replacement: &str) -> String {
    let characters: Vec<char> = text.chars().collect();
    let start = at % (characters.len() + 1);
    let end = (start + length).min(characters.len());
    characters[..start]
        .iter()
        .copied()
        .chain(replacement.chars())
        .chain(characters[end..].iter().copied())
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_damaged_file_is_refused_or_read_but_never_a_defect(
        which in 0..1_000_usize,
        edits in prop::collection::vec(
            (0..5_000_usize, 0..12_usize, "[\\[\\]{}\"'=.,<>/*?ä\\\\\n\u{0} a-z0-9-]{0,6}"),
            1..4,
        ),
        path in "[a-z.\"\\[\\] =ä{}]{0,12}",
        value in "[a-z0-9.\"\\[\\] =ä{}\n]{0,12}",
    ) {
        let texts = texts();
        let text = edits
            .iter()
            .fold(texts[which % texts.len()].clone(), |text, (at, length, replacement)| edit(&text, *at, *length, replacement));
        let folder = tempfile::tempdir().unwrap();
        let file = Utf8Path::from_path(folder.path()).unwrap().join("environments.toml");
        fs::write(&file, text).unwrap();
        let overrides = Overrides {
            sets: vec![(path.clone(), value.clone())],
            vars: vec![(path, value)],
            ..Overrides::default()
        };
        for overrides in [Overrides::default(), overrides] {
            match Config::load(&file, &overrides) {
                Ok((config, warnings)) => {
                    shown(&warnings);
                    for environment in config.environments().values() {
                        for stack in config.stacks().keys() {
                            if let Err(problems) = config.settings(environment, stack, &BTreeMap::new(), None) {
                                prop_assert!(problems.has_errors());
                                shown(&problems);
                            }
                        }
                        config.origins(environment, None);
                        config.unsupported(Some(environment));
                    }
                }
                Err(ConfigError::Invalid(problems)) => {
                    prop_assert!(problems.has_errors());
                    prop_assert!(!shown(&problems).is_empty());
                }
                Err(other) => prop_assert!(false, "{other}"),
            }
        }
    }
}
