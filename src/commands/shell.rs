//! `envctl shell`: a shell in a stack's folder with the environment of one instance.

use crate::{
    config::{Environment, VerbClass},
    engine::{EngineError, forget_init},
    executor::SecretUse,
    model::{ExitStatus, Failure, FailureKind, InstanceId},
    process::CommandLine,
    run::{
        Context,
        exec::prepared::{PreparedInstances, WorkspaceCheck},
        ready_stacks::CommandNeeds,
    },
    ui::{Role, Styles},
};

/// Arguments of `envctl shell`.
#[derive(Debug, Clone)]
pub struct ShellRequest {
    /// Name of the environment.
    pub environment: String,
    /// Name of the stack.
    pub stack: String,
}

/// Opens the shell. Its exit status does not become envctl's: leaving a shell after a failed command is no failure.
pub fn run(context: &Context, request: &ShellRequest) -> anyhow::Result<ExitStatus> {
    let config = context.config()?;
    let environment = context.environment(&config, Some(&request.environment))?;
    let validated = context.validated_inventory(&config, environment, &[VerbClass::Change])?;
    let inventory = &validated.inventory;
    let id = context.instance(inventory, environment, &request.stack)?.id.clone();
    let stacks = [id.stack.clone()];
    let needs = CommandNeeds { upstream_values: false, secrets: SecretUse::Required };
    let prepared = PreparedInstances::load(context, &config, &validated, environment, &stacks, &[], needs)?;
    let program = context.variable("SHELL").unwrap_or("/bin/sh").to_owned();
    context.printer.say(format_args!(
        "{} in {}; `exit` leaves it",
        colored_name(environment, &id.to_string(), context.printer.err_styles()),
        context.shown_path(&inventory_dir(inventory, &id))
    ));
    prepared.with_instance(context, &id.stack, WorkspaceCheck::NoCheck, |work, session| {
        // Uses the environment of the engine; the engine's program and flags are not needed.
        let like = work.engine.command(&work.target, &[]);
        let command = CommandLine::new(&program, &work.target.dir, like.env)
            .args(no_start_files(&program).iter().copied())
            .env("ENVCTL_INSTANCE", id.to_string())
            .env("PS1", prompt(&program, environment, &id));
        // The user may run an init in the shell, so the next command runs its own again.
        forget_init(&work.target).map_err(|error| {
            let summary = format!("cannot forget the last init of `{id}`: {error}");
            EngineError::Failed(Failure::new(FailureKind::State, summary))
        })?;
        session.runner.inherit(&command).map_err(|error| {
            EngineError::Failed(Failure::new(
                FailureKind::Config,
                format!("the shell cannot be started: {error}"),
            ))
        })
    })?;
    Ok(ExitStatus::Success)
}

/// Returns flags that disable start files, which would replace the prompt with the instance's name.
fn no_start_files(shell: &str) -> &'static [&'static str] {
    match shell.rsplit('/').next() {
        Some("bash") => &["--norc", "--noprofile"],
        Some("zsh") => &["-f"],
        _ => &[],
    }
}

fn colored_name(environment: &Environment, id: &str, styles: Styles) -> String {
    let role = if environment.confirm { Role::Protected } else { Role::Environment };
    styles.paint(role, format!("[{id}]"))
}

/// Returns the prompt of a shell. Shells expand `PS1` each time they print it, so special characters in the name are
/// replaced; the folder is inserted by the shell's own escape, which is not expanded again.
fn prompt(shell: &str, environment: &Environment, id: &InstanceId) -> String {
    let name = colored_name(environment, &without_shell_characters(&id.to_string()), Styles::new(true));
    match shell.rsplit('/').next() {
        Some("bash") => format!("{name} \\w $ "),
        Some("zsh") => format!("{name} %~ $ "),
        // Other shells have no escape for the folder.
        _ => format!("{name} $ "),
    }
}

/// Returns a text with `_` in place of characters that a shell may interpret.
fn without_shell_characters(text: &str) -> String {
    let is_plain = |c: char| c.is_alphanumeric() || "-_./ ".contains(c);
    text.chars().map(|c| if is_plain(c) { c } else { '_' }).collect()
}

fn inventory_dir(inventory: &crate::inventory::Inventory, id: &InstanceId) -> camino::Utf8PathBuf {
    inventory.instances().find(|i| i.id == *id).map(|i| i.dir.clone()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_in_a_prompt_holds_nothing_that_a_shell_expands() {
        assert_eq!(without_shell_characters("dev/eu-1/my app.v2_\u{fc}"), "dev/eu-1/my app.v2_\u{fc}");
        assert_eq!(
            without_shell_characters("a$(touch x)`b`${c}!d%e\\f\"g'h;i\u{202e}\n"),
            "a__touch x__b___c__d_e_f_g_h_i__"
        );
    }
}
