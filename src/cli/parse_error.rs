//! Errors of command lines that cannot be parsed: clap's finding in the words of envctl, with the known flag or verb that is
//! most similar.

use std::ffi::OsString;

use clap::{
    Command, CommandFactory,
    error::{ContextKind, ContextValue, ErrorKind},
};

use super::{
    app::App,
    error_report::{self, UserError},
    unknown_verb::UnknownVerb,
    without_dashes::corrected_command,
};
use crate::{diagnostic::closest, ui::shell_word};

/// Removed flags, each with its replacement.
const REMOVED_FLAGS: [(&str, &str); 1] = [(
    "--accept-replans",
    "`--accept-replans` is gone: `--confirm-rounds` says yes to later rounds beforehand",
)];

/// Returns the error of a command line for the user.
pub(super) fn user_error(error: &clap::Error, argv: &[OsString]) -> UserError {
    let verb = verb_path(argv);
    let help = if verb.is_empty() { "envctl --help".to_owned() } else { format!("envctl {verb} --help") };
    if let Some(command) = corrected_command(error, argv) {
        let hint = format!("`{command}`: the engine's command stands behind `--`");
        return error_report::usage_error(message(error, argv), vec![hint]);
    }
    let mut hints = Vec::new();
    if let Some(unknown) = invalid_argument(error) {
        let removed = REMOVED_FLAGS.iter().find(|(flag, _)| *flag == unknown);
        hints.extend(removed.map(|(_, instead)| (*instead).to_owned()));
    }
    if verb == "apply" && error.kind() == ErrorKind::MissingRequiredArgument {
        hints.push("`envctl apply last` applies the plans of the newest run".to_owned());
    }
    hints.push(match (error.kind(), unknown_verb(error, argv)) {
        (_, Some(unknown)) => unknown.hint,
        (ErrorKind::MissingSubcommand, _) => format!("`{help}` lists the verbs"),
        _ => format!("`{help}` explains the arguments"),
    });
    error_report::usage_error(message(error, argv), hints)
}

/// Returns the words of the verb on a command line: `plan`, `runs gc`; empty without a known verb.
pub(super) fn verb_path(argv: &[OsString]) -> String {
    with_verb(argv, |_, words| words.join(" "))
}

/// Returns the message after `error:`.
fn message(error: &clap::Error, argv: &[OsString]) -> String {
    match (error.kind(), invalid_argument(error)) {
        (ErrorKind::UnknownArgument, Some(flag)) if flag.starts_with('-') => {
            if let Some((typed, meant)) = single_dash_flag(flag, argv) {
                return format!("unknown flag `{typed}`; did you mean `{meant}`?");
            }
            let meant = similar_flag(error, flag, argv);
            let meant = meant.map_or(String::new(), |meant| format!("; did you mean `{meant}`?"));
            format!("unknown flag `{flag}`{meant}")
        }
        (ErrorKind::UnknownArgument, Some(word)) => format!("unexpected argument `{word}`"),
        (ErrorKind::InvalidSubcommand, _) => {
            let verb = text_of(error, ContextKind::InvalidSubcommand).unwrap_or_default();
            let meant = unknown_verb(error, argv).and_then(|unknown| unknown.meant);
            let meant = meant.map_or(String::new(), |meant| format!("; did you mean `{meant}`?"));
            format!("there is no verb `{verb}`{meant}")
        }
        _ => clap_message(&error.render().to_string()),
    }
}

/// Returns clap's own message, without its usage and with names in backticks.
fn clap_message(text: &str) -> String {
    let lines = text.lines().take_while(|line| !line.starts_with("Usage:") && !line.starts_with("For more"));
    let lines: Vec<&str> = lines.map(str::trim_end).filter(|line| !line.is_empty()).collect();
    let text = lines.join("\n");
    let text = text.strip_prefix("error: ").unwrap_or(&text);
    let mut message = String::with_capacity(text.len());
    let mut is_quoted = false;
    let mut before = ' ';
    for (at, c) in text.char_indices() {
        let after = text[at + c.len_utf8()..].chars().next().unwrap_or(' ');
        let opens = !is_quoted && !before.is_alphanumeric();
        let closes = is_quoted && !after.is_alphanumeric();
        if c == '\'' && (opens || closes) {
            is_quoted = !is_quoted;
            message.push('`');
        } else {
            message.push(c);
        }
        before = c;
    }
    message
}

/// Returns the argument that is not known or whose value is wrong.
fn invalid_argument(error: &clap::Error) -> Option<&str> {
    text_of(error, ContextKind::InvalidArg)
}

fn text_of(error: &clap::Error, kind: ContextKind) -> Option<&str> {
    match error.get(kind) {
        Some(ContextValue::String(text)) => Some(text),
        _ => None,
    }
}

