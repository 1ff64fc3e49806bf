//! Suggestion for `exec ENV STACK state list`, in which the `--` before the engine's command is missing.

use std::ffi::OsString;

use clap::{
    CommandFactory,
    error::{ContextKind, ContextValue, ErrorKind},
};

use super::app::App;
use crate::ui::shell_word;

/// Returns the corrected command line, if only the `--` of an `exec` is missing.
pub(super) fn corrected_command(error: &clap::Error, argv: &[OsString]) -> Option<String> {
    let words: Vec<&str> = argv.iter().skip(1).map(|word| word.to_str()).collect::<Option<_>>()?;
    let unknown = match (error.kind(), error.get(ContextKind::InvalidArg)) {
        (ErrorKind::UnknownArgument, Some(ContextValue::String(word))) => word.as_str(),
        // With `--all` clap reads the first word of the command as a stack.
        (ErrorKind::ArgumentConflict, _) if words.contains(&"--all") => "",
        _ => return None,
    };
    let Some(ContextValue::StyledStr(usage)) = error.get(ContextKind::Usage) else { return None };
    if !usage.to_string().contains("envctl exec ") || words.contains(&"--") {
        return None;
    }
    // Verb, environment, and stack if there is one.
    let own = if words.contains(&"--all") { 2 } else { 3 };
    let (own, command) = words.split_at_checked(*positional_indices(&words).get(own)?)?;
    if unknown.starts_with('-') && own.iter().any(|word| word.starts_with(unknown)) {
        return None;
    }
    let shown = |words: &[&str]| words.iter().map(|word| shell_word(word)).collect::<Vec<_>>().join(" ");
    Some(format!("envctl {} -- {}", shown(own), shown(command)))
}

/// Returns the indices of the words that are neither flags nor values of flags.
fn positional_indices(words: &[&str]) -> Vec<usize> {
    let app = App::command();
    let takes_value = |word: &str| {
        let arguments = app
            .get_arguments()
            .chain(app.find_subcommand("exec").into_iter().flat_map(clap::Command::get_arguments));
        let named = arguments.filter(|argument| argument.get_long() == word.strip_prefix("--"));
        named
            .filter(|argument| argument.get_long().is_some())
            .any(|argument| argument.get_action().takes_values())
    };
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(word) = words.get(at) {
        if !word.starts_with('-') {
            found.push(at);
        } else if takes_value(word) {
            at += 1;
        }
        at += 1;
    }
    found
}
