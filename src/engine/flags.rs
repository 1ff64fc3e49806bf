//! Flags of OpenTofu and Terraform for a target and a plan request.

use std::{ffi::OsString, time::Duration};

use super::{PlanMode, PlanRequest, Target, layout::supports_exclude, program::installed::InstalledEngine};

/// Returns the arguments of a plan, its verb first.
pub(super) fn plan_args(target: &Target, request: &PlanRequest) -> Vec<OsString> {
    let mut args: Vec<OsString> =
        ["plan", "-json", "-detailed-exitcode", "-input=false"].map(OsString::from).into();
    args.push(format!("-out={}", request.out).into());
    args.push(lock_timeout(target));
    match request.mode {
        PlanMode::Normal => {}
        PlanMode::Destroy => args.push("-destroy".into()),
        PlanMode::RefreshOnly => args.push("-refresh-only".into()),
    }
    args.extend(parallelism_flag(target));
    args.extend(var_files(target));
    args.extend(request.targets.iter().map(|address| format!("-target={address}").into()));
    args.extend(request.excludes.iter().map(|address| format!("-exclude={address}").into()));
    args.extend(request.replace.iter().map(|address| format!("-replace={address}").into()));
    args
}

/// Returns the arguments of an apply, its verb first, without the plan file; `with_values` adds the var files of the
/// instance.
pub(super) fn apply_args(target: &Target, with_values: bool) -> Vec<OsString> {
    let mut args: Vec<OsString> = ["apply", "-json", "-input=false"].map(OsString::from).into();
    args.push(lock_timeout(target));
    args.extend(parallelism_flag(target));
    if with_values {
        args.extend(var_files(target));
    }
    args
}

/// First version of OpenTofu that has `-exclude`.
const EXCLUDE_SINCE: (u64, u64) = (1, 9);

/// Returns the reason why an engine has no `-exclude`; `None` if it has that flag. `core` is OpenTofu or Terraform.
pub(super) fn lacks_exclude(core: &InstalledEngine) -> Option<String> {
    let name = core.name.title();
    if !supports_exclude(core.name) {
        Some(format!("{name} has no `-exclude`"))
    } else if core.is_at_least(EXCLUDE_SINCE) {
        None
    } else {
        Some(format!(
            "{name} {} has no `-exclude`, which came with {}.{}",
            core.version, EXCLUDE_SINCE.0, EXCLUDE_SINCE.1
        ))
    }
}

/// Returns the flags of an `init` for the files that complete the backend block, in their order.
pub(super) fn backend_config(target: &Target) -> Vec<OsString> {
    target.backend.config_files().map(|file| format!("-backend-config={file}").into()).collect()
}

/// Returns the flags for var files.
pub(super) fn var_files(target: &Target) -> Vec<OsString> {
    target.var_files.iter().map(|file| format!("-var-file={file}").into()).collect()
}

/// Returns `-parallelism=N` if environments.toml sets it.
fn parallelism_flag(target: &Target) -> Option<OsString> {
    target.parallelism.map(|count| format!("-parallelism={count}").into())
}

/// Returns `-lock-timeout=90s`, in whole seconds, rounded up.
pub(super) fn lock_timeout(target: &Target) -> OsString {
    let wait: Duration = target.lock_timeout;
    format!("-lock-timeout={}s", wait.as_secs() + u64::from(wait.subsec_nanos() > 0)).into()
}
