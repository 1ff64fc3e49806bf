//! User and host names that a run and its gates record.

use super::Context;

/// Returns the actor of a CI job, or else the login name.
pub(crate) fn user(context: &Context) -> Option<String> {
    ["GITHUB_ACTOR", "GITLAB_USER_LOGIN", "USER", "LOGNAME"]
        .into_iter()
        .find_map(|name| context.variable(name).map(str::to_owned))
}

/// Returns the host name of this machine.
pub(super) fn host() -> Option<String> {
    rustix::system::uname().nodename().to_str().ok().map(str::to_owned)
}
