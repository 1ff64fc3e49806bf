//! `envctl check`: a checklist of everything that can be known before a plan.

use schemars::JsonSchema;
use serde::Serialize;

use super::{
    Context, check_around,
    gone_stacks::{undeclared_environments, undeclared_stacks},
};
use crate::{
    assurance::{CheckItem, CheckName, CheckStatus},
    config::{Config, VerbClass},
    diagnostic::{Diagnostic, Diagnostics},
    engine::clean_environment,
    executor::engines,
    inventory::Inventory,
    journal::RunStore,
    model::{EnvName, ExitStatus},
    process::Runner,
    ui::{Role, Styles},
};

/// What to check.
#[derive(Debug, Clone)]
pub struct Request {
    /// The environments; none means all.
    pub environments: Vec<String>,
    /// Whether no program at all is started.
    pub offline: bool,
    /// As JSON.
    pub json: bool,
}

/// `check --json`
#[derive(Debug, Serialize, JsonSchema)]
pub struct CheckDocument {
    /// The version of this format: 1.
    format: u32,
    /// The items, in the order of the checklist.
    items: Vec<ItemView>,
}

/// One item.
#[derive(Debug, Serialize, JsonSchema)]
struct ItemView {
    /// `config`, `isolation`, `versions` …
    name: String,
    /// The environment that it is about; absent for all of them.
    #[schemars(with = "Option<String>")]
    environment: Option<EnvName>,
    /// How it is: `green`, `red`, or `unknown` when only a plan could tell.
    status: CheckStatus,
    /// One line.
    message: String,
    /// What was found, each with its place where there is one.
    findings: Vec<String>,
}

/// Checks; 4 when something is wrong in a file, 3 when a guard would refuse a change now.
pub fn run(context: &Context, request: &Request) -> anyhow::Result<ExitStatus> {
    let config = context.config()?;
    let wanted = context.environments(&config, &request.environments)?;
    let offline = context.check_offline(&config, &wanted, &[VerbClass::Check], !request.offline);
    let mut items = offline.items;
    let stated = || offline.survey.addresses.stated.clone();
    let mut gone = Vec::new();
    for inventory in &offline.inventories {
        let name = inventory.environment();
        let stacks = undeclared_stacks(context, &config, name, Some(inventory), &stated)?;
        gone.push((Some(name.clone()), stacks));
    }
    if request.environments.is_empty() {
        gone.push((None, undeclared_environments(context, &config, &stated)?));
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
            items.push(versions(context, &config, inventory));
            let environment = config.environment(inventory.environment().as_str())?;
            let of = (inventory, &offline.survey.modules);
            items.extend(check_around::items(context, &config, environment, of)?);
        }
    }
    let status = status(&items);
    if request.json {
        let document = CheckDocument { format: 1, items: items.into_iter().map(view).collect() };
        context.printer.data(format_args!("{}\n", serde_json::to_string_pretty(&document)?))?;
    } else {
        let mut said: Vec<&Diagnostic> = Vec::new();
        for item in &items {
            context.printer.text(line(item, context.printer.out_styles()))?;
            // What lies in `[stacks]` or `[project]` is found again in each environment.
            let new: Vec<&Diagnostic> =
                item.diagnostics.0.iter().filter(|found| !said.contains(found)).collect();
            context.say(&Diagnostics(new.iter().map(|found| (*found).clone()).collect()));
            said.extend(new);
        }
    }
    Ok(status)
}

/// What is wrong in a file counts before what would be refused.
fn status(items: &[CheckItem]) -> ExitStatus {
    let mut red = items.iter().filter(|item| item.status == CheckStatus::Red).peekable();
    if red.peek().is_none() {
        ExitStatus::Success
    } else if red.any(|item| item.name.is_of_files()) {
        ExitStatus::Configuration
    } else {
        ExitStatus::Refused
    }
}

/// Whether each engine that a stack needs is there at a version that is allowed.
fn versions(context: &Context, config: &Config, inventory: &Inventory) -> CheckItem {
    let mut item = CheckItem {
        name: CheckName::Versions,
        environment: Some(inventory.environment().clone()),
        status: CheckStatus::Green,
        message: String::new(),
        diagnostics: Diagnostics::default(),
    };
    let (env, _) = clean_environment(context.env.clone());
    let store = RunStore::new(config.root());
    let home = match store.envctl_dir() {
        Ok(home) => home,
        Err(error) => return CheckItem { status: CheckStatus::Red, message: error.to_string(), ..item },
    };
    let (engines, runner) = (engines(config, home, &env), Runner::new());
    let mut asked: Vec<_> =
        inventory.instances().map(|instance| (instance.engine, instance.engine_place(&env))).collect();
    asked.sort_unstable();
    let mut found: Vec<String> = Vec::new();
    for (name, place) in asked {
        let answer = match engines.get(name, &place, &runner) {
            Ok(engine) => format!("{name} {}", engine.version()),
            Err(error) => {
                item.status = CheckStatus::Red;
                error.to_string()
            }
        };
        if !found.contains(&answer) {
            found.push(answer);
        }
    }
    if found.is_empty() {
        item.status = CheckStatus::Unknown;
        found.push("there is no instance to look at".to_owned());
    }
    item.message = found.join(", ");
    item
}

fn view(item: CheckItem) -> ItemView {
    ItemView {
        name: item.name.to_string(),
        environment: item.environment,
        status: item.status,
        message: item.message,
        findings: item.diagnostics.0.iter().map(ToString::to_string).collect(),
    }
}

fn line(item: &CheckItem, styles: Styles) -> String {
    let mark = match item.status {
        CheckStatus::Green => styles.paint(Role::Success, "✔"),
        CheckStatus::Red => styles.paint(Role::Error, "✘"),
        CheckStatus::Unknown => styles.paint(Role::Dim, "–"),
    };
    let place = item.environment.as_ref().map_or(String::new(), |e| format!(" {e}"));
    format!("{mark} {}{place}: {}\n", styles.paint(Role::Heading, item.name), item.message)
}
