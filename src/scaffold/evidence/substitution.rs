//! Variables in the words of scripts, replaced by their values.
//!
//! A replaced word is text in which single characters stand for what no script sets: [`ENVIRONMENT`], [`UNKNOWN`],
//! [`REPOSITORY`], [`SCRIPT_FOLDER`], [`PROJECT`], [`ARGUMENT`].

use super::super::environment_names::words_of;

/// Stands for the name of the environment.
pub(in super::super) const ENVIRONMENT: char = '\u{1}';
/// Stands for a value that the script gets from elsewhere.
pub(in super::super) const UNKNOWN: char = '\u{2}';
/// Stands for the absolute path of the repository.
pub(in super::super) const REPOSITORY: char = '\u{3}';
/// Stands for the absolute path of the script's folder.
pub(in super::super) const SCRIPT_FOLDER: char = '\u{4}';
/// Stands for the name of the project.
pub(in super::super) const PROJECT: char = '\u{5}';

/// Stands for an argument of the script.
pub(in super::super) const ARGUMENT: char = '\u{6}';

/// Words in the names of variables that hold an environment.
const ENVIRONMENT_WORDS: [&str; 6] = ["env", "environment", "stage", "workspace", "tfenv", "target"];

/// Last words of names of variables that hold something else of an environment.
const OTHER_THINGS: [&str; 12] =
    ["file", "files", "dir", "folder", "path", "bucket", "key", "account", "region", "id", "args", "flags"];

/// Largest number of values that a word is replaced by.
const MAX_VALUES: usize = 16;
/// Largest number of variables that lead from one to the next.
const MAX_DEPTH: usize = 5;

/// Returns the values that a word can have in a script of this text, with its variables replaced.
pub(super) fn values_of(word: &str, text: &str) -> Vec<String> {
    let mut values = replaced(word, text, MAX_DEPTH);
    values.truncate(MAX_VALUES);
    values
}

fn replaced(word: &str, text: &str, depth: usize) -> Vec<String> {
    let Some(at) = word.find(['$', '{', '<', '%']) else { return vec![word.to_owned()] };
    let (before, from) = word.split_at(at);
    let Some((variable, after)) = leading_variable(from) else {
        // A sign that begins no variable is text.
        let (sign, rest) = from.split_at(1);
        return replaced(rest, text, depth).into_iter().map(|rest| format!("{before}{sign}{rest}")).collect();
    };
    let rests = replaced(after, text, depth);
    let mut values = Vec::new();
    for value in values_of_variable(&variable, text, depth) {
        values.extend(rests.iter().map(|rest| format!("{before}{value}{rest}")));
    }
    values.truncate(MAX_VALUES);
    values
}

/// Variable or command in a word.
#[derive(Debug, PartialEq, Eq)]
enum WordVariable {
    /// Variable by its name, with the value for the case that it is not set.
    Named { name: String, default: Option<String> },
    /// Command of a shell whose output is used.
    Command(String),
}

/// Splits a text into the variable that it begins with, and the rest.
fn leading_variable(text: &str) -> Option<(WordVariable, &str)> {
    let named = |name: &str, default: Option<&str>| WordVariable::Named {
        name: name.to_owned(),
        default: default.map(|text| text.trim_matches(['"', '\'']).to_owned()),
    };
    if let Some(rest) = text.strip_prefix("$$") {
        return leading_variable_after_dollar(rest, &named);
    }
    for (open, close) in [("${{", "}}"), ("{{", "}}"), ("<(", ")"), ("<", ">"), ("%", "%")] {
        if let Some(inner) = text.strip_prefix(open) {
            let (inside, after) = inner.split_once(close)?;
            let expression = inside.trim().split([' ', '|', '(']).next().unwrap_or_default();
            let name = expression.rsplit('.').next().unwrap_or_default();
            return Some((named(name, None), after));
        }
    }
    leading_variable_after_dollar(text.strip_prefix('$')?, &named)
}

