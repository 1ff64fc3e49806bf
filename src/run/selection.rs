//! Selection of stacks: by names, globs and tags, and with `--changed` by the differences that git reports.

use std::{sync::Arc, thread};

use camino::Utf8Path;

use super::{Context, Stopped, Usage};
use crate::{
    config::{Config, EnvironmentScope, parse_duration},
    graph::{SelectedStack, Selection, SelectionError},
    inventory::{
        Inventory,
        affected::{Base, NoChanges, RepositoryChanges},
    },
    model::{ChangedSince, EnvName, ExitStatus, GoneStack},
    process::Runner,
    ui::shell_word,
};

/// Selected stacks, and with `--changed` the base of the comparison.
pub(crate) struct SelectedStacks {
    /// Stacks in dependency order, each with the reason of its selection.
    pub(crate) stacks: Vec<SelectedStack>,
    /// Base of the comparison and the stacks deleted since then; `None` without `--changed`.
    pub(crate) changed_since: Option<ChangedSince>,
}

/// Search for changes in git, in a thread of its own while other files are loaded.
pub(crate) struct ChangesQuery {
    selection: Selection,
    /// Thread that asks git; `None` without `--changed`, and once its result is in `changes`.
    running: Option<thread::JoinHandle<Result<RepositoryChanges, NoChanges>>>,
    /// Changes that git has reported.
    changes: Option<RepositoryChanges>,
}

impl ChangesQuery {
    /// Waits for the changes, and prints the base of the comparison on the first call; `None` without `--changed`.
    fn wait_for_changes(&mut self, context: &Context) -> anyhow::Result<Option<&RepositoryChanges>> {
        if let Some(running) = self.running.take() {
            let answer = running.join().map_err(|_| Stopped::defect("the thread that asks git ended"))?;
            let changes = answer.map_err(|error| no_changes_error(&error))?;
            say_base(context, &changes);
            self.changes = Some(changes);
        }
        Ok(self.changes.as_ref())
    }
}

impl Context {
    /// Starts the request to git if the selection has `--changed`: before environments.toml is read, so that
    /// both run at the same time.
    pub(crate) fn query_changes(
        &self,
        selection: &Selection,
        runner: &Arc<Runner>,
    ) -> Result<ChangesQuery, Usage> {
        let file = self.config_file()?;
        let running = selection.changed_since.clone().map(|since| {
            let (runner, env) = (Arc::clone(runner), self.env.clone());
            thread::spawn(move || RepositoryChanges::read(&runner, &file, &env, &since))
        });
        Ok(ChangesQuery { selection: selection.clone(), running, changes: None })
    }

    /// Returns the selected stacks; prints warnings about deleted ones.
    pub(crate) fn select(
        &self,
        scope: EnvironmentScope<'_>,
        inventory: &Inventory,
        query: &mut ChangesQuery,
    ) -> anyhow::Result<SelectedStacks> {
        let config = scope.config;
        let selection = query.selection.clone();
        // An unknown stack is reported first: the word may have been meant as the base of `--changed`.
        inventory.graph().check_patterns(&selection).map_err(|error| {
            explain_environment_name(config, self.suggest_stack_of_folder(inventory, error))
        })?;
        let first = query.running.is_some();
        let Some(changes) = query.wait_for_changes(self)? else {
            return Ok(SelectedStacks {
                stacks: inventory.graph().select(&selection, None)?,
                changed_since: None,
            });
        };
        let outcome = changes.affected_stacks(inventory, scope, &self.overrides);
        let stacks = inventory.graph().select(&selection, Some(&outcome.changed))?;
        for gone in &outcome.gone {
            warn_deleted_stack(self, config, changes, gone);
        }
        let mut gone = outcome.gone;
        if first {
            for (environment, stacks) in changes.deleted_environments(config, &self.overrides) {
                warn_deleted_environment(self, config, changes, &environment, &stacks);
                gone.extend(stacks);
            }
        }
        let Base { name, commit, .. } = changes.base.clone();
        Ok(SelectedStacks { stacks, changed_since: Some(ChangedSince { base: name, commit, gone }) })
    }
}

impl Context {
    /// Adds a suggestion to the error about an unknown stack whose name is the path of a stack's folder.
    fn suggest_stack_of_folder(&self, inventory: &Inventory, error: SelectionError) -> SelectionError {
        match error {
            SelectionError::UnknownStack { name, suggestion } => {
                let suggestion = self.stack_of_folder(inventory, &name).map(str::to_owned).or(suggestion);
                SelectionError::UnknownStack { name, suggestion }
            }
            other => other,
        }
    }

