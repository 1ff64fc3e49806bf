//! `envctl config`: the resolved configuration, with the origin of each value.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Serialize;

use crate::{
    config::{
        Config, EnvSource, Environment, EnvironmentScope, Layer, Origin, Secret, SecretSource, Settings,
        StackFile, VariableValue,
    },
    diagnostic::SourceFile,
    inventory::{Instance, Inventory},
    model::{CreateWorkspace, EngineName, EnvName, ExitStatus, StackId, VariablePattern},
    run::{Context, project::ShownFindings},
    ui::{Role, Styles},
};

/// Arguments of `envctl config`.
#[derive(Debug, Clone)]
pub struct ConfigRequest {
    /// Environment to show; `None` for all environments.
    pub environment: Option<String>,
    /// Stack to show; `None` for all stacks.
    pub stack: Option<String>,
    /// True if the origin of each value is shown.
    pub origins: bool,
    /// True for output as JSON.
    pub json: bool,
}

/// Output of `envctl config --json`.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ConfigDocument {
    /// Version of this format: 1.
    format: u32,
    /// Name of the project.
    project: String,
    /// Path of environments.toml.
    file: String,
    /// Environments of the project.
    environments: Vec<EnvironmentView>,
}

/// Environment with its resolved configuration.
#[derive(Debug, Serialize, JsonSchema)]
struct EnvironmentView {
    /// Name of the environment.
    #[schemars(with = "String")]
    environment: EnvName,
    /// Description of the environment.
    description: Option<String>,
    /// Other names of the environment.
    aliases: Vec<String>,
    /// Environments that come before it in promotion order.
    #[schemars(with = "Vec<String>")]
    after: Vec<EnvName>,
    /// True if changes need a confirmation.
    confirm: bool,
    /// Guards that refuse a change even if it was confirmed, by name.
    guards: IndexMap<String, ValueView>,
    /// Items that the user has to confirm at the gate, by id.
    checklist: IndexMap<String, String>,
    /// Instances of the environment.
    instances: Vec<InstanceView>,
}

/// Instance with its resolved configuration.
#[derive(Debug, Serialize, JsonSchema)]
struct InstanceView {
    /// Name of the stack.
    #[schemars(with = "String")]
    stack: StackId,
    /// Folder of the stack.
    path: String,
    /// Engine of the stack.
    engine: EngineName,
    /// Stacks that are planned and applied before this one.
    #[schemars(with = "Vec<String>")]
    needs: Vec<StackId>,
    /// Tags that select the stack.
    tags: Vec<String>,
    /// Handling of a workspace that does not exist.
    create_workspace: CreateWorkspace,
    /// Every value, by dotted key; secrets by their source.
    values: IndexMap<String, ValueView>,
}

/// Value of a key, with its origin.
#[derive(Debug, Serialize, JsonSchema)]
struct ValueView {
    /// The value, or the source of a secret.
    value: serde_json::Value,
    /// Origin of the value, with `--origins`.
    #[serde(skip_serializing_if = "Option::is_none")]
    origin: Option<String>,
}

/// Runs `envctl config`.
pub fn run(context: &Context, request: &ConfigRequest) -> anyhow::Result<ExitStatus> {
    let config = context.config()?;
    let words: Vec<String> = request.environment.clone().into_iter().collect();
    let mut environments = Vec::new();
    let mut status = ExitStatus::Success;
    let mut shown = ShownFindings::default();
    for environment in context.environments(&config, &words)? {
        let (inventory, of_environment) =
            context.inventory_for_display(&config, environment, request.json, &mut shown)?;
        status = status.max(of_environment);
        environments.push(environment_view(
            context,
            EnvironmentScope { config: &config, environment },
            &inventory,
            request,
        )?);
    }
    let document = ConfigDocument {
        format: 1,
        project: config.project().name.clone(),
        file: context.shown_path(config.path()).to_string(),
        environments,
    };
    if request.json {
        context.printer.data(format_args!("{}\n", serde_json::to_string_pretty(&document)?))?;
    } else {
        context.printer.text(document_text(&document, context.printer.out_styles()))?;
    }
    Ok(status)
}

