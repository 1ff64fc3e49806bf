//! Conversion of a Terragrunt unit in JSON to equivalent HCL, for readers of native syntax.

use std::ops::Range;

use serde_json::value::RawValue;

use super::json_tree::{JsonTree, Members};

/// Block types whose members are named by their labels.
const LABELLED: [&str; 8] = [
    "include",
    "dependency",
    "generate",
    "feature",
    "extra_arguments",
    "before_hook",
    "after_hook",
    "error_hook",
];

/// Block types without a label.
const PLAIN: [&str; 8] =
    ["terraform", "dependencies", "remote_state", "locals", "exclude", "errors", "engine", "catalog"];

/// HCL that a unit in JSON was converted to, with the place in the JSON text that each part comes from.
pub(super) struct ConvertedUnit {
    hcl: String,
    /// Ranges of the HCL and of the JSON values that they were made from; inner values before the ones around them.
    origins: Vec<(Range<usize>, Range<usize>)>,
}

impl ConvertedUnit {
    /// Returns the HCL.
    pub(super) fn into_hcl(self) -> String {
        self.hcl
    }

    /// Returns the HCL as text.
    pub(super) fn hcl(&self) -> &str {
        &self.hcl
    }

    /// Returns the span of the innermost JSON value that a byte of the HCL comes from.
    pub(super) fn origin(&self, at: usize) -> Range<usize> {
        let holds = |(hcl, _): &&(Range<usize>, Range<usize>)| hcl.start <= at && at <= hcl.end;
        self.origins.iter().find(holds).map_or(0..0, |(_, json)| json.clone())
    }
}

/// Converts a unit in JSON to HCL. Strings in JSON are templates, as Terragrunt reads them.
pub(super) fn to_hcl(json: &str) -> Result<ConvertedUnit, serde_json::Error> {
    // Parsed as a whole first, so that the place of an error counts from the beginning of the file.
    serde_json::from_str::<Members<JsonTree>>(json)?;
    let unit: &RawValue = serde_json::from_str(json)?;
    let mut converter = Converter { json, hcl: String::new(), origins: Vec::new() };
    converter.recorded(unit, |converter| converter.body(&members(unit)?))?;
    Ok(ConvertedUnit { hcl: converter.hcl, origins: converter.origins })
}

struct Converter<'a> {
    json: &'a str,
    hcl: String,
    origins: Vec<(Range<usize>, Range<usize>)>,
}

impl<'a> Converter<'a> {
    /// Writes HCL that comes from a value, and records its place.
    fn recorded(
        &mut self,
        value: &'a RawValue,
        write: impl FnOnce(&mut Self) -> Result<(), serde_json::Error>,
    ) -> Result<(), serde_json::Error> {
        let before = self.hcl.len();
        write(self)?;
        // The text of a value is a slice of the file's text.
        let start = (value.get().as_ptr() as usize).saturating_sub(self.json.as_ptr() as usize);
        self.origins.push((before..self.hcl.len(), start..start + value.get().len()));
        Ok(())
    }

    fn body(&mut self, members: &[(String, &'a RawValue)]) -> Result<(), serde_json::Error> {
        for (name, value) in members {
            if LABELLED.contains(&name.as_str()) {
                for object in objects(value)? {
                    let inner = self::members(object)?;
                    // `include` may have no label.
                    let is_path = |(name, value): &(String, &RawValue)| name == "path" && is_text(value);
                    if name == "include" && inner.iter().any(is_path) {
                        self.block(name, object)?;
                        continue;
                    }
                    for (label, value) in inner {
                        let head = format!("{name} {}", quoted(&label));
                        for object in objects(value)? {
                            self.block(&head, object)?;
                        }
                    }
                }
            } else if PLAIN.contains(&name.as_str()) {
                for object in objects(value)? {
                    self.block(name, object)?;
                }
            } else {
                self.recorded(value, |converter| {
                    converter.hcl.push_str(name);
                    converter.hcl.push_str(" = ");
                    converter.expression(value)
                })?;
                self.hcl.push('\n');
            }
        }
        Ok(())
    }

    fn block(&mut self, head: &str, object: &'a RawValue) -> Result<(), serde_json::Error> {
        self.recorded(object, |converter| {
            converter.hcl.push_str(head);
            converter.hcl.push_str(" {\n");
            converter.body(&members(object)?)?;
            converter.hcl.push('}');
            Ok(())
        })?;
        self.hcl.push('\n');
        Ok(())
    }

    fn expression(&mut self, value: &'a RawValue) -> Result<(), serde_json::Error> {
        self.recorded(value, |converter| {
            let written = value.get();
            match written.as_bytes().first() {
                Some(b'"') => {
                    let text: String = serde_json::from_str(written)?;
                    converter.hcl.push_str(&template(&text));
                }
                Some(b'[') => {
                    converter.hcl.push('[');
                    for (index, item) in serde_json::from_str::<Vec<&RawValue>>(written)?.iter().enumerate() {
                        converter.hcl.push_str(if index == 0 { "" } else { ", " });
                        converter.expression(item)?;
                    }
                    converter.hcl.push(']');
                }
                Some(b'{') => {
                    converter.hcl.push('{');
                    for (index, (name, value)) in members(value)?.iter().enumerate() {
                        converter.hcl.push_str(if index == 0 { "" } else { ", " });
                        converter.hcl.push_str(&quoted(name));
                        converter.hcl.push_str(" = ");
                        converter.expression(value)?;
                    }
                    converter.hcl.push('}');
                }
                _ => converter.hcl.push_str(written),
            }
            Ok(())
        })
    }
}

fn is_text(value: &RawValue) -> bool {
    value.get().starts_with('"')
}

fn members(object: &RawValue) -> Result<Vec<(String, &RawValue)>, serde_json::Error> {
    serde_json::from_str(object.get()).map(|Members(members)| members)
}

/// Returns the objects of a block, which may be repeated in a list.
fn objects(value: &RawValue) -> Result<Vec<&RawValue>, serde_json::Error> {
    let items = if value.get().starts_with('[') { serde_json::from_str(value.get())? } else { vec![value] };
    Ok(items.into_iter().filter(|item: &&RawValue| item.get().starts_with('{')).collect())
}

/// Returns the expression of a string: a lone `${…}` keeps its type.
fn template(text: &str) -> String {
    match text.strip_prefix("${").and_then(|rest| rest.strip_suffix('}')) {
        Some(inner) if !inner.contains("${") && !inner.contains('}') => format!("({inner})"),
        _ => quoted(text),
    }
}

/// Returns a text as a quoted template; expressions inside `${…}` are unchanged.
fn quoted(text: &str) -> String {
    let (mut hcl, mut depth) = (String::from("\""), 0_usize);
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            '$' | '%' if rest.peek() == Some(&'{') && !hcl.ends_with(c) => {
                hcl.push(c);
                hcl.extend(rest.next());
                depth += 1;
                continue;
            }
            '{' if depth > 0 => depth += 1,
            '}' if depth > 0 => depth -= 1,
            _ => {}
        }
        match c {
            '"' | '\\' if depth == 0 => hcl.extend(['\\', c]),
            '\n' if depth == 0 => hcl.push_str("\\n"),
            '\r' if depth == 0 => hcl.push_str("\\r"),
            '\t' if depth == 0 => hcl.push_str("\\t"),
            c => hcl.push(c),
        }
    }
    hcl + "\""
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hcl::parse_body;

