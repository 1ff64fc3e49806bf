//! `envctl output`: prints the outputs of stacks, with sensitive ones masked.

use schemars::JsonSchema;
use serde::Serialize;

use crate::{
    diagnostic::closest,
    engine::{self, ExactJson},
    executor::SecretUse,
    model::{EnvName, ExitStatus, StackId},
    process::Redactor,
    run::{
        Context, Stopped, Usage,
        exec::prepared::{PreparedInstances, WorkspaceCheck},
        ready_stacks::CommandNeeds,
    },
    ui::{Role, Styles, shell_word},
};

/// Arguments of `envctl output`.
#[derive(Debug, Clone)]
pub struct OutputRequest {
    /// Name of the environment.
    pub environment: Option<String>,
    /// Name of the stack; `None` for all stacks.
    pub stack: Option<String>,
    /// Name of the output; `None` for all outputs.
    pub name: Option<String>,
    /// True if sensitive values are shown.
    pub show_sensitive: bool,
    /// True for output as JSON.
    pub json: bool,
}

/// Output of `envctl output --json`.
#[derive(Debug, Serialize, JsonSchema)]
pub struct OutputDocument {
    /// Version of this format: 1.
    format: u32,
    /// Environment of the stacks.
    #[schemars(with = "String")]
    environment: EnvName,
    /// The stacks, in dependency order.
    stacks: Vec<StackOutputs>,
}

/// Outputs of one stack.
#[derive(Debug, Serialize, JsonSchema)]
struct StackOutputs {
    /// Name of the stack.
    #[schemars(with = "String")]
    stack: StackId,
    /// Outputs of the stack, in the order of the engine.
    outputs: Vec<OutputView>,
}

/// Output of a stack.
#[derive(Debug, Serialize, JsonSchema)]
struct OutputView {
    /// Name of the output.
    name: String,
    /// True if the stack marks it sensitive, or its value holds a secret of environments.toml.
    sensitive: bool,
    /// Type of the output, as the engine returns it.
    #[serde(rename = "type")]
    output_type: serde_json::Value,
    /// Value of the output; null for a sensitive one that is not shown.
    #[schemars(with = "serde_json::Value")]
    value: ExactJson,
}

/// Runs `envctl output`.
pub fn run(context: &Context, request: &OutputRequest) -> anyhow::Result<ExitStatus> {
    let config = context.config()?;
    let environment = context.environment(&config, request.environment.as_deref())?;
    let validated = context.validated_inventory(&config, environment, &[])?;
    let inventory = &validated.inventory;
    let stacks = match &request.stack {
        Some(name) => vec![context.instance(inventory, environment, name)?.id.stack.clone()],
        None => inventory.graph().order(),
    };
    let needs = CommandNeeds { upstream_values: false, secrets: SecretUse::MaskOnly };
    let prepared = PreparedInstances::load(context, &config, &validated, environment, &stacks, &[], needs)?;
    let mut found = Vec::new();
    let mut undeployed: Vec<StackId> = Vec::new();
    for stack in stacks {
        let outputs =
            prepared.with_instance(context, &stack, WorkspaceCheck::CheckFirst, |work, session| {
                let outputs = work.engine.outputs(&work.target, session)?;
                // A state that was lost has no outputs either.
                let is_deployed = !outputs.is_empty()
                    || !work.engine.known_state(&work.target, false, session)?.lineage.is_empty();
                Ok((outputs, is_deployed))
            })?;
        let (outputs, is_deployed) = outputs;
        if !is_deployed {
            undeployed.push(stack.clone());
        }
        found.push((stack, outputs));
    }
    let deploy = || {
        let names: Vec<String> = match &request.stack {
            Some(_) => undeployed.iter().map(|stack| format!(" {}", shell_word(stack.as_str()))).collect(),
            None => Vec::new(),
        };
        let deploy = format!("deploy {}{}", environment.name, names.concat());
        prepared.given_flags().command_with_values(&deploy)
    };
    if let Some(name) = &request.name {
        if let [stack] = undeployed.as_slice()
            && found.len() == 1
        {
            let message = format!("there is no output `{name}`: `{stack}` is not deployed yet");
            let hints = vec![format!("`{}` deploys it", deploy())];
            return Err(Stopped { status: ExitStatus::Usage, message, hints }.into());
        }
        keep_output(&mut found, name)?;
    }
    if request.name.is_some() && !request.json {
        for output in found.iter().flat_map(|(_, outputs)| outputs) {
            if output.sensitive && !request.show_sensitive {
                return Err(Stopped::refused(format!("output `{}` is sensitive", output.name))
                    .hint("`--show-sensitive` shows it")
                    .into());
            }
            context.printer.value(&bare_value(output))?;
        }
        return Ok(ExitStatus::Success);
    }
    if request.json {
        let stacks = found
            .into_iter()
            .map(|(stack, outputs)| StackOutputs {
                stack,
                outputs: outputs
                    .into_iter()
                    .map(|o| output_view(o, request.show_sensitive, prepared.redactor()))
                    .collect(),
            })
            .collect();
        let document = OutputDocument { format: 1, environment: environment.name.clone(), stacks };
        context.printer.data(format_args!("{}\n", serde_json::to_string_pretty(&document)?))?;
        return Ok(ExitStatus::Success);
    }
    let styles = context.printer.out_styles();
    for (stack, outputs) in &found {
        let none = if undeployed.contains(stack) { "not deployed yet" } else { "no outputs" };
        context.printer.requested_text(outputs_text(stack, outputs, none, request.show_sensitive, styles))?;
    }
    if !undeployed.is_empty() {
        context.printer.hint(format_args!("`{}` deploys what is missing", deploy()));
    }
    Ok(ExitStatus::Success)
}

