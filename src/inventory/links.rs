//! Links between stacks by `terraform_remote_state`, which environments.toml should declare as needs.

use std::collections::HashMap;

use indexmap::IndexMap;
use serde_json::Value;

use super::{
    Instance, Modules,
    address::{EffectiveBackend, EnvValue, InstanceAddress, Setting, StateAddress, state_address},
};
use crate::{
    config::toml_key,
    diagnostic::Diagnostic,
    files,
    hcl::{Attribute, Expr, Folder, Module, Reference, RemoteState, VarFileContent},
    model::{InstanceId, StackId},
};

/// Search for links: the states of all instances by address, and the environment variables of each instance.
pub struct Links<'a> {
    /// Instances by the address of their state.
    by_address: HashMap<&'a str, Vec<&'a InstanceId>>,
    /// Looks up an environment variable of an instance.
    environment: &'a dyn Fn(&Instance, &str) -> EnvValue,
}

impl<'a> Links<'a> {
    /// Indexes the states of these instances by address.
    pub fn new(
        addresses: &'a [InstanceAddress],
        environment: &'a dyn Fn(&Instance, &str) -> EnvValue,
    ) -> Self {
        let mut by_address: HashMap<&str, Vec<&InstanceId>> = HashMap::new();
        for instance in addresses {
            if let Some(address) = instance.address.canonical_text() {
                by_address.entry(address).or_default().push(&instance.id);
            }
        }
        Self { by_address, environment }
    }

    /// Returns findings about the links of an instance that environments.toml does not declare.
    ///
    /// Only known values are examined: literals, the workspace, and variables with a literal value.
    pub fn undeclared_link_findings(
        &self,
        instance: &Instance,
        modules: &Modules,
        values: &VarFileContent,
    ) -> Vec<Diagnostic> {
        let mut found = Vec::new();
        let mut reported: Vec<&InstanceId> = Vec::new();
        for (depth, module) in modules.with_called_modules_of(instance).into_iter().enumerate() {
            for link in module.remote_states.values() {
                // Values of variables in a called module come from its caller and are not examined.
                let variable = |name: &str| {
                    if depth == 0 { variable_value(instance, module, values, name) } else { None }
                };
                let folder = |folder: Folder| match folder {
                    Folder::Module => module.dir.as_str(),
                    Folder::Root => instance.dir.as_str(),
                };
                let lookup = |reference: Reference<'_>| match reference {
                    Reference::Variable(name) => variable(name),
                    Reference::Workspace => Some(Value::from(instance.workspace().unwrap_or("default"))),
                    Reference::Folder(of) => Some(Value::from(folder(of))),
                };
                let StateAddress::Known(address) = self.remote_state_address(instance, link, &lookup) else {
                    continue;
                };
                let targets = self.by_address.get(address.as_str()).into_iter().flatten();
                for target in targets.filter(|target| ***target != instance.id) {
                    if !reported.contains(target)
                        && let Some(diagnostic) = undeclared_link_finding(instance, link, target)
                    {
                        reported.push(target);
                        found.push(diagnostic);
                    }
                }
            }
        }
        found
    }

    /// Returns the address of the state that a link reads.
    fn remote_state_address(
        &self,
        instance: &Instance,
        link: &RemoteState,
        lookup: &dyn Fn(Reference<'_>) -> Option<Value>,
    ) -> StateAddress {
        let text = |attribute: &Attribute| attribute.value.evaluate(lookup)?.as_str().map(str::to_owned);
        let unknown = |what: &str| StateAddress::Unknown { because: format!("{what} is an expression") };
        let Some(backend_type) = link.backend_type.as_ref().and_then(text) else {
            return unknown("`backend`");
        };
        let Some(config) = &link.config else { return unknown("`config`") };
        let workspace = match &link.workspace {
            None => None,
            Some(attribute) => match text(attribute) {
                Some(workspace) => Some(workspace),
                None => return unknown("`workspace`"),
            },
        };
        let setting = |expression: &Expr| match expression.evaluate(lookup) {
            Some(value) => Setting::Known(value),
            None => Setting::Unknown("it is an expression".to_owned()),
        };
        let backend = EffectiveBackend {
            backend_type,
            values: config.iter().map(|(name, value)| (name.clone(), setting(value))).collect(),
            overrides: IndexMap::new(),
            unread: None,
            header_span: Some(link.header_span.clone()),
        };
        let environment = |name: &str| (self.environment)(instance, name);
        state_address(&backend, workspace.as_deref(), &instance.dir, &environment)
            .relative_to_project(&files::resolve_links(instance.root()))
    }
}

