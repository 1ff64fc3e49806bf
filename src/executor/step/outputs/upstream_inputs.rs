//! Values from outputs of other stacks (`inputs`): the variables that take them, and mocks for
//! outputs that do not exist yet.

use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
};

use indexmap::IndexMap;
use serde_json::Value;

use super::upstream_output::{OutputStatus, Unavailable, available_output, is_sensitive};
use crate::{
    config::{Layer, MockOutput, OutputPath},
    engine::{Output, PlannedOutput, PlannedValue},
    hcl::{Module, VariableKind},
    inventory::Instance,
    model::{Failure, FailureKind, StackId, StackNote, TentativeReason},
};

/// Variables of a stack that take outputs of other stacks.
#[derive(Debug, Clone, Default)]
pub struct UpstreamInputs {
    inputs: Vec<UpstreamInput>,
    mocks: IndexMap<String, IndexMap<String, MockOutput>>,
}

#[derive(Debug, Clone)]
struct UpstreamInput {
    variable: String,
    from: OutputPath,
    declared: Option<VariableDeclaration>,
}

impl UpstreamInput {
    /// Refuses an output that contains a number which cannot be passed on exactly.
    fn refuse_inexact_number(&self, current: &[Output], state: &OutputStatus) -> Result<(), Failure> {
        let Self { variable, from, .. } = self;
        let has_all_digits = match state.planned(from.output()) {
            // The planned value replaces the current one.
            Some(PlannedOutput {
                after: PlannedValue::Known(_) | PlannedValue::Gone,
                has_all_digits,
                ..
            }) => *has_all_digits,
            _ => current.iter().all(|output| output.name != from.output() || output.has_all_digits),
        };
        if has_all_digits {
            return Ok(());
        }
        let summary = format!("`{variable}` takes `{from}`, which holds a number of too many digits");
        let detail = "make it a text there, with `tostring`";
        Err(Failure::new(FailureKind::Config, summary).with_detail(detail))
    }

    /// Refuses a sensitive output for a variable whose value the engine would show.
    fn refuse_visible_secret(&self, current: &[Output], state: &OutputStatus) -> Result<(), Failure> {
        let shown = self.declared.is_some_and(|declared| !declared.is_hidden);
        if !shown || !is_sensitive(&self.from, current, state) {
            return Ok(());
        }
        let Self { variable, from, .. } = self;
        let summary =
            format!("`{variable}` takes `{from}`, which is sensitive, and plans would show the variable");
        let detail = format!("declare variable `{variable}` with `sensitive = true`");
        Err(Failure::new(FailureKind::Config, summary).with_detail(detail))
    }
}

/// Declaration of a variable, if it is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::executor::step) struct VariableDeclaration {
    /// Form in which an engine reads the variable from the environment.
    pub(in crate::executor) kind: VariableKind,
    /// True if engines hide the value of the variable in their output.
    pub(in crate::executor) is_hidden: bool,
}

/// Reliability of the values that a stack takes from others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UpstreamValues {
    /// Each value is an output in a state, and no plan of this run will change it.
    Final,
    /// At least one value is a mock, or an output that an apply of this run will change.
    Tentative,
}

/// Values of all variables that take outputs.
#[derive(Debug, Default)]
pub(in crate::executor) struct InputValues {
    /// Variables, each with its value.
    pub(in crate::executor::step) inputs: Vec<InputValue>,
    /// Outputs that are replaced by mocks.
    pub(super) mocked: Vec<OutputPath>,
    /// Outputs that are missing in stacks that have a state.
    pub(super) missing_outputs: Vec<OutputPath>,
    /// Variables whose values come from plans that are not applied yet.
    pub(in crate::executor) from_plans: Vec<String>,
    /// Outputs that will or may change, each with the reason.
    pub(super) uncertain: Vec<(String, &'static str)>,
}

impl InputValues {
    /// Returns the reliability of these values.
    pub(super) fn reliability(&self) -> UpstreamValues {
        let is_final = self.mocked.is_empty() && self.uncertain.is_empty();
        if is_final { UpstreamValues::Final } else { UpstreamValues::Tentative }
    }

