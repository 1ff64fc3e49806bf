//! Refuses files of `--report` and `--summary` that would be inputs of a selected stack: its plan would be out of date once
//! the file is written.

use std::sync::Arc;

use camino::{Utf8Path, Utf8PathBuf};

use crate::{
    files::resolve_links,
    inventory::{
        Instance, Inventory,
        plan_inputs::{ExcludedPaths, InputScope, configured_files},
    },
    model::StackId,
    run::{Context, RunRequest, Usage},
};

/// Returns an error for the first file that a plan of these stacks would be bound to. `root` is the folder of
/// environments.toml.
pub(in crate::run) fn refuse_input_files(
    context: &Context,
    request: &RunRequest,
    inventory: &Inventory,
    stacks: &[StackId],
    root: &Utf8Path,
) -> Result<(), Usage> {
    let outputs = [("report", &request.report), ("summary", &request.summary)];
    let mut outputs = outputs.into_iter().filter_map(|(what, path)| Some((what, path.as_ref()?))).peekable();
    if outputs.peek().is_none() {
        return Ok(());
    }
    let instances: Vec<&Instance> = stacks.iter().filter_map(|stack| inventory.get(stack.as_str())).collect();
    let dirs = Arc::new(instances.iter().map(|instance| instance.dir.clone()).collect());
    let scopes: Vec<_> = instances
        .iter()
        .map(|i| (&i.id.stack, InputScope::new(i, root, ExcludedPaths::new(&dirs, Vec::new()))))
        .collect();
    let configured: Vec<(&StackId, Vec<Utf8PathBuf>)> = instances
        .iter()
        .map(|i| {
            let files = configured_files(i, root).into_iter();
            (&i.id.stack, files.map(|file| resolve_links(&file)).collect())
        })
        .collect();
    let reader = |path: &Utf8Path| {
        let path = without_links(&context.dir.join(path))?;
        let names = |file: &Utf8PathBuf| *file == path;
        if let Some((stack, _)) = configured.iter().find(|(_, files)| files.iter().any(names)) {
            return Some(*stack);
        }
        // A stack whose files cannot be read has no plan: its plan step reports the error.
        scopes.iter().find(|(_, scope)| scope.would_include(&path).unwrap_or(false)).map(|(stack, _)| *stack)
    };
    for (what, path) in outputs {
        let Some(stack) = reader(path) else { continue };
        let message = format!(
            "the {what} cannot be written to `{path}`: plans of stack `{stack}` depend on the files there, and would be out of \
             date once it is written; nothing was started"
        );
        let name = path.file_name().unwrap_or_default();
        let folders = [Some(root), root.parent()].into_iter().flatten();
        let mut others = folders.map(|folder| folder.join(name));
        let other = others.find(|other| other.is_absolute() && reader(other).is_none());
        let instead = other.map(|other| format!("--{what} {}", context.shown_path(&other)));
        return Err(Usage::OutputIsInput { message, file: path.clone(), instead });
    }
    Ok(())
}

/// Returns a path whose folder has no links; `None` for a path without a folder.
fn without_links(path: &Utf8Path) -> Option<Utf8PathBuf> {
    Some(resolve_links(path.parent()?).join(path.file_name()?))
}
