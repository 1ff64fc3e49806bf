//! `envctl list`: prints instances in dependency order.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::Serialize;

use crate::{
    config::{Config, Environment, EnvironmentScope},
    graph::{SelectedStack, Selection, SelectionError, SelectionReason},
    model::{ChangedSince, EngineName, EnvName, ExitStatus, GoneStack, StackId},
    process::Runner,
    run::{
        Context,
        project::ShownFindings,
        selection::{ChangesQuery, SelectedStacks},
    },
    ui::{Align, Role, Table},
};

/// Arguments of `envctl list`.
#[derive(Debug, Clone)]
pub struct ListRequest {
    /// Name of the environment; `None` for all environments.
    pub environment: Option<String>,
    /// Selection of stacks.
    pub selection: Selection,
    /// True if the reason of each selection is shown.
    pub why: bool,
    /// True for output as JSON.
    pub json: bool,
}

/// Output of `envctl list --json`.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ListDocument {
    /// Version of this format: 1.
    format: u32,
    /// The instances, in dependency order within each environment.
    instances: Vec<ListEntry>,
    /// With `--changed`: the stacks that are gone since the base, whose state still exists.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    deleted: Vec<GoneStack>,
}

/// Instance in the list.
#[derive(Debug, Serialize, JsonSchema)]
struct ListEntry {
    /// Name of the environment.
    #[schemars(with = "String")]
    environment: EnvName,
    /// Name of the stack.
    #[schemars(with = "String")]
    stack: StackId,
    /// Folder of the stack, relative to environments.toml.
    path: String,
    /// Engine of the stack.
    engine: EngineName,
    /// Workspace of the stack; absent for the default one.
    workspace: Option<String>,
    /// Stacks that are planned and applied before this one.
    #[schemars(with = "Vec<String>")]
    needs: Vec<StackId>,
    /// Tags that select the stack.
    tags: Vec<String>,
    /// Reasons for the selection of the stack.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    why: Vec<String>,
}

/// Runs `envctl list`.
pub fn run(context: &Context, request: &ListRequest) -> anyhow::Result<ExitStatus> {
    let mut changes = context.query_changes(&request.selection, &Arc::new(Runner::new()))?;
    let config = context.config()?;
    let words: Vec<String> = request.environment.clone().into_iter().collect();
    let environments = context.environments(&config, &words)?;
    let mut entries = Vec::new();
    let mut missed = None;
    let mut found_in = 0;
    let mut deleted = Vec::new();
    let mut empty_message = None;
    let mut status = ExitStatus::Success;
    let mut shown = ShownFindings::default();
    for environment in &environments {
        match select(context, &config, environment, request, &mut changes, &mut shown) {
            Ok(listed) => {
                found_in += 1;
                entries.extend(listed.entries);
                deleted.extend(listed.deleted);
                empty_message = listed.empty_message;
                status = status.max(listed.status);
            }
            // A stack need not exist in every environment: if all are listed, one with the stack is enough.
            Err(error) if environments.len() > 1 && error.is::<SelectionError>() => missed = Some(error),
            Err(error) => return Err(error),
        }
    }
    if let (0, Some(error)) = (found_in, missed) {
        return Err(error);
    }
    if request.json {
        let document = ListDocument { format: 1, instances: entries, deleted };
        context.printer.data(format_args!("{}\n", serde_json::to_string(&document)?))?;
        return Ok(status);
    }
    if let Some(empty_message) = empty_message.filter(|_| entries.is_empty()) {
        context.printer.say(empty_message);
        return Ok(status);
    }
    if entries.is_empty() && status != ExitStatus::Success {
        return Ok(status);
    }
    context.printer.text(table(context, &entries, request.why, environments.len() > 1))?;
    Ok(status)
}

/// Instances of one environment for the list.
struct EnvironmentList {
    entries: Vec<ListEntry>,
    deleted: Vec<GoneStack>,
    /// Message for an empty list.
    empty_message: Option<String>,
    status: ExitStatus,
}

fn select(
    context: &Context,
    config: &Config,
    environment: &Environment,
    request: &ListRequest,
    changes: &mut ChangesQuery,
    shown: &mut ShownFindings,
) -> anyhow::Result<EnvironmentList> {
    let (inventory, status) = context.inventory_for_display(config, environment, request.json, shown)?;
    let SelectedStacks { stacks, changed_since } =
        context.select(EnvironmentScope { config, environment }, &inventory, changes)?;
    let mut entries = Vec::with_capacity(stacks.len());
    for SelectedStack { stack, why } in stacks {
        let Some(instance) = inventory.get(stack.as_str()) else { continue };
        entries.push(ListEntry {
            environment: environment.name.clone(),
            stack: instance.id.stack.clone(),
            path: instance.path.to_string(),
            engine: instance.engine,
            workspace: instance.workspace().map(str::to_owned),
            needs: instance.needs.clone(),
            tags: instance.tags.clone(),
            why: if request.why { why.iter().map(SelectionReason::to_string).collect() } else { Vec::new() },
        });
    }
    let empty_message = changed_since.as_ref().map(ChangedSince::no_changes_message);
    let deleted = changed_since.map(|since| since.gone).unwrap_or_default();
    Ok(EnvironmentList { entries, deleted, empty_message, status })
}

fn table(context: &Context, entries: &[ListEntry], why: bool, several: bool) -> String {
    let styles = context.printer.out_styles();
    let mut headings = Vec::new();
    if several {
        headings.push(("ENVIRONMENT", Align::Left));
    }
    headings.extend(
        ["STACK", "PATH", "ENGINE", "WORKSPACE", "NEEDS", "TAGS"].map(|heading| (heading, Align::Left)),
    );
    if why {
        headings.push(("WHY", Align::Left));
    }
    let mut table = Table::new(&headings);
    for entry in entries {
        let mut cells = Vec::new();
        if several {
            cells.push(entry.environment.to_string());
        }
        let needs: Vec<&str> = entry.needs.iter().map(StackId::as_str).collect();
        cells.extend([
            styles.paint(Role::Heading, &entry.stack),
            entry.path.clone(),
            entry.engine.to_string(),
            entry.workspace.clone().unwrap_or_else(|| styles.paint(Role::Dim, "default")),
            needs.join(", "),
            entry.tags.join(", "),
        ]);
        if why {
            cells.push(entry.why.join("; "));
        }
        table.row(cells);
    }
    table.drop_empty_columns();
    table.drop_to_fit(context.printer.width(), &["PATH", "ENGINE", "WORKSPACE"]);
    table.render(context.printer.width())
}
