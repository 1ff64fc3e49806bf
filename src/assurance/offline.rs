//! The checklist as far as the files go.

use std::collections::HashSet;

use super::{
    CheckItem, CheckName, CheckStatus, Survey, inputs::inputs, lockfiles::lockfiles,
    sensitive::not_sensitive, unsupported::unsupported, values,
};
use crate::{
    config::{Config, Environment, VerbClass},
    diagnostic::{Diagnostic, Diagnostics, Severity},
    inventory::{
        Instance, Inventory, Links, Probe, VarFiles,
        address::{StateAddress, instance_variable, linked_units, shared_addresses},
        load,
    },
    model::{EnvName, InstanceId},
    ui::Count,
};

/// What was checked, with what was read for it.
pub struct Offline {
    /// The items in the order of the checklist: those of the whole project, then environment by environment.
    pub items: Vec<CheckItem>,
    /// The checked environments, as far as they could be loaded.
    pub inventories: Vec<Inventory>,
    /// What the files of all instances say.
    pub survey: Survey,
    /// Variables without a value, by stack, where plans are made: an error for a run that has the stack.
    pub unset: UnsetVariables,
}

/// Errors about variables without a value, by instance.
pub type UnsetVariables = Vec<(InstanceId, Diagnostics)>;

impl Offline {
    /// Everything that is wrong, each finding once.
    pub fn errors(&self) -> Diagnostics {
        let all = self.items.iter().flat_map(|item| item.diagnostics.0.iter().cloned());
        deduplicated(Diagnostics(all.filter(|d| d.severity == Severity::Error).collect()))
    }
}

/// Checks these environments without an engine; states are compared with those of all environments.
///
/// `own` looks up a variable of envctl's own environment; keys that a verb of `classes` would have to honour and this
/// version cannot are errors.
pub fn check_offline(
    config: &Config,
    environments: &[&Environment],
    probe: &Probe<'_>,
    own: &dyn Fn(&str) -> Option<String>,
    classes: &[VerbClass],
) -> Offline {
    let mut inventories = Vec::new();
    let mut unset = Vec::new();
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
    let survey = Survey::take(config, &inventories, probe.on_path, own);
    let stacks = Count(survey.instances.len() as u64, "instance");
    let fine = format!("the files of {stacks} are read");
    let mut items = vec![
        CheckItem::judge(CheckName::Config, None, survey.files.clone(), fine),
        isolation(environments, &survey),
    ];
    if survey.instances.is_empty() {
        for item in &mut items {
            item.status = CheckStatus::Unknown;
            "there is no instance to look at".clone_into(&mut item.message);
        }
    }
    for (environment, (_, found)) in environments.iter().zip(findings) {
        let inventory = inventories.iter().find(|inventory| *inventory.environment() == environment.name);
        let mut checked = Checked { config, environment, survey: &survey, own, classes, found, unset };
        items.extend(checked.items(inventory));
        unset = checked.unset;
    }
    Offline { items, inventories, survey, unset }
}

/// No two instances may have one state; states that cannot be known are told of the checked environments.
fn isolation(environments: &[&Environment], survey: &Survey) -> CheckItem {
    let checked = |id: &InstanceId| environments.iter().any(|environment| environment.name == id.environment);
    let mut found = Diagnostics(shared_addresses(&survey.addresses.addressed));
    found.0.extend(linked_units(&survey.instances));
    let mut unknown = 0;
    for addressed in survey.addresses.addressed.iter().filter(|addressed| checked(&addressed.id)) {
        if let StateAddress::Unknown { because } = &addressed.address {
            unknown += 1;
            let message = format!("the files do not tell the state of `{}`: {because}", addressed.id);
            found.push(note("isolation::unknown-state", message));
        }
    }
    for error in &survey.not_looked_at {
        unknown += 1;
        found.push(note("isolation::not-compared", format!("an environment could not be compared: {error}")));
    }
    let mut item =
        CheckItem::judge(CheckName::Isolation, None, found, "every instance has a state of its own");
    if item.status == CheckStatus::Green && unknown > 0 {
        item.status = CheckStatus::Unknown;
        item.message = format!("{} not known before init", Count(unknown, "state address"));
    }
    item
}

