//! Items of `check` about the guards of an environment that need no plan: branch, working tree, identity, and time. The
//! rules are those that a run applies at its gate.

use std::sync::Arc;

use crate::{
    assurance::{CheckItem, CheckName, CheckStatus},
    config::{Config, Environment, Guards, VerbClass},
    diagnostic::Diagnostics,
    executor::SecretUse,
    inventory::{Instance, Inventory, Modules},
    model::{Blocked, ExitStatus, Guard},
    process::Runner,
    run::{
        Context, Stopped, environment_guards::EnvironmentGuards, exec::prepared::PreparedInstances,
        ready_stacks::CommandNeeds,
    },
};

/// Returns an item for each group of guards that the environment sets.
pub(crate) fn items(
    context: &Context,
    config: &Config,
    environment: &Environment,
    inventory: &Inventory,
    modules: &Modules,
) -> anyhow::Result<Vec<CheckItem>> {
    let guards = &environment.guards;
    let instances: Vec<&Instance> = inventory.instances().collect();
    let guarded =
        EnvironmentGuards::new(config, environment, &instances, modules, &Arc::new(Runner::new()), &[]);
    let blocked = guarded.judge_without_plan(context);
    let of = |guards: &[Guard]| -> Vec<String> {
        let found = blocked.iter().filter(|found| guards.contains(&found.block.guard));
        found.map(|Blocked { block, .. }| block.message.clone()).collect()
    };
    let judged = |name, refused: Vec<String>, fine: &str| {
        if refused.is_empty() {
            item(environment, name, CheckStatus::Green, fine.to_owned())
        } else {
            item(environment, name, CheckStatus::Red, refused.join("; "))
        }
    };
    let mut items = Vec::new();
    if guards.identity.is_some() {
        items.push(identity_item(context, config, environment)?);
    }
    if !guards.branch.is_empty() || guards.up_to_date {
        let fine = match (guards.branch.is_empty(), guards.up_to_date) {
            (false, true) => "HEAD is where changes are made from, and not behind",
            (false, false) => "HEAD is where changes are made from",
            (true, _) => "HEAD is not behind",
        };
        items.push(judged(CheckName::Branch, of(&[Guard::Branch, Guard::UpToDate]), fine));
    }
    if guards.clean_tree {
        items.push(judged(CheckName::Tree, of(&[Guard::CleanTree]), "everything is committed"));
    }
    let guards_over_plans = guards_over_plans(guards);
    if !guards.window.is_empty() || !guards_over_plans.is_empty() {
        let mut found = judged(CheckName::Guards, of(&[Guard::Window]), "changes may be made now");
        if found.status == CheckStatus::Green && !guards_over_plans.is_empty() {
            found.status = CheckStatus::Unknown;
            found.message = format!("{} judged by the plan", guards_over_plans.join(", "));
        }
        items.push(found);
    }
    Ok(items)
}

/// Returns the names of the guards that need a plan.
fn guards_over_plans(guards: &Guards) -> Vec<String> {
    let all = [
        (Guard::Protect, !guards.protect.is_empty()),
        (Guard::DenyActions, !guards.deny_actions.is_empty()),
        (Guard::MaxDeletes, guards.max_deletes.is_some()),
        (Guard::MaxChanges, guards.max_changes.is_some()),
        (Guard::MaxPlanAge, guards.max_plan_age.is_some()),
    ];
    all.into_iter().filter(|(_, is_set)| *is_set).map(|(guard, _)| format!("`{guard}`")).collect()
}

/// Runs the identity check as before a plan: in the process environment of each stack's engine.
fn identity_item(context: &Context, config: &Config, environment: &Environment) -> anyhow::Result<CheckItem> {
    let name = CheckName::Identity;
    let Ok(validated) = context.validated_inventory(config, environment, &[VerbClass::Check]) else {
        let message = "asked once the files are right".to_owned();
        return Ok(item(environment, name, CheckStatus::Unknown, message));
    };
    let stacks = validated.inventory.graph().order();
    let needs = CommandNeeds { upstream_values: false, secrets: SecretUse::Required };
    let asked = PreparedInstances::load(context, config, &validated, environment, &stacks, &[], needs)
        .and_then(|mut prepared| prepared.check_identity(context, config, environment));
    match asked {
        Ok(who) => Ok(item(environment, name, CheckStatus::Green, who.unwrap_or_default())),
        Err(error) if is_interrupt(&error) => Err(error),
        Err(error) => Ok(item(environment, name, CheckStatus::Red, format!("{error:#}"))),
    }
}

fn is_interrupt(error: &anyhow::Error) -> bool {
    let stopped = error.downcast_ref::<Stopped>();
    stopped.is_some_and(|stopped| matches!(stopped.status, ExitStatus::Interrupted(_)))
}

fn item(environment: &Environment, name: CheckName, status: CheckStatus, message: String) -> CheckItem {
    CheckItem {
        name,
        environment: Some(environment.name.clone()),
        status,
        message,
        diagnostics: Diagnostics::default(),
    }
}
