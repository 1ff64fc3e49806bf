//! Diagnostics in the plain text of engines, for verbs without JSON.

use std::sync::LazyLock;

use camino::{Utf8Path, Utf8PathBuf};
use regex::Regex;

use super::stream_json::{self, EngineDiagnostic, Message, SourcePosition, SourceRange};
use crate::{process::CapturedOutput, ui::uncolored};

/// Parses the diagnostics of a command: those in plain text on standard error, coloured or not, and those in the JSON lines of
/// standard output, which `workspace list -json` prints.
pub(in crate::engine) fn from_output(
    captured: &CapturedOutput,
    var_files: &[Utf8PathBuf],
) -> Vec<EngineDiagnostic> {
    let mut found = from_text(&uncolored(&String::from_utf8_lossy(&captured.stderr)), var_files);
    let in_json = |line: &str| match stream_json::parse(line)?.message {
        Message::Diagnostic(diagnostic) => Some(diagnostic),
        _ => None,
    };
    found.extend(String::from_utf8_lossy(&captured.stdout).lines().filter_map(in_json));
    found
}

/// Parses the diagnostics in plain text: `Error: …`, `on main.tf line 2`, paragraphs. Excerpts of files that hold values,
/// such as var files, are left out.
pub(in crate::engine) fn from_text(text: &str, var_files: &[Utf8PathBuf]) -> Vec<EngineDiagnostic> {
    let mut found: Vec<EngineDiagnostic> = Vec::new();
    let mut shows_values = false;
    for line in text.lines() {
        let line = without_log_prefix(line).trim_start_matches(['│', '╷', '╵', '|', ' ']).trim_end();
        shows_values = (shows_values && !line.is_empty()) || line.starts_with(VALUES_START);
        if let Some(summary) = line.strip_prefix("Error: ") {
            found.push(EngineDiagnostic {
                severity: "error".to_owned(),
                summary: summary.to_owned(),
                detail: String::new(),
                address: None,
                range: None,
                is_about_value: false,
            });
        } else if line.starts_with("Warning: ") {
            found.push(EngineDiagnostic { severity: "warning".to_owned(), ..empty_diagnostic() });
        } else if let Some(last) = found.last_mut() {
            if let (None, Some(range)) = (&last.range, range_in_text(line)) {
                last.range = Some(range);
            } else if (shows_values && !line.starts_with(FUNCTION_CALL))
                || is_of_value_file(last, line, var_files)
            {
                // The line holds a value of the expression, or is an excerpt of a var file.
            } else if !(line.is_empty() && last.detail.is_empty()) {
                last.detail.push_str(line);
                last.detail.push('\n');
            }
        }
    }
    found.retain(EngineDiagnostic::is_error);
    for diagnostic in &mut found {
        diagnostic.detail.truncate(diagnostic.detail.trim_end().len());
        if diagnostic.range.is_none() {
            diagnostic.range = range_of_call(&diagnostic.detail);
        }
    }
    found
}

/// Pattern of a module call that an init cannot install: `module "m" at main.tf:3`, `module "m" (main.tf:3)`.
static CALLED_AT: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r#"\bmodule\s+"[^"]+"\s+(?:at\s+|\()([^\s():]+):(\d+)"#).expect("the pattern is valid")
});

/// Returns the position of the module call in a message that has no other position.
fn range_of_call(detail: &str) -> Option<SourceRange> {
    let found = CALLED_AT.captures(detail)?;
    Some(SourceRange {
        filename: found[1].to_owned(),
        start: SourcePosition { line: found[2].parse().ok()? },
    })
}

/// Start of the line that opens the list of values in a diagnostic: values of variables, locals, `each.value` and others
/// that the refused expression uses. An empty line ends the list. Measured on OpenTofu 1.12.6 and Terraform 1.11.4.
const VALUES_START: &str = "├─";

/// Start of a line in the list of values that names a function instead of a value.
const FUNCTION_CALL: &str = "while calling ";

/// Endings of the names of configuration files. All other files count as files with values: a var file or the configuration
/// of a backend may have any name, and Terragrunt units name files that envctl does not know.
const CONFIGURATION_ENDINGS: [&str; 4] = [".tf", ".tofu", ".tf.json", ".tofu.json"];

/// Returns true if a line is an excerpt of the file that a diagnostic is about, and that file holds values. The instance's
/// var files are compared by name only, since engines print paths in several forms.
fn is_of_value_file(diagnostic: &EngineDiagnostic, line: &str, var_files: &[Utf8PathBuf]) -> bool {
    let in_value_file = diagnostic.range.as_ref().is_some_and(|range| {
        let name = Utf8Path::new(&range.filename).file_name();
        let is_own = var_files.iter().any(|file| file.file_name() == name);
        is_own || !name.is_some_and(|name| CONFIGURATION_ENDINGS.iter().any(|ending| name.ends_with(ending)))
    });
    in_value_file && line.split_once(": ").is_some_and(|(number, _)| number.parse::<u32>().is_ok())
}

/// Removes the prefix `ERRO[0000] ` of Terragrunt's bare log from a line.
pub(super) fn without_log_prefix(line: &str) -> &str {
    ["ERRO[", "WARN["]
        .iter()
        .find_map(|prefix| line.strip_prefix(prefix)?.split_once("] "))
        .map_or(line, |(_, rest)| rest)
}

/// Returns an error without texts and position, to be filled while a text is parsed.
fn empty_diagnostic() -> EngineDiagnostic {
    EngineDiagnostic {
        severity: String::new(),
        summary: String::new(),
        detail: String::new(),
        address: None,
        range: None,
        is_about_value: false,
    }
}

