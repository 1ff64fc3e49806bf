//! Check that the backend of each stack can be used: its type exists, and all that the type requires is set.

use indexmap::IndexMap;

use super::{CheckItem, CheckName, CheckStatus, ProjectFiles};
use crate::{
    config::Environment,
    diagnostic::{Diagnostic, Diagnostics},
    engine::layout::unit_file,
    inventory::{
        Instance, Inventory,
        address::{EffectiveBackend, EnvValue, RequiredSetting, missing_settings, removed_in},
    },
    ui::Count,
};

/// Returns the item about the backends of an environment. `examines_settings` is false for verbs that initialise the
/// stacks right away: the engine reports missing settings and unknown types itself.
pub(super) fn check_backends(
    environment: &Environment,
    inventory: &Inventory,
    project: &ProjectFiles,
    variable: &dyn Fn(&Instance, &str) -> EnvValue,
    examines_settings: bool,
) -> CheckItem {
    let mut found = Diagnostics::default();
    let mut unknown: IndexMap<String, u64> = IndexMap::new();
    for (_, findings) in
        project.addresses.findings.iter().filter(|(id, _)| id.environment == environment.name)
    {
        found.extend(findings.clone());
    }
    for instance in inventory.instances().filter(|_| examines_settings) {
        let reason = if unit_file(instance.engine).is_some() {
            Some("Terragrunt makes it".to_owned())
        } else if let Some(backend) = project.addresses.backends.get(&instance.id) {
            judge_backend(instance, backend, &|name| variable(instance, name), &mut found)
        } else if project.modules.root(instance).is_none() {
            Some("files cannot be parsed".to_owned())
        } else {
            // Its error is among the findings.
            None
        };
        if let Some(reason) = reason {
            *unknown.entry(reason).or_default() += 1;
        }
    }
    let stacks = inventory.instances().len() as u64;
    let fine = format!("{}, each with a backend that can be used", Count(stacks, "stack"));
    let mut item = CheckItem::from_findings(CheckName::Backend, Some(&environment.name), found, fine);
    if item.status == CheckStatus::Green && !unknown.is_empty() {
        let reasons: Vec<String> =
            unknown.iter().map(|(reason, count)| format!("{} ({reason})", Count(*count, "stack"))).collect();
        item.status = CheckStatus::Unknown;
        item.message = format!("not known before init for {}", reasons.join(", "));
        let known = stacks - unknown.values().sum::<u64>();
        if known > 0 {
            item.message.push_str(&format!("; {} with a backend that can be used", Count(known, "stack")));
        }
    }
    item
}

/// Judges a backend; adds its errors to `found`, and returns the reason why it is not known whether it can be used.
fn judge_backend(
    instance: &Instance,
    backend: &EffectiveBackend,
    environment: &dyn Fn(&str) -> EnvValue,
    found: &mut Diagnostics,
) -> Option<String> {
    let (id, backend_type) = (&instance.id, &backend.backend_type);
    if let Some(version) = removed_in(backend_type) {
        let message = format!(
            "`{id}` uses backend `{backend_type}`, which Terraform removed in {version} and OpenTofu never had"
        );
        let problem = at_header(Diagnostic::error("backend::removed", message), backend, "no engine has it");
        found.push(if backend_type == "azure" {
            problem.help("its name is `azurerm` today")
        } else {
            problem.help("move the state to a backend that engines have, as `s3`, `gcs`, `azurerm` or `pg`")
        });
        return None;
    }
    if backend.unread.is_some() {
        return Some("a backend file cannot be parsed".to_owned());
    }
    let Some(missing) = missing_settings(backend, environment) else {
        return Some(format!("envctl does not know the type `{backend_type}`"));
    };
    if !missing.is_empty() && !instance.settings.hooks.before_plan.is_empty() {
        return Some("a hook may complete it".to_owned());
    }
    let (replaceable, required): (Vec<RequiredSetting>, Vec<RequiredSetting>) =
        missing.into_iter().partition(|setting| !setting.variables.is_empty());
    if !required.is_empty() {
        let all: Vec<RequiredSetting> = required.iter().chain(&replaceable).copied().collect();
        let keys: Vec<String> = all.iter().map(|setting| format!("{} = …", setting.key)).collect();
        let message = format!(
            "backend `{backend_type}` of `{id}` requires {}, which neither its block nor `backend_files` nor \
             `backend.{backend_type}` sets",
            listed(&all)
        );
        found.push(
            at_header(Diagnostic::error("backend::missing-setting", message), backend, "incomplete").help(format!(
                "set it in this block, in a file of `backend_files`, or as `backend.{backend_type} = {{ {} }}`",
                keys.join(", ")
            )),
        );
        return None;
    }
    let first = replaceable.first()?;
    let message = format!(
        "backend `{backend_type}` of `{id}` requires {}, which neither a file nor {} sets here",
        listed(&replaceable),
        first.variables.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(" nor ")
    );
    found.push(at_header(Diagnostic::warning("backend::unset-here", message), backend, "incomplete here"));
    Some(format!("{} is not set here", listed(&replaceable)))
}

/// Lists the keys of settings: `a`, `b` and `c`.
fn listed(settings: &[RequiredSetting]) -> String {
    let keys: Vec<String> = settings.iter().map(|setting| format!("`{}`", setting.key)).collect();
    match keys.split_last() {
        Some((last, others)) if !others.is_empty() => format!("{} and {last}", others.join(", ")),
        _ => keys.concat(),
    }
}

fn at_header(problem: Diagnostic, backend: &EffectiveBackend, text: &str) -> Diagnostic {
    match &backend.header_span {
        Some(place) => problem.at(&place.source, place.span.clone(), text),
        None => problem,
    }
}
