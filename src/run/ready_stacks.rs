//! Prepares stacks for their engines: reads secrets and values, finds engines, and checks the identity.

use std::{collections::HashMap, sync::Arc};

use camino::Utf8Path;

use super::{Context, Stopped, upstream_instances::UpstreamInstances};
use crate::{
    config::{Config, Environment},
    executor::{Assembly, IdentityError, IdentityVerifier, ReadyStack, SecretUse, Upstreams, identify},
    graph::StackGraph,
    inventory::{Instance, Inventory, Modules},
    model::{GuardException, StackId},
    process::Runner,
};

/// Inputs that a command needs apart from the states of its stacks: outputs of other stacks, and secrets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct CommandNeeds {
    /// True if the command needs the values that stacks take from others.
    pub(crate) upstream_values: bool,
    /// Use of the values of `secrets`.
    pub(crate) secrets: SecretUse,
}

/// Time of the identity check of an environment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum IdentityCheck {
    /// The check runs as soon as the stacks are ready.
    Now,
    /// The command runs the check itself, if it changes anything.
    Later,
}

/// Stacks to prepare, and what their command needs.
pub(crate) struct ReadyRequest<'a> {
    /// Parsed environments.toml.
    pub(crate) config: &'a Config,
    /// Environment of the stacks.
    pub(crate) environment: &'a Environment,
    /// All instances of the environment.
    pub(crate) inventory: &'a Inventory,
    /// Parsed modules of the instances.
    pub(crate) modules: &'a Modules,
    /// Stacks to prepare, with their order.
    pub(crate) graph: &'a StackGraph,
    /// Exceptions of `--allow`.
    pub(crate) allow: &'a [GuardException],
    /// Inputs that the command needs.
    pub(crate) needs: CommandNeeds,
    /// Time of the identity check.
    pub(crate) identity: IdentityCheck,
    /// Runner of programs; its redactor learns the secrets of the stacks.
    pub(crate) runner: &'a Arc<Runner>,
    /// Absolute path of `.envctl`.
    pub(crate) home: &'a Utf8Path,
    /// Folder for the files that engines read; no other envctl process writes to it.
    pub(crate) inputs_dir: &'a Utf8Path,
}

/// Stacks that can be passed to their engines.
pub(crate) struct ReadyStacks {
    /// Engine, target and values of each stack.
    pub(crate) work: HashMap<StackId, ReadyStack>,
    /// Stacks from whose outputs the prepared stacks take values.
    pub(crate) upstreams: Upstreams,
    /// Identity that the engines act under; `None` without an identity check.
    pub(crate) acting: Option<String>,
}

/// Prepares the stacks, and checks the identity. A signal of the user ends a slow program and becomes the error.
pub(crate) fn ready(context: &Context, request: &ReadyRequest<'_>) -> anyhow::Result<ReadyStacks> {
    context.interrupts.listen()?;
    context.interrupts.apply_to(request.runner);
    let ready = build(context, request);
    match context.interrupts.signal() {
        Some(signal) => Err(Stopped::interrupted(Some(signal)).into()),
        None => ready,
    }
}

fn build(context: &Context, request: &ReadyRequest<'_>) -> anyhow::Result<ReadyStacks> {
    let ReadyRequest { config, environment, inventory, graph, needs, runner, .. } = *request;
    let says = context.progress_printer();
    let assembly = Assembly {
        config,
        home: request.home,
        inputs: request.inputs_dir,
        env: &context.env,
        runner,
        inventory,
        modules: request.modules,
        secret_use: needs.secrets,
        progress: &says,
        lockfile: context.lockfile_policy(environment),
        given_flags: context.given_flags(),
        read_only: context.read_only,
    };
    let instances: Vec<&Instance> =
        inventory.instances().filter(|i| graph.contains(i.id.stack.as_str())).collect();
    let takers = if needs.upstream_values { instances.as_slice() } else { &[] };
    let sources = UpstreamInstances::find(inventory, takers, config.root());
    let mut works = assembly.ready_stacks(&sources.with_upstreams(&instances), graph, request.allow)?;
    let acting = match request.identity {
        IdentityCheck::Now => check_identity(context, config, environment, &mut works, runner)?,
        IdentityCheck::Later => None,
    };
    let (work, upstreams) = sources.split_work(works);
    Ok(ReadyStacks { work, upstreams, acting })
}

/// Runs the identity check if the environment has one; returns the identity, or refuses another one.
pub(super) fn check_identity(
    context: &Context,
    config: &Config,
    environment: &Environment,
    works: &mut HashMap<StackId, ReadyStack>,
    runner: &Arc<Runner>,
) -> anyhow::Result<Option<String>> {
    let Some(guard) = &environment.guards.identity else { return Ok(None) };
    let identity = IdentityVerifier::new(&environment.name, guard, config.root());
    let says = context.progress_printer();
    match identify(works.values_mut(), &identity, runner, &*says) {
        Ok(who) => Ok(Some(who.join(", ")).filter(|who| !who.is_empty())),
        Err(IdentityError::Interrupted) => Err(Stopped::interrupted(context.interrupts.signal()).into()),
        Err(error) => Err(Stopped::refused(error.to_string())
            .hint("`guards.identity` of the environment says who may act, and how that is found out")
            .into()),
    }
}