/// Returns the literal value of a root module's variable: from environments.toml, else a var file, else its default.
fn variable_value(
    instance: &Instance,
    module: &Module,
    values: &VarFileContent,
    name: &str,
) -> Option<Value> {
    let settings = &instance.settings;
    if settings.secrets.contains_key(name) || settings.inputs.contains_key(name) {
        return None;
    }
    if let Some(value) = settings.vars.get(name) {
        return value.value.as_json().cloned();
    }
    let default = || module.variables.get(name)?.default.as_ref()?.literal().cloned();
    values.get(name).map_or_else(default, |attribute| attribute.value.literal().cloned())
}

/// Returns the finding about a link; `None` if environments.toml declares the need.
fn undeclared_link_finding(
    instance: &Instance,
    link: &RemoteState,
    target: &InstanceId,
) -> Option<Diagnostic> {
    let id = &instance.id;
    if target.environment != id.environment {
        return Some(
            Diagnostic::warning("isolation::foreign-state", format!("`{id}` reads the state of `{target}`"))
                .at(
                    &link.header_span.source,
                    link.header_span.span.clone(),
                    format!("this is the state of `{}`", target.environment),
                ),
        );
    }
    let is_read = instance.settings.reads.iter().any(|read| read.stack == target.stack);
    if is_read || instance.needs.contains(&target.stack) {
        return None;
    }
    let mut needs: Vec<&StackId> = instance.needs.iter().collect();
    needs.push(&target.stack);
    let needs: Vec<String> =
        needs.into_iter().map(|stack| toml::Value::from(stack.as_str()).to_string()).collect();
    Some(
        Diagnostic::error(
            "inventory::undeclared-link",
            format!("`{}` reads the state of `{}` and does not say that it needs it", id.stack, target.stack),
        )
        .at(
            &link.header_span.source,
            link.header_span.span.clone(),
            format!("this is the state of `{}`", target.stack),
        )
        .help(format!(
            "write `needs = [{}]` under `[stacks.{}]`",
            needs.join(", "),
            toml_key(id.stack.as_str())
        ))
        .help(format!(
            "or `reads = [{}]`, if `{}` does not have to wait for `{}`",
            toml::Value::from(target.stack.as_str()),
            id.stack,
            target.stack
        )),
    )
}

#[cfg(test)]
mod tests {
    use crate::inventory::{
        Links, Modules, VarFiles,
        address::{Addresses, instance_variable},
        fixture::Project,
    };

    const TOML: &str = r#"
[environments.dev]
workspace = "dev"
vars = { project = "shop" }
[environments.prod]
workspace = "prod"
[stacks.network]
path = "network"
[stacks."my app"]
path = "app"
needs = ["base"]
[stacks.base]
path = "base"
"#;

    const BACKEND: &str =
        "terraform {\n  backend \"s3\" {\n    bucket = \"b\"\n    key = \"shop/NAME\"\n  }\n}\n";