    #[test]
    fn a_unit_in_json_is_read_as_its_hcl() {
        let json = r#"{
            "include": { "root": { "path": "${find_in_parent_folders(\"root.hcl\")}" } },
            "dependency": { "vpc": { "config_path": "../vpc", "mock_outputs": { "id": "x" } } },
            "dependencies": { "paths": ["../dns"] },
            "terraform": { "source": "../../modules//app", "extra_arguments": { "a": { "commands": ["plan"] } } },
            "inputs": { "size": "a \"quoted\" ${local.b[\"c\"]} line\n", "count": 3, "on": true }
        }"#;
        let hcl = to_hcl(json).unwrap().into_hcl();
        let body = parse_body(&hcl).unwrap();
        let shown = |name: &str| -> Vec<String> {
            body.get_blocks(name)
                .flat_map(|block| block.labels.iter())
                .map(|label| label.as_str().to_owned())
                .collect()
        };
        assert_eq!([shown("include"), shown("dependency")], [["root"], ["vpc"]], "{hcl}");
        assert!(hcl.contains("path = (find_in_parent_folders(\"root.hcl\"))"), "{hcl}");
        assert!(hcl.contains("config_path = \"../vpc\""), "{hcl}");
        assert!(hcl.contains("extra_arguments \"a\" {"), "{hcl}");
        assert!(hcl.contains(r#""size" = "a \"quoted\" ${local.b["c"]} line\n""#), "{hcl}");
    }

    #[test]
    fn an_include_without_a_label_and_repeated_blocks_are_read() {
        let hcl = to_hcl(r#"{ "include": [{ "path": "a.hcl" }], "dependency": [{ "a": {} }, { "b": {} }] }"#)
            .unwrap()
            .into_hcl();
        assert_eq!(hcl, "include {\npath = \"a.hcl\"\n}\ndependency \"a\" {\n}\ndependency \"b\" {\n}\n");
        let twice = to_hcl(r#"{ "dependency": { "a": {} }, "dependency": { "b": {} } }"#).unwrap().into_hcl();
        assert_eq!(twice, "dependency \"a\" {\n}\ndependency \"b\" {\n}\n");
        assert!(to_hcl("[]").is_err());
    }

    #[test]
    fn every_part_of_the_hcl_leads_back_to_its_json_value() {
        let json = "{\n  \"dependency\": { \"vpc\": {\n    \"config_path\": \"../\\u0076pc\" } },\n  \
                    \"inputs\": {\n    \"a\": [1.50, {\n      \"b\": \"x-${f()}\" }],\n    \"c\": \"${f()}\"\n  }\n}\n";
        let unit = to_hcl(json).unwrap();
        let origin = |part: &str| &json[unit.origin(unit.hcl().find(part).unwrap())];
        assert_eq!(origin("../vpc"), "\"../\\u0076pc\"");
        assert_eq!(origin("1.50"), "1.50");
        assert_eq!(origin("x-${"), "\"x-${f()}\"");
        assert_eq!(origin("(f())"), "\"${f()}\"");
        assert_eq!(origin("dependency \"vpc\""), "{\n    \"config_path\": \"../\\u0076pc\" }");
        assert_eq!(origin("inputs ="), &json[json.find("{\n    \"a\"").unwrap()..json.rfind("\n}").unwrap()]);
    }
}
