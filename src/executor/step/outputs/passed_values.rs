//! Input values as an engine receives them: in the var file or in the environment.

use std::{collections::HashMap, fmt::Write as _, sync::Arc};

use serde_json::Value;

use super::{
    upstream_inputs::{InputValue, InputValues, MissingValues},
    upstream_output::OutputStatus,
};
use crate::{
    engine::Output,
    executor::step::ready_stack::ReadyStack,
    files,
    hcl::VariableKind,
    model::{Failure, FailureKind, StackId},
    process::Redactor,
};

/// Minimum number of digits of a number that is masked; shorter numbers are too common.
const DIGITS_OF_A_SECRET: usize = 6;

/// Returns the stack with the current values of these outputs, without mocks.
pub(super) fn with_outputs(
    ready: &ReadyStack,
    outputs: &HashMap<StackId, Arc<Vec<Output>>>,
    has_state: &dyn Fn(&StackId) -> bool,
    redactor: &Redactor,
) -> Result<ReadyStack, Failure> {
    let state_of = |stack: &StackId| OutputStatus::NotAppliedHere { has_state: has_state(stack) };
    let values = ready.upstream_inputs.without_mocks().values(outputs, &state_of);
    with_values(ready, &values.map_err(MissingValues::into_failure)?, redactor)
}

/// Returns the stack with these values: a value that is sensitive or contains a secret is passed in the environment of
/// its engine, others in the var file of this run.
pub(super) fn with_values(
    ready: &ReadyStack,
    values: &InputValues,
    redactor: &Redactor,
) -> Result<ReadyStack, Failure> {
    let mut ready = ready.clone();
    ready.upstream_values = values.reliability();
    ready.mocked_stacks = values.mocked.iter().map(|output| output.stack.clone()).collect();
    ready.from_plans.clone_from(&values.from_plans);
    let taken = values.inputs.iter().map(|input| (input.variable.clone(), input.value.clone()));
    ready.input_values = taken.collect();
    for input in &values.inputs {
        ready.plan_inputs.values.retain(|(name, _)| *name != input.variable);
        if !input.sensitive && !redactor.contains_secret(&input.value.to_string()) {
            ready.plan_inputs.values.push((input.variable.clone(), input.value.to_string()));
            continue;
        }
        for_each_revealing_text(&input.value, &|text| redactor.add(text));
        let text = environment_value(input)?;
        Arc::make_mut(&mut ready.target.env).insert(format!("TF_VAR_{}", input.variable).into(), text.into());
    }
    let file = &ready.target.generated_values.json;
    let members = ready.plan_inputs.values.iter().map(|(name, value)| {
        // Text that was printed as JSON can be parsed.
        serde_json::from_str(value).map(|value: Value| (name.clone(), value))
    });
    let written = members.collect::<Result<serde_json::Map<_, _>, _>>().map_err(std::io::Error::other);
    let text = written.map(|members| format!("{:#}\n", Value::Object(members)));
    text.and_then(|text| files::write(file, text.as_bytes()))
        .map_err(|error| Failure::new(FailureKind::Unknown, format!("cannot write `{file}`: {error}")))?;
    if !ready.target.var_files.contains(file) {
        ready.target.var_files.push(file.clone());
    }
    Ok(ready)
}

/// Returns a value for an environment variable: as plain text or as an HCL expression, depending on the variable's type.
fn environment_value(input: &InputValue) -> Result<String, Failure> {
    let kind = input.declared.as_ref().map(|declared| declared.kind);
    match (&input.value, kind) {
        (Value::String(text), Some(VariableKind::Untyped | VariableKind::Primitive) | None) => {
            Ok(text.clone())
        }
        (scalar @ (Value::Bool(_) | Value::Number(_)), Some(VariableKind::Primitive) | None) => {
            Ok(scalar.to_string())
        }
        (value, Some(VariableKind::Other) | None) => Ok(hcl_expression(value)),
        (_, Some(VariableKind::Untyped | VariableKind::Primitive)) => {
            let variable = &input.variable;
            let summary = format!(
                "variable `{variable}` takes a sensitive value that is no text, and says no such type"
            );
            let detail = "give it the output's `type`: engines take their environment for a text otherwise";
            Err(Failure::new(FailureKind::Config, summary).with_detail(detail))
        }
    }
}

/// Returns a value as an HCL expression.
pub(in crate::executor) fn hcl_expression(value: &Value) -> String {
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) => value.to_string(),
        Value::String(text) => hcl_string(text),
        Value::Array(items) => {
            format!("[{}]", items.iter().map(hcl_expression).collect::<Vec<_>>().join(", "))
        }
        Value::Object(members) => {
            let members =
                members.iter().map(|(key, value)| format!("{} = {}", hcl_string(key), hcl_expression(value)));
            format!("{{{}}}", members.collect::<Vec<_>>().join(", "))
        }
    }
}

/// Returns a text as an HCL string. Source:
/// <https://developer.hashicorp.com/terraform/language/expressions/strings#escape-sequences-1>.
fn hcl_string(text: &str) -> String {
    let mut quoted = String::from("\"");
    let mut rest = text.chars().peekable();
    while let Some(character) = rest.next() {
        match character {
            '"' | '\\' => quoted.extend(['\\', character]),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            '$' | '%' if rest.peek() == Some(&'{') => quoted.extend([character, character]),
            // Writing to a String cannot fail.
            control if control.is_control() => drop(write!(quoted, "\\u{:04x}", u32::from(control))),
            other => quoted.push(other),
        }
    }
    quoted.push('"');
    quoted
}

/// Calls `act` with every text that reveals a value: its strings, raw and escaped as engines print them, the keys of its
/// maps, and long numbers.
pub(in crate::executor) fn for_each_revealing_text(value: &Value, act: &dyn Fn(&str)) {
    let text = |text: &str| {
        act(text);
        for written in [Value::from(text).to_string(), hcl_string(text)] {
            act(written.trim_matches('"'));
        }
    };
    match value {
        Value::String(own) => text(own),
        Value::Number(number) => {
            let number = number.to_string();
            if number.chars().filter(char::is_ascii_digit).count() >= DIGITS_OF_A_SECRET {
                act(&number);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| for_each_revealing_text(item, act)),
        Value::Object(members) => members.iter().for_each(|(key, member)| {
            text(key);
            for_each_revealing_text(member, act);
        }),
        Value::Null | Value::Bool(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_value_is_written_as_an_hcl_expression() {
        let value =
            json!({ "a b": ["\u{8}\u{c}\n", "${x} $x %{y}", "q\"\\"], "n": 1.5, "t": true, "z": null });
        assert_eq!(
            hcl_expression(&value),
            r#"{"a b" = ["\u0008\u000c\n", "$${x} $x %%{y}", "q\"\\"], "n" = 1.5, "t" = true, "z" = null}"#
        );
    }

    #[test]
    fn texts_names_and_long_numbers_are_masked_in_each_spelling() {
        let told = std::cell::RefCell::new(Vec::new());
        for_each_revealing_text(&json!({ "key\n": [1_234_567, 12, "a\"b"] }), &|text| {
            told.borrow_mut().push(text.to_owned());
        });
        let told = told.into_inner();
        for wanted in ["key\n", "key\\n", "1234567", "a\"b", "a\\\"b"] {
            assert!(told.iter().any(|text| text == wanted), "{wanted}: {told:?}");
        }
        assert!(!told.iter().any(|text| text == "12"));
    }
}
