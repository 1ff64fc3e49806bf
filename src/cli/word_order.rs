//! Command line with the environment before the stack, for one that has a stack in the place of the environment.

use std::ffi::OsString;

use crate::ui::shell_word;

/// Returns the hint with the corrected command line; absent if the words are not UTF-8.
///
/// `environments` are the names and aliases of the project. A verb that takes no stack is shown without it.
pub(super) fn environment_first(
    argv: &[OsString],
    stack: &str,
    environments: &[String],
    takes_stack: bool,
) -> Option<String> {
    let mut words: Vec<String> =
        argv.iter().skip(1).map(|word| word.to_str().map(str::to_owned)).collect::<Option<_>>()?;
    // The first word is the verb, or a flag before it.
    let at = words.iter().skip(1).position(|word| word == stack)? + 1;
    let later = words[at..].iter().position(|word| environments.contains(word)).map(|later| at + later);
    let is_example = takes_stack && later.is_none();
    match later {
        _ if !takes_stack => drop(words.remove(at)),
        Some(later) => words.swap(at, later),
        None => words.insert(at, environments.first()?.clone()),
    }
    let mut shown = vec!["envctl".to_owned()];
    let mut is_value = false;
    for word in &words {
        shown.push(shell_word(&without_value(word, is_value)));
        is_value = matches!(word.as_str(), "--var" | "--set");
    }
    let command = shown.join(" ");
    Some(if is_example { format!("for example `{command}`") } else { format!("`{command}`") })
}

/// Hides the value of `--var NAME=VALUE` and `--set PATH=VALUE`: it may be sensitive.
fn without_value(word: &str, is_value: bool) -> String {
    let (flag, assignment) = match ["--var=", "--set="].iter().find_map(|flag| word.strip_prefix(flag)) {
        Some(rest) => (&word[..word.len() - rest.len()], rest),
        None if is_value => ("", word),
        None => return word.to_owned(),
    };
    match assignment.split_once('=') {
        Some((name, _)) => format!("{flag}{name}=…"),
        None => word.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_corrected_command_has_the_environment_first() {
        let shown = |words: &[&str], takes_stack| {
            let argv: Vec<OsString> = ["envctl"].iter().chain(words).map(OsString::from).collect();
            environment_first(&argv, "network", &["dev".to_owned(), "qa".to_owned()], takes_stack).unwrap()
        };
        assert_eq!(shown(&["plan", "network", "qa"], true), "`envctl plan qa network`");
        assert_eq!(shown(&["output", "network"], true), "for example `envctl output dev network`");
        assert_eq!(shown(&["status", "dev", "network"], false), "`envctl status dev`");
        assert_eq!(
            shown(&["plan", "network", "dev", "--var", "a=secret", "--set=vars.b=secret", "-j2"], true),
            "`envctl plan dev network --var 'a=…' '--set=vars.b=…' -j2`"
        );
    }
}
