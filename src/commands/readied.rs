//! Makes the instances of a run ready: their secrets told, and the one who acts. Ctrl-C ends whatever takes its time.

use std::{
    collections::{BTreeSet, HashMap, HashSet},
    sync::Arc,
};

use super::{Context, Stopped, ladder::ladder};
use crate::{
    config::{Config, Environment},
    executor::{Assembly, Identity, IdentityError, SignalSource, Upstreams, Watch, Work, identify},
    graph::StackGraph,
    inventory::{Instance, Inventory},
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
        let sources = sources(inventory, instances);
        let all: Vec<&Instance> = instances.iter().copied().chain(sources.strangers).collect();
        let mut works = assembly.works(&all, graph, allow)?;
        let acting = acting(context, assembly.config, environment, &mut works, assembly.runner)?;
        let upstreams =
            sources.all.iter().filter_map(|stack| Some((stack.clone(), works.get(stack)?.clone())));
        let upstreams = Upstreams::new(upstreams.collect());
        works.retain(|stack, _| graph.contains(stack.as_str()));
        Ok(Readied { work: works, upstreams, acting })
    };
    let made = made();
    match watch.signal() {
        Some(signal) => Err(interrupted(signal)),
        None => made,
    }
}

/// The stacks that others take values from.
struct Sources<'i> {
    all: BTreeSet<StackId>,
    /// Those among them that are no part of the run.
    strangers: Vec<&'i Instance>,
}

fn sources<'i>(inventory: &'i Inventory, instances: &[&Instance]) -> Sources<'i> {
    let inputs = instances.iter().flat_map(|instance| instance.settings.inputs.values());
    let all: BTreeSet<StackId> = inputs.map(|input| input.value.stack.clone()).collect();
    let own: HashSet<&StackId> = instances.iter().map(|instance| &instance.id.stack).collect();
    let strangers = match all.is_empty() {
        true => Vec::new(),
        false => inventory
            .instances()
            .filter(|other| all.contains(&other.id.stack) && !own.contains(&other.id.stack))
            .collect(),
    };
    Sources { all, strangers }
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
