//! Checks that values reach their stacks, and that secrets reach no other place.

use super::syntax::SyntaxVerdicts;
use crate::{
    config::{Config, EnvSource, Layer, Origin, Scope, SecretSource, StackFile},
    diagnostic::{Diagnostic, Diagnostics, closest},
    engine::layout::unit_file,
    files,
    hcl::VarFileContent,
    inventory::{Instance, Modules, VarFiles},
};

/// Returns errors for required var files and backend files that do not exist.
pub(super) fn missing_stack_files(config: &Config, instance: &Instance) -> Diagnostics {
    let settings = &instance.settings;
    let var_files = missing_files(config, instance, &settings.var_files, &VAR_FILE);
    let backend_files = missing_files(config, instance, &settings.backend_files, &BACKEND_FILE);
    Diagnostics(var_files.chain(backend_files).collect())
}

/// Kind of file that environments.toml names for a stack.
struct StackFileKind {
    /// Code of the error for a missing file.
    missing: &'static str,
    /// Name of the kind in messages.
    noun: &'static str,
    /// Key that lists the files.
    key: &'static str,
}

const VAR_FILE: StackFileKind =
    StackFileKind { missing: "values::missing-var-file", noun: "var file", key: "var_files" };
const BACKEND_FILE: StackFileKind =
    StackFileKind { missing: "backend::missing-file", noun: "backend file", key: "backend_files" };

/// Returns errors for those of an instance's files of one kind that are required and do not exist.
fn missing_files<'a>(
    config: &'a Config,
    instance: &'a Instance,
    stack_files: &'a [StackFile],
    &StackFileKind { missing, noun, key }: &StackFileKind,
) -> impl Iterator<Item = Diagnostic> + 'a {
    let environment = config.environments().get(&instance.id.environment);
    let origin = move || {
        let origins = config.origins(environment?, Some(&instance.id.stack));
        origins.into_iter().find_map(|(name, origin)| (name == key).then_some(origin))
    };
    // A missing stack folder is reported by another check.
    let needed = stack_files.iter().filter(|file| !file.optional && instance.dir.is_dir());
    needed.filter_map(move |file| {
        let path = files::normalised(&instance.dir.join(&file.path));
        if path.is_file() {
            return None;
        }
        let shown = path.strip_prefix(config.root()).unwrap_or(&path);
        let what = if path.exists() { "is no file" } else { "does not exist" };
        let message = format!("the {noun} of `{}` {what}: `{shown}`", instance.id);
        let problem = Diagnostic::error(missing, message);
        let problem = match origin() {
            Some(origin) => at(problem, config, &origin, "asked for here"),
            None => problem,
        };
        Some(
            problem
                .help(format!(
                    "seen from the stack's folder it is `{}`: paths start there, or beside environments.toml as `{{root}}/…`",
                    file.path
                ))
                .help(format!("a {noun} that may be absent is written as `\"?path\"`")),
        )
    })
}

/// Returns errors for variables that are set for this stack and that it does not declare.
pub(super) fn undeclared_vars(config: &Config, instance: &Instance, modules: &Modules) -> Diagnostics {
    let Some(module) = modules.root(instance).filter(|_| unit_file(instance.engine).is_none()) else {
        return Diagnostics::default();
    };
    let for_this_stack = |layer: &Layer| matches!(layer, Layer::Stack(_) | Layer::Instance(..));
    let vars = instance.settings.vars.iter();
    let undeclared =
        vars.filter(|(name, v)| for_this_stack(&v.origin.layer) && !module.variables.contains_key(*name));
    Diagnostics(
        undeclared
            .map(|(name, value)| {
                let message =
                    format!("`{name}` is set for `{}`, which declares no such variable", instance.id);
                at(Diagnostic::error("values::undeclared", message), config, &value.origin, "set here")
                    .did_you_mean(name, module.variables.keys().map(String::as_str))
            })
            .collect(),
    )
}

