//! Conversion of a Terragrunt unit in JSON to equivalent HCL, for readers of native syntax.

use std::fmt::Write as _;

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

/// Returns the HCL of a unit in JSON. Strings in JSON are templates, as Terragrunt reads them.
pub(super) fn to_hcl(text: &str) -> Result<String, serde_json::Error> {
    let Members(unit) = serde_json::from_str(text)?;
    let mut hcl = String::new();
    body(&unit, &mut hcl);
    Ok(hcl)
}

fn body(members: &[(String, JsonTree)], hcl: &mut String) {
    for (name, value) in members {
        if LABELLED.contains(&name.as_str()) {
            for object in objects(value) {
                // `include` may have no label.
                let is_path =
                    |(name, value): &(String, JsonTree)| name == "path" && matches!(value, JsonTree::Text(_));
                if name == "include" && object.iter().any(is_path) {
                    block(name, object, hcl);
                    continue;
                }
                for (label, value) in object {
                    let head = format!("{name} {}", quoted(label));
                    objects(value).for_each(|inner| block(&head, inner, hcl));
                }
            }
        } else if PLAIN.contains(&name.as_str()) {
            objects(value).for_each(|object| block(name, object, hcl));
        } else {
            // Writing to a String cannot fail.
            let _ = writeln!(hcl, "{name} = {}", expression(value));
        }
    }
}

fn block(head: &str, members: &[(String, JsonTree)], hcl: &mut String) {
    let _ = writeln!(hcl, "{head} {{");
    body(members, hcl);
    hcl.push_str("}\n");
}

/// Returns the objects of a block, which may be repeated in a list.
fn objects(value: &JsonTree) -> impl Iterator<Item = &[(String, JsonTree)]> {
    let list = match value {
        JsonTree::Array(items) => items.as_slice(),
        value => std::slice::from_ref(value),
    };
    list.iter().filter_map(|value| match value {
        JsonTree::Object(members) => Some(members.as_slice()),
        _ => None,
    })
}

fn expression(value: &JsonTree) -> String {
    match value {
        JsonTree::Text(text) => match text.strip_prefix("${").and_then(|rest| rest.strip_suffix('}')) {
            // A lone expression keeps its type.
            Some(inner) if !inner.contains("${") && !inner.contains('}') => format!("({inner})"),
            _ => quoted(text),
        },
        JsonTree::Array(items) => {
            format!("[{}]", items.iter().map(expression).collect::<Vec<_>>().join(", "))
        }
        JsonTree::Object(members) => {
            let members =
                members.iter().map(|(name, value)| format!("{} = {}", quoted(name), expression(value)));
            format!("{{{}}}", members.collect::<Vec<_>>().join(", "))
        }
        JsonTree::Other(value) => value.to_string(),
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
    use crate::inventory::hcl::parse_body;

    #[test]
    fn a_unit_in_json_is_read_as_its_hcl() {
        let json = r#"{
            "include": { "root": { "path": "${find_in_parent_folders(\"root.hcl\")}" } },
            "dependency": { "vpc": { "config_path": "../vpc", "mock_outputs": { "id": "x" } } },
            "dependencies": { "paths": ["../dns"] },
            "terraform": { "source": "../../modules//app", "extra_arguments": { "a": { "commands": ["plan"] } } },
            "inputs": { "size": "a \"quoted\" ${local.b[\"c\"]} line\n", "count": 3, "on": true }
        }"#;
        let hcl = to_hcl(json).unwrap();
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
            .unwrap();
        assert_eq!(hcl, "include {\npath = \"a.hcl\"\n}\ndependency \"a\" {\n}\ndependency \"b\" {\n}\n");
        let twice = to_hcl(r#"{ "dependency": { "a": {} }, "dependency": { "b": {} } }"#).unwrap();
        assert_eq!(twice, "dependency \"a\" {\n}\ndependency \"b\" {\n}\n");
        assert!(to_hcl("[]").is_err());
    }
}
