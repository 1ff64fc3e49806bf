//! Locates the errors of an engine about the value of a variable in the file that sets the value.
//!
//! Engines report such an error elsewhere: in the var file that envctl generates, or in the declaration of the variable.
//! Measured on OpenTofu 1.12.6 and Terraform 1.11.4: Terraform reports a value of the wrong type, or one that a
//! `validation` refuses, in the var file, OpenTofu in the declaration. Both report a value from the environment in the
//! declaration or in `<value for var.NAME>`, and a sensitive value (OpenTofu also an ephemeral one) in the declaration,
//! with the var file at the end of the text.

use std::sync::LazyLock;

use camino::Utf8Path;
use regex::{Captures, Regex};

use super::stream_json::{EngineDiagnostic, SourcePosition, SourceRange};
use crate::{
    engine::{Target, ValuePlaces},
    files,
};

/// Pattern of the engines' messages on a value that does not fit the type of its variable.
static UNSUITABLE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"(?:not suitable for|Unsuitable value for) var\.([\w-]+)(?: (?:declared|defined|set) |, which is )",
    )
    .expect("the pattern is valid")
});

/// Pattern of the engines' messages on a value that a validation rule refused; the message names the file and line of the
/// rule. The path of a rule in a called module has a folder, and does not match.
static VALIDATION: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"This was checked by the validation rule at ([^/\s:]+):(\d+),").expect("the pattern is valid")
});

/// Pattern of the engines' messages on a variable that a var file sets and no module declares.
static UNDECLARED: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r#"does not declare a variable named "([\w-]+)" but a value was found in file "#)
        .expect("the pattern is valid")
});

/// Pattern of the text at the end of a message on a sensitive value: the var file with the positions of the value in it.
static DEFINED_AT: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r" Invalid value defined at (.+):\d+,\d+(?:-(?:\d+,)?\d+)?\.").expect("the pattern is valid")
});

/// Returns the diagnostics of an engine; those about a value name the file that sets the value.
pub(super) fn with_places(diagnostics: &[EngineDiagnostic], target: &Target) -> Vec<EngineDiagnostic> {
    diagnostics.iter().map(|diagnostic| with_place(diagnostic, target)).collect()
}

/// Returns a diagnostic; if it is about a value, it names the file that sets the value, and its text no longer names a
/// generated file.
pub(in crate::engine) fn with_place(diagnostic: &EngineDiagnostic, target: &Target) -> EngineDiagnostic {
    let mut found = diagnostic.clone();
    let Some(places) = &target.value_places else { return found };
    let generated = diagnostic.range.as_ref().and_then(|range| {
        let file = target.dir.join(&range.filename);
        target.generated_values.contains(&file).then_some((file, range.start.line))
    });
    let variable = match &generated {
        Some((file, line)) => match target.generated_values.expressions.get(file) {
            Some(variable) => Some(variable.clone()),
            None => key_at(file, *line),
        },
        None => variable_of(diagnostic, &**places),
    };
    for file in target.generated_values.files() {
        found.detail = without_file(&found.detail, file);
    }
    if generated.is_some() {
        // The generated file is not the user's.
        found.range = None;
        found.is_about_value = true;
    }
    if let Some(variable) = variable
        && let Some(place) = places.place_of(&variable)
    {
        found.is_about_value = true;
        found.summary = format!("{}: `{variable}` {}", diagnostic.summary.trim(), place.set_by);
        found.range = place.line.map(|(file, line)| SourceRange {
            filename: target.project.join(file).into_string(),
            start: SourcePosition { line },
        });
    }
    found
}

/// Removes the names of a generated file from the text of a diagnostic.
fn without_file(detail: &str, generated: &Utf8Path) -> String {
    let is_generated = |path: &str| path == generated;
    let detail = DEFINED_AT.replace_all(detail, |found: &Captures<'_>| {
        if is_generated(&found[1]) { String::new() } else { found[0].to_owned() }
    });
    detail.replace(&format!(" in file \"{generated}\""), "")
}

/// Returns the variable whose value a diagnostic is about.
fn variable_of(diagnostic: &EngineDiagnostic, places: &dyn ValuePlaces) -> Option<String> {
    let named =
        || UNSUITABLE.captures(&diagnostic.detail).or_else(|| UNDECLARED.captures(&diagnostic.detail));
    if let Some(found) = named() {
        return Some(found[1].to_owned());
    }
    if let Some(found) = VALIDATION.captures(&diagnostic.detail) {
        return places.declared_at(&found[1], found[2].parse().ok()?);
    }
    let name = &diagnostic.range.as_ref()?.filename;
    Some(name.strip_prefix("<value for var.")?.strip_suffix('>')?.to_owned())
}

