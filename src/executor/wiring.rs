//! Values from other stacks' outputs: which variables take them, and what stands in for outputs that do not exist yet.

use std::{collections::BTreeMap, ffi::OsString};

use indexmap::IndexMap;
use serde_json::Value;

use super::{target::TargetError, worker::Work};
use crate::{
    config::{MockOutput, OutputPath},
    engine::Output,
    files,
    inventory::{Instance, hcl::Module, hcl::read_var_file, var_file_paths},
    model::{Failure, FailureKind, StackId, TENTATIVE},
};

/// The variables of a stack that take outputs of others.
#[derive(Debug, Clone, Default)]
pub struct Wiring {
    wires: Vec<Wire>,
    mocks: IndexMap<String, IndexMap<String, MockOutput>>,
}

#[derive(Debug, Clone)]
struct Wire {
    variable: String,
    from: OutputPath,
    /// How the variable is read from the environment of its engine, where that is known.
    takes_text: Option<bool>,
}

/// Where the outputs of a stack stand in a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    /// It has a plan that is not applied yet, so more may come.
    Pending,
    /// They are what they will be in this run.
    Settled,
    /// It is no part of the run.
    Elsewhere,
}

/// The values of all wires.
#[derive(Debug, Default)]
pub(super) struct Values {
    given: Vec<Given>,
    /// The outputs that mocks stand for.
    mocked: Vec<String>,
}

impl Values {
    /// What to say of mocks among them.
    pub(super) fn note(&self) -> Option<String> {
        let names: Vec<String> = self.mocked.iter().map(|name| format!("`{name}`")).collect();
        let verb = if names.len() == 1 { "is a mock" } else { "are mocks" };
        (!names.is_empty()).then(|| format!("{TENTATIVE}{} {verb}", names.join(", ")))
    }
}

#[derive(Debug)]
struct Given {
    variable: String,
    value: Value,
    sensitive: bool,
    takes_text: Option<bool>,
}

/// Why there are no values.
#[derive(Debug)]
pub(super) enum NoValues {
    /// The stack has to be applied first.
    Before {
        /// Which.
        need: StackId,
        /// What it does not have yet.
        missing: String,
    },
    /// There is no such output, and none to come.
    Never(Failure),
}

impl NoValues {
    /// The same as a failure.
    pub(super) fn into_failure(self) -> Failure {
        match self {
            Self::Before { need, missing } => {
                Failure::new(FailureKind::Config, missing).with_detail(format!("`{need}` is not applied yet"))
            }
            Self::Never(failure) => failure,
        }
    }
}

impl Wiring {
    /// That of an instance, whose variables must be there, and set by nothing else.
    pub fn of(
        instance: &Instance,
        module: Option<&Module>,
        env: &BTreeMap<OsString, OsString>,
    ) -> Result<Self, TargetError> {
        let settings = &instance.settings;
        let stack = || instance.id.stack.to_string();
        if settings.inputs.is_empty() {
            return Ok(Self::default());
        }
        let own = var_file_paths(instance).into_iter().filter(|file| file.path.is_file());
        let files: Vec<_> = own
            .filter_map(|file| {
                read_var_file(&file.path, &instance.dir).ok().map(|content| (file.path, content))
            })
            .collect();
        let mut wires = Vec::new();
        for (variable, from) in &settings.inputs {
            if env.contains_key(&OsString::from(format!("TF_VAR_{variable}"))) {
                return Err(TargetError::Inherited { variable: variable.clone() });
            }
            let also =
                |by: String| TargetError::InputSetTwice { stack: stack(), variable: variable.clone(), by };
            if settings.secrets.contains_key(variable) {
                return Err(also("a secret".to_owned()));
            }
            if let Some((path, _)) = files.iter().find(|(_, content)| content.contains_key(variable)) {
                return Err(also(format!("`{path}`")));
            }
            let declared = module.map(|module| module.variables.get(variable));
            if declared == Some(None) {
                return Err(TargetError::UndeclaredInput { stack: stack(), variable: variable.clone() });
            }
            let takes_text = declared.flatten().map(|variable| variable.takes_text);
            wires.push(Wire { variable: variable.clone(), from: from.value.clone(), takes_text });
        }
        Ok(Self { wires, mocks: settings.mocks.clone() })
    }

