//! Stacks that depend on what `envctl destroy` would destroy.

use crate::{
    config::Environment,
    inventory::Inventory,
    model::StackId,
    run::{Context, Stopped},
};

/// Warns about stacks that depend on a stack to be destroyed and are not selected; refuses them in an
/// environment with `confirm`.
pub(in crate::run) fn refuse_left_dependents(
    context: &Context,
    environment: &Environment,
    inventory: &Inventory,
    destroyed: &[StackId],
) -> Result<(), Stopped> {
    let dependents = inventory.graph().dependents(destroyed);
    let left: Vec<String> =
        dependents.iter().filter(|s| !destroyed.contains(s)).map(|s| format!("`{s}`")).collect();
    if left.is_empty() {
        return Ok(());
    }
    let verb = if left.len() == 1 { "needs" } else { "need" };
    let message = format!("{} {verb} what would be destroyed and would be left behind", left.join(", "));
    if environment.confirm {
        return Err(Stopped::refused(message).hint("`--with-dependents` destroys them first"));
    }
    context.printer.warn(message);
    context.printer.hint("`--with-dependents` destroys them first");
    Ok(())
}
