//! Check that variables which take outputs of other stacks are declared and are set by no other source.

use super::values::at;
use crate::{
    config::{Config, Layer},
    diagnostic::{Diagnostic, Diagnostics},
    engine::layout::unit_file,
    hcl::VarFileContent,
    inventory::{Instance, Modules},
};

/// Returns errors for the `inputs` of an instance whose variable is not declared, or is set by another source too. `own`
/// looks up a variable in envctl's environment.
pub(super) fn check_inputs(
    config: &Config,
    instance: &Instance,
    modules: &Modules,
    values: &VarFileContent,
    own: &dyn Fn(&str) -> Option<String>,
) -> Diagnostics {
    let settings = &instance.settings;
    let module = modules.root(instance).filter(|_| unit_file(instance.engine).is_none());
    let mut found = Diagnostics::default();
    for (name, input) in &settings.inputs {
        let here = |problem| at(problem, config, &input.origin, "the input");
        let twice = |by: &str| {
            let message =
                format!("`{name}` of `{}` takes `{}`, and {by} sets it too", instance.id, input.value);
            here(Diagnostic::error("inputs::set-twice", message))
        };
        if let Some(module) = module.filter(|module| !module.variables.contains_key(name)) {
            let message =
                format!("`{name}` takes `{}`, and `{}` declares no such variable", input.value, instance.id);
            let known = module.variables.keys().map(String::as_str);
            found.push(here(Diagnostic::error("inputs::undeclared", message)).did_you_mean(name, known));
        }
        if let Some(value) = settings.vars.get(name)
            && matches!(value.origin.layer, Layer::Stack(_) | Layer::Instance(..))
        {
            let problem = twice(&format!("`vars` of {}", value.origin.layer));
            found.push(at(problem, config, &value.origin, "set here").help("remove one of them"));
        }
        if let Some(secret) = settings.secrets.get(name) {
            found
                .push(at(twice("a secret"), config, &secret.origin, "the secret").help("remove one of them"));
        }
        if let Some(value) = values.get(name) {
            let place = &value.value_span;
            let path = place.source.path();
            let by = format!("`{}`", path.strip_prefix(config.root()).unwrap_or(path));
            found.push(twice(&by).at(&place.source, place.span.clone(), "this would win"));
        }
        let variable = format!("TF_VAR_{name}");
        if let Some(value) = settings.env.get(&variable) {
            found.push(at(twice(&format!("`env.{variable}`")), config, &value.origin, "set here"));
        } else if own(&variable).is_some() {
            found.push(
                twice(&format!("`{variable}` in your environment")).help(format!("`unset {variable}`")),
            );
        }
    }
    found
}
