//! Which state lies on a server, as far as that can be told without an engine.

use jiff::Timestamp;

#[cfg(feature = "s3")]
use super::s3;
use super::{BackendInForce, Footing, Target};
use crate::process::Redactor;

/// How many questions may be under way at the same time.
pub const AT_ONCE: usize = 32;

/// What a server says of a state: the same as long as nobody writes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stamp {
    /// Where it is.
    pub place: String,
    /// The tag of its content, and its version where versions are kept.
    pub tag: String,
}

/// The answer to the question which state it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stamped {
    /// This one.
    Known(Stamp),
    /// Nobody can tell; says why, without secrets, where that is worth a line.
    Untold(Option<String>),
    /// It lies where only an engine can ask.
    Elsewhere,
}

/// Asks servers which states they have. Nothing is loaded before the first question.
#[derive(Default)]
pub struct RemoteStates {
    #[cfg(feature = "s3")]
    s3: s3::Client,
}

impl RemoteStates {
    /// Whether there is a question to be asked of that backend at all.
    pub fn may_ask(footing: &Footing) -> bool {
        cfg!(feature = "s3") && footing.backend == "s3"
    }

    /// Asks for the state of an initialised target, as its engine would. The secrets of the question are masked from then on.
    #[cfg_attr(not(feature = "s3"), expect(unused_variables, reason = "without it nobody can be asked"))]
    pub fn stamp(&self, target: &Target, footing: &Footing, redactor: &Redactor, now: Timestamp) -> Stamped {
        let backend = BackendInForce {
            kind: &footing.backend,
            config: &footing.backend_config,
            workspace: target.workspace.as_deref(),
            folder: &target.dir,
            env: &target.env,
        };
        match backend.kind {
            #[cfg(feature = "s3")]
            "s3" => self.ask_s3(&backend, redactor, now),
            _ => Stamped::Elsewhere,
        }
    }

    #[cfg(feature = "s3")]
    fn ask_s3(&self, backend: &BackendInForce<'_>, redactor: &Redactor, now: Timestamp) -> Stamped {
        match s3::Question::of(backend) {
            Err(why) => Stamped::Untold(Some(why.to_string())),
            Ok(question) => {
                question.secrets().filter(|secret| !redactor.masks(secret)).for_each(|s| redactor.add(s));
                self.s3.ask(&question, now)
            }
        }
    }
}
