//! `envctl status`: prints the last plan and deployment of each stack, from the journals alone.

use std::{collections::HashMap, fmt::Write as _};

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;

use crate::{
    config::{Environment, EnvironmentScope},
    inventory::{Instance, Inventory},
    journal::RunStore,
    model::{
        ChangeCounts, EnvName, ExitStatus, RunId, RunResult, RunVerb, StackId, StackReport, StackResult,
    },
    run::{
        Context,
        preflight::gone_stacks::{
            GoneStacks, UndeclaredStack, UnreadableRecord, undeclared_environments, undeclared_stacks,
        },
        project::ShownFindings,
        resumable::hint_unfinished,
        run_history::{PastRun, RunHistory, past_runs},
        started_programs::StartedPrograms,
    },
    ui::{Align, Count, Role, Styles, Table, seconds},
};

/// Arguments of `envctl status`.
#[derive(Debug, Clone)]
pub struct StatusRequest {
    /// Names of the environments; empty for all.
    pub environments: Vec<String>,
    /// True for output as JSON.
    pub json: bool,
}

/// Output of `envctl status --json`.
#[derive(Debug, Serialize, JsonSchema)]
pub struct StatusDocument {
    /// Version of this format: 1.
    format: u32,
    /// Environments with their stacks.
    environments: Vec<EnvironmentStatus>,
    /// Stacks that were deployed to environments which environments.toml no longer declares; empty if the user named
    /// environments.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    gone: Vec<UndeclaredStack>,
    /// Unreadable records of such environments: it is unknown whether resources of their stacks still exist.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    unreadable: Vec<UnreadableRecord>,
}

/// Environment with its newest run and its stacks.
#[derive(Debug, Serialize, JsonSchema)]
struct EnvironmentStatus {
    /// Name of the environment.
    #[schemars(with = "String")]
    environment: EnvName,
    /// Newest run of the environment.
    last_run: Option<RunSummary>,
    /// Stacks of the environment, in dependency order.
    stacks: Vec<StackStatus>,
    /// Stacks that were deployed to the environment and are no longer declared: their resources still exist.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    gone: Vec<UndeclaredStack>,
    /// Unreadable records of deployed stacks: it is unknown whether their resources still exist.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    unreadable: Vec<UnreadableRecord>,
    /// Runs whose journals cannot be read, newest first: what older runs say of a stack may be out of date.
    #[schemars(with = "Vec<String>")]
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    unreadable_runs: Vec<RunId>,
}

impl EnvironmentStatus {
    /// Returns true if a run that cannot be read may be newer than the newest known one.
    fn is_unknown(&self, newest: Option<&RunSummary>) -> bool {
        self.unreadable_runs.first().is_some_and(|unread| newest.is_none_or(|known| known.run < *unread))
    }
}

/// Stack with its newest plan and deployment.
#[derive(Debug, Serialize, JsonSchema)]
struct StackStatus {
    /// Name of the stack.
    #[schemars(with = "String")]
    stack: StackId,
    /// Names of the stack in earlier runs, known by its folder and workspace, which no other stack has.
    #[schemars(with = "Vec<String>")]
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    former_names: Vec<StackId>,
    /// Newest run with the stack, and the result there.
    last: Option<RunSummary>,
    /// Newest plan of the stack.
    planned: Option<RunSummary>,
    /// Newest deployment that left the stack as its files say.
    deployed: Option<RunSummary>,
    /// Changes of the newest plan, if no deployment followed it.
    pending: Option<ChangeCounts>,
}

/// Run with its result for one stack or environment.
#[derive(Debug, Clone, Serialize, JsonSchema)]
struct RunSummary {
    /// Id of the run.
    #[schemars(with = "String")]
    run: RunId,
    /// Verb of the run.
    command: RunVerb,
    /// Result of the run; absent if it did not end.
    result: Option<RecordedResult>,
    /// Start of the run.
    at: String,
    /// Seconds since the start.
    age: f64,
    /// User who started the run.
    user: Option<String>,
    /// Commit of the run.
    commit: Option<String>,
}

/// Result of a run, or of one stack in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(untagged)]
enum RecordedResult {
    /// Result of the whole run.
    Run(RunResult),
    /// Result of one stack.
    Stack(StackResult),
}

impl RecordedResult {
    fn as_str(self) -> &'static str {
        match self {
            Self::Run(result) => result.as_str(),
            Self::Stack(result) => result.as_str(),
        }
    }
}

