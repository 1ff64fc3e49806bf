//! Makes the instances of a run ready for their engines: finds engines, checks their versions and builds targets.

use std::{
    collections::{BTreeMap, HashMap},
    ffi::OsString,
    io,
    sync::Arc,
};

use camino::{Utf8Path, Utf8PathBuf};

use super::{
    plan_inputs::PlanInputs,
    secret_use::{SecretUse, secrets_of},
    secrets::{ProgressCallback, Secrets},
    step::{
        outputs::upstream_inputs::{UpstreamInputs, UpstreamValues},
        ready_stack::ReadyStack,
    },
    target::{TargetError, Targets},
    typed_values::{HiddenVariables, mask_typed_values},
    value_places::InstanceValues,
};
use crate::{
    config::Config,
    engine::{
        EngineUnavailable, Engines, GivenFlags, LockfilePolicy, Neighbours, StackFolder, ValuePlaces,
        clean_environment, cli_configs, layout::unit_file,
    },
    files,
    graph::StackGraph,
    inventory::{
        Instance, Inventory, Modules, address::initialised_address, called_modules, plan_inputs::unit_source,
    },
    model::{CreateWorkspace, EngineName, GuardException, StackId},
    process::Runner,
};

/// Everything that [`ReadyStack`] is built from.
pub struct Assembly<'a> {
    /// Parsed environments.toml.
    pub config: &'a Config,
    /// Absolute path of `.envctl`.
    pub home: &'a Utf8Path,
    /// Folder for the files that engines read; no other envctl process writes to it.
    pub inputs: &'a Utf8Path,
    /// Environment of the envctl process.
    pub env: &'a BTreeMap<OsString, OsString>,
    /// Runner that starts child processes.
    pub runner: &'a Arc<Runner>,
    /// All instances of the environment.
    pub inventory: &'a Inventory,
    /// Parsed root modules and called modules of the stacks.
    pub modules: &'a Modules,
    /// Need of the command for the values of secrets.
    pub secret_use: SecretUse,
    /// Callback that reports a secret command that takes long.
    pub progress: &'a ProgressCallback,
    /// Policy of an init for lock files.
    pub lockfile: LockfilePolicy,
    /// Flags of the running command, which commands that envctl suggests to the user repeat.
    pub given_flags: GivenFlags,
    /// True if envctl must not create workspaces: `ENVCTL_READ_ONLY`.
    pub read_only: bool,
}

