//! Version of a state on a server, read without an engine.

use jiff::Timestamp;

#[cfg(feature = "s3")]
use super::s3;
use crate::{
    engine::{BackendInForce, EffectiveInit, Target},
    process::Redactor,
};

/// Maximum number of concurrent requests for versions of states.
pub const MAX_CONCURRENT_REQUESTS: usize = 32;

/// Version of a state on a server, which changes with each write of the state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RemoteVersion {
    /// URL of the state.
    pub state_url: String,
    /// Entity tag of the content, and its version id if the bucket keeps versions.
    pub entity_tag: String,
}

/// Answer to a request for the version of a state on a server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RemoteVersionAnswer {
    /// Version of the state.
    Known(RemoteVersion),
    /// The version cannot be determined; with a reason, without secrets, if the user should know it.
    Unknown(Option<String>),
    /// envctl cannot request versions from this backend.
    Unsupported,
}

/// Clients for servers that hold states; certificates and connections are loaded on first use.
#[derive(Default)]
pub struct RemoteStates {
    #[cfg(feature = "s3")]
    s3: s3::Client,
}

impl RemoteStates {
    /// Returns true if this build of envctl can request versions from the backend.
    pub fn is_supported(effective_init: &EffectiveInit) -> bool {
        cfg!(feature = "s3") && effective_init.backend_type == "s3"
    }

    /// Requests the version of an initialised target's state, with the engine's credentials, which are masked from then on.
    #[cfg_attr(not(feature = "s3"), expect(unused_variables, reason = "without it nobody can be asked"))]
    pub fn request_version(
        &self,
        target: &Target,
        effective_init: &EffectiveInit,
        redactor: &Redactor,
        now: Timestamp,
    ) -> RemoteVersionAnswer {
        let backend = BackendInForce {
            backend_type: &effective_init.backend_type,
            config: &effective_init.backend_config,
            workspace: target.workspace.as_deref(),
            folder: &target.dir,
            env: &target.env,
        };
        match backend.backend_type {
            #[cfg(feature = "s3")]
            "s3" => self.ask_s3(&backend, redactor, now),
            _ => RemoteVersionAnswer::Unsupported,
        }
    }

    #[cfg(feature = "s3")]
    fn ask_s3(
        &self,
        backend: &BackendInForce<'_>,
        redactor: &Redactor,
        now: Timestamp,
    ) -> RemoteVersionAnswer {
        match s3::HeadRequest::for_backend(backend) {
            Err(why) => RemoteVersionAnswer::Unknown(Some(why.to_string())),
            Ok(request) => {
                request
                    .secrets()
                    .filter(|secret| !redactor.contains_secret(secret))
                    .for_each(|s| redactor.add(s));
                self.s3.ask(&request, now)
            }
        }
    }
}
