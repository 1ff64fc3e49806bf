//! Checks that the engines of an environment's stacks are installed, in versions that environments.toml
//! and the root modules allow.

use crate::{
    assurance::{CheckItem, CheckName, CheckStatus},
    config::{Config, VersionConstraint},
    diagnostic::{Diagnostic, Diagnostics},
    engine::{Engine, clean_environment, layout::unit_file},
    executor::engines,
    hcl::Module,
    inventory::{Instance, Inventory, Modules},
    journal::RunStore,
    process::Runner,
    run::Context,
    ui::Count,
};

/// Returns the checklist's item about engines and their versions.
pub(crate) fn check_versions(
    context: &Context,
    config: &Config,
    inventory: &Inventory,
    modules: &Modules,
) -> CheckItem {
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
    let mut asked: Vec<_> = inventory
        .instances()
        .map(|instance| (instance.engine, instance.engine_place(&env), instance))
        .collect();
    asked.sort_by(|(one, at, _), (other, other_at, _)| (one, at).cmp(&(other, other_at)));
    let mut found: Vec<String> = Vec::new();
    for (name, place, instance) in asked {
        let answer = match engines.get(name, &place, &runner) {
            Ok(engine) => {
                for problem in refused_versions(&*engine, instance, modules) {
                    if !item.diagnostics.0.contains(&problem) {
                        item.diagnostics.push(problem);
                    }
                }
                format!("{name} {}", engine.version_text())
            }
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
    if item.diagnostics.has_errors() {
        item.status = CheckStatus::Red;
        found.push(format!("{} not met", Count(item.diagnostics.0.len() as u64, "version requirement")));
    }
    item.message = found.join(", ");
    item
}

/// Returns an error for each `required_version` of a stack's local modules that excludes the installed version. A
/// constraint that is not a literal, and a pre-release version, are left to the engine.
fn refused_versions(engine: &dyn Engine, instance: &Instance, modules: &Modules) -> Vec<Diagnostic> {
    let (name, version) = engine.planning_engine();
    if version.contains('-') {
        return Vec::new();
    }
    if unit_file(instance.engine).is_none() {
        let of_stack = modules.with_called_modules_of(instance);
        return refused_constraints(
            &of_stack.iter().map(|module| &***module).collect::<Vec<_>>(),
            name.as_str(),
            version,
        );
    }
    let Some((modules, folder)) = Modules::read_unit(instance) else { return Vec::new() };
    let of_unit = modules.with_called_modules(&folder, instance.engine);
    refused_constraints(&of_unit.iter().map(|module| &***module).collect::<Vec<_>>(), name.as_str(), version)
}

fn refused_constraints(modules: &[&Module], engine: &str, version: &str) -> Vec<Diagnostic> {
    let constraints = modules.iter().flat_map(|module| &module.required_versions);
    let refused = constraints.filter_map(|attribute| {
        let text = attribute.value.text()?;
        let allowed: VersionConstraint = text.parse().ok()?;
        if allowed.allows(version) {
            return None;
        }
        let message = format!("`required_version = \"{text}\"` does not allow {engine} {version}");
        let place = &attribute.value_span;
        Some(Diagnostic::error("versions::required", message).at(
            &place.source,
            place.span.clone(),
            "required here",
        ))
    });
    refused.collect()
}
