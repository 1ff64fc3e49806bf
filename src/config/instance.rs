//! Settings of one instance: all layers merged, all templates expanded.

use std::{borrow::Cow, collections::BTreeMap, sync::Arc};

use camino::{Utf8Path, Utf8PathBuf};
use indexmap::IndexMap;

use super::{
    config::Config,
    convert,
    environments::SharedValues,
    expand::{Expander, TemplateNames},
    inputs,
    origin::{Layer, Value},
    raw::{
        layer::{Keys, LayerTable},
        stack_file::StackFileTemplate,
    },
    settings::{EnvVar, Environment, OutputPath, Settings},
    stacks::StackLayers,
};
use crate::{
    diagnostic::{Diagnostic, Diagnostics},
    files::{relative_path, resolve_links},
    model::StackId,
};

impl Config {
    /// Merges all layers of one instance and expands the templates.
    ///
    /// A stack without a table in environments.toml is a discovered stack: `captures` are the folders that the pattern of
    /// `[discover]` captured, and `discovered_path` is the stack's folder, relative to environments.toml.
    pub fn settings(
        &self,
        environment: &Environment,
        stack: &StackId,
        captures: &BTreeMap<String, String>,
        discovered_path: Option<&Utf8Path>,
    ) -> Result<Settings, Diagnostics> {
        let own = self.stack_layers(stack);
        let layers = self.environment_layers(environment);
        let mut layer = self.instance_layer(environment, own);
        let mut problems = Diagnostics::default();
        self.refuse_plain_secrets(environment, &layer.keys, &mut problems);
        // Merged variables are moved instead of copied: they are most of a stack's own keys.
        let vars = match &mut layer {
            Cow::Owned(layer) if !layer.keys.vars.is_shared_with(&layers.top.keys.vars) => {
                Some(convert::vars(std::mem::take(&mut layer.keys.vars)))
            }
            _ => None,
        };
        let names = |root| TemplateNames {
            project: &self.project.name,
            environment: environment.name.as_str(),
            stack: Some(stack.as_str()),
            root,
            keys: &layer.keys,
            captures,
        };
        let mut expander = Expander::new(names(None), &self.sources);
        let path = match (own.and_then(|own| own.path.as_ref()), discovered_path) {
            (Some(path), _) => expander.expand(path).map(Utf8PathBuf::from),
            (None, Some(path)) => Some(path.to_owned()),
            (None, None) => {
                expander.problems.push(self.missing_path_error(stack));
                None
            }
        };
        problems.extend(expander.problems);
        let path = path.unwrap_or_default();
        let root = || {
            // Engines resolve `..` in the folder that a link leads to.
            relative_path(&resolve_links(&self.root.join(&path)), &resolve_links(&self.root))
        };
        let mut expander = Expander::new(names(Some(&root)), &self.sources);
        let parts = LayerParts {
            layer: &layer,
            own,
            top: &layers.top.keys,
            shared: layers.shared.get_or_init(|| {
                SharedValues::new(&self.project.name, &environment.name, &layers.top.keys, &self.sources)
            }),
            captures,
        };
        let mut settings = build_settings(path.clone(), &parts, &mut expander);
        if let Some(own) = own {
            let dependencies = own.dependencies_in(environment.name.as_str());
            settings.inputs = convert::convert_each(&dependencies.inputs, |input| self.parse_input(input));
            settings.needs = convert::stack_references(dependencies.needs.as_deref());
            settings.reads = convert::stack_references(dependencies.reads.as_deref());
        }
        if let Some(vars) = vars {
            settings.vars = vars.into();
        }
        problems.extend(expander.problems);
        if problems.has_errors() { Err(problems) } else { Ok(settings) }
    }

    /// Returns the variables that environments.toml sets for all processes of an environment, without those whose value
    /// depends on the stack.
    pub fn environment_variables(&self, environment: &Environment) -> IndexMap<String, Value<EnvVar>> {
        let captures = BTreeMap::new();
        let mut expander = self.expander(environment, None, &captures);
        convert::env(&self.environment_layers(environment).top.keys, &mut expander)
    }

    /// Returns the layers of an instance, from the built-in defaults to the flags, merged; `own` are those of its stack.
    pub(crate) fn instance_layer(
        &self,
        environment: &Environment,
        own: Option<&StackLayers>,
    ) -> Cow<'_, LayerTable> {
        let layers = self.environment_layers(environment);
        let instance = own.and_then(|own| own.instances.get(environment.name.as_str()));
        let instance = instance.map(|instance| &instance.layer);
        let stack = own.and_then(|own| own.layer.as_deref());
        if stack.is_none() && instance.is_none() {
            return Cow::Borrowed(&layers.top);
        }
        let mut merged = LayerTable::clone(&layers.base);
        for layer in stack.into_iter().chain(instance).chain(&self.overrides) {
            merged.apply(layer);
        }
        Cow::Owned(merged)
    }

    /// Parses an input; `None` for an invalid input, which the validation has reported.
    fn parse_input(&self, input: &Value<String>) -> Option<Value<OutputPath>> {
        let (stack, path) = inputs::split_input(&input.value, &|name| self.stacks.contains_key(name))?;
        let value = OutputPath { stack: stack.parse().ok()?, path: path.to_owned() };
        Some(Value { value, origin: input.origin.clone() })
    }

    fn missing_path_error(&self, stack: &StackId) -> Diagnostic {
        let problem = Diagnostic::error("config::no-path", format!("stack `{stack}` has no `path`"));
        match self.stacks.get(stack) {
            Some(declared) => self
                .sources
                .at(problem, &declared.span, "no path here")
                .help("write its folder, as `path = \"infra/app\"`; only a discovered stack has none"),
            None => problem.help("it is neither declared nor discovered"),
        }
    }

    /// Refuses a variable that has both a secret and a plain value: one of the two would win without a message.
    pub(crate) fn refuse_plain_secrets(
        &self,
        environment: &Environment,
        keys: &Keys,
        problems: &mut Diagnostics,
    ) {
        for (name, secret) in keys.secrets.iter() {
            let Some(var) = keys.vars.get(name) else { continue };
            if matches!(var.origin.layer, Layer::Flag(_)) {
                let message = format!("`{name}` is a secret, and {} sets it too", var.origin.layer);
                let problem = Diagnostic::error("config::value", message.clone())
                    .help("leave it out: a secret has the value of its source alone");
                // One flag gives one error, not one for each environment.
                if !problems.0.iter().any(|known| known.message == message) {
                    problems.push(match &secret.origin.span {
                        Some(span) => self.sources.at(problem, span, "a secret here").without_excerpts(),
                        None => problem,
                    });
                }
                continue;
            }
            let message = format!("`{name}` is a secret and a plain value at once in `{}`", environment.name);
            let mut problem = Diagnostic::error("config::secret-and-var", message);
            if let Some(span) = &secret.origin.span {
                problem = self.sources.at(problem, span, "a secret here");
            }
            if let Some(span) = &var.origin.span {
                problem = self.sources.at(problem, span, "a plain value here");
            } else {
                problem = problem.help(format!("the plain value comes from {}", var.origin.layer));
            }
            problems.push(
                problem
                    .without_excerpts()
                    .help(format!("take one of them away, as by `unset = [\"vars.{name}\"]`")),
            );
        }
    }
}