    /// Returns the messages about the links of stack `app`, whose files are `link` and `more`.
    fn reported(link: &str, more: &[(&str, &str)]) -> Vec<String> {
        let project = Project::new(TOML, more);
        for stack in ["network", "app", "base"] {
            project.write(&format!("{stack}/main.tf"), &BACKEND.replace("NAME", stack));
        }
        project.write("app/links.tf", link);
        let mut instances = project.instances("dev");
        let app = instances.iter().position(|i| i.path == "app").unwrap();
        instances.extend(project.instances("prod"));
        let (modules, found) = Modules::read(&instances, &project.root());
        assert!(!found.has_errors(), "{found}");
        let addresses = Addresses::compute(&instances, &modules, project.config().source(), &|_| None);
        let environment =
            |i: &crate::inventory::Instance, name: &str| instance_variable(&i.settings, &|_| None, name);
        let values = VarFiles::new(&project.root()).values(&instances[app], None).unwrap();
        let found = Links::new(&addresses.by_instance, &environment).undeclared_link_findings(
            &instances[app],
            &modules,
            &values,
        );
        found.iter().map(|d| format!("{d} | {}", d.help.join(" "))).collect()
    }

    fn link(key: &str, workspace: &str) -> String {
        format!(
            "variable \"project\" {{}}\ndata \"terraform_remote_state\" \"x\" {{\n  backend = \"s3\"\n  \
             {workspace}\n  config = {{\n    bucket = \"b\"\n    key = {key}\n  }}\n}}\n"
        )
    }

    #[test]
    fn an_undeclared_link_comes_with_the_line_to_write() {
        let expected = "app/links.tf:2:1: `my app` reads the state of `network` and does not say that it needs it | \
                        write `needs = [\"base\", \"network\"]` under `[stacks.\"my app\"]` or `reads = [\"network\"]`, if `my app` does not have \
                        to wait for `network`";
        assert_eq!(reported(&link("\"shop/network\"", "workspace = terraform.workspace"), &[]), [expected]);
        assert_eq!(reported(&link("\"${var.project}/network\"", "workspace = \"dev\""), &[]), [expected]);
    }

    #[test]
    fn a_local_state_is_known_in_every_spelling_of_its_path() {
        for folder in ["", "${path.module}/", "${path.root}/"] {
            let path =
                format!("{folder}../network/terraform.tfstate.d/${{terraform.workspace}}/terraform.tfstate");
            let link = format!(
                "data \"terraform_remote_state\" \"x\" {{\n  backend = \"local\"\n  config = {{\n    path = \"{path}\"\n  }}\n}}\n"
            );
            let local = [("network/local_override.tf", "terraform {\n  backend \"local\" {}\n}\n")];
            assert_eq!(reported(&link, &local).len(), 1, "{path}");
            let called = [local[0], ("modules/a/main.tf", link.as_str())];
            let found = reported("module \"a\" {\n  source = \"../modules/a\"\n}\n", &called).len();
            // In a called module, a path relative to the module leads to another folder.
            assert_eq!(found, usize::from(!path.contains("path.module")), "{path}");
        }
    }

    #[test]
    fn a_declared_link_and_one_that_cannot_be_known_are_not_told() {
        assert!(reported(&link("\"shop/base\"", "workspace = terraform.workspace"), &[]).is_empty());
        assert!(reported(&link("\"${local.x}/network\"", "workspace = terraform.workspace"), &[]).is_empty());
        assert!(reported(&link("\"elsewhere\"", ""), &[]).is_empty());
    }

    #[test]
    fn a_link_into_another_environment_is_told() {
        assert_eq!(
            reported(&link("\"shop/network\"", "workspace = \"prod\""), &[]),
            ["app/links.tf:2:1: `dev/my app` reads the state of `prod/network` | "]
        );
    }

    #[test]
    fn a_link_in_a_local_module_at_any_depth_is_seen() {
        let call = "module \"a\" {\n  source = \"../modules/a\"\n}\n";
        let more = [
            ("modules/a/main.tf", "module \"b\" {\n  source = \"./b\"\n}\n"),
            ("modules/a/b/main.tf", &link("\"shop/network\"", "workspace = terraform.workspace")),
        ];
        let found = reported(call, &more);
        assert_eq!(found.len(), 1);
        assert!(found[0].starts_with("modules/a/b/main.tf:2:1: `my app` reads"), "{found:?}");
    }
}
