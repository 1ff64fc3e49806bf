//! `envctl doctor`: checks the programs and settings of this machine, with advice.

use std::{
    collections::{BTreeMap, BTreeSet},
    ffi::OsString,
    fs,
    sync::Arc,
};

use camino::Utf8PathBuf;
use schemars::JsonSchema;
use serde::Serialize;

use crate::{
    config::{Config, EnvSource, Settings},
    diagnostic::Severity,
    engine::{EnginePlace, clean_environment},
    executor::engines,
    files, git,
    journal::RunStore,
    model::{EngineName, ExitStatus},
    process::{CommandLine, Runner},
    run::Context,
    ui::{Role, Styles},
};

/// Arguments of `envctl doctor`.
#[derive(Debug, Clone)]
pub struct DoctorRequest {
    /// True for output as JSON.
    pub json: bool,
}

/// Output of `envctl doctor --json`.
#[derive(Debug, Serialize, JsonSchema)]
pub struct DoctorDocument {
    /// Version of this format: 1.
    format: u32,
    /// Results of the checks.
    findings: Vec<Finding>,
}

/// Result of one check.
#[derive(Debug, Serialize, JsonSchema)]
struct Finding {
    /// Subject of the check: `tofu`, `git`, `config` …
    what: String,
    /// Health of the subject of the check.
    health: Health,
    /// Message on one line.
    message: String,
    /// Action by which the user can solve the problem.
    fix: Option<String>,
}

/// State of the subject of a check.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Health {
    /// The subject of the check is present and works.
    Good,
    /// The subject is missing, and the project does not need it.
    Absent,
    /// Missing or wrong, so that a command will fail.
    Bad,
}

impl Finding {
    fn good(what: &str, message: impl Into<String>) -> Self {
        Self { what: what.to_owned(), health: Health::Good, message: message.into(), fix: None }
    }

    fn absent(what: &str, message: impl Into<String>) -> Self {
        Self { health: Health::Absent, ..Self::good(what, message) }
    }

    fn bad(what: &str, message: impl Into<String>, fix: impl Into<String>) -> Self {
        Self { health: Health::Bad, fix: Some(fix.into()), ..Self::good(what, message) }
    }
}

/// Runs all checks; exit code 4 if one of them failed.
pub fn run(context: &Context, request: &DoctorRequest) -> anyhow::Result<ExitStatus> {
    let runner = Arc::new(Runner::new());
    let mut findings = vec![git_finding(context, &runner)];
    let config = context.config_file().map_err(anyhow::Error::from).and_then(|_| context.config());
    match &config {
        Ok(config) => {
            findings.push(Finding::good("config", context.shown_path(config.path()).to_string()));
            findings.push(envctl_folder_finding(config));
            let of_stacks = stack_findings(context, config);
            let are_engines_known = of_stacks.is_empty();
            findings.extend(of_stacks);
            findings.extend(engine_findings(context, config, &runner, are_engines_known));
            findings.extend(plugin_cache_findings(context, config));
            findings.extend(profile_findings(context, config));
        }
        Err(error) => {
            let fix = "`envctl check` shows every problem; `envctl init` writes a first file";
            findings.push(Finding::bad("config", error.to_string(), fix));
        }
    }
    let healthy = findings.iter().all(|f| f.health != Health::Bad);
    if request.json {
        let document = DoctorDocument { format: 1, findings };
        context.printer.data(format_args!("{}\n", serde_json::to_string_pretty(&document)?))?;
    } else {
        context.printer.prose(findings_text(&findings, context.printer.out_styles()))?;
    }
    Ok(if healthy { ExitStatus::Success } else { ExitStatus::Configuration })
}

