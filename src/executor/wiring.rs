//! Values from other stacks' outputs: which variables take them, and what stands in for outputs that do not exist yet.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    ffi::OsString,
    sync::Arc,
};

use indexmap::IndexMap;
use serde_json::Value;

use super::{
    outlook::{Lack, Standing, outlook},
    target::TargetError,
};
use crate::{
    config::{MockOutput, OutputPath},
    engine::{After, Output},
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

/// The values of all wires.
#[derive(Debug, Default)]
pub(super) struct Values {
    /// Each with its variable.
    pub(super) given: Vec<Given>,
    /// The outputs that mocks stand for.
    pub(super) mocked: Vec<String>,
    /// The variables whose values only plans tell yet.
    pub(super) from_plans: Vec<String>,
    /// The outputs that will be others, or may be, each with the reason.
    pub(super) uncertain: Vec<(String, &'static str)>,
}

impl Values {
    /// Whether any of them may be another one once all is applied.
    pub(super) fn are_tentative(&self) -> bool {
        !self.mocked.is_empty() || !self.uncertain.is_empty()
    }

    /// What to say of those that are not there, or not certain.
    pub(super) fn notes(&self) -> Vec<String> {
        let names: Vec<String> = self.mocked.iter().map(|name| format!("`{name}`")).collect();
        let verb = if names.len() == 1 { "is a mock" } else { "are mocks" };
        let mocks = (!names.is_empty()).then(|| format!("{TENTATIVE}{} {verb}", names.join(", ")));
        let others = self.uncertain.iter().map(|(name, why)| format!("{TENTATIVE}`{name}` {why}"));
        mocks.into_iter().chain(others).collect()
    }
}

/// The value of one variable.
#[derive(Debug)]
pub(super) struct Given {
    /// The variable.
    pub(super) variable: String,
    /// What it gets.
    pub(super) value: Value,
    /// Whether nobody may see it.
    pub(super) sensitive: bool,
    /// How the variable is read from the environment of its engine, where that is known.
    pub(super) takes_text: Option<bool>,
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
        outputs: &HashMap<StackId, Arc<Vec<Output>>>,
        standing: &dyn Fn(&StackId) -> Standing,
    ) -> Result<Values, NoValues> {
        let mut values = Values::default();
        for wire in &self.wires {
            let source = &wire.from.stack;
            let there = outputs.get(source).map(|read| read.as_slice()).unwrap_or_default();
            let standing = standing(source);
            let (value, sensitive) = match outlook(&wire.from, there, &standing) {
                Ok(seen) => {
                    values.from_plans.extend(seen.is_planned.then(|| wire.variable.clone()));
                    values.uncertain.extend(seen.uncertain.map(|why| (wire.from.to_string(), why)));
                    (seen.value.clone(), seen.sensitive)
                }
                Err(lack) => {
                    let may_be_mocked =
                        matches!(lack, Lack::Yet(_)) || matches!(standing, Standing::Elsewhere);
                    match (self.mock(wire).filter(|_| may_be_mocked), lack) {
                        (Some(mock), _) => {
                            values.mocked.push(wire.from.to_string());
                            (mock.map_err(NoValues::Never)?, false)
                        }
                        (None, Lack::Yet(missing)) => {
                            return Err(NoValues::Before { need: source.clone(), missing });
                        }
                        (None, Lack::Ever(missing)) => {
                            return Err(NoValues::Never(never(wire, &missing, there, &standing)));
                        }
                    }
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
fn never(wire: &Wire, missing: &str, there: &[Output], standing: &Standing) -> Failure {
    let mut names: BTreeSet<&str> = there.iter().map(|output| output.name.as_str()).collect();
    if let Standing::Pending(Some(coming)) = standing {
        for output in &coming.outputs {
            match output.after {
                After::Gone => names.remove(output.name.as_str()),
                After::Known(_) | After::Unknown => names.insert(&output.name),
            };
        }
    }
    let names: Vec<String> = names.into_iter().map(|name| format!("`{name}`")).collect();
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