/// Returns the top-level key that a line of an indented JSON file belongs to.
fn key_at(file: &Utf8Path, line: u32) -> Option<String> {
    let text = String::from_utf8(files::read(file).ok()?).ok()?;
    let before: Vec<&str> = text.lines().take(line as usize).collect();
    before.iter().rev().find_map(|line| {
        let member = line.strip_prefix("  ").filter(|member| member.starts_with('"'))?;
        serde_json::Deserializer::from_str(member).into_iter::<String>().next()?.ok()
    })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::engine::GeneratedValues;
    use crate::engine::ValuePlace;

    #[derive(Debug)]
    struct Places;

    impl ValuePlaces for Places {
        fn place_of(&self, variable: &str) -> Option<ValuePlace> {
            let line = Some(("environments.toml".to_owned(), 7));
            match variable {
                "size" => Some(ValuePlace { set_by: "is set by `vars` in [stacks.app]".to_owned(), line }),
                "flag" => Some(ValuePlace { set_by: "is set by `--var flag`".to_owned(), line: None }),
                _ => None,
            }
        }

        fn declared_at(&self, file: &str, line: u32) -> Option<String> {
            (file == "main.tf" && line == 3).then(|| "size".to_owned())
        }
    }

    fn shown(file: &str, line: u32, detail: &str) -> (String, Option<(String, u32)>) {
        let root = tempfile::tempdir().unwrap();
        let root = Utf8Path::from_path(root.path()).unwrap();
        let mut target = Target::sample(root, "app");
        std::fs::create_dir_all(&target.dir).unwrap();
        let generated = root.join("values.tfvars.json");
        std::fs::write(
            &generated,
            "{\n  \"size\": {\n    \"other\": 1\n  },\n  \"flag\": 2,\n  \"x\": 3\n}\n",
        )
        .unwrap();
        target.generated_values = GeneratedValues::new(generated.clone());
        let expression = root.join("values.0.tfvars");
        target.generated_values.expressions.insert(expression.clone(), "flag".to_owned());
        target.value_places = Some(Arc::new(Places));
        let filename = match file {
            "GENERATED" => generated.as_str(),
            "EXPRESSION" => expression.as_str(),
            file => file,
        };
        let diagnostic = EngineDiagnostic {
            severity: "error".to_owned(),
            summary: "Invalid value".to_owned(),
            detail: detail.to_owned(),
            address: None,
            range: Some(SourceRange { filename: filename.to_owned(), start: SourcePosition { line } }),
            is_about_value: false,
        };
        let found = with_place(&diagnostic, &target);
        let range = found.range.map(|range| {
            let file = range.filename.strip_prefix(root.as_str()).unwrap_or(&range.filename).to_owned();
            (file, range.start.line)
        });
        (found.summary, range)
    }

    #[test]
    fn an_error_about_a_value_is_where_the_value_is_written() {
        let size = (
            "Invalid value: `size` is set by `vars` in [stacks.app]".to_owned(),
            Some(("/environments.toml".to_owned(), 7)),
        );
        let flag = ("Invalid value: `flag` is set by `--var flag`".to_owned(), None);
        assert_eq!(shown("GENERATED", 3, "It must be above 3."), size);
        assert_eq!(shown("GENERATED", 5, ""), flag);
        assert_eq!(shown("EXPRESSION", 2, ""), flag);
        let unsuitable =
            "The given value is not suitable for var.size declared at main.tf:1,1-16: a number is required.";
        assert_eq!(shown("main.tf", 1, unsuitable), size);
        let environment = "Unsuitable value for var.size set using the TF_VAR_size environment variable: no.";
        assert_eq!(shown("main.tf", 1, environment), size);
        let validation = "No.\n\nThis was checked by the validation rule at main.tf:3,3-13.";
        assert_eq!(shown("main.tf", 1, validation), size);
        assert_eq!(shown("<value for var.flag>", 1, ""), flag);
    }

    #[test]
    fn a_sensitive_value_is_placed_and_its_text_names_no_generated_file() {
        for generated in [true, false] {
            let root = tempfile::tempdir().unwrap();
            let root = Utf8Path::from_path(root.path()).unwrap();
            let mut target = Target::sample(root, "app");
            target.generated_values = GeneratedValues::new(root.join("values.tfvars.json"));
            target.value_places = Some(Arc::new(Places));
            let file = if generated { root.join("values.tfvars.json") } else { "a.tfvars".into() };
            let place = |detail: String| {
                let diagnostic = EngineDiagnostic {
                    severity: "error".to_owned(),
                    summary: "Invalid value".to_owned(),
                    detail,
                    address: None,
                    range: None,
                    is_about_value: false,
                };
                let found = with_place(&diagnostic, &target);
                (found.summary, found.detail, found.range.map(|range| range.start.line))
            };
            let set_by = "Invalid value: `size` is set by `vars` in [stacks.app]".to_owned();
            let kept = |text: String| if generated { String::new() } else { text };
            for kind in ["sensitive", "ephemeral"] {
                let text =
                    format!("The given value is not suitable for var.size, which is {kind}: a number.");
                let at = format!(" Invalid value defined at {file}:3,9-5,2.");
                let whole = format!("{text}{}", kept(at.clone()));
                assert_eq!(place(format!("{text}{at}")), (set_by.clone(), whole, Some(7)));
            }
            let found = format!(" in file \"{file}\"");
            let text = "The root module does not declare a variable named \"size\" but a value was found";
            let whole = format!("{text}{}. Add it.", kept(found.clone()));
            assert_eq!(place(format!("{text}{found}. Add it.")), (set_by, whole, Some(7)));
        }
    }

    #[test]
    fn other_errors_stay_where_the_engine_places_them() {
        let unchanged = |file: &str, line| ("Invalid value".to_owned(), Some((file.to_owned(), line)));
        assert_eq!(shown("main.tf", 9, "var.size is no list"), unchanged("main.tf", 9));
        let of_module = "This was checked by the validation rule at ../modules/a/main.tf:3,3-13.";
        assert_eq!(shown("main.tf", 9, of_module), unchanged("main.tf", 9));
        let default = "The given value is not suitable for var.other declared at main.tf:1,1-16: no.";
        assert_eq!(shown("main.tf", 1, default), unchanged("main.tf", 1));
    }

    #[test]
    fn a_line_of_a_generated_file_that_is_of_no_variable_has_no_place() {
        assert_eq!(shown("GENERATED", 1, ""), ("Invalid value".to_owned(), None));
        assert_eq!(shown("GENERATED", 6, ""), ("Invalid value".to_owned(), None));
    }
}