/// Returns the document of one environment: its guards and the settings of its instances.
fn environment_view(
    context: &Context,
    scope: EnvironmentScope<'_>,
    inventory: &Inventory,
    request: &ConfigRequest,
) -> anyhow::Result<EnvironmentView> {
    let EnvironmentScope { config, environment } = scope;
    let wanted = match &request.stack {
        Some(name) => Some(context.instance(inventory, environment, name)?.id.stack.clone()),
        None => None,
    };
    let instances = inventory
        .instances()
        .filter(|i| wanted.as_ref().is_none_or(|w| *w == i.id.stack))
        .map(|instance| InstanceView {
            stack: instance.id.stack.clone(),
            path: instance.path.to_string(),
            engine: instance.engine,
            needs: instance.needs.clone(),
            tags: instance.tags.clone(),
            create_workspace: instance.settings.create_workspace,
            values: value_views(instance, config.source(), request.origins),
        })
        .collect();
    Ok(EnvironmentView {
        environment: environment.name.clone(),
        description: environment.description.clone(),
        aliases: environment.aliases.clone(),
        after: environment.after.clone(),
        confirm: environment.confirm,
        guards: guard_views(config, environment, request.origins),
        checklist: environment.checklist.clone(),
        instances,
    })
}

/// Returns the guards that are set, with the names of environments.toml.
fn guard_views(config: &Config, environment: &Environment, origins: bool) -> IndexMap<String, ValueView> {
    let written = config.origins(environment, None);
    let set = environment.guards.names_and_values().into_iter();
    set.map(|(name, value)| {
        let path = format!("guards.{name}");
        let origin = written.iter().find(|(key, _)| *key == path || key.starts_with(&format!("{path}.")));
        let origin = origin.filter(|_| origins).map(|(_, origin)| origin_text(origin, config.source()));
        (name.to_owned(), ValueView { value, origin })
    })
    .collect()
}

/// Returns the settings of an instance by key.
fn value_views(instance: &Instance, source: &SourceFile, origins: bool) -> IndexMap<String, ValueView> {
    let settings: &Settings = &instance.settings;
    let mut values = IndexMap::new();
    let mut put = |key: String, value: serde_json::Value, origin: Option<&Origin>| {
        let origin = origin.filter(|_| origins).map(|o| origin_text(o, source));
        values.insert(key, ValueView { value, origin });
    };
    if let Some(workspace) = &settings.workspace {
        put("workspace".to_owned(), workspace.value.clone().into(), Some(&workspace.origin));
    }
    if let Some(prefix) = &settings.prefix {
        put("prefix".to_owned(), prefix.clone().into(), None);
    }
    let written = |files: &[StackFile]| -> Vec<String> {
        files.iter().map(|f| if f.optional { format!("?{}", f.path) } else { f.path.to_string() }).collect()
    };
    put("var_files".to_owned(), written(&settings.var_files).into(), None);
    if !settings.backend_files.is_empty() {
        put("backend_files".to_owned(), written(&settings.backend_files).into(), None);
    }
    if let Some(parallelism) = settings.parallelism {
        put("parallelism".to_owned(), parallelism.get().into(), None);
    }
    if let Some(bind) = &settings.bound_variables {
        let names: Vec<&str> = bind.value.iter().map(VariablePattern::as_str).collect();
        put("bind".to_owned(), names.into(), Some(&bind.origin));
    }
    put("lock_timeout".to_owned(), format!("{}s", settings.lock_timeout.as_secs()).into(), None);
    for (name, value) in settings.vars.iter() {
        let shown = match &value.value {
            VariableValue::Known(value) => value.clone(),
            VariableValue::Expression(text) => text.clone().into(),
        };
        put(format!("vars.{name}"), shown, Some(&value.origin));
    }
    for (kind, pairs) in settings.backend.iter() {
        for (key, pair) in pairs {
            put(format!("backend.{kind}.{key}"), pair.value.clone(), Some(&pair.origin));
        }
    }
    for (name, variable) in settings.env.iter() {
        let value = match &variable.value.source {
            EnvSource::Plain(text) => text.clone(),
            EnvSource::Secret(source) => secret_source_text(source),
        };
        put(format!("env.{name}"), value.into(), Some(&variable.origin));
    }
    for (name, input) in &settings.inputs {
        put(format!("inputs.{name}"), input.value.to_string().into(), Some(&input.origin));
    }
    for (stack, outputs) in &settings.mocks {
        for (name, mock) in outputs {
            put(format!("mocks.{stack}.{name}"), mock.value.clone(), Some(&mock.origin));
        }
    }
    for (name, secret) in settings.secrets.iter() {
        put(format!("secrets.{name}"), secret_source_text(&secret.value).into(), Some(&secret.origin));
    }
    values
}

