//! Check that each lockfile was written by the engine of its stack.

use std::io;

use crate::{
    config::Config,
    diagnostic::{Diagnostic, Diagnostics, SourceFile},
    engine::{
        detect::{LOCKFILE, by_lockfile},
        driven_engine,
        layout::unit_file,
    },
    files,
    inventory::Instance,
    model::EngineName,
};

/// Returns errors for lockfiles that name the registry of another engine than the stack's (for a unit, than the one that
/// Terragrunt runs): an `init` would rewrite the lockfile or fail.
pub(super) fn check_lockfiles<'a>(
    config: &Config,
    instances: impl Iterator<Item = &'a Instance>,
    on_path: &dyn Fn(EngineName) -> bool,
) -> Diagnostics {
    let mut found = Diagnostics::default();
    for instance in instances {
        let is_unit = unit_file(instance.engine).is_some();
        let runs = if is_unit {
            driven_engine(config.engine(instance.engine).drives, on_path)
        } else {
            Some(instance.engine)
        };
        let Some(runs) = runs else { continue };
        let shown = instance.path.join(LOCKFILE);
        let text = match files::read_text(&instance.dir.join(LOCKFILE)) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            Err(error) => {
                found.push(Diagnostic::error(
                    "lockfile::unreadable",
                    format!("cannot read `{shown}`: {error}"),
                ));
                continue;
            }
        };
        let Some(engine) = by_lockfile(&text).filter(|engine| *engine != runs) else { continue };
        let (by, write) = if is_unit {
            (
                format!("`{}`, which drives `{runs}`", instance.engine),
                format!("`drives = \"{engine}\"` under `[terragrunt]`"),
            )
        } else {
            (format!("`{runs}`"), format!("`engine = \"{engine}\"` for it"))
        };
        let at = text.find("provider \"").unwrap_or_default();
        let end = text[at..].find('\n').map_or(text.len(), |length| at + length);
        found.push(
            Diagnostic::error(
                "lockfile::other-engine",
                format!("`{}` is run by {by}, and its lockfile is `{engine}`'s", instance.id),
            )
            .at(&SourceFile::new(shown, text), at..end, format!("from the registry of `{engine}`"))
            .help(format!("write {write}, or remove the lockfile: the next init writes one")),
        );
    }
    found
}