fn git_finding(context: &Context, runner: &Runner) -> Finding {
    let command = CommandLine::new("git", &context.dir, context.env.clone()).arg("--version");
    match runner.capture(&command) {
        Err(error) => Finding::bad("git", error.to_string(), "install git: runs record the commit"),
        Ok(done) => {
            let version = String::from_utf8_lossy(&done.stdout).trim().replace("git version ", "");
            let revision = git::revision(runner, &context.dir, &context.env);
            match (revision.commit, revision.branch) {
                (Some(_), Some(branch)) => Finding::good("git", format!("{version}, on `{branch}`")),
                (Some(_), None) => Finding::good("git", format!("{version}, detached")),
                (None, _) => Finding::absent("git", format!("{version}, no commit here")),
            }
        }
    }
}

/// Checks that `.envctl` can be written.
fn envctl_folder_finding(config: &Config) -> Finding {
    let store = RunStore::new(config.root());
    match store.envctl_dir() {
        Ok(dir) => Finding::good("runs", dir.join("runs").to_string()),
        Err(error) => Finding::bad("runs", error.to_string(), "make the project's folder writable"),
    }
}

/// Checks the engines that stacks need, and looks for the others. `are_needs_known` is false if the engine of a stack is not
/// known.
fn engine_findings(
    context: &Context,
    config: &Config,
    runner: &Runner,
    are_needs_known: bool,
) -> Vec<Finding> {
    let Ok(home) = RunStore::new(config.root()).envctl_dir().map(ToOwned::to_owned) else {
        return Vec::new();
    };
    let (env, removed) = clean_environment(context.env.clone());
    let engines = engines(config, &home, &env);
    let needed = needed_engines(context, config, &env);
    let mut findings = Vec::new();
    for name in EngineName::ALL {
        let places = needed.get(&name);
        let project = places.is_none().then(|| EnginePlace::new(config.root(), []));
        let mut versions: Vec<String> = Vec::new();
        for place in places.into_iter().flatten().chain(&project) {
            match engines.get(name, place, runner) {
                Ok(engine) if versions.contains(&engine.version_text()) => {}
                Ok(engine) => versions.push(engine.version_text()),
                Err(_) if places.is_none() => {
                    let message =
                        if are_needs_known { "not found, and no stack needs it" } else { "not found" };
                    findings.push(Finding::absent(name.as_str(), message));
                }
                Err(error) => {
                    let fix = error.help();
                    findings.push(Finding::bad(name.as_str(), error.to_string(), fix));
                    // Other folders would usually report the same error.
                    break;
                }
            }
        }
        if !versions.is_empty() {
            let program = engines.program(name).map_or_else(|_| String::new(), |p| format!(" ({p})"));
            findings.push(Finding::good(name.as_str(), format!("{}{program}", versions.join(", "))));
        }
    }
    if !removed.is_empty() {
        let names = removed.join(", ");
        findings.push(Finding::absent("environment", format!("set here, never passed to engines: {names}")));
    }
    findings
}

/// Returns the errors that keep stacks from being loaded, such as an unknown engine, each once.
fn stack_findings(context: &Context, config: &Config) -> Vec<Finding> {
    let mut findings: Vec<Finding> = Vec::new();
    for environment in config.environments().values() {
        let found = match context.inventory_and_findings(config, environment) {
            Ok((_, found)) => found,
            Err(error) => {
                findings.push(Finding::bad(
                    "stacks",
                    error.to_string(),
                    "`envctl check` shows every problem",
                ));
                continue;
            }
        };
        for problem in found.0.iter().filter(|found| found.severity == Severity::Error) {
            if !findings.iter().any(|known| known.message == problem.message) {
                let fix = problem.help.first().map_or("`envctl check` shows its place", String::as_str);
                findings.push(Finding::bad("stacks", problem.message.clone(), fix));
            }
        }
    }
    findings
}

/// Returns the engines that stacks need, with the folders in which those stacks run.
fn needed_engines(
    context: &Context,
    config: &Config,
    env: &BTreeMap<OsString, OsString>,
) -> BTreeMap<EngineName, BTreeSet<EnginePlace>> {
    let mut needed: BTreeMap<EngineName, BTreeSet<EnginePlace>> = BTreeMap::new();
    for environment in config.environments().values() {
        if let Ok((inventory, _)) = context.inventory_and_findings(config, environment) {
            for instance in inventory.instances() {
                needed.entry(instance.engine).or_default().insert(instance.engine_place(env));
            }
        }
    }
    needed
}

