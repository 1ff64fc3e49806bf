//! What a plan rests on beside its files: engine, flags, caches, and the backend that was initialised.

use std::io;

use camino::Utf8Path;

use super::{BackendInForce, Footing, Target, claims, detect::LOCKFILE, environment::plugin_cache};
use crate::config::EngineSettings;

/// The footing of a target whose engine has initialised into `data_dir`; relative local paths start at `folder`.
pub(super) fn footing(
    target: &Target,
    (engine, version): (String, String),
    settings: &EngineSettings,
    data_dir: &Utf8Path,
    folder: &Utf8Path,
) -> io::Result<Footing> {
    let (backend, backend_config) = claims::backend(data_dir)?;
    let in_force = BackendInForce {
        kind: &backend,
        config: &backend_config,
        workspace: target.workspace.as_deref(),
        folder,
        env: &target.env,
    };
    let address = (target.neighbours.address)(&in_force);
    let settled = |verb: &str, args: &[String]| args.iter().map(|arg| format!("{verb} {arg}")).collect();
    let lists: [Vec<String>; 3] = [
        settled("init", &settings.init_args),
        settled("plan", &settings.plan_args),
        settled("apply", &settings.apply_args),
    ];
    let parallelism = target.parallelism.map(|count| format!("-parallelism={count}"));
    Ok(Footing {
        engine,
        version,
        flags: lists.into_iter().flatten().chain(parallelism).collect(),
        plugin_cache: plugin_cache(settings, target),
        lockfile: target.dir.join(LOCKFILE),
        backend,
        backend_config,
        address,
    })
}
