//! Checklist items that follow from files alone.

use std::collections::HashSet;

use super::{
    CheckItem, CheckName, CheckStatus, InstanceNames, ProjectFiles,
    backends::check_backends,
    configuration::missing_configuration,
    discovery_usage::{no_stacks_error, unmatched_patterns},
    finding_groups::problem_count,
    inputs::check_inputs,
    literal_templates::literal_templates,
    lockfiles::check_lockfiles,
    missing_folders::missing_folders,
    sensitive::not_sensitive_variables,
    syntax::{SyntaxVerdicts, UNUSUAL_CODE},
    unknown_variables::unknown_variables,
    unsupported::unsupported_keys,
    values,
};
use crate::{
    config::{Config, Environment, VerbClass},
    diagnostic::{Diagnostic, Diagnostics, Severity},
    inventory::{
        Instance, Inventory, Links, Probe, VarFiles,
        address::{StateAddress, instance_variable, linked_units, shared_addresses},
        load, type_flag_values,
    },
    model::{EngineName, EnvName, InstanceId},
    ui::Count,
};

/// Checklist items that need no run of an engine, with the data that was read for them.
pub struct OfflineChecks {
    /// Items in the order of the checklist: those of the whole project, then environment by environment.
    pub items: Vec<CheckItem>,
    /// Checked environments, except those that could not be loaded.
    pub inventories: Vec<Inventory>,
    /// Instances of all environments, with the content of their files.
    pub project: ProjectFiles,
    /// Errors by instance that stop only a run over that stack: variables without a value, if a plan is made,
    /// and values of flags for undeclared variables.
    pub value_errors: ValueErrors,
}

/// Errors about the values of variables, by instance.
pub type ValueErrors = Vec<(InstanceId, Diagnostics)>;

impl OfflineChecks {
    /// Returns the warnings about files that an engine can parse and envctl cannot, about checks that envctl skips for them,
    /// and those with one of these codes, without duplicates.
    pub fn warnings_of(&self, codes: &[&str]) -> Diagnostics {
        let all = self.items.iter().flat_map(|item| item.diagnostics.0.iter().cloned());
        let is_wanted = |code| [UNUSUAL_CODE, values::UNREAD_CODE].contains(&code) || codes.contains(&code);
        deduplicated(Diagnostics(all.filter(|d| is_wanted(d.code)).collect()))
    }

    /// Returns all errors without duplicates.
    pub fn errors(&self) -> Diagnostics {
        let all = self.items.iter().flat_map(|item| item.diagnostics.0.iter().cloned());
        deduplicated(Diagnostics(all.filter(|d| d.severity == Severity::Error).collect()))
    }
}

/// Checks these environments; their states are compared with those of all environments.
///
/// `own` looks up a variable in envctl's environment. A key that a verb of `classes` would have to honour and this
/// version does not support is an error.
pub fn check_offline(
    config: &Config,
    environments: &[&Environment],
    probe: &Probe<'_>,
    own: &dyn Fn(&str) -> Option<String>,
    classes: &[VerbClass],
) -> OfflineChecks {
    let mut inventories = Vec::new();
    let mut value_errors = Vec::new();
    let mut findings: Vec<(EnvName, Diagnostics)> = Vec::new();
    for environment in environments {
        let found = match load(config, environment, probe) {
            Err(error) => error.into_diagnostics(),
            Ok((inventory, found)) => {
                inventories.push(inventory);
                found
            }
        };
        findings.push((environment.name.clone(), found));
    }
    let verdicts = SyntaxVerdicts::new(probe.syntax, config.root());
    let project = ProjectFiles::read(config, &inventories, probe.on_path, own, &verdicts);
    for inventory in &mut inventories {
        value_errors.extend(type_flag_values(inventory, &project.modules));
    }
    let mut files = project.files.clone();
    // A plan reports these problems itself.
    if classes.contains(&VerbClass::Check) {
        files.extend(unknown_variables(config, environments, &project));
        files.extend(literal_templates(config, environments, &project));
        files.extend(config.unused_templates().clone());
        files.extend(unmatched_patterns(config, &project.instances));
        for (name, found) in &mut findings {
            let inventory = inventories.iter().find(|inventory| inventory.environment() == name);
            for instance in inventory.into_iter().flat_map(Inventory::instances) {
                let missing = missing_folders(instance, &project.modules);
                files.0.retain(|file| !missing.0.iter().any(|missing| is_same_finding(missing, file)));
                found.extend(missing);
            }
        }
    }
    let stacks = Count(project.instances.len() as u64, "instance");
    let passed = format!("read {stacks}");
    let mut items = vec![
        CheckItem::from_findings(CheckName::Config, None, files, passed),
        isolation(environments, &project),
    ];
    if project.instances.is_empty() {
        for item in items.iter_mut().filter(|item| item.status == CheckStatus::Green) {
            item.status = CheckStatus::Unknown;
            "there is no instance to look at".clone_into(&mut item.message);
        }
    }
    for (environment, (_, mut found)) in environments.iter().zip(findings) {
        let inventory = inventories.iter().find(|inventory| *inventory.environment() == environment.name);
        let instances = inventory.into_iter().flat_map(Inventory::instances);
        found.0.extend(
            instances.filter_map(|instance| missing_configuration(config, instance, &project.modules)),
        );
        let verdicts = &verdicts;
        let mut checked = EnvironmentChecks {
            config,
            environment,
            project: &project,
            own,
            on_path: probe.on_path,
            classes,
            verdicts,
            found,
            value_errors,
        };
        items.extend(checked.check_items(inventory));
        value_errors = checked.value_errors;
    }
    let names = InstanceNames::new(project.instances.iter().map(|instance| &instance.id));
    for item in items.iter_mut().filter(|item| item.status == CheckStatus::Red) {
        item.message = Count(problem_count(item, &names), "problem").to_string();
    }
    OfflineChecks { items, inventories, project, value_errors }
}