    /// Returns notes about values that are mocks, missing or not final.
    pub(in crate::executor) fn notes(&self) -> Vec<String> {
        let names: Vec<String> = self.mocked.iter().map(ToString::to_string).collect();
        let mocks = (!names.is_empty()).then_some(TentativeReason::Mocks(names));
        let missing_outputs = self.missing_outputs.iter().map(|name| TentativeReason::MissingOutput {
            stack: name.stack.clone(),
            output: name.output().to_owned(),
        });
        let others = self
            .uncertain
            .iter()
            .map(|(output, why)| TentativeReason::Uncertain { output: output.clone(), why });
        mocks.into_iter().chain(missing_outputs).chain(others).map(|reason| reason.note()).collect()
    }
}

/// Value of one variable.
#[derive(Debug)]
pub(in crate::executor::step) struct InputValue {
    /// Name of the variable.
    pub(in crate::executor) variable: String,
    /// Value of the output or its mock.
    pub(in crate::executor) value: Value,
    /// True if the output is sensitive.
    pub(in crate::executor) sensitive: bool,
    /// Declaration of the variable, if it is known.
    pub(in crate::executor) declared: Option<VariableDeclaration>,
}

/// Reason why values from other stacks cannot be determined.
#[derive(Debug)]
pub(in crate::executor) enum MissingValues {
    /// A stack has to be applied first.
    NeedsApply {
        /// Stack that must be applied first.
        need: StackId,
        /// Description of the missing output.
        missing: String,
    },
    /// The output does not exist and is not planned.
    Permanent(Failure),
}

impl MissingValues {
    /// Returns the reason as a failure.
    pub(super) fn into_failure(self) -> Failure {
        match self {
            Self::NeedsApply { need, missing } => {
                Failure::new(FailureKind::Config, missing).with_detail(format!("`{need}` is not applied yet"))
            }
            Self::Permanent(failure) => failure,
        }
    }
}

impl UpstreamInputs {
    /// Returns the variables of an instance that take outputs, except those that the user sets on the
    /// command line or by `TF_VAR_*`.
    pub fn for_instance(instance: &Instance, module: Option<&Module>) -> Self {
        let settings = &instance.settings;
        let is_set_by_user = |variable: &str| {
            let layer = settings.vars.get(variable).map(|value| &value.origin.layer);
            matches!(layer, Some(Layer::Flag(_) | Layer::ProcessEnvironment(_)))
        };
        let inputs = settings.inputs.iter().filter(|(variable, _)| !is_set_by_user(variable)).map(
            |(variable, from)| {
                let declared = module.and_then(|module| module.variables.get(variable));
                let declared =
                    declared.map(|d| VariableDeclaration { kind: d.kind, is_hidden: d.is_hidden() });
                UpstreamInput { variable: variable.clone(), from: from.value.clone(), declared }
            },
        );
        Self { inputs: inputs.collect(), mocks: settings.mocks.clone() }
    }

    /// Returns the output that a variable takes, as text.
    pub(in crate::executor) fn output_of_variable(&self, variable: &str) -> String {
        let input = self.inputs.iter().find(|input| input.variable == variable);
        input.map_or_else(|| "its input".to_owned(), |input| input.from.to_string())
    }

    /// Returns the warning that the stack seems not to declare `variable`, for a plan that does not list it; `None` if the
    /// stack's files declare it. No plan lists an ephemeral variable, so the caller leaves those out.
    pub(in crate::executor::step) fn undeclared_variable(&self, variable: &str) -> Option<String> {
        let input =
            self.inputs.iter().find(|input| input.variable == variable && input.declared.is_none())?;
        let UpstreamInput { variable, from, .. } = input;
        let text =
            format!("`{variable}` takes `{from}`, and the plan has no such variable: nothing declares it");
        Some(StackNote::Warning(&text).to_string())
    }

    /// Returns true if no variable takes an output.
    pub(in crate::executor) fn is_empty(&self) -> bool {
        self.inputs.is_empty()
    }

    /// Returns these variables without their mocks.
    pub(super) fn without_mocks(&self) -> Self {
        Self { inputs: self.inputs.clone(), mocks: IndexMap::new() }
    }