    /// Whether nothing is taken from anywhere.
    pub(super) fn is_empty(&self) -> bool {
        self.wires.is_empty()
    }

    /// The same for what really is, or is not, there.
    pub(super) fn without_mocks(&self) -> Self {
        Self { wires: self.wires.clone(), mocks: IndexMap::new() }
    }

    /// The stacks that values are taken from, each once.
    pub(super) fn sources(&self) -> Vec<StackId> {
        let mut sources: Vec<StackId> = self.wires.iter().map(|wire| wire.from.stack.clone()).collect();
        sources.sort();
        sources.dedup();
        sources
    }

    /// The values, from the outputs of the sources and where each of these stands.
    pub(super) fn values(
        &self,
        outputs: &dyn Fn(&StackId) -> Vec<Output>,
        standing: &dyn Fn(&StackId) -> Standing,
    ) -> Result<Values, NoValues> {
        let mut values = Values::default();
        for wire in &self.wires {
            let source = &wire.from.stack;
            let there = outputs(source);
            let output = there.iter().find(|output| output.name == wire.from.output());
            let selected = match output {
                Some(output) => {
                    wire.from.select(&output.value).map(|value| (value.clone(), output.sensitive))
                }
                None => Err(format!("`{source}` has no output `{}`", wire.from.output())),
            };
            let (value, sensitive) = match (selected, standing(source)) {
                (Ok(selected), _) => selected,
                (Err(_), Standing::Pending | Standing::Elsewhere) if self.mock(wire).is_some() => {
                    values.mocked.push(wire.from.to_string());
                    (self.mock(wire).transpose().map_err(NoValues::Never)?.unwrap_or_default(), false)
                }
                (Err(missing), Standing::Pending) => {
                    return Err(NoValues::Before { need: source.clone(), missing });
                }
                (Err(missing), standing) => {
                    return Err(NoValues::Never(never(wire, &missing, &there, standing)));
                }
            };
            values.given.push(Given {
                variable: wire.variable.clone(),
                value,
                sensitive,
                takes_text: wire.takes_text,
            });
        }
        Ok(values)
    }

    /// What stands in for an output.
    fn mock(&self, wire: &Wire) -> Option<Result<Value, Failure>> {
        let mock = self.mocks.get(wire.from.stack.as_str())?.get(wire.from.output())?;
        Some(match wire.from.select(&mock.value) {
            Ok(value) => Ok(value.clone()),
            Err(missing) => Err(Failure::new(
                FailureKind::Config,
                format!("the mock of `{}` does not fit: {missing}", wire.from),
            )),
        })
    }
}

/// An output that does not exist, with those that there are.
fn never(wire: &Wire, missing: &str, there: &[Output], standing: Standing) -> Failure {
    let names: Vec<String> = there.iter().map(|output| format!("`{}`", output.name)).collect();
    let detail = match (names.as_slice(), standing) {
        ([], Standing::Elsewhere) => {
            format!("nothing was applied there yet: apply `{}` first", wire.from.stack)
        }
        ([], _) => "it has no outputs at all".to_owned(),
        (names, _) => format!("its outputs are: {}", names.join(", ")),
    };
    let summary = format!("`{}` takes `{}`: {missing}", wire.variable, wire.from);
    Failure::new(FailureKind::Config, summary).with_detail(detail)
}

impl Work {
    /// The same work with these values: one that is sensitive in the environment of its engine alone, the others in the
    /// var file of this run.
    pub(super) fn wired(&self, values: &Values, mask: &dyn Fn(&str)) -> Result<Self, Failure> {
        let mut work = self.clone();
        work.mocked = !values.mocked.is_empty();
        for given in &values.given {
            work.ground.values.retain(|(name, _)| *name != given.variable);
            if !given.sensitive {
                work.ground.values.push((given.variable.clone(), given.value.to_string()));
                continue;
            }
            each_text(&given.value, mask);
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