/// Checks that no two instances share a state; unknown states are reported for the checked environments only.
fn isolation(environments: &[&Environment], project: &ProjectFiles) -> CheckItem {
    let checked = |id: &InstanceId| environments.iter().any(|environment| environment.name == id.environment);
    let mut found = Diagnostics(shared_addresses(&project.addresses.by_instance));
    found.0.extend(linked_units(&project.instances));
    let mut unknown = 0;
    for instance_address in
        project.addresses.by_instance.iter().filter(|instance_address| checked(&instance_address.id))
    {
        if let StateAddress::Unknown { because } = &instance_address.address {
            unknown += 1;
            let message = format!("the files do not tell the state of `{}`: {because}", instance_address.id);
            found.push(note("isolation::unknown-state", message));
        }
    }
    for error in &project.not_compared {
        unknown += 1;
        found.push(note("isolation::not-compared", format!("an environment could not be compared: {error}")));
    }
    let mut item =
        CheckItem::from_findings(CheckName::Isolation, None, found, "every instance has a state of its own");
    if item.status == CheckStatus::Green && unknown > 0 {
        item.status = CheckStatus::Unknown;
        item.message = format!("{} not known before init", Count(unknown, "state address"));
    }
    item
}

/// Returns notes about the states that an instance reads without waiting for their stacks.
fn read_states<'a>(config: &'a Config, instance: &'a Instance) -> impl Iterator<Item = Diagnostic> + 'a {
    instance.settings.reads.iter().map(|read| {
        let message =
            format!("`{}` reads the state of `{}` and does not wait for it", instance.id, read.stack);
        note("inventory::reads", message).at(config.source(), read.span.clone(), "no edge of the graph")
    })
}

/// Makes a finding that needs no action.
fn note(code: &'static str, message: String) -> Diagnostic {
    Diagnostic { severity: Severity::Note, ..Diagnostic::warning(code, message) }
}

/// Checks of one environment, with the data that they read.
struct EnvironmentChecks<'a> {
    config: &'a Config,
    environment: &'a Environment,
    project: &'a ProjectFiles,
    own: &'a dyn Fn(&str) -> Option<String>,
    on_path: &'a dyn Fn(EngineName) -> bool,
    classes: &'a [VerbClass],
    verdicts: &'a SyntaxVerdicts<'a>,
    /// Findings from loading the inventory.
    found: Diagnostics,
    /// Errors about values of variables, by instance.
    value_errors: ValueErrors,
}

