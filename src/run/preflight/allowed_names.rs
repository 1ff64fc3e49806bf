//! Checks the names of stacks and environments in `--allow` flags before an engine is started.

use crate::{
    config::EnvironmentScope,
    diagnostic::closest,
    inventory::Inventory,
    model::{EnvName, GuardException, InstanceId, NamedResource, StackId},
    run::Usage,
    ui::shell_word,
};

/// Refuses an exception whose stack is not in the environment, or whose environment is not in environments.toml.
pub(in crate::run) fn check_allowed_names(
    scope: EnvironmentScope<'_>,
    inventory: &Inventory,
    allow: &[GuardException],
) -> Result<(), Usage> {
    let EnvironmentScope { config, environment } = scope;
    for exception in allow {
        let stack = match exception {
            GuardException::Delete(NamedResource { stack: Some(stack), .. })
            | GuardException::Change(NamedResource { stack: Some(stack), .. }) => stack,
            GuardException::Lineage(InstanceId { environment: wanted, stack }) => {
                if *wanted != environment.name {
                    let names = config.environments().keys().map(EnvName::as_str);
                    if config.environments().contains_key(wanted) {
                        continue;
                    }
                    let what = format!("there is no environment `{wanted}`");
                    return Err(unknown_name_error(exception, &what, closest(wanted.as_str(), names)));
                }
                stack
            }
            _ => continue,
        };
        if inventory.get(stack.as_str()).is_none() {
            let names: Vec<StackId> = inventory.graph().order();
            let meant = closest(stack.as_str(), names.iter().map(StackId::as_str));
            let what = format!("there is no stack `{stack}` in `{}`", environment.name);
            return Err(unknown_name_error(exception, &what, meant));
        }
    }
    Ok(())
}

fn unknown_name_error(exception: &GuardException, what: &str, meant: Option<&str>) -> Usage {
    let meant = meant.map_or(String::new(), |known| format!("; did you mean `{known}`?"));
    Usage::Other(format!("`--allow {}`: {what}{meant}", shell_word(&exception.to_string())))
}
