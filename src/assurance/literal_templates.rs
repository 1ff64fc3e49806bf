//! Check for template names inside `vars`, where no template is expanded.

use serde_json::Value;

use super::{ProjectFiles, values::at};
use crate::{
    config::{BUILT_IN_TEMPLATE_NAMES, Config, Environment},
    diagnostic::{Diagnostic, Diagnostics},
};

/// Returns a warning for each value of `vars` in these environments that holds a template name in braces.
pub(super) fn literal_templates(
    config: &Config,
    environments: &[&Environment],
    project: &ProjectFiles,
) -> Diagnostics {
    let mut found = Diagnostics::default();
    for instance in project.instances_of(environments) {
        let settings = &instance.settings;
        for (name, value) in settings.vars.iter() {
            let is_template = |word: &str| {
                BUILT_IN_TEMPLATE_NAMES.contains(&word) || settings.template_values.contains_key(word)
            };
            let Some(template) = value.value.as_json().and_then(|value| template_in(value, &is_template))
            else {
                continue;
            };
            let message =
                format!("`{{{template}}}` in the value of `{name}` is literal: `vars` has no templates");
            let problem = at(
                Diagnostic::warning("values::literal-template", message),
                config,
                &value.origin,
                "passed as it is",
            )
            .help(format!(
                "write the value of each environment, or take `{name}` from a var file named after it"
            ));
            if !found.0.contains(&problem) {
                found.push(problem);
            }
        }
    }
    found
}

/// Returns the first template name in braces within a value; `{{` and `${` belong to other languages.
fn template_in(value: &Value, is_template: &dyn Fn(&str) -> bool) -> Option<String> {
    match value {
        Value::String(text) => {
            let opened = text.match_indices('{').filter(|(at, _)| !text[..*at].ends_with(['{', '$', '%']));
            let mut words = opened.filter_map(|(at, _)| text[at + 1..].split_once('}').map(|(word, _)| word));
            words.find(|word| is_template(word)).map(str::to_owned)
        }
        Value::Array(items) => items.iter().find_map(|item| template_in(item, is_template)),
        Value::Object(members) => members.values().find_map(|member| template_in(member, is_template)),
        _ => None,
    }
}