fn note(code: &'static str, message: String) -> Diagnostic {
    Diagnostic { severity: Severity::Note, ..Diagnostic::warning(code, message) }
}

/// One environment while it is checked.
struct Checked<'a> {
    config: &'a Config,
    environment: &'a Environment,
    survey: &'a Survey,
    own: &'a dyn Fn(&str) -> Option<String>,
    classes: &'a [VerbClass],
    /// What its inventory told.
    found: Diagnostics,
    /// Variables without a value, by stack.
    unset: UnsetVariables,
}

impl Checked<'_> {
    fn items(&mut self, inventory: Option<&Inventory>) -> Vec<CheckItem> {
        let name = Some(&self.environment.name);
        let mut config = std::mem::take(&mut self.found);
        let Some(inventory) = inventory else {
            return vec![CheckItem::judge(CheckName::Config, name, config, "")];
        };
        if inventory.instances().len() == 0 && config.0.iter().any(|d| d.severity == Severity::Error) {
            return vec![CheckItem::judge(CheckName::Config, name, config, "")];
        }
        config.extend(unsupported(self.config, self.environment, inventory.instances(), self.classes));
        let (mut secrets, mut missing) = (Diagnostics::default(), Diagnostics::default());
        let mut files = VarFiles::new(self.config.root());
        let variable =
            |instance: &Instance, name: &str| instance_variable(&instance.settings, self.own, name);
        let links = Links::new(&self.survey.addresses.addressed, &variable);
        for instance in inventory.instances() {
            config.extend(values::missing_var_files(self.config, instance));
            let set = values::read(&mut files, instance, &mut config);
            config.extend(values::undeclared_vars(self.config, instance, &self.survey.modules));
            config.extend(inputs(self.config, instance, &self.survey.modules, &set, self.own));
            config.extend(links.undeclared(instance, &self.survey.modules, &set));
            if self.classes.iter().any(|class| matches!(class, VerbClass::Check | VerbClass::Plan)) {
                let unset = values::unset_variables(instance, &self.survey.modules, &set, self.own);
                // A plan of other stacks does not need them.
                if self.classes.contains(&VerbClass::Check) {
                    config.extend(unset);
                } else if !unset.0.is_empty() {
                    self.unset.push((instance.id.clone(), unset));
                }
            }
            // A plan says so itself, and more exactly; a check is asked before it.
            if self.classes.contains(&VerbClass::Check) {
                let modules = &self.survey.modules;
                missing.extend(values::missing_sources(self.config, instance, modules, self.own));
                secrets.extend(not_sensitive(self.config, instance, modules));
            }
            secrets.extend(values::secrets_in_var_files(self.config, instance, &set));
            secrets.extend(values::inherited(self.config, instance, self.own));
        }
        let backend = self.survey.addresses.findings.iter();
        let backend = backend.filter(|(id, _)| id.environment == self.environment.name);
        let backend = Diagnostics(backend.flat_map(|(_, found)| found.clone()).collect());
        let stacks = Count(inventory.instances().len() as u64, "stack");
        let fine = |what: &str| format!("{stacks}, {what}");
        vec![
            CheckItem::judge(CheckName::Config, name, deduplicated(config), fine("nothing wrong")),
            CheckItem::judge(CheckName::Backend, name, backend, fine("each with a backend that can be used")),
            CheckItem::judge(
                CheckName::Lockfiles,
                name,
                lockfiles(inventory.instances()),
                "no lockfile is another engine's",
            ),
            self.secrets(secrets, missing),
        ]
    }
}

impl Checked<'_> {
    /// A source that is not on this machine may be on the one that deploys: that is no fault of a file.
    fn secrets(&self, mut found: Diagnostics, missing: Diagnostics) -> CheckItem {
        let missing = deduplicated(missing);
        let count = missing.0.len() as u64;
        found.extend(missing);
        let fine = "nothing competes with a secret";
        let mut item =
            CheckItem::judge(CheckName::Secrets, Some(&self.environment.name), deduplicated(found), fine);
        if item.status == CheckStatus::Green && count > 0 {
            item.status = CheckStatus::Unknown;
            item.message = format!("{} not to be had here", Count(count, "secret"));
        }
        item
    }
}