fn plugin_cache_findings(context: &Context, config: &Config) -> Vec<Finding> {
    let mut caches: Vec<Utf8PathBuf> =
        EngineName::ALL.into_iter().filter_map(|name| config.engine(name).plugin_cache.clone()).collect();
    caches.extend(context.variable("TF_PLUGIN_CACHE_DIR").map(Utf8PathBuf::from));
    caches.sort();
    caches.dedup();
    if caches.is_empty() {
        let message = "none: every stack folder installs its providers anew (`plugin_cache` under [tofu] or [terraform])";
        return vec![Finding::absent("plugin cache", message)];
    }
    let look = |cache: Utf8PathBuf| {
        let cache = config.root().join(cache);
        match fs::create_dir_all(&cache) {
            Ok(()) => Finding::good("plugin cache", cache.to_string()),
            Err(error) => {
                Finding::bad("plugin cache", format!("{cache}: {error}"), "name a folder that can be written")
            }
        }
    };
    caches.into_iter().map(look).collect()
}

/// Checks that the AWS profiles of all stacks exist: a missing one fails an init even if access keys are set.
fn profile_findings(context: &Context, config: &Config) -> Vec<Finding> {
    let known = known_profiles(context);
    let mut findings: Vec<Finding> = Vec::new();
    for environment in config.environments().values() {
        let Ok((inventory, _)) = context.inventory_and_findings(config, environment) else { continue };
        for instance in inventory.instances() {
            let Some(profile) = profile(context, &instance.settings) else { continue };
            let what = format!("profile {profile}");
            if findings.iter().any(|f| f.what == what) {
                continue;
            }
            findings.push(if known.contains(&profile) {
                Finding::good(&what, format!("for `{}`", environment.name))
            } else {
                let message = format!("`{}` wants it, and the AWS configuration has none", environment.name);
                Finding::bad(&what, message, format!("`aws configure --profile {profile}`"))
            });
        }
    }
    findings
}

fn profile(context: &Context, settings: &Settings) -> Option<String> {
    let variable = &settings.env.get("AWS_PROFILE")?.value;
    if variable.unless.iter().any(|name| context.variable(name).is_some()) {
        return None;
    }
    match &variable.source {
        EnvSource::Plain(profile) => Some(profile.clone()),
        EnvSource::Secret(_) => None,
    }
}

/// Returns the profiles of the AWS configuration. Source:
/// <https://docs.aws.amazon.com/cli/latest/userguide/cli-configure-files.html>.
fn known_profiles(context: &Context) -> Vec<String> {
    let home = context.variable("HOME").map(Utf8PathBuf::from).unwrap_or_default();
    let file = |variable: &str, default: &str| {
        context.variable(variable).map_or_else(|| home.join(default), Utf8PathBuf::from)
    };
    let files =
        [file("AWS_CONFIG_FILE", ".aws/config"), file("AWS_SHARED_CREDENTIALS_FILE", ".aws/credentials")];
    let mut found = Vec::new();
    for text in files.iter().filter_map(|path| files::read_text(path).ok()) {
        let sections = text.lines().filter_map(|l| l.trim().strip_prefix('[')?.strip_suffix(']'));
        found.extend(sections.map(|s| s.trim().trim_start_matches("profile ").trim().to_owned()));
    }
    found
}

fn findings_text(findings: &[Finding], styles: Styles) -> String {
    let mut lines = Vec::new();
    for finding in findings {
        let mark = match finding.health {
            Health::Good => styles.paint(Role::Success, "✔"),
            Health::Absent => styles.paint(Role::Dim, "–"),
            Health::Bad => styles.paint(Role::Error, "✘"),
        };
        lines.push(format!("{mark} {}: {}", styles.paint(Role::Heading, &finding.what), finding.message));
        if let Some(fix) = &finding.fix {
            lines.push(format!("  {} {fix}", styles.paint(Role::Hint, "fix:")));
        }
    }
    lines.join("\n") + "\n"
}