fn leading_variable_after_dollar<'a>(
    text: &'a str,
    named: &dyn Fn(&str, Option<&str>) -> WordVariable,
) -> Option<(WordVariable, &'a str)> {
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    if let Some(inner) = text.strip_prefix('{') {
        let end = closing(inner, '{', '}')?;
        let (inside, after) = (&inner[..end], &inner[end + 1..]);
        let inside = inside.strip_prefix("env:").unwrap_or(inside);
        let name = inside.split(|c: char| !is_name(c)).next().unwrap_or_default();
        let rest = inside.strip_prefix(name).unwrap_or_default();
        let default = rest.strip_prefix(":-").or_else(|| rest.strip_prefix('-'));
        return Some((named(name, default), after));
    }
    if let Some(inner) = text.strip_prefix('(') {
        let end = closing(inner, '(', ')')?;
        let (inside, after) = (&inner[..end], &inner[end + 1..]);
        let variable = if inside.chars().all(is_name) {
            named(inside, None)
        } else {
            WordVariable::Command(inside.to_owned())
        };
        return Some((variable, after));
    }
    let text = text.strip_prefix("env:").unwrap_or(text);
    if let Some(rest) = text.strip_prefix(['@', '*', '#']) {
        return Some((named("", None), rest));
    }
    let end = if text.starts_with(|c: char| c.is_ascii_digit()) {
        1
    } else {
        text.find(|c: char| !is_name(c)).unwrap_or(text.len())
    };
    (end > 0).then(|| (named(&text[..end], None), &text[end..]))
}

/// Returns the position of the bracket that closes one before the text.
fn closing(text: &str, open: char, close: char) -> Option<usize> {
    let mut depth = 0_usize;
    for (at, c) in text.char_indices() {
        if c == open {
            depth += 1;
        } else if c == close {
            if depth == 0 {
                return Some(at);
            }
            depth -= 1;
        }
    }
    None
}

/// Returns the values of a variable.
fn values_of_variable(variable: &WordVariable, text: &str, depth: usize) -> Vec<String> {
    let (name, default) = match variable {
        WordVariable::Command(command) => return vec![value_of_command(command)],
        WordVariable::Named { name, default } => (name, default),
    };
    if names_environment(name) {
        return values_with_environment(name, text, depth);
    }
    let lower = name.to_ascii_lowercase();
    if ["project", "project_name"].contains(&lower.as_str()) && *name == lower {
        return vec![PROJECT.to_string()];
    }
    if depth == MAX_DEPTH && name.starts_with(|c: char| ('1'..='9').contains(&c)) {
        return vec![ARGUMENT.to_string()];
    }
    if depth == 0 || name.is_empty() || name.starts_with(|c: char| c.is_ascii_digit()) {
        return vec![UNKNOWN.to_string()];
    }
    let assigned: Vec<&str> = assigned_values(name, text).collect();
    let mut values: Vec<String> = Vec::new();
    for value in assigned.into_iter().chain(default.as_deref()) {
        for value in replaced(value, text, depth - 1) {
            if !values.contains(&value) {
                values.push(value);
            }
        }
    }
    if values.is_empty() { vec![UNKNOWN.to_string()] } else { values }
}

/// Returns the values of a variable that is named after environments: the environment, unless the script makes a longer text
/// of other variables.
fn values_with_environment(name: &str, text: &str, depth: usize) -> Vec<String> {
    let assigned =
        assigned_values(name, text).filter(|value| depth > 0 && value.contains('$') && !value.contains("$("));
    let values: Vec<String> = assigned.flat_map(|value| replaced(value, text, depth - 1)).collect();
    let is_longer = |value: &String| {
        let has_variable = value.contains([ENVIRONMENT, UNKNOWN, ARGUMENT]);
        has_variable && value.contains(|c: char| c.is_alphanumeric())
    };
    if values.is_empty() || !values.iter().all(is_longer) { vec![ENVIRONMENT.to_string()] } else { values }
}

/// Returns true if a variable of this name holds the name of an environment.
fn names_environment(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    let last = words_of(&lower).last().unwrap_or_default();
    words_of(&lower).any(|word| ENVIRONMENT_WORDS.contains(&word)) && !OTHER_THINGS.contains(&last)
}

/// Returns what a command of a shell prints, as far as its text tells.
fn value_of_command(command: &str) -> String {
    let command = command.trim();
    if let Some(path) = command.strip_prefix("cd ") {
        let path = path.split("&&").next().unwrap_or_default().trim().trim_matches('"');
        if let Some(below) = path.strip_prefix("$(").filter(|path| path.starts_with("dirname")) {
            let below = below.split_once(')').map_or("", |(_, below)| below);
            return format!("{SCRIPT_FOLDER}{below}");
        }
    }
    if command.starts_with("dirname") && (command.contains("$0") || command.contains("BASH_SOURCE")) {
        return SCRIPT_FOLDER.to_string();
    }
    if command.starts_with("git rev-parse") && command.contains("--show-toplevel") {
        return REPOSITORY.to_string();
    }
    UNKNOWN.to_string()
}