/// Reason why the stacks of a run could not be made ready.
#[derive(Debug, thiserror::Error)]
pub enum AssembleError {
    /// An engine is missing or has the wrong version.
    #[error(transparent)]
    Engine(#[from] EngineUnavailable),
    /// An instance cannot be handed to its engine.
    #[error(transparent)]
    Target(#[from] TargetError),
}

impl Assembly<'_> {
    fn stack_folder(&self, instance: &Instance) -> StackFolder {
        StackFolder {
            is_shared: self.modules.is_folder_shared(instance),
            module_calls: called_modules,
            unit_source: unit_file(instance.engine).map(|_| unit_source as fn(&_) -> _),
        }
    }

    /// Returns a stack for each instance that is ready for its engine. An engine is started only to print its version, and
    /// only if that version is not cached.
    pub fn ready_stacks(
        &self,
        instances: &[&Instance],
        graph: &StackGraph,
        allow: &[GuardException],
    ) -> Result<HashMap<StackId, ReadyStack>, AssembleError> {
        let (env, _removed) = clean_environment(self.env.clone());
        // An engine reads these files at every start, also when it is asked for its version.
        readable_settings(&env)?;
        let engines = engines(self.config, self.home, &env);
        let secrets = Arc::new(Secrets::new(
            Arc::clone(self.runner),
            self.config.root(),
            self.env.clone(),
            Arc::clone(self.progress),
        ));
        let project = self.config.root().to_owned();
        let environments = self.config.environments().keys().map(ToString::to_string).collect();
        let stacks = self.inventory.instances().map(|instance| instance.id.stack.to_string()).collect();
        let neighbours = Neighbours {
            environments: Arc::new(environments),
            stacks: Arc::new(stacks),
            instances_by_address: self.modules.state_owners(),
            address: initialised_address,
        };
        let (home, inputs) = (self.home.to_owned(), self.inputs.to_owned());
        let (secret_use, source) = (self.secret_use, Arc::clone(self.config.source()));
        let read_only = self.read_only;
        let all_secrets = instances
            .iter()
            .flat_map(|instance| {
                let module = self.modules.root(instance).filter(|_| unit_file(instance.engine).is_none());
                secrets_of(instance, module.map(|module| &**module), secret_use)
            })
            .collect();
        let targets = Targets {
            project,
            home,
            inputs,
            env: Arc::new(env),
            secrets,
            secret_use,
            all_secrets,
            source,
            neighbours,
            lockfile: self.lockfile,
            given_flags: Arc::new(shown_flags(self.given_flags.clone(), instances, self.modules)),
        };
        let dirs = Arc::new(instances.iter().map(|instance| instance.dir.clone()).collect());
        let inherited = self.env.keys().filter_map(|name| name.to_str());
        let inherited = inherited.filter(|name| name.starts_with("TF_VAR_")).map(str::to_owned);
        let inherited = Arc::new(inherited.collect());
        readable_settings(&targets.env)?;
        let mut last_env = Arc::clone(&targets.env);
        let mut works = HashMap::with_capacity(instances.len());
        for instance in instances {
            let stack = &instance.id.stack;
            let engine = engines.get(instance.engine, &instance.engine_place(&targets.env), self.runner)?;
            let root = self.modules.root(instance).filter(|_| engine.plans_in_stack_folder());
            let module = root.map(|m| &**m);
            mask_typed_values(instance, module, self.runner.redactor());
            let called = module.map(|_| self.modules.with_called_modules_of(instance)).unwrap_or_default();
            let called: Vec<_> = called.into_iter().map(|module| &**module).collect();
            let folder = self.stack_folder(instance);
            let mut built = targets.build(instance, &called, folder)?;
            // Most instances have the same environment: they share one map.
            if built.target.env == last_env {
                built.target.env = Arc::clone(&last_env);
            } else {
                readable_settings(&built.target.env)?;
                last_env = Arc::clone(&built.target.env);
            }
            let places = InstanceValues::new(self.config, instance, &inherited);
            built.target.value_places = Some(Arc::new(places) as Arc<dyn ValuePlaces>);
            let protected =
                self.config.environments().get(&instance.id.environment).is_some_and(|e| e.confirm);
            let mut plan_inputs = PlanInputs::for_instance(instance, module, &built.target, &dirs, protected);
            let engines = engine.engines();
            plan_inputs
                .bound_patterns
                .extend(engines.iter().flat_map(|name| &self.config.engine(*name).bound_variables).cloned());
            let reads_states = !engine.plans_in_stack_folder()
                || called.iter().any(|module| !module.remote_states.is_empty());
            let ready = ReadyStack {
                engine,
                target: built.target,
                needs: graph.needs(stack.as_str()),
                create_workspace: instance.settings.create_workspace == CreateWorkspace::Always && !read_only,
                accept_lineage: allow
                    .iter()
                    .any(|allow| matches!(allow, GuardException::Lineage(id) if *id == instance.id)),
                reads_states,
                notes: built.notes,
                identity: None,
                hooks: instance.settings.hooks.clone(),
                upstream_inputs: UpstreamInputs::for_instance(instance, module),
                upstream_values: UpstreamValues::Final,
                mocked_stacks: Vec::new(),
                from_plans: Vec::new(),
                input_values: Arc::default(),
                plan_inputs,
            };
            works.insert(stack.clone(), ready);
        }
        Ok(works)
    }
}

/// Returns the flags of the command line without the values of variables that any of these stacks hides.
pub fn shown_flags(flags: GivenFlags, instances: &[&Instance], modules: &Modules) -> GivenFlags {
    if !flags.sets_variables() {
        return flags.hiding(|_| false);
    }
    let of = |instance: &&Instance| {
        HiddenVariables::for_instance(instance, modules.root(instance).map(|root| &**root))
    };
    let hidden: Vec<HiddenVariables> = instances.iter().map(of).collect();
    flags.hiding(|name| hidden.iter().any(|variables| variables.contains(name)))
}

/// Refuses settings of engines that are no regular file: an engine would wait for a fifo.
fn readable_settings(env: &BTreeMap<OsString, OsString>) -> Result<(), TargetError> {
    let refused = |path: Utf8PathBuf| {
        let source =
            files::open_regular(&path).err().filter(|error| error.kind() == io::ErrorKind::InvalidInput)?;
        Some(TargetError::Read { path, source })
    };
    cli_configs(env).into_iter().find_map(refused).map_or(Ok(()), Err)
}

/// Returns the engines as environments.toml configures them, found on the PATH of `env`; `home` is `.envctl`.
pub fn engines(config: &Config, home: &Utf8Path, env: &BTreeMap<OsString, OsString>) -> Engines {
    let settings = EngineName::ALL.into_iter().map(|name| (name, config.engine(name).clone())).collect();
    Engines::new(config.root(), home.join("cache/engines.json"), settings, env.clone())
}