impl EnvironmentChecks<'_> {
    /// Returns the items of the checklist; only that of the configuration if the inventory could not be loaded.
    fn check_items(&mut self, inventory: Option<&Inventory>) -> Vec<CheckItem> {
        let name = Some(&self.environment.name);
        let mut config = std::mem::take(&mut self.found);
        let Some(inventory) = inventory else {
            return vec![CheckItem::from_findings(CheckName::Config, name, config, "")];
        };
        if inventory.instances().len() == 0 {
            if !config.has_errors() && self.classes.contains(&VerbClass::Check) {
                config.push(no_stacks_error(self.config, self.environment));
            }
            if config.has_errors() {
                return vec![CheckItem::from_findings(CheckName::Config, name, config, "")];
            }
        }
        config.extend(unsupported_keys(self.config, self.environment, inventory.instances(), self.classes));
        let (mut secrets, mut missing) = (Diagnostics::default(), Diagnostics::default());
        let mut unread = Diagnostics::default();
        let mut files = VarFiles::new(self.config.root());
        let variable =
            |instance: &Instance, name: &str| instance_variable(&instance.settings, self.own, name);
        let links = Links::new(&self.project.addresses.by_instance, &variable);
        for instance in inventory.instances() {
            config.extend(values::missing_stack_files(self.config, instance));
            if self.classes.contains(&VerbClass::Check) {
                config.0.extend(read_states(self.config, instance));
            }
            let read = values::read_var_files(
                &mut files,
                (instance, &self.project.modules),
                self.verdicts,
                &mut config,
            );
            let (set, is_read) = (read.clone().unwrap_or_default(), read.is_some());
            config.extend(values::undeclared_vars(self.config, instance, &self.project.modules));
            config.extend(check_inputs(self.config, instance, &self.project.modules, &set, self.own));
            if is_read {
                config.extend(links.undeclared_link_findings(instance, &self.project.modules, &set));
            }
            if is_read && self.classes.iter().any(|class| matches!(class, VerbClass::Check | VerbClass::Plan))
            {
                let unset = values::unset_variables(instance, &self.project.modules, &set, self.own);
                // Runs of other stacks do not need these values.
                if self.classes.contains(&VerbClass::Check) {
                    config.extend(unset);
                } else if !unset.0.is_empty() {
                    self.value_errors.push((instance.id.clone(), unset));
                }
            }
            // A plan reports this more exactly; `check` runs before any plan.
            if self.classes.contains(&VerbClass::Check) {
                let modules = &self.project.modules;
                missing.extend(values::missing_sources(self.config, instance, modules, self.own));
                secrets.extend(not_sensitive_variables(self.config, instance, modules));
                secrets.extend(values::undeclared_secrets(self.config, instance, modules));
            }
            unread.extend(values::unread_var_files(instance, is_read));
            secrets.extend(values::secrets_in_var_files(self.config, instance, &set));
            secrets.extend(values::inherited_variables(self.config, instance, self.own));
        }
        let examines_settings = self.classes.contains(&VerbClass::Check);
        let backend = check_backends(self.environment, inventory, self.project, &variable, examines_settings);
        let stacks = Count(inventory.instances().len() as u64, "stack");
        let passed = |what: &str| format!("{stacks}, {what}");
        let nothing = if self.project.files.has_errors() { "nothing else wrong" } else { "nothing wrong" };
        vec![
            CheckItem::from_findings(CheckName::Config, name, deduplicated(config), passed(nothing)),
            backend,
            CheckItem::from_findings(
                CheckName::Lockfiles,
                name,
                check_lockfiles(self.config, inventory.instances(), self.on_path),
                "lockfiles match the engines",
            ),
            self.secrets(secrets, missing, unread),
        ]
    }
}

impl EnvironmentChecks<'_> {
    /// Makes the item of secrets. A missing source of a secret is no error: it may exist on the machine that deploys.
    fn secrets(&self, mut found: Diagnostics, missing: Diagnostics, unread: Diagnostics) -> CheckItem {
        let missing = deduplicated(missing);
        let (count, not_read) = (missing.0.len() as u64, unread.0.len() as u64);
        found.extend(missing);
        found.extend(unread);
        let passed = "no secret is set twice";
        let mut item = CheckItem::from_findings(
            CheckName::Secrets,
            Some(&self.environment.name),
            deduplicated(found),
            passed,
        );
        if item.status == CheckStatus::Green && count > 0 {
            item.status = CheckStatus::Unknown;
            let verb = if count == 1 { "is" } else { "are" };
            item.message = format!("{} {verb} not available here", Count(count, "secret"));
        } else if item.status == CheckStatus::Green && not_read > 0 {
            item.status = CheckStatus::Unknown;
            item.message =
                format!("not known for {} whether a var file sets a secret", Count(not_read, "stack"));
        }
        item
    }
}

/// Returns true if two findings are equal except for their severity.
fn is_same_finding(one: &Diagnostic, other: &Diagnostic) -> bool {
    one.code == other.code && one.to_string() == other.to_string()
}

/// Removes duplicates: a var file that several stacks share is reported once.
fn deduplicated(found: Diagnostics) -> Diagnostics {
    let mut seen = HashSet::new();
    Diagnostics(found.into_iter().filter(|d| seen.insert((d.code, d.to_string()))).collect())
}

#[cfg(test)]
mod tests;