/// Returns the values that a script assigns to a variable.
fn assigned_values<'a>(name: &'a str, text: &'a str) -> impl Iterator<Item = &'a str> {
    let is_start = |before: &str| before.is_empty() || before.ends_with([' ', '\t', ';', '(', ')', '&']);
    text.lines()
        .filter(|line| !line.trim_start().starts_with('#'))
        .flat_map(move |line| {
            line.match_indices(name).map(move |(at, _)| (&line[..at], &line[at + name.len()..]))
        })
        .filter(move |(before, _)| is_start(before))
        .filter_map(|(_, after)| {
            let after = after.trim_start();
            let value = match after.strip_prefix(": ") {
                Some(value) => value,
                None => after.trim_start_matches([':', '?']).strip_prefix('=')?,
            };
            first_value(value.trim_start())
        })
}

/// Returns the first value in a text: what stands between quotes, a command in brackets, or a word.
fn first_value(text: &str) -> Option<&str> {
    let value = if let Some(inner) = text.strip_prefix("\"$(") {
        &text[1..closing(inner, '(', ')')? + 4]
    } else if let Some(inner) = text.strip_prefix("$(") {
        let end = closing(inner, '(', ')')? + 3;
        let more = text[end..].find(|c: char| c.is_whitespace() || c == ';').unwrap_or(text.len() - end);
        &text[..end + more]
    } else if text.starts_with(['"', '\'']) {
        text.get(1..)?.split(text.get(..1)?).next()?
    } else {
        text.split(|c: char| c.is_whitespace() || c == ';').next()?
    };
    let is_usable = !value.is_empty() && !value.starts_with(['=', '(', '`', '|', '>']);
    (is_usable && (value.starts_with("$(") || !value.contains(' '))).then_some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(word: &str, text: &str) -> Vec<String> {
        let signs = [
            (ENVIRONMENT, "{env}"),
            (UNKNOWN, "{?}"),
            (ARGUMENT, "{1}"),
            (REPOSITORY, "{root}"),
            (SCRIPT_FOLDER, "{script}"),
        ];
        let show = |value: String| signs.iter().fold(value, |text, (sign, name)| text.replace(*sign, name));
        values_of(word, text).into_iter().map(show).collect()
    }

    #[test]
    fn variables_of_environments_are_known_by_their_names() {
        for word in
            ["$ENV", "${ENV:-dev}", "$(DEPLOY_ENV)", "${{ inputs.environment }}", "<workspace>", "$$STAGE"]
        {
            assert_eq!(shown(&format!("a/{word}.x"), ""), ["a/{env}.x"], "{word}");
        }
        assert_eq!(shown("$WORKSPACE", "WORKSPACE=\"p-$PR\"\n"), ["p-{?}"]);
        assert_eq!(shown("$WORKSPACE", "ENV=$1\nWORKSPACE=app-$ENV\n"), ["app-{env}"]);
        assert_eq!(shown("$ENV", "ENV=${1:-dev}\n"), ["{env}"]);
        assert_eq!(shown("$ENV_FILE", ""), ["{?}"]);
        assert_eq!(shown("${{ matrix.stack }}/x", ""), ["{?}/x"]);
    }

    #[test]
    fn values_are_followed_through_assignments() {
        let text = "FILE=env/$ENV/x.tfvars\ncase $1 in\n dev) KEY=a;;\n prod) KEY=b ;;\nesac\n";
        assert_eq!(shown("$FILE", text), ["env/{env}/x.tfvars"]);
        assert_eq!(shown("${KEY}/$1", text), ["a/{1}", "b/{1}"]);
        assert_eq!(shown("$X", "X=$Y\nY=$X\n"), ["{?}"], "a circle ends");
        assert_eq!(shown("${DIR:-infra}", ""), ["infra"]);
    }

    #[test]
    fn the_folders_of_script_and_repository_are_known() {
        let text = "HERE=\"$(cd \"$(dirname \"$0\")/..\" && pwd)\"\nTOP=$(git rev-parse --show-toplevel)\n";
        assert_eq!(shown("$(dirname \"$0\")/x", ""), ["{script}/x"]);
        assert_eq!(shown("$HERE/x", text), ["{script}/../x"]);
        assert_eq!(shown("${TOP}/x", text), ["{root}/x"]);
    }
}
