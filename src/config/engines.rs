//! Settings of the engines: `[tofu]`, `[terraform]`, `[terragrunt]`.

use std::collections::BTreeMap;

use camino::{Utf8Path, Utf8PathBuf};

use super::{
    overrides::{ENGINE_VARIABLE, program_variable},
    raw::{document::Document, engine_flags::EngineFlag, project::EngineTable, reader::ConfigSources},
    settings::EngineSettings,
};
use crate::{
    diagnostic::{Diagnostic, Diagnostics},
    model::EngineName,
};

/// Returns the settings of every engine, in the order of [`EngineName::ALL`].
pub(crate) fn resolve(
    document: &Document,
    root: &Utf8Path,
    process_env: &BTreeMap<String, String>,
    sources: &ConfigSources,
    problems: &mut Diagnostics,
) -> [EngineSettings; 3] {
    EngineName::ALL.map(|engine| {
        let table = document.engines()[engine.index()];
        let mut settings = table.map(|table| table_settings(table, root, process_env)).unwrap_or_default();
        if let Some(program) = process_env.get(&program_variable(engine)).filter(|text| !text.is_empty()) {
            settings.program = Some(program.clone());
        }
        if !engine.drives_another()
            && let Some(drives) = table.and_then(|table| table.drives.as_ref())
        {
            let problem = Diagnostic::error("config::drives", format!("`{engine}` drives no other engine"))
                .help("`drives` belongs in `[terragrunt]`");
            problems.push(sources.at(problem, &drives.span, ""));
        }
        settings
    })
}

/// Returns the engine that the variable `ENVCTL_ENGINE` names; `None` if it is unset or wrong.
///
/// The variable overrides `[project] engine`, and the key `engine` of a stack overrides the variable.
pub(crate) fn engine_from_variable(
    process_env: &BTreeMap<String, String>,
    problems: &mut Diagnostics,
) -> Option<EngineName> {
    let text = process_env.get(ENGINE_VARIABLE).filter(|text| !text.is_empty())?;
    text.parse()
        .inspect_err(|error| {
            let message = format!("`{ENGINE_VARIABLE}` is set, and {error}");
            problems.push(Diagnostic::error("config::engine", message));
        })
        .ok()
}

fn table_settings(
    table: &EngineTable,
    root: &Utf8Path,
    process_env: &BTreeMap<String, String>,
) -> EngineSettings {
    let flags = |list: &[EngineFlag]| list.iter().map(|flag| flag.0.clone()).collect();
    EngineSettings {
        program: table.program.as_ref().map(|program| program.value.clone()),
        version: table.version.as_ref().map(|version| (version.value.clone(), version.span.clone())),
        jobs: table.jobs,
        init_args: flags(&table.init_args),
        plan_args: flags(&table.plan_args),
        apply_args: flags(&table.apply_args),
        plugin_cache: table.plugin_cache.as_ref().map(|path| resolve_folder(&path.value, root, process_env)),
        bound_variables: table.bind.iter().map(|name| name.0.clone()).collect(),
        drives: table.drives.as_ref().map(|drives| drives.value.0),
    }
}

/// Resolves a path of a folder: relative paths start at the folder of environments.toml, `~` at the user's home directory.
fn resolve_folder(path: &str, root: &Utf8Path, process_env: &BTreeMap<String, String>) -> Utf8PathBuf {
    let home = path.strip_prefix('~').filter(|rest| rest.is_empty() || rest.starts_with('/'));
    match (home, process_env.get("HOME")) {
        (Some(rest), Some(home)) => Utf8Path::new(home).join(rest.trim_start_matches('/')),
        _ => root.join(path),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn engine_named_by(text: &str) -> (Option<EngineName>, Diagnostics) {
        let mut problems = Diagnostics::default();
        let env = BTreeMap::from([(ENGINE_VARIABLE.to_owned(), text.to_owned())]);
        (engine_from_variable(&env, &mut problems), problems)
    }

    #[test]
    fn the_engine_may_be_named_in_the_environment() {
        assert_eq!(engine_named_by("terraform"), (Some(EngineName::Terraform), Diagnostics::default()));
        assert_eq!(engine_named_by(""), (None, Diagnostics::default()));
        let (engine, problems) = engine_named_by("terrafrom");
        assert_eq!(engine, None);
        assert_eq!(
            problems.to_string(),
            "`ENVCTL_ENGINE` is set, and `terrafrom` is not an engine: `tofu`, `terraform` or `terragrunt`"
        );
    }
}
