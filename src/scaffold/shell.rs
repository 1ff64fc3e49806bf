//! Minimal reader of command lines in scripts: words, arguments `-backend-config` of engines, variables.

use super::environment_names::{escape_braces, is_environment_word, words_of};

/// Words in the names of variables that hold an environment.
const ENVIRONMENT_WORDS: [&str; 5] = ["env", "environment", "stage", "workspace", "target"];

/// Splits a line into words; quotes are removed, and separators of JSON and YAML end a word too.
pub(super) fn words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    let mut quote = None;
    let mut braces = 0_usize;
    for c in line.chars() {
        match (quote, c) {
            (Some(open), c) if c == open && braces == 0 => quote = None,
            (None, '"' | '\'') => quote = Some(c),
            // In JSON, quotes inside quotes are escaped.
            (_, '\\') => {}
            (None, ' ' | '\t' | ';' | '|' | '&' | '`' | ',' | '[' | ']') if braces == 0 => {
                words.extend((!word.is_empty()).then(|| std::mem::take(&mut word)));
            }
            (_, c) => {
                match c {
                    '{' => braces += 1,
                    '}' => braces = braces.saturating_sub(1),
                    _ => {}
                }
                word.push(c);
            }
        }
    }
    words.extend((!word.is_empty()).then_some(word));
    // In JSON and YAML a whole command line can be one quoted text.
    words.into_iter().flat_map(|word| split_command(&word)).collect()
}

/// Splits a quoted text that is a command line.
fn split_command(word: &str) -> Vec<String> {
    let is_command = ["tofu ", "terraform "].iter().any(|program| word.contains(program));
    if !is_command {
        return vec![word.to_owned()];
    }
    word.split_whitespace().map(|word| word.trim_matches(['"', '\'', '\\']).to_owned()).collect()
}

/// Returns the pairs that words pass to `init`: `-backend-config=key=x`, `-backend-config key=x`.
pub(super) fn backend_pairs(words: &[String]) -> Vec<(String, String)> {
    let mut pairs = Vec::new();
    for (at, word) in words.iter().enumerate() {
        let word = word.trim_start_matches('-');
        let value = match word.strip_prefix("backend-config") {
            Some("") => words.get(at + 1).map(String::as_str),
            Some(rest) => rest.strip_prefix('='),
            None => None,
        };
        let pair = value.and_then(|value| value.split_once('='));
        let is_key = |key: &str| key.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        if let Some((key, value)) = pair.filter(|(key, value)| is_key(key) && !value.is_empty()) {
            pairs.push((key.to_owned(), value.to_owned()));
        }
    }
    pairs
}

/// Converts a value to a template: variables that name the environment become `{env}`, variables that are set in the
/// same text become their values; `None` when a variable remains that the text does not set.
pub(super) fn to_template(value: &str, text: &str) -> Option<String> {
    let mut out = String::new();
    let mut rest = value;
    while let Some(at) = rest.find(['$', '{', '<']) {
        out.push_str(&literal_with_env(&rest[..at]));
        let (name, after) = leading_variable(&rest[at..])?;
        match placeholder(&name) {
            Some(placeholder) => out.push_str(placeholder),
            None => out.push_str(&literal_with_env(assigned_value(&name, text)?)),
        }
        rest = after;
    }
    out.push_str(&literal_with_env(rest));
    Some(out)
}

/// Converts literal text of a value; a folder with an environment's name becomes `{env}`.
fn literal_with_env(text: &str) -> String {
    let part = |part: &str| if is_environment_word(part) { "{env}".to_owned() } else { escape_braces(part) };
    text.split('/').map(part).collect::<Vec<_>>().join("/")
}

/// Returns the name of the variable at the start of a text, and the rest of the text.
fn leading_variable(text: &str) -> Option<(String, &str)> {
    let forms = [("${{", "}}"), ("{{", "}}"), ("${", "}"), ("$(", ")"), ("<", ">")];
    for (open, close) in forms {
        if let Some(inner) = text.strip_prefix(open) {
            let (name, after) = inner.split_once(close)?;
            let name = name.trim().split(':').next().unwrap_or_default();
            return Some((name.rsplit('.').next().unwrap_or_default().to_owned(), after));
        }
    }
    let inner = text.strip_prefix('$')?;
    let end = inner.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(inner.len());
    (end > 0).then(|| (inner[..end].to_owned(), &inner[end..]))
}

/// Returns the placeholder for a variable of a common name.
fn placeholder(name: &str) -> Option<&'static str> {
    let lower = name.to_ascii_lowercase();
    if lower == "1" || words_of(&lower).any(|word| ENVIRONMENT_WORDS.contains(&word)) {
        Some("{env}")
    } else if ["project", "project_name"].contains(&lower.as_str()) && name == lower {
        Some("{project}")
    } else {
        None
    }
}

/// Returns the literal value that a script assigns to a variable.
fn assigned_value<'a>(name: &str, text: &'a str) -> Option<&'a str> {
    let values = text.lines().filter_map(|line| {
        let line = line.trim_start().trim_start_matches("export ").trim_start_matches("readonly ");
        let value = line.strip_prefix(name)?.trim_start().trim_start_matches([':', '?']).strip_prefix('=')?;
        Some(value.trim().trim_matches(['"', '\'']))
    });
    values.into_iter().find(|value| !value.is_empty() && !value.contains(['$', '`', ' ']))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_way_of_passing_a_pair_is_read() {
        for line in [
            r#"terraform init -reconfigure -backend-config="key=a/$1/x" -input=false"#,
            r#"terraform init "-backend-config=key=a/${ENV}/x""#,
            "terraform init -backend-config key=a/$(ENV)/x",
            r#"    "init": "terraform init -backend-config=\"key=a/${ENVIRONMENT}/x\"","#,
            r#"run: terraform init -backend-config="key=a/${{ inputs.environment }}/x""#,
            "terraform init -backend-config=key=a/{{env}}/x",
            "terraform init -backend-config=key=a/staging/x",
        ] {
            let pairs = backend_pairs(&words(line));
            assert_eq!(pairs.len(), 1, "{line}: {:?}", words(line));
            assert_eq!(to_template(&pairs[0].1, "").as_deref(), Some("a/{env}/x"), "{line}");
        }
    }

    #[test]
    fn a_variable_that_nobody_sets_is_not_guessed() {
        assert_eq!(to_template("${BUCKET}/x", "BUCKET=$(cat bucket)\n"), None);
        assert_eq!(to_template("${BUCKET}/x", "export BUCKET=\"b\"\n").as_deref(), Some("b/x"));
    }
}