/// Returns a text that describes the source of a secret, never its value.
fn secret_source_text(secret: &Secret) -> String {
    let source = match &secret.source {
        SecretSource::Env(name) => format!("the variable {name}"),
        SecretSource::File(path) => format!("the file {path}"),
        SecretSource::Command(argv) => {
            format!("the command {}", argv.first().map_or("", String::as_str))
        }
        SecretSource::Sops { file, key } => format!("{key} in {file}"),
    };
    let may_be_empty = if secret.allow_empty { ", may be empty" } else { "" };
    format!("(from {source}{may_be_empty})")
}

fn origin_text(origin: &Origin, source: &SourceFile) -> String {
    let layer = match &origin.layer {
        Layer::Builtin => "built in".to_owned(),
        Layer::Defaults => "[defaults]".to_owned(),
        Layer::Template(name) => format!("[templates.{name}]"),
        Layer::Environment(name) => format!("[environments.{name}]"),
        Layer::Stack(name) => format!("[stacks.{name}]"),
        Layer::Instance(stack, environment) => format!("[stacks.{stack}.in.{environment}]"),
        Layer::ProcessEnvironment(name) => format!("the variable {name}"),
        Layer::Flag(flag) => format!("the flag {flag}"),
    };
    match &origin.span {
        Some(span) => format!("{layer}, line {}", source.position(span.start).0),
        None => layer,
    }
}

/// Returns the configuration as TOML, with the keys that environments.toml has for the same values.
fn document_text(document: &ConfigDocument, styles: Styles) -> String {
    let mut lines = vec![format!("# project {} ({})", document.project, document.file)];
    let heading = |role, name: String| styles.paint(role, format_args!("[{name}]"));
    for environment in &document.environments {
        let name = environment.environment.as_str();
        let role = if environment.confirm { Role::Protected } else { Role::Environment };
        lines.push(String::new());
        lines.push(heading(role, format!("environments.{}", toml_key(name))));
        let names = |names: Vec<&str>| serde_json::Value::from(names);
        let after = environment.after.iter().map(EnvName::as_str).collect();
        let aliases: Vec<&str> = environment.aliases.iter().map(String::as_str).collect();
        let facts = [
            ("description", environment.description.clone().map(serde_json::Value::from)),
            ("after", Some(names(after)).filter(|_| !environment.after.is_empty())),
            ("aliases", Some(names(aliases)).filter(|_| !environment.aliases.is_empty())),
            ("confirm", environment.confirm.then_some(true.into())),
        ];
        let facts = facts.into_iter().filter_map(|(key, value)| Some((key, value?)));
        lines.extend(facts.map(|(key, value)| format!("{key} = {}", toml_value(&value))));
        lines.extend(
            environment
                .guards
                .iter()
                .map(|(name, guard)| value_line(&format!("guards.{name}"), guard, styles)),
        );
        lines.extend(
            environment.checklist.iter().map(|(id, text)| format!("checklist.{} = {text:?}", toml_key(id))),
        );
        for instance in &environment.instances {
            let table = format!("stacks.{}.in.{}", toml_key(instance.stack.as_str()), toml_key(name));
            lines.push(String::new());
            lines.push(format!(
                "{}  # {} ({})",
                heading(Role::Heading, table),
                instance.path,
                instance.engine
            ));
            lines.extend(instance.values.iter().map(|(key, view)| value_line(key, view, styles)));
        }
    }
    lines.join("\n") + "\n"
}

/// Returns the line of a value, with its origin as a comment.
fn value_line(key: &str, view: &ValueView, styles: Styles) -> String {
    let origin =
        view.origin.as_ref().map_or(String::new(), |o| styles.paint(Role::Dim, format_args!("  # {o}")));
    let key: Vec<String> = key.split('.').map(toml_key).collect();
    format!("{} = {}{origin}", key.join("."), toml_value(&view.value))
}

/// Returns a key of TOML, in quotes if it needs them.
fn toml_key(key: &str) -> String {
    let is_bare = !key.is_empty() && key.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_');
    if is_bare { key.to_owned() } else { serde_json::Value::from(key).to_string() }
}

/// Returns a value as TOML, whose texts, numbers and lists are written as in JSON.
fn toml_value(value: &serde_json::Value) -> String {
    match value {
        serde_json::Value::Object(members) => {
            let members =
                members.iter().map(|(key, value)| format!("{} = {}", toml_key(key), toml_value(value)));
            format!("{{ {} }}", members.collect::<Vec<_>>().join(", "))
        }
        serde_json::Value::Array(items) => {
            format!("[{}]", items.iter().map(toml_value).collect::<Vec<_>>().join(","))
        }
        // TOML has no null.
        serde_json::Value::Null => "\"null\"".to_owned(),
        other => other.to_string(),
    }
}
