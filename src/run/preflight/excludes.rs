//! Checks that the engines of a run support `--without`.

use std::collections::HashMap;

use crate::{
    engine::layout::supports_exclude,
    executor::ReadyStack,
    inventory::Inventory,
    model::StackId,
    run::{RunRequest, Usage},
};

/// Refuses `--without` for a stack whose engine has no `-exclude` flag, before any engine is started.
pub(in crate::run) fn check_engines_exclude(
    request: &RunRequest,
    inventory: &Inventory,
    stacks: &[StackId],
) -> Result<(), Usage> {
    let of_run = inventory.instances().filter(|instance| stacks.contains(&instance.id.stack));
    let refusing = of_run.into_iter().find(|instance| !supports_exclude(instance.engine));
    match refusing.filter(|_| !request.excludes.is_empty()) {
        Some(instance) => Err(no_exclude_error(
            &instance.id.stack,
            &format!("{} has no `-exclude`", instance.engine.title()),
        )),
        None => Ok(()),
    }
}

/// Refuses `--without` for a stack whose engine, or the engine below Terragrunt, has no `-exclude` flag in its version.
pub(in crate::run) fn check_engine_versions_exclude(
    request: &RunRequest,
    work: &HashMap<StackId, ReadyStack>,
) -> anyhow::Result<()> {
    let mut stacks: Vec<_> = work.iter().filter(|_| !request.excludes.is_empty()).collect();
    stacks.sort_by_key(|(stack, _)| *stack);
    let refused = stacks.into_iter().find_map(|(stack, work)| Some((stack, work.engine.lacks_exclude()?)));
    refused.map_or(Ok(()), |(stack, why)| Err(no_exclude_error(stack, &why).into()))
}

fn no_exclude_error(stack: &StackId, why: &str) -> Usage {
    Usage::Other(format!(
        "`--without` is OpenTofu's `-exclude`, and {why}: stack `{stack}` cannot be planned without a part of it; `--target` names what is \
         planned instead"
    ))
}
