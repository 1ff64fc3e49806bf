//! Configuration of a unit as Terragrunt renders it, with its includes merged.

use serde::{Deserialize, Deserializer, de::Error};
use serde_json::{Map, Value};

use crate::{
    engine::{
        EngineError,
        driver::Invocation,
        messages::exit_error::command_error,
        plan_file::exact_json::comparable,
        process::{call::capture, document::document},
    },
    model::{Failure, FailureKind},
    process::CommandLine,
};

/// Configuration of a unit as Terragrunt renders it, with numbers in a form that can be compared between runs.
struct RenderedUnit(Map<String, Value>);

impl<'de> Deserialize<'de> for RenderedUnit {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match comparable(deserializer)? {
            Value::Object(unit) => Ok(Self(unit)),
            _ => Err(D::Error::custom("it is no object")),
        }
    }
}

/// Returns the configuration of a unit as Terragrunt renders it. No part of it is logged: it holds the values of inputs.
pub(in crate::engine) fn unit(
    invocation: Invocation<'_>,
    command: &CommandLine,
) -> Result<Map<String, Value>, EngineError> {
    let captured = capture(invocation.session, command)?;
    if !captured.exit.is_success() {
        return Err(command_error(invocation, &captured, "render"));
    }
    let read = document(&captured.stdout, invocation.driver.dialect()).map(|RenderedUnit(unit)| unit);
    read.map_err(|error| invocation.unparsable("render", &error))
}

/// Returns the `dependency` blocks of a unit, by label.
pub(in crate::engine) fn dependencies(
    invocation: Invocation<'_>,
    command: &CommandLine,
) -> Result<Map<String, Value>, EngineError> {
    match unit(invocation, command)?.remove("dependency") {
        Some(Value::Object(dependencies)) => Ok(dependencies),
        Some(Value::Null) => Ok(Map::new()),
        _ => {
            let summary = format!(
                "`{} render` does not say what the unit depends on",
                invocation.driver.program_name()
            );
            Err(EngineError::Failed(Failure::new(FailureKind::Engine, summary)))
        }
    }
}

/// Returns the variables that a unit gives to the apply of a plan: its `inputs`, and the `TF_VAR_*` of its
/// `extra_arguments` for `apply`, which take precedence. Terragrunt passes no `-var` and no var file of `extra_arguments`
/// with a plan.
///
/// Measured on Terragrunt 1.1.3.
pub(in crate::engine) fn variables(
    invocation: Invocation<'_>,
    command: &CommandLine,
) -> Result<Map<String, Value>, EngineError> {
    let unit = Value::Object(unit(invocation, command)?);
    let object =
        |pointer: &str| unit.pointer(pointer).and_then(Value::as_object).cloned().unwrap_or_default();
    let mut variables = object("/inputs");
    for arguments in object("/terraform/extra_arguments").values() {
        let commands = arguments["commands"].as_array().into_iter().flatten();
        let set =
            arguments["env_vars"].as_object().filter(|_| commands.clone().any(|command| command == "apply"));
        for (name, value) in set.into_iter().flatten() {
            if let Some(variable) = name.strip_prefix("TF_VAR_") {
                variables.insert(variable.to_owned(), value.clone());
            }
        }
    }
    Ok(variables)
}