/// Runs `envctl status`.
pub fn run(context: &Context, request: &StatusRequest) -> anyhow::Result<ExitStatus> {
    let config = context.config()?;
    let wanted = context.environments(&config, &request.environments)?;
    let history = past_runs(&config)?;
    history.unreadable.iter().for_each(|run| run.print(context));
    let mut environments = Vec::new();
    let mut status = ExitStatus::Success;
    let mut shown = ShownFindings::default();
    for environment in wanted {
        let (inventory, of_environment) =
            context.inventory_for_display(&config, environment, request.json, &mut shown)?;
        status = status.max(of_environment);
        let (found, gone) = environment_status(
            context,
            EnvironmentScope { config: &config, environment },
            &inventory,
            &history,
        )?;
        gone.print(context, &config);
        environments.push(found);
    }
    let all: Vec<&Environment> = config.environments().values().collect();
    let instances_by_address =
        || context.check_offline(&config, &all, &[], StartedPrograms::None).project.addresses.owners;
    let gone = match request.environments.as_slice() {
        [] => undeclared_environments(&config, &instances_by_address)?,
        _ => GoneStacks::default(),
    };
    gone.print(context, &config);
    if request.json {
        let GoneStacks { stacks: gone, unreadable } = gone;
        let document = StatusDocument { format: 1, environments, gone, unreadable };
        context.printer.data(format_args!("{}\n", serde_json::to_string_pretty(&document)?))?;
        return Ok(status);
    }
    let styles = context.printer.out_styles();
    for (index, environment) in environments.iter().enumerate() {
        let gap = if index == 0 { "" } else { "\n" };
        let text =
            status_text(environment, config.environment(environment.environment.as_str())?, styles, context);
        context.printer.prose(format_args!("{gap}{text}"))?;
    }
    hint_unfinished(context, &RunStore::new(config.root()))?;
    Ok(status)
}

fn environment_status(
    context: &Context,
    scope: EnvironmentScope<'_>,
    inventory: &Inventory,
    history: &RunHistory,
) -> anyhow::Result<(EnvironmentStatus, GoneStacks)> {
    let EnvironmentScope { config, environment } = scope;
    let now = context.clock.now();
    let own: Vec<&PastRun> =
        history.runs.iter().filter(|p| p.report.environment == environment.name).collect();
    let unreadable_runs: Vec<RunId> = history
        .unreadable
        .iter()
        .filter(|run| run.may_concern(&environment.name))
        .map(|run| run.id.clone())
        .collect();
    let mut by_stack: HashMap<&StackId, Vec<(&PastRun, &StackReport)>> = HashMap::new();
    for past in &own {
        for stack in &past.report.stacks {
            by_stack.entry(&stack.stack).or_default().push((past, stack));
        }
    }
    let former = |instance: &Instance| {
        let is_own = |stack: &StackReport| {
            stack.path == instance.path.as_str() && stack.workspace.as_deref() == instance.workspace()
        };
        let is_only =
            inventory.instances().filter(|other| is_same_folder_and_workspace(instance, other)).count() == 1;
        let mut names: Vec<StackId> = by_stack
            .iter()
            .filter(|(name, runs)| {
                inventory.get(name.as_str()).is_none() && runs.iter().all(|(_, stack)| is_own(stack))
            })
            .filter(|_| is_only)
            .map(|(name, _)| (*name).clone())
            .collect();
        names.sort_unstable();
        names
    };
    let stacks = inventory
        .instances()
        .map(|instance| {
            let former = former(instance);
            let mut runs: Vec<(&PastRun, &StackReport)> = former
                .iter()
                .chain([&instance.id.stack])
                .filter_map(|name| by_stack.get(name))
                .flatten()
                .copied()
                .collect();
            runs.sort_by(|(one, _), (other, _)| other.report.run.cmp(&one.report.run));
            stack_status(&instance.id.stack, former, &runs, now)
        })
        .collect();
    let last_run = own.first().map(|p| run_summary(p, p.report.result.map(RecordedResult::Run), now));
    let instances_by_address =
        || context.check_offline(config, &[environment], &[], StartedPrograms::None).project.addresses.owners;
    let gone = undeclared_stacks(config, &environment.name, Some(inventory), &instances_by_address)?;
    let GoneStacks { stacks: undeclared, unreadable } = gone.clone();
    let environment = environment.name.clone();
    let status =
        EnvironmentStatus { environment, last_run, stacks, gone: undeclared, unreadable, unreadable_runs };
    Ok((status, gone))
}

/// Returns true if two instances of an environment have the same folder and workspace.
fn is_same_folder_and_workspace(one: &Instance, other: &Instance) -> bool {
    one.path == other.path && one.workspace() == other.workspace()
}

