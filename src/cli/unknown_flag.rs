//! Suggestion of a known flag in the error about an unknown one.

use std::ffi::OsString;

use clap::{
    Command, CommandFactory,
    error::{ContextKind, ContextValue, ErrorKind},
};

use super::app::App;
use crate::diagnostic::closest;

/// Removed flags, each with its replacement.
const REMOVED_FLAGS: [(&str, &str); 1] =
    [("--accept-replans", "is gone: `--confirm-rounds` says yes to later rounds beforehand")];

/// Adds the most similar flag to the error about an unknown one, if clap found none: clap overlooks swapped letters.
pub(super) fn with_known_flag(mut error: clap::Error, argv: &[OsString]) -> clap::Error {
    let (ErrorKind::UnknownArgument, Some(ContextValue::String(unknown))) =
        (error.kind(), error.get(ContextKind::InvalidArg))
    else {
        return error;
    };
    if let Some((flag, instead)) = REMOVED_FLAGS.iter().find(|(flag, _)| flag == unknown) {
        let tip = format!("`{flag}` {instead}").into();
        error.insert(ContextKind::Suggested, ContextValue::StyledStrs(vec![tip]));
        return error;
    }
    if error.get(ContextKind::SuggestedArg).is_some() {
        return error;
    }
    let Some(word) = unknown.strip_prefix("--") else { return error };
    if let Some(meant) = closest(word, flags(argv).iter().map(String::as_str)) {
        let meant = ContextValue::String(format!("--{meant}"));
        error.insert(ContextKind::SuggestedArg, meant);
        error.remove(ContextKind::Suggested);
    }
    error
}

/// Returns the names of the flags that the given verb accepts.
fn flags(argv: &[OsString]) -> Vec<String> {
    let mut app = App::command();
    app.build();
    let words = argv.iter().skip(1).filter_map(|word| word.to_str()).filter(|word| !word.starts_with('-'));
    let mut verb = &app;
    for word in words {
        match verb.find_subcommand(word) {
            Some(found) => verb = found,
            None if std::ptr::eq(verb, &raw const app) => {}
            None => break,
        }
    }
    flag_names(verb)
}

fn flag_names(verb: &Command) -> Vec<String> {
    let visible = verb.get_arguments().filter(|argument| !argument.is_hide_set());
    visible.filter_map(|argument| argument.get_long().map(str::to_owned)).collect()
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    fn message(words: &[&str]) -> String {
        let argv: Vec<OsString> = ["envctl"].iter().chain(words).map(OsString::from).collect();
        with_known_flag(App::try_parse_from(&argv).err().unwrap(), &argv).to_string()
    }

    #[test]
    fn a_mistyped_flag_is_told_the_one_that_was_meant() {
        for (words, tip) in [
            (&["deploy", "dev", "--yse"][..], "a similar argument exists: '--yes'"),
            (&["--quite", "runs", "gc", "--dyr-run"], "a similar argument exists: '--quiet'"),
            (&["runs", "gc", "--dyr-run"], "a similar argument exists: '--dry-run'"),
            (
                &["deploy", "dev", "--accept-replans"],
                "`--confirm-rounds` says yes to later rounds beforehand",
            ),
        ] {
            let message = message(words);
            assert!(message.contains(tip) && !message.contains("as a value"), "{message}");
        }
    }

    #[test]
    fn a_flag_that_resembles_none_gets_no_suggestion() {
        assert!(!message(&["plan", "dev", "--zzzzzzzz"]).contains("similar"));
    }
}