/// The same findings, each once: a var file that many stacks share is wrong only once.
fn deduplicated(found: Diagnostics) -> Diagnostics {
    let mut told = HashSet::new();
    Diagnostics(found.into_iter().filter(|d| told.insert((d.code, d.to_string()))).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{inventory::fixture::Project, model::EngineName};

    /// The items of an environment, one line each, their errors and warnings indented.
    fn checked(project: &Project, environment: &str, own: &[(&str, &str)]) -> String {
        let config = project.config();
        let cache_dir = project.root().join(".envctl/cache");
        let probe = Probe {
            on_path: &|engine| engine == EngineName::Tofu,
            earlier_engines: &|| None,
            units: Some(project),
            cache_dir: &cache_dir,
        };
        let own = |name: &str| own.iter().find(|(n, _)| *n == name).map(|(_, value)| (*value).to_owned());
        let environments = [config.environment(environment).unwrap()];
        let items = check_offline(&config, &environments, &probe, &own, &[VerbClass::Check]).items;
        let mut text = String::new();
        for item in items {
            let of = item.environment.as_ref().map_or(String::new(), |name| format!(" of {name}"));
            text += &[&format!("{:?} {}{of}: {}", item.status, item.name, item.message), "\n"].concat();
            for diagnostic in &item.diagnostics.0 {
                text += &["  ", &diagnostic.to_string(), "\n"].concat();
            }
        }
        text
    }

    const TOML: &str = r#"
[defaults]
var_files = ["{env}.tfvars", "?local.tfvars"]
backend.s3 = { key = "{env}/{stack}" }
[environments.dev]
[environments.prod]
workspace = "prod"
secrets.password = { env = "PASSWORD" }
vars = { size = 2 }
[stacks.network]
path = "network"
[stacks.app]
path = "app"
needs = ["network"]
"#;

    const S3: &str = "terraform {\n  backend \"s3\" {\n    bucket = \"b\"\n  }\n}\nvariable \"size\" {}\n";

    fn files() -> Vec<(&'static str, &'static str)> {
        let tfvars = ["network/dev.tfvars", "network/prod.tfvars", "app/dev.tfvars", "app/prod.tfvars"];
        let mut files = vec![("network/main.tf", S3), ("app/main.tf", S3)];
        files.extend(tfvars.map(|name| (name, "size = 1\n")));
        files
    }

    #[test]
    fn a_project_in_which_all_fits_is_green() {
        insta::assert_snapshot!(checked(&Project::new(TOML, &files()), "prod", &[]), @r"
        Green config: the files of 4 instances are read
        Green isolation: every instance has a state of its own
        Green config of prod: 2 stacks, nothing wrong
        Green backend of prod: 2 stacks, each with a backend that can be used
        Green lockfiles of prod: no lockfile is another engine's
        Green secrets of prod: nothing competes with a secret
        ");
    }

    #[test]
    fn what_may_be_there_is_not_told() {
        let toml = TOML
            .replace("\"PASSWORD\"", "\"TF_VAR_password\"")
            .replace("vars = { size = 2 }", "vars = { elsewhere = 2 }");
        let project = Project::new(&toml, &files());
        project.write("app/.terraform.lock.hcl", "provider \"registry.opentofu.org/hashicorp/aws\" {\n}\n");
        let own = [("TF_VAR_password", "its own source"), ("TF_VAR_other", "nobody's")];
        assert!(!checked(&project, "prod", &own).contains("Red"));
    }

    #[test]
    fn everything_that_the_files_can_tell_is_told_at_once() {
        let toml = TOML
            .replace("{env}/{stack}", "fixed")
            .replace("path = \"app\"", "path = \"app\"\nvars = { sise = 1 }")
            .replace("workspace = \"prod\"\n", "");
        let project = Project::new(&toml, &files());
        project.write("network/prod.tfvars", "size = 1\npassword = \"hush\"\n");
        std::fs::remove_file(project.root().join("app/prod.tfvars")).unwrap();
        project
            .write("network/.terraform.lock.hcl", "provider \"registry.terraform.io/hashicorp/aws\" {\n}\n");
        project.write("network/main.tofu", S3);
        let toml = toml.replace("[stacks.network]", "[stacks.network]\nengine = \"tofu\"");
        project.write("environments.toml", &format!("{toml}\n[project]\nname = \"x\"\n"));
        insta::assert_snapshot!(checked(&project, "prod", &[("TF_VAR_size", "9")]), @r"
        Green config: the files of 4 instances are read
        Red isolation: 1 problem
          network/main.tofu:2:3: `prod/network`, `prod/app`, `dev/network` and `dev/app` have the same state: s3://b/fixed
        Red config of prod: 2 problems
          the var file of `prod/app` does not exist: `app/prod.tfvars`
          environments.toml:14:17: `sise` is set for `prod/app`, which declares no such variable
        Green backend of prod: 2 stacks, each with a backend that can be used
        Red lockfiles of prod: 1 problem
          network/.terraform.lock.hcl:1:1: `prod/network` is run by `tofu`, and its lockfile is `terraform`'s
        Red secrets of prod: 2 problems
          network/prod.tfvars:2:12: `password` is a secret of `prod/network`, and a var file sets it too
          environments.toml:8:17: `TF_VAR_size` is set in your environment, and environments.toml sets `size`
        ");
    }

    #[test]
    fn broken_files_are_told_at_their_place() {
        let project = Project::new(TOML, &files());
        project.write("app/broken.tf", "x {\n");
        project.write("app/dev.tfvars", "size =\n");
        insta::assert_snapshot!(checked(&project, "dev", &[]), @r"
        Red config: 1 problem
          app/broken.tf:1:4: `app/broken.tf` is not valid HCL
        Unknown isolation: 1 state address not known before init
          the files do not tell the state of `dev/app`: its files could not be read
        Red config of dev: 1 problem
          app/dev.tfvars:1:7: `app/dev.tfvars` is not valid HCL
        Green backend of dev: 2 stacks, each with a backend that can be used
        Green lockfiles of dev: no lockfile is another engine's
        Green secrets of dev: nothing competes with a secret
        ");
    }

    #[test]
    fn what_needs_an_engine_is_listed_as_unknown() {
        let project = Project::new(TOML, &files());
        project.write("app/main.tf", &S3.replace("\"b\"", "var.bucket"));
        insta::assert_snapshot!(checked(&project, "dev", &[]), @r"
        Green config: the files of 4 instances are read
        Unknown isolation: 1 state address not known before init
          the files do not tell the state of `dev/app`: `bucket` at app/main.tf:3 is an expression
        Green config of dev: 2 stacks, nothing wrong
        Green backend of dev: 2 stacks, each with a backend that can be used
        Green lockfiles of dev: no lockfile is another engine's
        Green secrets of dev: nothing competes with a secret
        ");
    }

    #[test]
    fn backends_that_cannot_be_used_are_told() {
        let project = Project::new(TOML, &files());
        project.write("app/main.tf", "terraform {\n  cloud {}\n}\n");
        project.write("network/main.tf", "terraform {\n  backend \"local\" {}\n}\n");
        insta::assert_snapshot!(checked(&project, "dev", &[]), @r"
        Green config: the files of 4 instances are read
        Unknown isolation: 1 state address not known before init
          the files do not tell the state of `dev/app`: its backend is wrong
        Green config of dev: 2 stacks, nothing wrong
        Red backend of dev: 1 problem
          environments.toml:4:22: pairs for backend `s3` do not reach `dev/network`, whose backend is `local`
          app/main.tf:2:3: `dev/app` uses `cloud`, which keeps no saved plans
        Green lockfiles of dev: no lockfile is another engine's
        Green secrets of dev: nothing competes with a secret
        ");
    }
}
