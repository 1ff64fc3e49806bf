//! Refuses texts that are no address, and addresses of `--target`, `--without` and `--replace` that no selected stack has,
//! because an engine accepts them and does nothing.

use std::collections::BTreeSet;

use camino::{Utf8Path, Utf8PathBuf};

use crate::{
    diagnostic::closest,
    engine::{layout::unit_file, recorded_state, state_addresses},
    files,
    hcl::{ObjectAddress, ObjectKind, declared_resources},
    inventory::{Instance, Inventory, Modules, plan_inputs::has_local_state},
    journal::RunStore,
    model::{EngineName, InstanceId, StackId},
    run::{RunRequest, Usage},
};

/// Refuses a text that is no address, and an address that is in no file and no local state of the selected stacks. An
/// address that a stack might have is accepted: in a downloaded module, in a remote state, in files that cannot be parsed
/// or that a hook may write, and in a Terragrunt unit whose module is not known.
pub(in crate::run) fn check_addresses(
    inventory: &Inventory,
    modules: &Modules,
    store: &RunStore,
    stacks: &[StackId],
    request: &RunRequest,
) -> Result<(), Usage> {
    let flags = request.targets.iter().map(|address| ("--target", address));
    let flags = flags.chain(request.excludes.iter().map(|address| ("--without", address)));
    let flags = flags.chain(request.replace.iter().map(|address| ("--replace", address)));
    let wanted: Vec<_> = flags
        .map(|(flag, text)| Ok((flag, text, parse_address(flag, text)?)))
        .collect::<Result<_, Usage>>()?;
    let mut addresses: Option<Vec<Option<StackAddresses>>> = None;
    for (flag, text, address) in wanted {
        if address.kind == ObjectKind::WithoutState || stacks.is_empty() {
            continue;
        }
        let known = addresses.get_or_insert_with(|| {
            let addresses = |stack: &StackId| addresses_of(inventory.get(stack.as_str())?, modules, store);
            stacks.iter().map(addresses).collect()
        });
        let may_have = |addresses: &Option<StackAddresses>| {
            addresses.as_ref().is_none_or(|addresses| addresses.contains(&address.path))
        };
        if known.iter().any(may_have) {
            continue;
        }
        let complete = known.iter().flatten().flat_map(|addresses| &addresses.complete);
        let meant = closest(&address.path, complete.map(String::as_str));
        let meant = meant.map_or(String::new(), |name| format!("; did you mean `{name}`?"));
        return Err(Usage::Other(format!("no selected stack has `{text}`, which `{flag}` names{meant}")));
    }
    Ok(())
}

/// Parses the address of a flag. Only a resource can be replaced.
fn parse_address(flag: &str, text: &str) -> Result<ObjectAddress, Usage> {
    let (what, forms) = if flag == "--replace" {
        ("a resource", "`TYPE.NAME` or `module.NAME.TYPE.NAME[\"KEY\"]`")
    } else {
        ("a resource or a module", "`TYPE.NAME`, `TYPE.NAME[\"KEY\"]` or `module.NAME`")
    };
    ObjectAddress::parse(text)
        .filter(|address| flag != "--replace" || address.kind == ObjectKind::Resource)
        .ok_or_else(|| {
            let none = format!("`{text}` is no address of {what}, which `{flag}` takes");
            Usage::Other(format!("{none}: write {forms}, in quotes for the shell"))
        })
}

/// Addresses of a stack without indexes.
#[derive(Default)]
struct StackAddresses {
    /// Modules, resources and data sources of the stack.
    complete: BTreeSet<String>,
    /// Modules whose files are not available: they may contain any address.
    opaque: BTreeSet<String>,
}

impl StackAddresses {
    fn contains(&self, wanted: &str) -> bool {
        let is_within =
            |module: &String| wanted.strip_prefix(module.as_str()).is_some_and(|rest| rest.starts_with('.'));
        self.complete.contains(wanted) || self.opaque.iter().any(is_within)
    }
}

/// Returns the addresses of a stack; `None` if only an engine knows them.
fn addresses_of(instance: &Instance, modules: &Modules, store: &RunStore) -> Option<StackAddresses> {
    // A hook before the plan may write files.
    if !instance.settings.hooks.before_plan.is_empty() {
        return None;
    }
    let is_unit = unit_file(instance.engine).is_some();
    let of_unit = if is_unit { Some(Modules::read_unit(instance)?) } else { None };
    let (read, dir) = of_unit.as_ref().map_or((modules, &instance.dir), |(read, dir)| (read, dir));
    let mut found = StackAddresses::default();
    let root = (dir.clone(), String::new());
    collect((instance.engine, instance.root()), read, root, &mut Vec::new(), &mut found)?;
    let module = read.in_folder(dir, instance.engine)?;
    let is_local = module.cloud_span.is_none()
        && module.backend.as_ref().is_none_or(|backend| backend.backend_type == "local")
        && (!is_unit || has_local_state(&instance.dir));
    let path = match state_location(instance, modules, store, is_local) {
        StateLocation::File(path) => path,
        StateLocation::NeverRead => return Some(found),
        StateLocation::Elsewhere => return None,
    };
    if files::is_file_there(&path) {
        for address in state_addresses(&files::read_whole(&path).ok()?).ok()? {
            let address = ObjectAddress::parse(address.as_str())?.path;
            let steps: Vec<&str> = address.split('.').collect();
            // The modules that contain the resource are addresses too.
            for at in (2..steps.len()).step_by(2).take_while(|at| steps[at - 2] == "module") {
                found.complete.insert(steps[..at].join("."));
            }
            found.complete.insert(address);
        }
    }
    Some(found)
}

/// Location of an instance's state, as far as it is known without an engine.
enum StateLocation {
    /// Local state file, which may not exist.
    File(Utf8PathBuf),
    /// Local state file that no run of this checkout has read.
    NeverRead,
    /// Remote state, or a location that is not known.
    Elsewhere,
}

/// Returns the location of a state: from the files, or else the last one that this checkout recorded.
fn state_location(instance: &Instance, modules: &Modules, store: &RunStore, is_local: bool) -> StateLocation {
    let known = modules.state_owners();
    let known = known.iter().find(|(_, id)| **id == instance.id).map(|(address, _)| address.clone());
    let InstanceId { environment, stack } = &instance.id;
    let recorded = || {
        let folder = store.home().join("instances").join(environment.as_str()).join(stack.file_name());
        recorded_state(&folder).map(|state| state.and_then(|state| state.address))
    };
    match known.map_or_else(recorded, |address| Ok(Some(address))) {
        Ok(Some(address)) => match address.strip_prefix("local:") {
            Some(path) => StateLocation::File(path.into()),
            None => StateLocation::Elsewhere,
        },
        Ok(None) if is_local => StateLocation::NeverRead,
        Ok(None) | Err(_) => StateLocation::Elsewhere,
    }
}

/// Adds the addresses of the resources that a module and the modules it calls declare; `None` if a file cannot be parsed.
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
    for (name, call) in &module.module_calls {
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
