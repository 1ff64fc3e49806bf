//! Refusal of instances that would share one state.

use indexmap::IndexMap;

use super::StateAddress;
use crate::{diagnostic::Diagnostic, hcl::SourceSpan, model::InstanceId};

/// Address of an instance's state, and what else shows whether two instances share it.
#[derive(Debug, Clone)]
pub struct InstanceAddress {
    /// Names of the environment and the stack.
    pub id: InstanceId,
    /// Address of the instance's state.
    pub address: StateAddress,
    /// Header of its backend block; `None` when its files have no backend block.
    pub header_span: Option<SourceSpan>,
    /// Device and inode of a local state file that has several hard links.
    pub hard_link: Option<(u64, u64)>,
    /// Values of variables that the engine evaluates the backend's expressions from, as one text; `None` when the backend has
    /// no expression, or a value is unknown before a run.
    pub evaluated_from: Option<String>,
}

/// Text of the error in place of the address, which only an engine can evaluate.
const EQUAL_VALUES: &str = "the variables that their backend is made of have the same values";

/// Returns one error for each state that more than one instance has, be the address known or evaluated from equal
/// values.
pub fn shared_addresses(instances: &[InstanceAddress]) -> Vec<Diagnostic> {
    let mut by_state: IndexMap<String, Vec<&InstanceAddress>> = IndexMap::new();
    for instance in instances {
        if let Some(address) = instance.address.canonical_text() {
            // Hard links of one file are one state, whatever their paths are.
            let inode = instance.hard_link.map(|(device, inode)| format!("{device} {inode}"));
            by_state.entry(inode.unwrap_or_else(|| address.to_owned())).or_default().push(instance);
        } else if let Some(values) = &instance.evaluated_from {
            by_state.entry(format!("inputs {values}")).or_default().push(instance);
        }
    }
    let shared = by_state.into_values().filter(|sharers| sharers.len() > 1);
    shared
        .map(|sharers| {
            shared_address_error(sharers[0].address.canonical_text().unwrap_or(EQUAL_VALUES), &sharers)
        })
        .collect()
}

fn shared_address_error(address: &str, sharers: &[&InstanceAddress]) -> Diagnostic {
    let names: Vec<String> = sharers.iter().map(|sharer| format!("`{}`", sharer.id)).collect();
    let (last, first) =
        names.split_last().map_or(("", [].as_slice()), |(last, first)| (last.as_str(), first));
    let mut diagnostic = Diagnostic::error(
        "isolation::same-state",
        format!("{} and {last} have the same state: {address}", first.join(", ")),
    );
    let mut reported: Vec<&SourceSpan> = Vec::new();
    for (header_span, sharer) in
        sharers.iter().filter_map(|sharer| Some((sharer.header_span.as_ref()?, sharer)))
    {
        if !reported.contains(&header_span) {
            reported.push(header_span);
            diagnostic = diagnostic.at(
                &header_span.source,
                header_span.span.clone(),
                format!("the backend of `{}`", sharer.id),
            );
        }
    }
    diagnostic.help("give each a workspace, or backend pairs with `{env}` and `{stack}` in the key")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inventory::{Modules, address::Addresses, fixture::Project};

    fn instance_address(environment: &str, address: StateAddress) -> InstanceAddress {
        let id = InstanceId { environment: environment.parse().unwrap(), stack: "app".parse().unwrap() };
        InstanceAddress { id, address, header_span: None, hard_link: None, evaluated_from: None }
    }

    #[test]
    fn both_instances_and_the_place_are_named() {
        let same = StateAddress::Known("s3://b/k".to_owned());
        let other = StateAddress::Known("s3://b/other".to_owned());
        let unknown = StateAddress::Unknown { because: "x".to_owned() };
        let found = shared_addresses(&[
            instance_address("dev", same.clone()),
            instance_address("qa", other),
            instance_address("prod", same),
            instance_address("a", unknown.clone()),
            instance_address("b", unknown),
        ]);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].message, "`dev/app` and `prod/app` have the same state: s3://b/k");
    }

    /// Returns the messages about one stack in `dev` and `prod`; `dev`, `prod` and `stack` are settings in TOML of
    /// each table.
    fn same_states([dev, prod, stack]: [&str; 3], backend: &str) -> Vec<String> {
        let toml = format!(
            "[environments.dev]\n{dev}\n[environments.prod]\n{prod}\n[stacks.a]\npath = \"a\"\n{stack}\n"
        );
        let main = format!(
            "variable \"env\" {{}}\nlocals {{\n  folder = \"s\"\n}}\nterraform {{\n  backend \"local\" {{\n    path = {backend}\n  }}\n}}\n"
        );
        let files = [("a/main.tf", main.as_str()), ("a/dev.tfvars", ""), ("a/prod.tfvars", "")];
        let project = Project::new(&toml, &files);
        let mut instances = project.instances("dev");
        instances.extend(project.instances("prod"));
        let (modules, _) = Modules::read(&instances, &project.root());
        let addresses = Addresses::compute(&instances, &modules, project.config().source(), &|_| None);
        shared_addresses(&addresses.by_instance).into_iter().map(|found| found.message).collect()
    }

    const PLAIN: &str = "\"${var.env}.tfstate\"";
    const OF_LOCAL: &str = "\"${local.folder}/${var.env}\"";

    #[test]
    fn backends_of_equal_variables_are_one_state() {
        let message = format!("`dev/a` and `prod/a` have the same state: {EQUAL_VALUES}");
        for backend in [PLAIN, OF_LOCAL] {
            assert_eq!(same_states(["", "", "vars.env = \"x\""], backend), [message.as_str()]);
            assert_eq!(same_states(["vars.env = \"x\"", "vars.env = \"y\"", ""], backend), [""; 0]);
        }
        // Another variable changes the address only if a local may use it.
        let others = ["vars.size = 1", "vars.size = 2", "vars.env = \"x\""];
        assert_eq!(same_states(others, PLAIN), [message.as_str()]);
        assert_eq!(same_states(others, OF_LOCAL), [""; 0]);
    }

    #[test]
    fn a_variable_that_comes_from_elsewhere_may_have_other_values() {
        let var_files = "var_files = [\"{env}.tfvars\"]";
        assert_eq!(same_states(["", "", var_files], PLAIN), [""; 0]);
        // `TF_VAR_env` may have another value in the job of each environment.
        assert_eq!(same_states(["", "", ""], PLAIN), [""; 0]);
        assert_eq!(same_states(["", "", ""], OF_LOCAL), [""; 0]);
        assert_eq!(same_states(["", "", "secrets.env = { env = \"NAME\" }"], PLAIN), [""; 0]);
        // Values of environments.toml override var files.
        assert_eq!(same_states(["", "", &format!("{var_files}\nvars.env = \"x\"")], PLAIN).len(), 1);
        let workspaces = ["workspace = \"one\"", "workspace = \"two\"", "vars.env = \"x\""];
        assert_eq!(same_states(workspaces, PLAIN), [""; 0]);
    }
}