/// Keeps only the output with this name.
fn keep_output(found: &mut [(StackId, Vec<engine::PrintedOutput>)], name: &str) -> anyhow::Result<()> {
    let names: Vec<String> = found.iter().flat_map(|(_, o)| o).map(|o| o.name.clone()).collect();
    for (_, outputs) in found.iter_mut() {
        outputs.retain(|output| output.name == name);
    }
    if names.iter().any(|n| n == name) {
        return Ok(());
    }
    let there = if names.is_empty() {
        "there are none".to_owned()
    } else {
        format!("there are: {}", names.join(", "))
    };
    let meant = closest(name, names.iter().map(String::as_str))
        .map_or(String::new(), |n| format!("; did you mean `{n}`?"));
    Err(Usage::Other(format!("there is no output `{name}`; {there}{meant}")).into())
}

/// Returns the value of one output: text without quotes, other types as JSON.
fn bare_value(output: &engine::PrintedOutput) -> String {
    match &output.value {
        ExactJson::Plain(serde_json::Value::String(text)) => text.clone(),
        other => other.to_string(),
    }
}

fn output_view(output: engine::PrintedOutput, show_sensitive: bool, redactor: &Redactor) -> OutputView {
    let hidden = output.sensitive && !show_sensitive;
    // The names of an object's attributes are part of its type.
    let output_type = output.kind.0;
    let masked = hidden.then(|| serde_json::from_str(&redactor.mask(&output_type.to_string())).ok());
    OutputView {
        name: output.name,
        sensitive: output.sensitive,
        output_type: masked.map_or(output_type, Option::unwrap_or_default),
        value: if hidden { ExactJson::default() } else { output.value },
    }
}

/// Returns the outputs of a stack as text; `none` is the text in place of outputs.
fn outputs_text(
    stack: &StackId,
    outputs: &[engine::PrintedOutput],
    none: &str,
    show_sensitive: bool,
    styles: Styles,
) -> String {
    let mut lines = vec![styles.paint(Role::Heading, stack)];
    if outputs.is_empty() {
        lines.push(styles.paint(Role::Dim, format_args!("  {none}")));
    }
    for output in outputs {
        let value = if output.sensitive && !show_sensitive {
            styles.paint(Role::Dim, "(sensitive)")
        } else {
            output.value.to_string()
        };
        lines.push(format!("  {} = {value}", output.name));
    }
    lines.join("\n") + "\n"
}