/// Returns the known flag that clap suggests, or else the most similar one: clap overlooks swapped letters.
fn similar_flag(error: &clap::Error, unknown: &str, argv: &[OsString]) -> Option<String> {
    if let Some(flag) = text_of(error, ContextKind::SuggestedArg) {
        return Some(flag.to_owned());
    }
    if REMOVED_FLAGS.iter().any(|(flag, _)| *flag == unknown) {
        return None;
    }
    let names = with_verb(argv, |verb, _| flag_names(verb));
    let name = closest(unknown.strip_prefix("--")?, names.iter().map(String::as_str))?;
    Some(format!("--{name}"))
}

/// Returns the suggestions for an unknown verb; absent for another error.
fn unknown_verb(error: &clap::Error, argv: &[OsString]) -> Option<UnknownVerb> {
    let word = text_of(error, ContextKind::InvalidSubcommand)?;
    (error.kind() == ErrorKind::InvalidSubcommand).then(|| UnknownVerb::new(word, argv))
}

/// Returns a flag that was typed with one dash, as engines take it, and the flag of envctl that is meant: clap reads the
/// letters of `-target=x` as flags of one letter, of which `unknown` is the first that does not exist.
fn single_dash_flag(unknown: &str, argv: &[OsString]) -> Option<(String, String)> {
    let letter = unknown.strip_prefix('-').filter(|rest| rest.chars().count() == 1)?;
    let words: Vec<&str> =
        argv.iter().map_while(|word| word.to_str()).take_while(|word| *word != "--").collect();
    let is_long = |word: &&str| {
        word.starts_with('-') && !word.starts_with("--") && word.chars().count() > 2 && word.contains(letter)
    };
    let at = words.iter().position(is_long)?;
    let typed = words[at].trim_start_matches('-');
    let (name, value) = typed.split_once('=').map_or((typed, None), |(name, value)| (name, Some(value)));
    let takes_value = with_verb(argv, |verb, _| {
        let mut visible = verb.get_arguments().filter(|argument| !argument.is_hide_set());
        visible
            .find(|argument| argument.get_long() == Some(name))
            .map(|found| found.get_action().takes_values())
    })?;
    let value = value.or_else(|| words.get(at + 1).copied().filter(|next| !next.starts_with('-')));
    let meant = match value.filter(|_| takes_value) {
        Some(value) => format!("--{name} {}", shell_word(value)),
        None => format!("--{name}"),
    };
    (takes_value || !typed.contains('=')).then(|| (format!("-{name}"), meant))
}

/// Calls `look` with the command that the command line names, and its words.
fn with_verb<T>(argv: &[OsString], look: impl FnOnce(&Command, &[&str]) -> T) -> T {
    let mut app = App::command();
    app.build();
    let words = argv.iter().skip(1).filter_map(|word| word.to_str()).filter(|word| !word.starts_with('-'));
    let mut verb = &app;
    let mut path = Vec::new();
    for word in words {
        match verb.find_subcommand(word) {
            Some(found) => {
                verb = found;
                path.push(found.get_name());
            }
            None if path.is_empty() => {}
            None => break,
        }
    }
    look(verb, &path)
}

fn flag_names(verb: &Command) -> Vec<String> {
    let visible = verb.get_arguments().filter(|argument| !argument.is_hide_set());
    visible.filter_map(|argument| argument.get_long().map(str::to_owned)).collect()
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    fn message_of(words: &[&str]) -> String {
        let argv: Vec<OsString> = ["envctl"].iter().chain(words).map(OsString::from).collect();
        message(&App::try_parse_from(&argv).err().unwrap(), &argv)
    }

    #[test]
    fn a_mistyped_flag_is_told_the_one_that_was_meant() {
        for (words, found) in [
            (&["deploy", "dev", "--yse"][..], "unknown flag `--yse`; did you mean `--yes`?"),
            (&["--quite", "runs", "gc", "--dyr-run"], "unknown flag `--quite`; did you mean `--quiet`?"),
            (&["runs", "gc", "--dyr-run"], "unknown flag `--dyr-run`; did you mean `--dry-run`?"),
            (&["deploy", "dev", "--accept-replans"], "unknown flag `--accept-replans`"),
            (&["plan", "dev", "-target=x[0]"], "unknown flag `-target`; did you mean `--target 'x[0]'`?"),
            (&["plan", "dev", "-target", "x"], "unknown flag `-target`; did you mean `--target x`?"),
            (&["plan", "dev", "-z"], "unknown flag `-z`"),
        ] {
            assert_eq!(message_of(words), found);
        }
    }

    #[test]
    fn a_flag_that_resembles_none_gets_no_suggestion() {
        assert_eq!(message_of(&["plan", "dev", "--zzzzzzzz"]), "unknown flag `--zzzzzzzz`");
    }

    #[test]
    fn other_findings_keep_their_words_with_names_in_backticks() {
        assert_eq!(
            message_of(&["graph", "--format", "svg"]),
            "invalid value `svg` for `--format <FORMAT>`\n  [possible values: tree, dot, mermaid, json]"
        );
        assert_eq!(clap_message("error: it's 'a' and 'b's\n\nUsage: x\n"), "it's `a` and `b's");
        let missing = message_of(&["apply"]);
        assert_eq!(missing, "the following required arguments were not provided:\n  <RUN>");
    }
}
