//! Check that a plan was made with the values that its stack takes from others.

use camino::Utf8Path;
use serde_json::Value;

use super::{ephemeral::overriding_var_file, ready_stack::ReadyStack};
use crate::{
    engine::{PlanFileError, plan_variables},
    inventory::plan_inputs::file_of_input,
    model::{Failure, FailureKind, is_same_number},
};

/// Advice for a variable to which another source gives a value.
const OVERRIDE_ADVICE: &str = "something else sets it, and is stronger: a var file of its module (`*.auto.tfvars`, `terraform.tfvars`), \
                      `extra_arguments` of its unit, a hook; nothing else may set an input";

/// Refuses a plan whose file has another value for a variable than the stack takes, and returns notes about variables
/// that the file does not contain. A file that only its engine can read is not checked.
pub(super) fn verify_inputs(ready: &ReadyStack, plan: &Utf8Path) -> Result<Vec<String>, Failure> {
    let mut notes = Vec::new();
    if ready.input_values.is_empty() {
        return Ok(notes);
    }
    for (variable, _) in &*ready.input_values {
        // Terragrunt passes its own value again at apply, and the engine refuses it then.
        if let Some(file) = file_of_input(&ready.plan_inputs.scope, variable) {
            let from = ready.upstream_inputs.output_of_variable(variable);
            let summary = format!("`{variable}` takes `{from}`, and `{file}` sets it under `inputs` as well");
            let failure = Failure::new(FailureKind::Config, summary);
            return Err(failure.with_detail("take it out there: nothing else may set an input"));
        }
    }
    let planned = match plan_variables(plan) {
        Ok(planned) => planned,
        Err(PlanFileError::Opaque { .. }) => return Ok(notes),
        Err(error) => return Err(Failure::new(FailureKind::Engine, error.to_string())),
    };
    let refused = |summary: String| Failure::new(FailureKind::Config, summary).with_detail(OVERRIDE_ADVICE);
    let ephemeral = ready
        .engine
        .ephemeral_variables(plan)
        .map_err(|error| Failure::new(FailureKind::Engine, error.to_string()))?;
    for (variable, value) in &*ready.input_values {
        let Some(planned) = planned.get(variable) else {
            if !ephemeral.contains(variable) {
                notes.extend(ready.upstream_inputs.undeclared_variable(variable));
            } else if let Some(other) = overriding_var_file(ready, variable)? {
                let from = ready.upstream_inputs.output_of_variable(variable);
                return Err(refused(format!("`{variable}` takes `{from}`, and {other}")));
            }
            continue;
        };
        let in_environment = ready.target.env.get(std::ffi::OsStr::new(&format!("TF_VAR_{variable}")));
        let as_given = || in_environment.is_some_and(|text| planned.as_str().is_some_and(|p| text == p));
        if !equal_after_conversion(value, planned) && !as_given() {
            let from = ready.upstream_inputs.output_of_variable(variable);
            return Err(refused(format!(
                "variable `{variable}` was planned with another value than `{from}`"
            )));
        }
    }
    Ok(notes)
}

/// Returns true if a passed value and the value in a plan are equal after conversion by the engine: numbers and booleans may have become texts.
fn equal_after_conversion(given: &Value, planned: &Value) -> bool {
    match (given, planned) {
        (Value::Array(given), Value::Array(planned)) => {
            given.len() == planned.len()
                && given.iter().zip(planned).all(|(given, planned)| equal_after_conversion(given, planned))
        }
        (Value::Object(given), Value::Object(planned)) => {
            given.len() == planned.len()
                && given.iter().all(|(name, value)| {
                    planned.get(name).is_some_and(|planned| equal_after_conversion(value, planned))
                })
        }
        (Value::Number(_), Value::Number(_) | Value::String(_)) | (Value::String(_), Value::Number(_)) => {
            is_same_number(&text_of(given), &text_of(planned))
        }
        (Value::Bool(_), Value::String(_)) | (Value::String(_), Value::Bool(_)) => {
            text_of(given) == text_of(planned)
        }
        (given, planned) => given == planned,
    }
}

fn text_of(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn values_are_equal_after_the_conversions_of_an_engine_only() {
        for (given, planned) in [
            (json!("a"), json!("a")),
            (json!(7), json!("7")),
            (json!(7), json!(7.0)),
            (json!(0.1), json!("0.1")),
            (json!(true), json!("true")),
            (json!(null), json!(null)),
            (json!({ "a": [1, "x"] }), json!({ "a": [1.0, "x"] })),
        ] {
            assert!(equal_after_conversion(&given, &planned), "{given} {planned}");
        }
        for (given, planned) in [
            (json!("a"), json!("b")),
            (json!("x"), json!(7)),
            (json!(0.3), json!("0.30000000000000004")),
            (json!(0.123_456_789_012_345_66), json!("0.12345678901234567")),
            (json!(9_007_199_254_740_993_u64), json!(9_007_199_254_740_992_u64)),
            (json!(7), json!("x")),
            (json!(true), json!(false)),
            (json!(null), json!("")),
            (json!([1]), json!([1, 2])),
            (json!({ "a": 1 }), json!({ "b": 1 })),
        ] {
            assert!(!equal_after_conversion(&given, &planned), "{given} {planned}");
        }
    }
}
