//! Whether a stack's lockfile was written by the engine that the stack is run by.

use std::io;

use crate::{
    diagnostic::{Diagnostic, Diagnostics, SourceFile},
    engine::{
        detect::{LOCKFILE, by_lockfile},
        layout::unit_file,
    },
    files,
    inventory::Instance,
};

/// The lockfiles that name the registry of another engine than the stack's: its `init` would rewrite them.
pub(super) fn lockfiles<'a>(instances: impl Iterator<Item = &'a Instance>) -> Diagnostics {
    let mut found = Diagnostics::default();
    for instance in instances.filter(|instance| unit_file(instance.engine).is_none()) {
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
        let Some(engine) = by_lockfile(&text).filter(|engine| *engine != instance.engine) else { continue };
        let at = text.find("provider \"").unwrap_or_default();
        let end = text[at..].find('\n').map_or(text.len(), |length| at + length);
        found.push(
            Diagnostic::error(
                "lockfile::other-engine",
                format!(
                    "`{}` is run by `{}`, and its lockfile is `{engine}`'s",
                    instance.id, instance.engine
                ),
            )
            .at(&SourceFile::new(shown, text), at..end, format!("from the registry of `{engine}`"))
            .help(format!(
                "write `engine = \"{engine}\"` for it, or remove the lockfile: the next init writes one"
            )),
        );
    }
    found
}
