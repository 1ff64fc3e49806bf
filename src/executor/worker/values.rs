//! Work with the values that its stack takes from others: where each of them travels.

use serde_json::Value;

use super::Work;
use crate::{
    executor::wiring::{Given, Values},
    files,
    model::{Failure, FailureKind},
    process::Redactor,
};

impl Work {
    /// The same work with these values: one that is sensitive, or holds a secret, in the environment of its engine alone, the
    /// others in the var file of this run.
    pub(in crate::executor) fn wired(&self, values: &Values, redactor: &Redactor) -> Result<Self, Failure> {
        let mut work = self.clone();
        work.mocked = values.are_tentative();
        work.from_plans.clone_from(&values.from_plans);
        for given in &values.given {
            work.ground.values.retain(|(name, _)| *name != given.variable);
            if !given.sensitive && !redactor.masks(&given.value.to_string()) {
                work.ground.values.push((given.variable.clone(), given.value.to_string()));
                continue;
            }
            each_text(&given.value, &|text| redactor.add(text));
            let text = in_environment(given)?;
            work.target.env.insert(format!("TF_VAR_{}", given.variable).into(), text.into());
        }
        let file = &work.ground.generated;
        let members = work.ground.values.iter().map(|(name, value)| {
            // What was printed as JSON can be read as JSON.
            serde_json::from_str(value).map(|value: Value| (name.clone(), value))
        });
        let written = members.collect::<Result<serde_json::Map<_, _>, _>>().map_err(std::io::Error::other);
        let text = written.map(|members| format!("{:#}\n", Value::Object(members)));
        text.and_then(|text| files::write(file, text.as_bytes()))
            .map_err(|error| Failure::new(FailureKind::Unknown, format!("cannot write `{file}`: {error}")))?;
        if !work.target.var_files.contains(file) {
            work.target.var_files.push(file.clone());
        }
        Ok(work)
    }
}

/// How a variable of the environment says a value: as a text or as an expression, as its type has it.
fn in_environment(given: &Given) -> Result<String, Failure> {
    let expression = |value: &Value| value.to_string().replace("${", "$${").replace("%{", "%%{");
    match (&given.value, given.takes_text) {
        (Value::String(text), Some(true) | None) => Ok(text.clone()),
        (scalar @ (Value::Bool(_) | Value::Number(_)), _) => Ok(scalar.to_string()),
        (value, Some(false) | None) => Ok(expression(value)),
        (_, Some(true)) => {
            let variable = &given.variable;
            let summary = format!(
                "variable `{variable}` takes a sensitive value that is no text, and says no such type"
            );
            let detail = "give it the output's `type`: engines take their environment for a text otherwise";
            Err(Failure::new(FailureKind::Config, summary).with_detail(detail))
        }
    }
}

fn each_text(value: &Value, act: &dyn Fn(&str)) {
    match value {
        Value::String(text) => act(text),
        Value::Array(items) => items.iter().for_each(|item| each_text(item, act)),
        Value::Object(members) => members.values().for_each(|member| each_text(member, act)),
        _ => {}
    }
}