/// Returns the status of a stack; `runs` are newest first.
fn stack_status(
    stack: &StackId,
    former_names: Vec<StackId>,
    runs: &[(&PastRun, &StackReport)],
    now: Timestamp,
) -> StackStatus {
    let settled = |past: &PastRun, stack: &StackReport| {
        matches!(past.report.command, RunVerb::Deploy | RunVerb::Apply)
            && !past.destroys
            && !stack.incomplete
            && matches!(stack.result, Some(StackResult::Applied | StackResult::Clean))
    };
    let applied = |stack: &StackReport| stack.result == Some(StackResult::Applied);
    // The newest plan is shown even if its apply failed.
    let planned = runs.iter().position(|(_, stack)| {
        applied(stack) || stack.result == Some(StackResult::Clean) || !stack.changes.is_empty()
    });
    let newest =
        runs.iter().position(|(past, stack)| settled(past, stack) || (past.destroys && applied(stack)));
    let deployed = newest.filter(|at| settled(runs[*at].0, runs[*at].1));
    let pending = planned.map(|at| runs[at].1).filter(|stack| !applied(stack)).map(|stack| stack.changes);
    let at = |index: Option<usize>| {
        index.map(|index| {
            let (past, stack) = runs[index];
            run_summary(past, stack.result.map(RecordedResult::Stack), now)
        })
    };
    StackStatus {
        stack: stack.clone(),
        former_names,
        last: at((!runs.is_empty()).then_some(0)),
        planned: at(planned),
        deployed: at(deployed),
        pending: pending.filter(|counts| !counts.is_empty()),
    }
}

fn run_summary(past: &PastRun, result: Option<RecordedResult>, now: Timestamp) -> RunSummary {
    let report = &past.report;
    RunSummary {
        run: report.run.clone(),
        command: report.command,
        result,
        at: report.started.to_string(),
        age: now.duration_since(report.started).as_secs_f64().max(0.0),
        user: past.user.clone(),
        commit: report.commit.clone(),
    }
}

fn status_text(
    status: &EnvironmentStatus,
    environment: &Environment,
    styles: Styles,
    context: &Context,
) -> String {
    let role = if environment.confirm { Role::Protected } else { Role::Environment };
    let last = match &status.last_run {
        last if status.is_unknown(last.as_ref()) => {
            format!("last run: unknown ({})", status.unreadable_runs[0])
        }
        None => "no runs yet".to_owned(),
        Some(run) => {
            let result = run.result.map_or("unfinished", RecordedResult::as_str);
            format!("last run: {} {result}, {} ago ({})", run.command, seconds(run.age), run.run)
        }
    };
    let mut table = Table::new(&[
        ("STACK", Align::Left),
        ("LAST", Align::Left),
        ("DEPLOYED", Align::Left),
        ("BY", Align::Left),
        ("COMMIT", Align::Left),
        ("PENDING", Align::Right),
    ]);
    for stack in &status.stacks {
        let known = |run: Option<&RunSummary>, text: &dyn Fn() -> String| {
            if status.is_unknown(run) { styles.paint(Role::Warning, "unknown") } else { text() }
        };
        let ago = |seen: Option<&RunSummary>| {
            seen.map_or_else(|| styles.paint(Role::Dim, "never"), |s| format!("{} ago", seconds(s.age)))
        };
        let deployed = stack.deployed.as_ref();
        let last = stack.last.as_ref();
        table.row([
            stack.stack.to_string(),
            known(last, &|| newest_run_text(last, styles)),
            known(deployed, &|| ago(deployed)),
            deployed.and_then(|d| d.user.clone()).unwrap_or_default(),
            deployed.and_then(|d| d.commit.as_ref()).map_or("", |c| c.get(..12).unwrap_or(c)).to_owned(),
            stack.pending.map_or(String::new(), |p| {
                if p.resources() == 0 && p.outputs == 0 && p.actions > 0 {
                    Count(p.actions, "action").to_string()
                } else if p.resources() == 0 {
                    Count(p.outputs, "output").to_string()
                } else {
                    p.resources().to_string()
                }
            }),
        ]);
    }
    let mut text = format!("{}  {last}\n", styles.paint(role, &status.environment));
    table.drop_empty_columns();
    table.drop_to_fit(context.printer.width(), &["COMMIT", "BY"]);
    text.push_str(&table.render(context.printer.width()));
    for StackStatus { stack, former_names, .. } in &status.stacks {
        let names: Vec<String> = former_names.iter().map(|name| format!("`{name}`")).collect();
        if !names.is_empty() {
            // Writing to a String cannot fail.
            let _ = writeln!(text, "`{stack}` was {} before: same folder, same workspace", names.join(", "));
        }
    }
    text
}

/// Returns the newest run as text: `deploy failed, 3.1s ago`.
fn newest_run_text(newest: Option<&RunSummary>, styles: Styles) -> String {
    let Some(newest) = newest else { return styles.paint(Role::Dim, "never") };
    let (role, result) = match newest.result {
        None => (Role::Warning, "unfinished"),
        // Its plan had changes, and the run ended before they were applied.
        Some(RecordedResult::Stack(StackResult::Changes)) if newest.command != RunVerb::Plan => {
            (Role::Warning, "not applied")
        }
        Some(RecordedResult::Stack(
            result @ (StackResult::Clean | StackResult::Changes | StackResult::Applied),
        )) => (Role::Success, result.as_str()),
        Some(other) => (Role::Warning, other.as_str()),
    };
    format!("{} {}, {} ago", newest.command, styles.paint(role, result), seconds(newest.age))
}
