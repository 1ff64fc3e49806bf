//! Checks that the engines of an environment's stacks are installed, in versions that environments.toml
//! and the modules allow.

use std::collections::BTreeSet;

use indexmap::IndexMap;

use crate::{
    assurance::{CheckItem, CheckName, CheckStatus},
    config::{Config, VersionConstraint},
    diagnostic::{Diagnostic, Diagnostics},
    engine::{
        Engine, clean_environment, enforces_compatible_with, enforces_required_version, layout::unit_file,
    },
    executor::engines,
    hcl::{Attribute, Module},
    inventory::{Instance, Inventory, Modules},
    journal::RunStore,
    model::EngineName,
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
    let mut unknown: IndexMap<String, u64> = IndexMap::new();
    for (name, place, instance) in asked {
        let answer = match engines.get(name, &place, &runner) {
            Ok(engine) => {
                let judged = judge_versions(&*engine, instance, modules);
                for problem in judged.findings {
                    if !item.diagnostics.0.contains(&problem) {
                        item.diagnostics.push(problem);
                    }
                }
                for reason in judged.unknown {
                    *unknown.entry(reason).or_default() += 1;
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
        let requirements: BTreeSet<&str> =
            item.diagnostics.0.iter().map(|finding| finding.message.as_str()).collect();
        found.push(format!("{} not met", Count(requirements.len() as u64, "version requirement")));
    }
    item.message = found.join(", ");
    if item.status == CheckStatus::Green && !unknown.is_empty() {
        item.status = CheckStatus::Unknown;
        let reasons: Vec<String> =
            unknown.iter().map(|(reason, count)| format!("{} ({reason})", Count(*count, "stack"))).collect();
        item.message.push_str(&format!("; not known whether it suits {}", reasons.join(", ")));
    }
    item
}

/// Findings about the version constraints of one stack, and the reasons why a constraint is not known to be met.
#[derive(Default)]
struct JudgedVersions {
    findings: Diagnostics,
    unknown: BTreeSet<String>,
}

/// Judges the version constraints of a stack's own module and the local modules that it calls.
fn judge_versions(engine: &dyn Engine, instance: &Instance, modules: &Modules) -> JudgedVersions {
    let mut judged = JudgedVersions::default();
    if unit_file(instance.engine).is_none() {
        let of_stack = modules.with_called_modules_of(instance);
        if of_stack.is_empty() {
            judged.unknown.insert("files cannot be parsed".to_owned());
        }
        judged.add_modules(of_stack.iter().map(|module| &***module), engine);
        return judged;
    }
    match Modules::read_unit(instance) {
        Some((modules, folder)) => {
            let of_unit = modules.with_called_modules(&folder, instance.engine);
            judged.add_modules(of_unit.iter().map(|module| &***module), engine);
        }
        None => {
            judged.unknown.insert("the module is not in this repository".to_owned());
        }
    }
    judged
}

impl JudgedVersions {
    fn add_modules<'m>(&mut self, modules: impl Iterator<Item = &'m Module>, engine: &dyn Engine) {
        let (name, version) = engine.planning_engine();
        for module in modules {
            for constraint in &module.required_versions {
                let file = constraint.value_span.source.path().file_name().unwrap_or_default();
                let is_enforced = enforces_required_version(name, version, file);
                self.add_constraint("required_version", constraint, is_enforced, (name, version));
            }
            if enforces_compatible_with(name) {
                for constraint in &module.compatible_versions {
                    self.add_constraint("opentofu", constraint, true, (name, version));
                }
            }
        }
    }

    fn add_constraint(
        &mut self,
        argument: &str,
        constraint: &Attribute,
        is_enforced: bool,
        (name, version): (EngineName, &str),
    ) {
        if constraint.value.literal().is_some_and(serde_json::Value::is_null) {
            return;
        }
        let allowed =
            constraint.value.text().and_then(|text| Some((text, text.parse::<VersionConstraint>().ok()?)));
        let Some((text, allowed)) = allowed else {
            if is_enforced {
                self.unknown.insert(format!("its `{argument}` is for the engine to read"));
            }
            return;
        };
        if version.contains('-') {
            if is_enforced {
                self.unknown.insert(format!("{version} is a pre-release"));
            }
            return;
        }
        if allowed.allows(version) {
            return;
        }
        let place = &constraint.value_span;
        let message = format!("`{argument} = \"{text}\"` does not allow {name} {version}");
        let problem = if is_enforced {
            Diagnostic::error("versions::required", message)
        } else {
            self.unknown.insert(format!("its `{argument}` is for Terraform"));
            let message = format!("{message}, which ignores it in this file");
            Diagnostic::warning("versions::ignored", message).help(
                "OpenTofu from 1.12 takes it for a constraint on Terraform; it enforces one in a `.tofu` file, or \
                 `language { compatible_with { opentofu = \"…\" } }`",
            )
        };
        self.findings.push(problem.at(&place.source, place.span.clone(), "required here"));
    }
}