/// Returns warnings for secrets of this stack whose variable it does not declare: they are masked and not passed.
pub(super) fn undeclared_secrets(config: &Config, instance: &Instance, modules: &Modules) -> Diagnostics {
    // A unit may read the variable of the environment itself.
    let Some(module) = modules.root(instance).filter(|_| unit_file(instance.engine).is_none()) else {
        return Diagnostics::default();
    };
    let undeclared = instance.settings.secrets.iter().filter(|(name, secret)| {
        secret.scope() == Scope::Stack && !module.variables.contains_key(name.as_str())
    });
    Diagnostics(
        undeclared
            .map(|(name, secret)| {
                let message =
                    format!("`{name}` is a secret of `{}`, which declares no such variable", instance.id);
                at(Diagnostic::warning("secrets::undeclared", message), config, &secret.origin, "set here")
                    .help("it is masked and not passed")
                    .did_you_mean(name, module.variables.keys().map(String::as_str))
            })
            .collect(),
    )
}

/// Returns errors for variables without default and value: the next plan would fail.
pub(super) fn unset_variables(
    instance: &Instance,
    modules: &Modules,
    values: &VarFileContent,
    own: &dyn Fn(&str) -> Option<String>,
) -> Diagnostics {
    let Some(module) = modules.root(instance).filter(|_| unit_file(instance.engine).is_none()) else {
        return Diagnostics::default();
    };
    let settings = &instance.settings;
    // A hook before the plan may write a var file that the engine loads by its name.
    if !settings.hooks.before_plan.is_empty() {
        return Diagnostics::default();
    }
    let is_set = |name: &str| {
        settings.vars.contains_key(name)
            || settings.secrets.contains_key(name)
            || settings.inputs.contains_key(name)
            || values.get(name).is_some()
            || own(&format!("TF_VAR_{name}")).is_some()
    };
    let unset = module.variables.iter().filter(|(name, v)| v.default.is_none() && !is_set(name));
    // A value under a misspelled name belongs to no variable of the stack, so it is suggested.
    let given = settings
        .vars
        .keys()
        .chain(settings.secrets.keys())
        .chain(settings.inputs.keys())
        .chain(values.keys());
    let strangers: Vec<&str> =
        given.map(String::as_str).filter(|name| !module.variables.contains_key(*name)).collect();
    Diagnostics(
        unset
            .map(|(name, variable)| {
                let message = format!("`{name}` has no default and no value for `{}`", instance.id);
                let problem = Diagnostic::error("values::unset", message)
                    .at(&variable.header_span.source, variable.header_span.span.clone(), "declared here")
                    .help(format!(
                        "set it under `vars`, in a file of `var_files`, or as a secret; for one run by `--var {name}=…` \
                         or `TF_VAR_{name}`"
                    ));
                match closest(name, strangers.iter().copied()) {
                    Some(near) => problem
                        .help(format!("`{near}` is set, and no variable of the stack: is `{name}` meant?")),
                    None => problem,
                }
            })
            .collect(),
    )
}

/// Returns errors for secrets that a var file sets too: the file would win.
pub(super) fn secrets_in_var_files(
    config: &Config,
    instance: &Instance,
    values: &VarFileContent,
) -> Diagnostics {
    let secrets = instance.settings.secrets.iter();
    let both = secrets.filter_map(|(name, secret)| Some((name, secret, values.get(name)?)));
    Diagnostics(
        both.map(|(name, secret, value)| {
            let message = format!("`{name}` is a secret of `{}`, and a var file sets it too", instance.id);
            let problem = Diagnostic::error("secrets::in-var-file", message).at(
                &value.value_span.source,
                value.value_span.span.clone(),
                "this would win",
            );
            at(problem, config, &secret.origin, "the secret")
        })
        .collect(),
    )
}

/// Code of the warning that a var file may set a secret.
pub(super) const UNREAD_CODE: &str = "secrets::unread-var-file";

/// Returns a warning about an instance with secrets if one of its var files cannot be parsed.
pub(super) fn unread_var_files(instance: &Instance, is_read: bool) -> Option<Diagnostic> {
    let message =
        format!("var files of `{}` may set its secrets: one of them cannot be parsed here", instance.id);
    (!is_read && !instance.settings.secrets.is_empty()).then(|| Diagnostic::warning(UNREAD_CODE, message))
}

