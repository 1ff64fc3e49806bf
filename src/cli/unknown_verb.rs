//! Answers to an unknown verb: the nearest verb, a verb of `runs`, or the engine's command behind `exec`.

use std::ffi::OsString;

use clap::{Command, CommandFactory};

use super::app::App;
use crate::{diagnostic::closest, engine, ui::shell_word};

/// Suggestions for a verb that does not exist.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct UnknownVerb {
    /// Verb that the user probably meant, with its words: `runs gc`.
    pub(super) meant: Option<String>,
    /// Hint with the command line to type.
    pub(super) hint: String,
}

impl UnknownVerb {
    /// Finds the suggestions for `word`, which is no verb of the command line.
    pub(super) fn new(word: &str, argv: &[OsString]) -> Self {
        let words: Vec<&str> = argv.iter().skip(1).filter_map(|word| word.to_str()).collect();
        let at = words.iter().position(|other| *other == word).unwrap_or(words.len());
        let mut app = App::command();
        app.build();
        let mut verb = &app;
        let mut path = Vec::new();
        for name in words[..at].iter().filter(|name| !name.starts_with('-') && **name != "help") {
            if let Some(found) = verb.find_subcommand(name) {
                verb = found;
                path.push(*name);
            }
        }
        let mut meant = nearest(word, verb, &path);
        if meant.is_none() && path.is_empty() {
            meant = app.find_subcommand("runs").and_then(|runs| nearest(word, runs, &["runs"]));
        }
        let is_engines = path.is_empty() && !words[..at].contains(&"help") && engine::is_verb(word);
        let hint = if is_engines {
            let command: Vec<String> = words[at..].iter().map(|word| shell_word(word)).collect();
            let command = command.join(" ");
            format!("`envctl exec ENV STACK -- {command}`: the engine's command stands behind `--`")
        } else {
            let verb = path.iter().map(|name| format!(" {name}")).collect::<String>();
            format!("`envctl{verb} --help` lists the verbs")
        };
        Self { meant, hint }
    }
}

/// Returns the visible verb below `parent` with the smallest edit distance, with the words before it.
fn nearest(word: &str, parent: &Command, path: &[&str]) -> Option<String> {
    let names = parent.get_subcommands().filter(|verb| !verb.is_hide_set()).map(Command::get_name);
    let name = closest(word, names)?;
    Some(path.iter().chain([&name]).copied().collect::<Vec<_>>().join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn suggested(words: &[&str]) -> (Option<String>, String) {
        let argv: Vec<OsString> = ["envctl"].iter().chain(words).map(OsString::from).collect();
        let unknown = words.iter().find(|word| !["help", "runs"].contains(word)).unwrap();
        let UnknownVerb { meant, hint } = UnknownVerb::new(unknown, &argv);
        (meant, hint)
    }

    #[test]
    fn a_mistyped_verb_is_answered_with_the_nearest_one() {
        for (typed, meant) in [
            ("deplyo", Some("deploy")),
            ("dploy", Some("deploy")),
            ("depoly", Some("deploy")),
            ("deply", Some("deploy")),
            ("delpoy", Some("deploy")),
            ("destory", Some("destroy")),
            ("aply", Some("apply")),
            ("plna", Some("plan")),
            ("stauts", Some("status")),
            ("validate", None),
            ("resume", Some("runs resume")),
            ("logs", Some("runs log")),
        ] {
            assert_eq!(suggested(&[typed]).0.as_deref(), meant, "{typed}");
        }
        assert_eq!(suggested(&["runs", "shwo"]).0.as_deref(), Some("runs show"));
    }

    #[test]
    fn the_hint_of_an_unknown_verb_is_a_command_that_works() {
        let lists = "`envctl --help` lists the verbs";
        assert_eq!(suggested(&["deplyo"]).1, lists);
        assert_eq!(suggested(&["help", "deplyo"]).1, lists);
        assert_eq!(suggested(&["runs", "shwo"]).1, "`envctl runs --help` lists the verbs");
        for (typed, command) in
            [(&["state", "list"][..], "state list"), (&["workspace", "list"], "workspace list")]
        {
            let hint =
                format!("`envctl exec ENV STACK -- {command}`: the engine's command stands behind `--`");
            assert_eq!(suggested(typed), (None, hint));
        }
    }
}