    /// Returns the stack in a folder, given as a path relative to the working directory or to environments.toml.
    pub(super) fn stack_of_folder<'i>(&self, inventory: &'i Inventory, path: &str) -> Option<&'i str> {
        let real = |dir: &Utf8Path| dir.canonicalize_utf8().ok();
        let root = inventory.instances().next()?.root();
        let folders: Vec<_> =
            [self.dir.join(path), root.join(path)].iter().filter_map(|dir| real(dir)).collect();
        let found = inventory.instances().find(|i| real(&i.dir).is_some_and(|dir| folders.contains(&dir)));
        found.map(|instance| instance.id.stack.as_str())
    }
}

/// Adds to the error about an unknown stack that its name is an environment, if it is one.
fn explain_environment_name(config: &Config, error: SelectionError) -> anyhow::Error {
    match &error {
        SelectionError::UnknownStack { name, .. } if config.environment(name).is_ok() => Usage::Other(format!(
            "no stack is called `{name}`, which is an environment: a plan, and all that goes with it, is for one environment"
        ))
        .into(),
        _ => error.into(),
    }
}

/// Adds a suggestion to the error about an unknown stack whose name may be the age for `--reuse`.
pub(super) fn suggest_reuse_age(error: anyhow::Error, reuses: bool) -> anyhow::Error {
    match error.downcast::<SelectionError>() {
        Ok(SelectionError::UnknownStack { name, suggestion: None })
            if reuses && parse_duration(&name).is_ok() =>
        {
            let suggestion = Some(format!("--reuse={name}"));
            SelectionError::UnknownStack { name, suggestion }.into()
        }
        Ok(other) => other.into(),
        Err(other) => other,
    }
}

/// Prints the base of the comparison.
fn say_base(context: &Context, changes: &RepositoryChanges) {
    let base = &changes.base;
    let shown = base.label();
    if base.name == "HEAD" {
        context.printer.note("only what is not committed counts as changed");
    } else if base.is_head {
        let other = if base.named { "" } else { "; `--changed=HEAD~1` compares with the commit before" };
        context.printer.note(format_args!(
            "HEAD has nothing that {shown} has not: only what is not committed counts as changed{other}"
        ));
    } else {
        context.printer.note(format_args!("changed is what differs from the commit where HEAD left {shown}"));
    }
    if changes.lacks_config_at_base() {
        context.printer.note(format_args!("{shown} has no environments.toml: every stack counts as new"));
    }
}

/// Warns about a deleted stack, with hints how to destroy its resources. Not in a checkout of the base: resources that
/// another stack has taken over would be destroyed there, and files beside the stack may be missing.
fn warn_deleted_stack(context: &Context, config: &Config, changes: &RepositoryChanges, gone: &GoneStack) {
    let GoneStack { environment, stack, path } = gone;
    let base = &changes.base;
    context.printer.warn(format_args!(
        "stack `{stack}` (`{path}`) of `{environment}` is gone since HEAD left {}; its resources still exist",
        base.label()
    ));
    let folder = config.root().join(path);
    if !folder.exists() {
        let path = shell_word(&format!(":/{}", changes.relative_to_repository(&folder)));
        context.printer.hint(format_args!(
            "`git restore --source={} -- {path}` brings its files back",
            base.short_commit()
        ));
    }
    let destroy = format!("destroy {environment} {}", shell_word(stack.as_str()));
    context.printer.hint(format_args!(
        "with what {} said of it written back, `{}` shows what it made and asks; it is refused where another stack has its state by now",
        earlier_file_command(config, changes),
        context.flags_without_variables().command_with_values(&destroy)
    ));
}

/// Warns about a deleted environment.
fn warn_deleted_environment(
    context: &Context,
    config: &Config,
    changes: &RepositoryChanges,
    environment: &EnvName,
    stacks: &[GoneStack],
) {
    let names: Vec<String> = stacks.iter().map(|gone| format!("`{}`", gone.stack)).collect();
    let of = if names.is_empty() { String::new() } else { format!(", with {}", names.join(", ")) };
    context.printer.warn(format_args!(
        "environment `{environment}` is gone since HEAD left {}{of}; the resources of its stacks still exist",
        changes.base.label()
    ));
    let flags = context.flags_without_variables();
    let (status, plan) = (format!("status {environment}"), format!("plan {environment}"));
    context.printer.hint(format_args!(
        "with what {} said of it written back, `{}` and `{}` show what there is; they are refused where another environment has its states \
         by now",
        earlier_file_command(config, changes),
        flags.command(&status),
        flags.command_with_values(&plan)
    ));
}

/// Returns the command that prints environments.toml as it was in the base.
fn earlier_file_command(config: &Config, changes: &RepositoryChanges) -> String {
    let file = shell_word(&format!(
        "{}:{}",
        changes.base.short_commit(),
        changes.relative_to_repository(config.path())
    ));
    format!("`git show {file}`")
}

fn no_changes_error(error: &NoChanges) -> anyhow::Error {
    let stopped = Stopped { status: ExitStatus::Usage, message: error.to_string(), hints: Vec::new() };
    match error.hint() {
        Some(hint) => stopped.hint(hint).into(),
        None => stopped.into(),
    }
}