/// Layers and shared values that make up the settings of one instance.
struct LayerParts<'a> {
    /// All layers of the instance, merged.
    layer: &'a LayerTable,
    /// Layers of the stack; `None` for a discovered stack without a table.
    own: Option<&'a StackLayers>,
    /// Keys of an instance without settings of its own.
    top: &'a Keys,
    /// Converted values of `top`.
    shared: &'a SharedValues,
    /// Parts of the stack's path that a pattern of `[discover]` captured, by their names.
    captures: &'a BTreeMap<String, String>,
}

fn build_settings(path: Utf8PathBuf, parts: &LayerParts<'_>, expander: &mut Expander<'_>) -> Settings {
    let LayerParts { layer, own, top, shared, captures } = *parts;
    let keys = &layer.keys;
    let workspace = keys.workspace.as_ref().and_then(|template| {
        let value = expander.workspace()?;
        (value != "default").then(|| Value { value, origin: template.origin.clone() })
    });
    // A capture with the name of an environment's value changes the meaning of the environment's templates, so that their
    // expansions cannot be shared.
    let plain = captures.keys().all(|name| keys.values.get(name).is_none());
    let has_same_origin = |own: &Option<Value<Vec<StackFileTemplate>>>, top: &Option<Value<_>>| {
        own.as_ref().map(|own| &own.origin) == top.as_ref().map(|top| &top.origin)
    };
    let values = if captures.is_empty() && keys.values.is_shared_with(&top.values) {
        shared.values.clone()
    } else {
        let mut values = convert::values(keys);
        values.extend(captures.iter().map(|(name, value)| (name.clone(), value.clone())));
        values.into()
    };
    Settings {
        path,
        workspace,
        create_workspace: keys.create_workspace.as_ref().map(|word| word.value).unwrap_or_default(),
        prefix: expander.prefix(),
        vars: shared.vars.clone(),
        var_files: shared_or_new(
            plain && has_same_origin(&keys.var_files, &top.var_files),
            shared.var_files.as_ref(),
            || convert::stack_files(keys.var_files.as_ref(), expander),
        ),
        backend_files: shared_or_new(
            plain && has_same_origin(&keys.backend_files, &top.backend_files),
            shared.backend_files.as_ref(),
            || convert::stack_files(keys.backend_files.as_ref(), expander),
        ),
        backend: shared_or_new(
            plain && keys.backend.is_shared_with(&top.backend),
            shared.backend.as_ref(),
            || convert::backend(keys, expander),
        ),
        env: shared_or_new(plain && keys.env.is_shared_with(&top.env), shared.env.as_ref(), || {
            convert::env(keys, expander)
        }),
        secrets: shared_or_new(
            plain && keys.secrets.is_shared_with(&top.secrets),
            shared.secrets.as_ref(),
            || convert::secrets(keys, expander),
        ),
        bound_variables: keys.bind.as_ref().map(|names| Value {
            value: names.value.iter().map(|name| name.0.clone()).collect(),
            origin: names.origin.clone(),
        }),
        parallelism: keys.parallelism.as_ref().map(|number| number.value),
        lock_timeout: keys.lock_timeout.as_ref().map(|length| length.value.0).unwrap_or_default(),
        hooks: keys.hooks.as_ref().map(|table| convert::hooks(table, expander)).unwrap_or_default(),
        needs: Vec::new(),
        reads: Vec::new(),
        inputs: IndexMap::new(),
        mocks: own
            .map(|own| convert::convert_each(&own.mocks, |outputs| Some(convert::mocks(outputs))))
            .unwrap_or_default(),
        files: own
            .map(|own| own.files.iter().filter_map(|glob| expander.expand(glob)).collect())
            .unwrap_or_default(),
        template_values: values,
        unsupported: own
            .iter()
            .flat_map(|own| &own.unsupported)
            .map(super::environments::describe_unsupported)
            .collect(),
    }
}

/// Returns the converted value that the environment shares if it is the same for the instance, and converts it anew otherwise.
fn shared_or_new<T>(same: bool, shared: Option<&Arc<T>>, convert: impl FnOnce() -> T) -> Arc<T> {
    match shared {
        Some(shared) if same => shared.clone(),
        _ => convert().into(),
    }
}
