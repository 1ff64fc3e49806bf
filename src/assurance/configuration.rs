//! Check for stacks whose folder holds no configuration of their engine.

use crate::{
    config::Config,
    diagnostic::Diagnostic,
    engine::layout::{unit_file, unit_file_in},
    inventory::{Instance, Modules},
    ui::shell_word,
};

/// Returns the error for a folder without configuration. There the engine would not know the backend: it would plan
/// no changes, not even a destruction of what the state holds. A stack with a hook before the plan is skipped,
/// because the hook may write the files.
pub(super) fn missing_configuration(
    config: &Config,
    instance: &Instance,
    modules: &Modules,
) -> Option<Diagnostic> {
    let is_empty = match unit_file(instance.engine) {
        Some(_) => !unit_file_in(&instance.dir).exists(),
        None => modules.root(instance).is_some_and(|module| module.files.is_empty()),
    };
    if !is_empty || !instance.settings.hooks.before_plan.is_empty() {
        return None;
    }
    let (id, path) = (&instance.id, &instance.path);
    let message =
        format!("the folder of `{id}` holds no configuration of {}: `{path}`", instance.engine.title());
    let problem = Diagnostic::error("inventory::no-configuration", message)
        .help("write the stack's files there, correct its `path`, or keep it out of the environment by `environments = […]`")
        .help(format!(
            "what the stack made is only changed or destroyed with its files: `git log -- {}` names the commit that removed them",
            shell_word(path.as_str())
        ));
    let declared = config.stacks().get(&id.stack).and_then(|stack| stack.path.as_ref());
    Some(match declared {
        Some((_, span)) => problem.at(config.source(), span.clone(), "no configuration there"),
        None => problem,
    })
}