/// Returns errors for variables of envctl's environment that would compete with environments.toml. A value of `--var` or
/// `--set` competes with none: the user has just typed it.
pub(super) fn inherited_variables(
    config: &Config,
    instance: &Instance,
    own: &dyn Fn(&str) -> Option<String>,
) -> Diagnostics {
    let typed = |origin: &Origin| matches!(origin.layer, Layer::Flag(_));
    let vars = instance.settings.vars.iter().filter(|(_, value)| !typed(&value.origin));
    let vars = vars.map(|(name, value)| (name, &value.origin, None));
    let secrets = instance.settings.secrets.iter().map(|(name, s)| (name, &s.origin, Some(&s.value)));
    let mut found = Diagnostics::default();
    for (name, origin, secret) in vars.chain(secrets) {
        let variable = format!("TF_VAR_{name}");
        let is_its_source = matches!(secret.map(|secret| &secret.source), Some(SecretSource::Env(source)) if *source == variable);
        if !is_its_source && own(&variable).is_some() {
            let message =
                format!("`{variable}` is set in your environment, and environments.toml sets `{name}`");
            let problem = at(Diagnostic::error("secrets::inherited", message), config, origin, "set here");
            found.push(problem.help(format!("`unset {variable}`")));
        }
    }
    found
}

/// Returns warnings for secrets of an instance whose environment variable is not set or whose file does not exist: on
/// this machine no plan can be made.
pub(super) fn missing_sources(
    config: &Config,
    instance: &Instance,
    modules: &Modules,
    own: &dyn Fn(&str) -> Option<String>,
) -> Diagnostics {
    let settings = &instance.settings;
    let module = modules.root(instance).filter(|_| unit_file(instance.engine).is_none());
    let wanted = |name: &str| module.is_none_or(|module| module.variables.contains_key(name));
    let secrets = settings.secrets.iter().filter(|(name, _)| wanted(name));
    let secrets = secrets.map(|(name, secret)| (name, &secret.origin, &secret.value));
    let in_env = settings.env.iter().filter_map(|(name, variable)| match &variable.value.source {
        EnvSource::Secret(secret) if variable.value.unless.iter().all(|other| own(other).is_none()) => {
            Some((name, &variable.origin, secret))
        }
        _ => None,
    });
    let missing = secrets.chain(in_env).filter_map(|(name, origin, secret)| {
        let what = match &secret.source {
            // An empty variable counts as unset here, and passes where it may be empty: a plan tells the two apart.
            SecretSource::Env(variable)
                if !secret.allow_empty && own(variable).is_none_or(|value| value.is_empty()) =>
            {
                format!("the environment variable `{variable}`, which is not set")
            }
            SecretSource::File(path) | SecretSource::Sops { file: path, .. }
                if !config.root().join(path).exists() =>
            {
                format!("the file `{path}`, which does not exist")
            }
            _ => return None,
        };
        let message = format!("secret `{name}` comes from {what}");
        Some(at(Diagnostic::warning("secrets::missing-source", message), config, origin, "asked for here"))
    });
    Diagnostics(missing.collect())
}

/// Returns the variables that the var files of an instance set; `None` when one of them cannot be parsed. Adds
/// findings about the files to `found`.
pub(super) fn read_var_files(
    files: &mut VarFiles<'_>,
    (instance, modules): (&Instance, &Modules),
    verdicts: &SyntaxVerdicts<'_>,
    found: &mut Diagnostics,
) -> Option<VarFileContent> {
    match files.values(instance, modules.root(instance).map(|module| &**module)) {
        Ok(values) => Some(values),
        Err(diagnostics) => {
            found.extend(verdicts.judge_all(instance.engine, diagnostics));
            None
        }
    }
}

/// Adds the location where a value is set to a finding.
pub(super) fn at(problem: Diagnostic, config: &Config, origin: &Origin, text: &str) -> Diagnostic {
    match &origin.span {
        Some(span) => problem.at(config.source(), span.clone(), text),
        None => problem.help(format!("it comes from {}", origin.layer)),
    }
}
