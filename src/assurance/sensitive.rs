//! Check for variables that take secrets and are not declared `sensitive`.

use std::sync::Arc;

use camino::Utf8PathBuf;

use crate::{
    config::Config,
    diagnostic::{Diagnostic, Diagnostics},
    engine::layout::unit_file,
    files::normalised,
    hcl::{Module, VariableDecl, read_folder, read_unit_source},
    inventory::{Instance, Modules},
};

/// Warns of variables that take a secret and are neither `sensitive` nor `ephemeral`: engines print their values in
/// plans, diagnostics and outputs, where envctl masks only the values that it recognizes.
///
/// Modules that are remote or cannot be read are skipped.
pub(super) fn not_sensitive_variables(
    config: &Config,
    instance: &Instance,
    modules: &Modules,
) -> Diagnostics {
    let secrets = &instance.settings.secrets;
    if secrets.is_empty() {
        return Diagnostics::default();
    }
    let own = modules.root(instance).cloned();
    let sourced =
        local_source(instance).and_then(|dir| read_folder(instance.engine, &dir, config.root()).ok());
    let modules: Vec<Arc<Module>> = own.into_iter().chain(sourced.map(Arc::new)).collect();
    let declared = |name: &str| -> Option<&VariableDecl> {
        modules.iter().find_map(|module| module.variables.get(name))
    };
    let shown = secrets.keys().filter_map(|name| Some((name, declared(name)?)));
    let shown = shown.filter(|(_, variable)| !variable.sensitive && !variable.ephemeral);
    Diagnostics(
        shown
            .map(|(name, variable)| {
                let message = format!(
                    "`{name}` takes a secret of `{}`, and its variable is not declared `sensitive`",
                    instance.id
                );
                Diagnostic::warning("secrets::not-sensitive", message)
                    .at(&variable.header_span.source, variable.header_span.span.clone(), "declared here")
                    .help(
                        "write `sensitive = true` in it: engines then hide every value that is made from it",
                    )
            })
            .collect(),
    )
}

/// Returns the folder of a Terragrunt unit's module, if the unit's own file names a local source.
fn local_source(instance: &Instance) -> Option<Utf8PathBuf> {
    unit_file(instance.engine)?;
    let source = read_unit_source(&instance.dir, instance.root())?;
    let is_local = source.starts_with("./") || source.starts_with("../");
    // `..//module` is the folder `module` in `..`; Terragrunt copies all of `..`.
    is_local.then(|| normalised(&instance.dir.join(source.replace("//", "/"))))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inventory::fixture::Project;

    const TOML: &str =
        "[environments.dev]\nsecrets.pw = { env = \"PW\" }\nsecrets.token = { env = \"TOKEN\" }\n";

    /// Returns the findings for the only instance of `dev`, whose folder holds these files.
    fn found(engine: &str, files: &[(&str, &str)]) -> Vec<String> {
        let toml = format!("{TOML}[stacks.app]\npath = \"app\"\nengine = \"{engine}\"\n");
        let project = Project::new(&toml, files);
        let instances = project.instances("dev");
        let (modules, _) = Modules::read(&instances, &project.root());
        let found = not_sensitive_variables(&project.config(), &instances[0], &modules);
        assert!(!found.has_errors(), "only warnings");
        found.0.iter().map(ToString::to_string).collect()
    }

    fn shown(place: &str, name: &str) -> String {
        format!("{place}: `{name}` takes a secret of `dev/app`, and its variable is not declared `sensitive`")
    }

    #[test]
    fn a_secrets_variable_that_plans_would_show_is_warned_of_at_its_block() {
        let text =
            "\nvariable \"pw\" {\n  sensitive = false\n}\nvariable \"token\" {}\nvariable \"size\" {}\n";
        for engine in ["tofu", "terraform"] {
            let expected = [shown("app/main.tf:2:1", "pw"), shown("app/main.tf:5:1", "token")];
            assert_eq!(found(engine, &[("app/main.tf", text)]), expected);
        }
        let json = "{ \"variable\": { \"pw\": {}, \"token\": { \"sensitive\": true } } }";
        assert_eq!(found("tofu", &[("app/main.tf.json", json)]).len(), 1);
    }

    #[test]
    fn a_variable_that_engines_hide_is_not_warned_of() {
        let text =
            "variable \"pw\" {\n  sensitive = \"true\"\n}\nvariable \"token\" {\n  ephemeral = true\n}\n";
        assert_eq!(found("tofu", &[("app/main.tf", text)]), [""; 0]);
        let overridden = [
            ("app/main.tf", "variable \"pw\" {}\n"),
            ("app/hidden_override.tf", "variable \"pw\" {\n  sensitive = true\n}\n"),
        ];
        assert_eq!(found("terraform", &overridden), [""; 0]);
        let of_tofu =
            [("app/a.tf", "variable \"pw\" {}\n"), ("app/a.tofu", "variable \"pw\" { sensitive = true }\n")];
        assert_eq!(found("tofu", &of_tofu), [""; 0]);
        assert_eq!(found("terraform", &of_tofu), [shown("app/a.tf:1:1", "pw")]);
    }

    #[test]
    fn nothing_is_said_of_variables_that_nobody_can_read() {
        assert_eq!(found("tofu", &[("app/main.tf", "variable \"other\" {}\n")]), [""; 0]);
        assert_eq!(found("tofu", &[("app/main.tf", "variable \"pw\" {\n")]), [""; 0]);
    }

    #[test]
    fn a_unit_is_judged_by_its_local_module() {
        let variable = "variable \"pw\" {}\n";
        let local = "terraform {\n  source = \"../modules//app\"\n}\n";
        let files = [("app/terragrunt.hcl", local), ("modules/app/main.tf", variable)];
        assert_eq!(found("terragrunt", &files), [shown("modules/app/main.tf:1:1", "pw")]);
        let own = [("app/terragrunt.hcl", ""), ("app/main.tf", variable)];
        assert_eq!(found("terragrunt", &own), [shown("app/main.tf:1:1", "pw")]);
        for source in ["git::https://example.com/app.git", "${get_repo_root()}/modules/app", "../gone"] {
            let unit = format!("terraform {{\n  source = \"{source}\"\n}}\n");
            let files = [("app/terragrunt.hcl", &*unit), ("modules/app/main.tf", variable)];
            assert_eq!(found("terragrunt", &files), [""; 0], "{source}");
        }
    }
}
