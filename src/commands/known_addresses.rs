//! Refuses addresses of `--target`, `--without` and `--replace` that no selected stack has: an engine takes them and does nothing.

use std::collections::BTreeSet;

use camino::{Utf8Path, Utf8PathBuf};

use super::{RunRequest, Usage};
use crate::{
    diagnostic::closest,
    engine::{layout::unit_file, state_addresses},
    files,
    inventory::{Instance, Inventory, Modules, hcl::declared_resources},
    model::{EngineName, StackId},
};

/// Refuses an address that is in no file and no local state of the selected stacks. One that a stack may have is taken: in a module
/// that is fetched, in a state elsewhere, in files that cannot be read or that a hook may write, and of any unit of Terragrunt.
pub(super) fn know_addresses(
    (inventory, modules): (&Inventory, &Modules),
    stacks: &[StackId],
    request: &RunRequest,
) -> Result<(), Usage> {
    let flags = request.targets.iter().map(|address| ("--target", address));
    let flags = flags.chain(request.excludes.iter().map(|address| ("--without", address)));
    let flags = flags.chain(request.replace.iter().map(|address| ("--replace", address)));
    for (flag, address) in flags {
        let Some(wanted) = without_indexes(address) else { continue };
        let mut known = BTreeSet::new();
        let may_have = |stack: &StackId, known: &mut BTreeSet<String>| {
            let Some(instance) = inventory.get(stack.as_str()) else { return true };
            let Some(addresses) = addresses_of(instance, modules) else { return true };
            let has = addresses.has(&wanted);
            known.extend(addresses.complete);
            has
        };
        if stacks.is_empty() || stacks.iter().any(|stack| may_have(stack, &mut known)) {
            continue;
        }
        let meant = closest(&wanted, known.iter().map(String::as_str));
        let meant = meant.map_or(String::new(), |name| format!("; did you mean `{name}`?"));
        return Err(Usage::Other(format!("no selected stack has `{address}`, which `{flag}` names{meant}")));
    }
    Ok(())
}

/// Addresses of a stack without indexes.
#[derive(Default)]
struct StackAddresses {
    /// Modules, resources and data sources that it has.
    complete: BTreeSet<String>,
    /// Modules whose files are not at hand: anything may be in them.
    opaque: BTreeSet<String>,
}

impl StackAddresses {
    fn has(&self, wanted: &str) -> bool {
        let is_within =
            |module: &String| wanted.strip_prefix(module.as_str()).is_some_and(|rest| rest.starts_with('.'));
        self.complete.contains(wanted) || self.opaque.iter().any(is_within)
    }
}

/// Returns the addresses of a stack; absent where they cannot be known without an engine.
fn addresses_of(instance: &Instance, modules: &Modules) -> Option<StackAddresses> {
    // A program that runs before the plan may write files.
    if unit_file(instance.engine).is_some() || !instance.settings.hooks.before_plan.is_empty() {
        return None;
    }
    let mut found = StackAddresses::default();
    let root = (instance.dir.clone(), String::new());
    collect((instance.engine, instance.root()), modules, root, &mut Vec::new(), &mut found)?;
    let stated = modules.stated_states();
    let (state, _) = stated.iter().find(|(_, id)| **id == instance.id)?;
    let path = Utf8Path::new(state.strip_prefix("local:")?);
    if files::is_there(path) {
        for address in state_addresses(&files::read_whole(path).ok()?).ok()? {
            let address = without_indexes(address.as_str())?;
            let steps: Vec<&str> = address.split('.').collect();
            // The modules around it, too.
            for at in (2..steps.len()).step_by(2).take_while(|at| steps[at - 2] == "module") {
                found.complete.insert(steps[..at].join("."));
            }
            found.complete.insert(address);
        }
    }
    Some(found)
}

/// Collects the addresses of a module and of those that it calls; absent where a file cannot be read.
fn collect(
    (engine, root): (EngineName, &Utf8Path),
    modules: &Modules,
    (dir, prefix): (Utf8PathBuf, String),
    above: &mut Vec<Utf8PathBuf>,
    found: &mut StackAddresses,
) -> Option<()> {
    let module = modules.in_folder(&dir, engine)?;
    let declared = declared_resources(engine, &dir, root)?;
    found.complete.extend(declared.into_iter().map(|address| format!("{prefix}{address}")));
    above.push(dir.clone());
    for (name, call) in &module.modules {
        let address = format!("{prefix}module.{name}");
        found.complete.insert(address.clone());
        match Modules::called_folder(&dir, call).filter(|called| !above.contains(called)) {
            Some(called) if modules.in_folder(&called, engine).is_some() => {
                collect((engine, root), modules, (called, format!("{address}.")), above, found)?;
            }
            _ => drop(found.opaque.insert(address)),
        }
    }
    above.pop();
    Some(())
}

/// Returns an address without its indexes; absent where it is none of a module, a resource or a data source.
fn without_indexes(address: &str) -> Option<String> {
    let mut plain = String::new();
    let (mut in_index, mut in_text, mut escaped) = (false, false, false);
    for character in address.chars() {
        match character {
            _ if escaped => escaped = false,
            '\\' if in_text => escaped = true,
            '"' if in_index => in_text = !in_text,
            '[' if !in_index => in_index = true,
            ']' if in_index && !in_text => in_index = false,
            other if !in_index => plain.push(other),
            _ => {}
        }
    }
    let is_name =
        |step: &str| !step.is_empty() && step.chars().all(|c| c.is_alphanumeric() || c == '_' || c == '-');
    let steps: Vec<&str> = plain.split('.').collect();
    let mut rest = steps.as_slice();
    while let ["module", _, deeper @ ..] = rest {
        rest = deeper;
    }
    let is_address = match rest {
        [] => true,
        ["data", _, _] => true,
        ["ephemeral" | "action" | "check" | "data", ..] => false,
        [_, _] => true,
        _ => false,
    };
    (is_address && !in_index && steps.iter().all(|step| is_name(step))).then_some(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_compared_without_its_indexes() {
        for (address, plain) in [
            ("a.b", Some("a.b")),
            ("module.m[\"x.y\\\"]\"].module.n[0].data.a.b[1]", Some("module.m.module.n.data.a.b")),
            ("module.m", Some("module.m")),
            ("a.b[0", None),
            ("a", None),
            ("action.a.b", None),
            ("a.b.c", None),
            ("a..b", None),
        ] {
            assert_eq!(without_indexes(address).as_deref(), plain, "{address}");
        }
    }
}
