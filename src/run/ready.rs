//! Prepares the instances of a run: reads their secrets and checks the identity. Ctrl-C ends a slow program.

use std::{collections::HashMap, sync::Arc};

use super::{Context, Stopped, exec::interrupt::ladder, sources::Sources};
use crate::{
    config::{Config, Environment},
    executor::{Assembly, Identity, IdentityError, SignalSource, Upstreams, Watch, Work, identify},
    graph::StackGraph,
    inventory::{Instance, Inventory},
    journal::RunDir,
    model::{ExitStatus, GuardException, StackId},
    process::Runner,
};

/// Prepared work of a run.
pub(super) struct Readied {
    /// Work of the stacks of the run.
    pub(crate) work: HashMap<StackId, Work>,
    /// Upstream stacks that these take values from.
    pub(super) upstreams: Upstreams,
    /// Identity; absent without an identity check.
    pub(crate) acting: Option<String>,
}

/// Builds the work of the instances, and runs the identity check if the environment has one.
pub(super) fn ready(
    context: &Context,
    assembly: &Assembly<'_>,
    environment: &Environment,
    (inventory, instances): (&Inventory, &[&Instance]),
    graph: &StackGraph,
    allow: &[GuardException],
) -> anyhow::Result<Readied> {
    let watch = Watch::start(SignalSource::System, ladder(assembly.runner))?;
    let made = || -> anyhow::Result<Readied> {
        let sources = Sources::of(inventory, instances, assembly.config.root());
        let mut works = assembly.works(&sources.and(instances), graph, allow)?;
        let acting = acting(context, assembly.config, environment, &mut works, assembly.runner)?;
        let (work, upstreams) = sources.split_off(works);
        Ok(Readied { work, upstreams, acting })
    };
    let made = made();
    match watch.signal() {
        Some(signal) => Err(interrupted(signal)),
        None => made,
    }
}

/// Runs the identity check if the environment has one, and refuses another identity.
pub(crate) fn acting(
    context: &Context,
    config: &Config,
    environment: &Environment,
    works: &mut HashMap<StackId, Work>,
    runner: &Arc<Runner>,
) -> anyhow::Result<Option<String>> {
    let Some(guard) = &environment.guards.identity else { return Ok(None) };
    let identity = Identity::new(&environment.name, guard, config.root());
    let says = context.says();
    match identify(works.values_mut(), &identity, runner, &*says) {
        Ok(who) => Ok(Some(who.join(", ")).filter(|who| !who.is_empty())),
        Err(IdentityError::Interrupted) => Err(interrupted(INT)),
        Err(error) => Err(Stopped::refused(error.to_string())
            .hint("`guards.identity` of the environment says who may act, and how that is found out")
            .into()),
    }
}

/// Number of SIGINT, used if the signal is not known.
const INT: u8 = 2;

/// Returns the error of a verb that a signal stopped before its run began.
pub(super) fn interrupted(signal: u8) -> anyhow::Error {
    let status = ExitStatus::Interrupted(signal);
    Stopped { status, message: "interrupted".to_owned(), hints: Vec::new() }.into()
}

/// Abandons a run if a signal arrived before it began.
pub(super) fn unless_interrupted(noticed: &Watch, dir: &RunDir) -> anyhow::Result<()> {
    let Some(signal) = noticed.signal() else { return Ok(()) };
    dir.abandon()?;
    Err(interrupted(signal))
}
