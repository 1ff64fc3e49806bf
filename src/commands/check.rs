//! `envctl check`: a checklist of everything that is known without a plan.

use schemars::JsonSchema;
use serde::Serialize;

use crate::{
    assurance::{CheckItem, CheckName, CheckStatus, InstanceNames, finding_groups},
    config::VerbClass,
    diagnostic::Diagnostics,
    inventory::Instance,
    model::{EnvName, ExitStatus},
    run::{
        Context,
        preflight::{
            check_guards,
            check_versions::check_versions,
            gone_stacks::{undeclared_environments, undeclared_stacks},
        },
        started_programs::StartedPrograms,
    },
    ui::{Detail, Role, Styles, clipped, wrapped},
};

/// Maximum number of characters of a line for people.
const COLUMNS: usize = 200;

/// Arguments of `envctl check`.
#[derive(Debug, Clone)]
pub struct CheckRequest {
    /// Environments to check; empty for all.
    pub environments: Vec<String>,
    /// True if no program is started.
    pub offline: bool,
    /// True for output as JSON.
    pub json: bool,
}

/// Output of `envctl check --json`.
#[derive(Debug, Serialize, JsonSchema)]
pub struct CheckDocument {
    /// Version of this format: 1.
    format: u32,
    /// The items, in the order of the checklist.
    items: Vec<ItemView>,
}

/// Item of the checklist.
#[derive(Debug, Serialize, JsonSchema)]
struct ItemView {
    /// `config`, `isolation`, `versions` …
    name: String,
    /// Environment that the item is about; absent for all of them.
    #[schemars(with = "Option<String>")]
    environment: Option<EnvName>,
    /// Result of the item: `green`, `red`, or `unknown` if only a plan can tell.
    status: CheckStatus,
    /// Message on one line; it counts a problem that several instances share once.
    message: String,
    /// All findings, each with its position if there is one.
    findings: Vec<String>,
}

/// Runs `envctl check`; exit code 4 for an error in a file, 3 if a guard would refuse a change now.
pub fn run(context: &Context, request: &CheckRequest) -> anyhow::Result<ExitStatus> {
    let config = context.config()?;
    let wanted = context.environments(&config, &request.environments)?;
    let programs = match (request.offline, context.read_only) {
        (true, _) => StartedPrograms::None,
        (false, true) => StartedPrograms::Queries,
        (false, false) => StartedPrograms::Generation,
    };
    let offline = context.check_offline(&config, &wanted, &[VerbClass::Check], programs);
    let mut items = offline.items;
    let instances_by_address = || offline.project.addresses.owners.clone();
    let mut gone = Vec::new();
    for inventory in &offline.inventories {
        let name = inventory.environment();
        let stacks = undeclared_stacks(&config, name, Some(inventory), &instances_by_address)?;
        gone.push((Some(name.clone()), stacks));
    }
    if request.environments.is_empty() {
        gone.push((None, undeclared_environments(&config, &instances_by_address)?));
    }
    for (environment, stacks) in gone {
        let is_about =
            |item: &&mut CheckItem| item.name == CheckName::Config && item.environment == environment;
        if let Some(item) = items.iter_mut().find(is_about) {
            item.diagnostics.extend(stacks.findings(context, &config));
        }
    }
    if !request.offline {
        for inventory in &offline.inventories {
            items.push(check_versions(context, &config, inventory, &offline.project.modules));
            let environment = config.environment(inventory.environment().as_str())?;
            let modules = &offline.project.modules;
            items.extend(check_guards::items(context, &config, environment, inventory, modules)?);
        }
    }
    let status = checklist_status(&items);
    if request.json {
        let document = CheckDocument { format: 1, items: items.into_iter().map(item_view).collect() };
        context.printer.data(format_args!("{}\n", serde_json::to_string_pretty(&document)?))?;
    } else {
        print_checklist(context, &items, &offline.project.instances)?;
    }
    Ok(status)
}

/// Prints the items, each with its findings. Findings that report one problem of several instances, also of several
/// environments, are printed once, under the first item that has one of them.
fn print_checklist(context: &Context, items: &[CheckItem], instances: &[Instance]) -> anyhow::Result<()> {
    let items = by_environment(items);
    let names = InstanceNames::new(instances.iter().map(|instance| &instance.id));
    let groups = finding_groups(&items, &names);
    let names_all = context.printer.detail() >= Detail::Verbose;
    let mut before = None;
    for (index, item) in items.iter().enumerate() {
        let gap = if before.is_some_and(|before| before != &item.environment) { "\n" } else { "" };
        before = Some(&item.environment);
        let line = item_line(item, context.printer.out_styles());
        let line = wrapped(&line, COLUMNS);
        let lines: Vec<_> = line.split('\n').map(|line| clipped(line, COLUMNS)).collect();
        context.printer.prose(format_args!("{gap}{}", lines.join("\n")))?;
        let new = groups.iter().filter(|group| group.item == index).map(|group| group.summary(names_all));
        let new = Diagnostics(new.collect());
        if !new.0.is_empty() && context.printer.detail() > Detail::Quiet {
            context.printer.findings_within(&new, COLUMNS);
        }
    }
    Ok(())
}

/// Returns the exit status of a checklist: an error in a file precedes a refusal by a guard.
fn checklist_status(items: &[CheckItem]) -> ExitStatus {
    let mut red = items.iter().filter(|item| item.status == CheckStatus::Red).peekable();
    if red.peek().is_none() {
        ExitStatus::Success
    } else if red.any(|item| item.name.is_of_files()) {
        ExitStatus::Configuration
    } else {
        ExitStatus::Refused
    }
}

fn item_view(item: CheckItem) -> ItemView {
    ItemView {
        name: item.name.to_string(),
        environment: item.environment,
        status: item.status,
        message: item.message,
        findings: item.diagnostics.0.iter().map(ToString::to_string).collect(),
    }
}

/// Returns the items without an environment, and then those of each environment.
fn by_environment(items: &[CheckItem]) -> Vec<&CheckItem> {
    let mut environments: Vec<Option<&EnvName>> = vec![None];
    for item in items {
        let environment = item.environment.as_ref();
        if !environments.contains(&environment) {
            environments.push(environment);
        }
    }
    let items_of = |environment: Option<&EnvName>| {
        items.iter().filter(move |item| item.environment.as_ref() == environment).collect::<Vec<_>>()
    };
    environments.into_iter().flat_map(items_of).collect()
}

/// Returns the line of an item for the terminal.
fn item_line(item: &CheckItem, styles: Styles) -> String {
    let mark = match item.status {
        CheckStatus::Green => styles.paint(Role::Success, "✔"),
        CheckStatus::Red => styles.paint(Role::Error, "✘"),
        CheckStatus::Unknown => styles.paint(Role::Dim, "–"),
    };
    let environment = item.environment.as_ref().map_or(String::new(), |e| format!(" {e}"));
    format!("{mark} {}{environment}: {}\n", styles.paint(Role::Heading, item.name), item.message)
}
