//! Conversion of a Terragrunt unit's file in JSON to equivalent HCL, so that code for native syntax reads both.

use std::ops::Range;

use serde_json::value::RawValue;

use super::json_tree::{JsonTree, Members};

/// Block types with a label: in JSON, the members of such a block are named by labels.
const LABELLED_BLOCKS: [&str; 8] = [
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
const UNLABELLED_BLOCKS: [&str; 8] =
    ["terraform", "dependencies", "remote_state", "locals", "exclude", "errors", "engine", "catalog"];

/// HCL that a unit's JSON was converted to, with the span in the JSON text that each part comes from.
pub(super) struct ConvertedUnit {
    /// Unit's JSON converted to HCL.
    hcl: String,
    /// Ranges of the HCL, each with the range of the JSON value that became it; nested values before the values around them.
    origins: Vec<(Range<usize>, Range<usize>)>,
}

impl ConvertedUnit {
    /// Returns the unit in HCL, as an owned text.
    pub(super) fn into_hcl(self) -> String {
        self.hcl
    }

    /// Returns the unit in HCL.
    pub(super) fn hcl(&self) -> &str {
        &self.hcl
    }

    /// Returns the span of the innermost JSON value that the byte `at` of the HCL comes from.
    pub(super) fn json_span(&self, at: usize) -> Range<usize> {
        let holds = |(hcl, _): &&(Range<usize>, Range<usize>)| hcl.start <= at && at <= hcl.end;
        self.origins.iter().find(holds).map_or(0..0, |(_, json)| json.clone())
    }
}

/// Converts the JSON of a unit's file to HCL. Strings in JSON are templates, as Terragrunt reads them.
pub(super) fn to_hcl(json: &str) -> Result<ConvertedUnit, serde_json::Error> {
    // Parsed as a whole first, so that the place of an error counts from the beginning of the file.
    serde_json::from_str::<Members<JsonTree>>(json)?;
    let unit: &RawValue = serde_json::from_str(json)?;
    let mut converter = Converter { json, hcl: String::new(), origins: Vec::new() };
    converter.write_with_origin(unit, |converter| converter.write_body(&members(unit)?))?;
    Ok(ConvertedUnit { hcl: converter.hcl, origins: converter.origins })
}

struct Converter<'a> {
    json: &'a str,
    hcl: String,
    origins: Vec<(Range<usize>, Range<usize>)>,
}

impl<'a> Converter<'a> {
    /// Writes HCL with `write`, and records that it comes from `value`.
    fn write_with_origin(
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

    fn write_body(&mut self, members: &[(String, &'a RawValue)]) -> Result<(), serde_json::Error> {
        for (name, value) in members {
            if LABELLED_BLOCKS.contains(&name.as_str()) {
                for object in objects(value)? {
                    let inner = self::members(object)?;
                    // `include` may have no label.
                    let is_path = |(name, value): &(String, &RawValue)| name == "path" && is_text(value);
                    if name == "include" && inner.iter().any(is_path) {
                        self.write_block(name, object)?;
                        continue;
                    }
                    for (label, value) in inner {
                        let header = format!("{name} {}", quoted(&label));
                        for object in objects(value)? {
                            self.write_block(&header, object)?;
                        }
                    }
                }
            } else if UNLABELLED_BLOCKS.contains(&name.as_str()) {
                for object in objects(value)? {
                    self.write_block(name, object)?;
                }
            } else {
                self.write_with_origin(value, |converter| {
                    converter.hcl.push_str(name);
                    converter.hcl.push_str(" = ");
                    converter.write_expression(value)
                })?;
                self.hcl.push('\n');
            }
        }
        Ok(())
    }

    fn write_block(&mut self, header: &str, object: &'a RawValue) -> Result<(), serde_json::Error> {
        self.write_with_origin(object, |converter| {
            converter.hcl.push_str(header);
            converter.hcl.push_str(" {\n");
            converter.write_body(&members(object)?)?;
            converter.hcl.push('}');
            Ok(())
        })?;
        self.hcl.push('\n');
        Ok(())
    }

    fn write_expression(&mut self, value: &'a RawValue) -> Result<(), serde_json::Error> {
        self.write_with_origin(value, |converter| {
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
                        converter.write_expression(item)?;
                    }
                    converter.hcl.push(']');
                }
                Some(b'{') => {
                    converter.hcl.push('{');
                    for (index, (name, value)) in members(value)?.iter().enumerate() {
                        converter.hcl.push_str(if index == 0 { "" } else { ", " });
                        converter.hcl.push_str(&quoted(name));
                        converter.hcl.push_str(" = ");
                        converter.write_expression(value)?;
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

/// Returns the objects of a member that is a block: one object, or each object of a list.
fn objects(value: &RawValue) -> Result<Vec<&RawValue>, serde_json::Error> {
    let items = if value.get().starts_with('[') { serde_json::from_str(value.get())? } else { vec![value] };
    Ok(items.into_iter().filter(|item: &&RawValue| item.get().starts_with('{')).collect())
}

/// Returns the HCL expression of a JSON string: the expression of a lone `${…}` keeps its type, and is in parentheses.
fn template(text: &str) -> String {
    match text.strip_prefix("${").and_then(|rest| rest.strip_suffix('}')) {
        Some(inner) if !inner.contains("${") && !inner.contains('}') => format!("({inner})"),
        _ => quoted(text),
    }
}

/// Writes a text as a quoted template of HCL; expressions inside `${…}` are unchanged.
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
        let origin = |part: &str| &json[unit.json_span(unit.hcl().find(part).unwrap())];
        assert_eq!(origin("../vpc"), "\"../\\u0076pc\"");
        assert_eq!(origin("1.50"), "1.50");
        assert_eq!(origin("x-${"), "\"x-${f()}\"");
        assert_eq!(origin("(f())"), "\"${f()}\"");
        assert_eq!(origin("dependency \"vpc\""), "{\n    \"config_path\": \"../\\u0076pc\" }");
        assert_eq!(origin("inputs ="), &json[json.find("{\n    \"a\"").unwrap()..json.rfind("\n}").unwrap()]);
    }
}