/// Parses the position in a line like `on main.tf line 2, in resource "a" "b":`.
fn range_in_text(line: &str) -> Option<SourceRange> {
    let (filename, rest) = line.strip_prefix("on ")?.split_once(" line ")?;
    let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
    Some(SourceRange { filename: filename.to_owned(), start: SourcePosition { line: digits.parse().ok()? } })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::process::Exit;
    use crate::{
        engine::{Target, messages::failure::from_diagnostics},
        model::FailureKind,
    };

    #[test]
    fn a_text_for_people_becomes_a_failure_with_its_place() {
        let text = "Initializing the backend...\n\nWarning: Old\n\nhush\n\nError: Invalid attribute name\n\n  \
                    on main.tf line 2, in resource \"terraform_data\" \"a\":\n   2:  input = var.\n\nAn attribute name \
                    is required after a dot.\n";
        let found = from_text(text, &[]);
        let failure = from_diagnostics(&found, &Target::sample("/p".into(), "infra/a")).unwrap();
        assert_eq!(failure.summary, "Invalid attribute name");
        assert_eq!((failure.file.as_deref(), failure.line), (Some("infra/a/main.tf"), Some(2)));
        assert_eq!(failure.kind, FailureKind::Config);
        assert!(failure.detail.ends_with("An attribute name is required after a dot."), "{}", failure.detail);
    }

    #[test]
    fn diagnostics_of_a_command_are_coloured_text_or_json_lines() {
        let stdout = "{\"@level\":\"info\",\"@message\":\"OpenTofu 1.12.6\",\"type\":\"version\"}\n\
            {\"@level\":\"error\",\"@message\":\"Error: a\",\"diagnostic\":{\"severity\":\"error\",\"summary\":\"in JSON\"},\"type\":\"diagnostic\"}\n";
        let stderr = "\u{1b}[31m│\u{1b}[0m \u{1b}[0m\u{1b}[1m\u{1b}[31mError: \u{1b}[0m\u{1b}[0m\u{1b}[1min colour\u{1b}[0m\n";
        let captured =
            CapturedOutput { exit: Exit::Code(1), pid: 1, stdout: stdout.into(), stderr: stderr.into() };
        let summaries: Vec<String> =
            from_output(&captured, &[]).into_iter().map(|found| found.summary).collect();
        assert_eq!(summaries, ["in colour", "in JSON"]);
    }

    #[test]
    fn the_excerpt_of_a_var_file_and_the_values_of_variables_are_left_out() {
        let var_files = ["../vars/prod.tf".into()];
        for file in ["prod.tfvars", "prod.values", "../vars/secret", "../common.hcl", "../vars/prod.tf"] {
            let text = format!(
                "Error: Invalid value for variable\n\n  on {file} line 2:\n   2: password = \"hush-hush\"\n    ├────────────────\n    │ \
                 var.password is \"hush-hush\"\n\nIt is too short.\n"
            );
            let found = from_text(&text, &var_files);
            assert_eq!(found[0].range.as_ref().map(|range| range.start.line), Some(2));
            assert!(!found[0].detail.contains("hush-hush"), "{file}: {}", found[0].detail);
            assert!(found[0].detail.contains("It is too short."), "{}", found[0].detail);
        }
    }

    #[test]
    fn the_values_that_an_expression_names_are_left_out() {
        let text = "Error: Error in function call\n\n  on main.tf line 5, in resource \"terraform_data\" \"a\":\n   5:   input = regex(\"^[0-9]+$\", local.secret)\n    ├────────────────\n    │ while calling regex(pattern, string)\n    │ local.secret is \"hush-hush\"\n    │ each.value is \"hush-hush\"\n    │ k is \"hush-hush\"\n\nCall to function \"regex\" failed.\n";
        let boxed: String = text.lines().map(|line| format!("│ {line}\n")).collect();
        for text in [text, &boxed] {
            let detail = &from_text(text, &[])[0].detail;
            assert!(!detail.contains("hush-hush"), "{detail}");
            assert!(detail.contains("while calling regex(pattern, string)"), "{detail}");
            assert!(detail.contains("Call to function \"regex\" failed."), "{detail}");
        }
    }

    #[test]
    fn an_error_of_an_init_is_placed_at_the_call_of_the_module() {
        let text = "Error: Unreadable module directory\n\nUnable to evaluate directory symlink: lstat gone: no such file or directory\n\n\n\n\n\
                    Error: Unreadable module directory\n\nThe directory  could not be read for module \"m\" at\nmain.tf:3.\n\n\n\n";
        let failure = from_diagnostics(&from_text(text, &[]), &Target::sample("/p".into(), "a")).unwrap();
        assert_eq!((failure.file.as_deref(), failure.line), (Some("a/main.tf"), Some(3)));
        assert_eq!(
            failure.detail,
            "Unable to evaluate directory symlink: lstat gone: no such file or directory\n\n\
             a/main.tf:3: Unreadable module directory\nThe directory  could not be read for module \"m\" at\nmain.tf:3."
        );
        let text = "Error: Failed to download module\n\nCould not download module \"m\" (../lib/main.tf:2) source code from \"x\".\n";
        let failure = from_diagnostics(&from_text(text, &[]), &Target::sample("/p".into(), "a")).unwrap();
        assert_eq!((failure.file.as_deref(), failure.line), (Some("lib/main.tf"), Some(2)));
    }
}
