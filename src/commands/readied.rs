//! Makes the instances of a run ready: their secrets told, and the one who acts. Ctrl-C ends whatever takes its time.

use std::{collections::HashMap, sync::Arc};

use super::{Context, Stopped, ladder::ladder, sources::Sources};
use crate::{
    config::{Config, Environment},
    executor::{Assembly, Identity, IdentityError, SignalSource, Upstreams, Watch, Work, identify},
    graph::StackGraph,
    inventory::{Instance, Inventory},
    journal::RunDir,
    model::{Allow, ExitStatus, StackId},
    process::Runner,
};

/// The work of a run, and who does it.
pub(super) struct Readied {
    /// What is done with the stacks of the run.
    pub(super) work: HashMap<StackId, Work>,
    /// Where these take values from.
    pub(super) upstreams: Upstreams,
    /// Who acts, where the environment wants to know.
    pub(super) acting: Option<String>,
}

/// Builds what the engines need, and asks who is acting where the environment wants to know.
pub(super) fn ready(
    context: &Context,
    assembly: &Assembly<'_>,
    environment: &Environment,
    (inventory, instances): (&Inventory, &[&Instance]),
    graph: &StackGraph,
    allow: &[Allow],
) -> anyhow::Result<Readied> {
    let watch = Watch::start(SignalSource::System, ladder(assembly.runner))?;
    let made = || -> anyhow::Result<Readied> {
        let sources = Sources::of(inventory, instances, assembly.config.root());
        let mut works = assembly.works(&sources.and(instances), graph, allow)?;
        let acting = acting(context, assembly.config, environment, &mut works, assembly.runner)?;
        let (work, upstreams) = sources.apart(works);
        Ok(Readied { work, upstreams, acting })
    };
    let made = made();
    match watch.signal() {
        Some(signal) => Err(interrupted(signal)),
        None => made,
    }
}

/// Asks who is acting where the environment wants to know, and refuses anybody else.
pub(super) fn acting(
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

/// SIGINT, where nobody saw which signal it was.
const INT: u8 = 2;

/// The end of a verb that a signal stopped before its run began.
pub(super) fn interrupted(signal: u8) -> anyhow::Error {
    let status = ExitStatus::Interrupted(signal);
    Stopped { status, message: "interrupted".to_owned(), hints: Vec::new() }.into()
}

/// Abandons a run for which a signal came before it began.
pub(super) fn unless_interrupted(noticed: &Watch, dir: &RunDir) -> anyhow::Result<()> {
    let Some(signal) = noticed.signal() else { return Ok(()) };
    dir.abandon()?;
    Err(interrupted(signal))
}