    /// Returns the stacks whose outputs are taken, each once.
    pub(super) fn source_stacks(&self) -> Vec<StackId> {
        let mut sources: Vec<StackId> = self.inputs.iter().map(|input| input.from.stack.clone()).collect();
        sources.sort();
        sources.dedup();
        sources
    }

    /// Returns the values of the variables, from the outputs of the source stacks and their status in the run.
    pub(in crate::executor) fn values(
        &self,
        outputs: &HashMap<StackId, Arc<Vec<Output>>>,
        state: &dyn Fn(&StackId) -> OutputStatus,
    ) -> Result<InputValues, MissingValues> {
        let mut values = InputValues::default();
        for input in &self.inputs {
            let source = &input.from.stack;
            let current = outputs.get(source).map(|read| read.as_slice()).unwrap_or_default();
            let state = state(source);
            input
                .refuse_visible_secret(current, &state)
                .and_then(|()| input.refuse_inexact_number(current, &state))
                .map_err(MissingValues::Permanent)?;
            let (value, sensitive) = match available_output(&input.from, current, &state) {
                Ok(seen) => {
                    values.from_plans.extend(seen.is_planned.then(|| input.variable.clone()));
                    values.uncertain.extend(seen.uncertain.map(|why| (input.from.to_string(), why)));
                    (seen.value.clone(), seen.sensitive)
                }
                Err(lack) => {
                    let may_be_mocked = matches!(lack, Unavailable::UntilApply(_))
                        || matches!(state, OutputStatus::NotAppliedHere { .. });
                    match (self.mock(input).filter(|_| may_be_mocked), lack) {
                        (Some(mock), _) => {
                            values.mocked.push(input.from.clone());
                            if matches!(state, OutputStatus::NotAppliedHere { has_state: true }) {
                                values.missing_outputs.push(input.from.clone());
                            }
                            (mock.map_err(MissingValues::Permanent)?, false)
                        }
                        (None, Unavailable::UntilApply(missing)) => {
                            return Err(MissingValues::NeedsApply { need: source.clone(), missing });
                        }
                        (None, Unavailable::Permanent(missing)) => {
                            return Err(MissingValues::Permanent(missing_output(
                                input, &missing, current, &state,
                            )));
                        }
                    }
                }
            };
            values.inputs.push(InputValue {
                variable: input.variable.clone(),
                value,
                sensitive,
                declared: input.declared,
            });
        }
        Ok(values)
    }

    /// Returns the mock of an output, if there is one.
    fn mock(&self, input: &UpstreamInput) -> Option<Result<Value, Failure>> {
        let mock = self.mocks.get(input.from.stack.as_str())?.get(input.from.output())?;
        Some(match input.from.select(&mock.value) {
            Ok(value) => Ok(value.clone()),
            Err(missing) => Err(Failure::new(
                FailureKind::Config,
                format!("the mock of `{}` does not fit: {missing}", input.from),
            )),
        })
    }
}

/// Returns the failure of an output that does not exist, with the names of the existing outputs.
fn missing_output(input: &UpstreamInput, missing: &str, current: &[Output], state: &OutputStatus) -> Failure {
    let mut names: BTreeSet<&str> = current.iter().map(|output| output.name.as_str()).collect();
    if let OutputStatus::Pending(Some(plan)) = state {
        for output in &plan.outputs {
            match output.after {
                PlannedValue::Gone => names.remove(output.name.as_str()),
                PlannedValue::Known(_) | PlannedValue::Unknown => names.insert(&output.name),
            };
        }
    }
    let names: Vec<String> = names.into_iter().map(|name| format!("`{name}`")).collect();
    let detail = match (names.as_slice(), state) {
        ([], OutputStatus::NotAppliedHere { has_state: false }) => {
            format!("nothing was applied there yet: apply `{}` first", input.from.stack)
        }
        ([], _) => {
            format!("`{}` exists and has no outputs at all; one that is null is not kept", input.from.stack)
        }
        (names, _) => format!("its outputs are: {}; one that is null is not kept", names.join(", ")),
    };
    let summary = format!("`{}` takes `{}`: {missing}", input.variable, input.from);
    Failure::new(FailureKind::Config, summary).with_detail(detail)
}
