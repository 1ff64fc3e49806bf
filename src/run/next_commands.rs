//! Commands that a user types after a run.

use super::{Confirm, RunRequest, request::RunMode};
use crate::{
    engine::{GivenFlags, PlanMode},
    graph::Selection,
    model::{EnvName, RunId, RunVerb},
};

/// Suggested commands that continue the run.
pub(crate) struct NextCommands {
    /// Command that applies the plans of this run, or those of the earlier run whose plans this one applies.
    pub(super) apply: String,
    /// Command line of this run.
    pub(super) again: String,
    /// Command that makes new plans of the same stacks.
    pub(super) anew: String,
    /// True if the run continues with the plans of an earlier run.
    pub(super) adopts_plans: bool,
}

impl NextCommands {
    /// Returns the commands for a request; `selects_all` is true if it selects all stacks of the environment.
    pub(crate) fn new(
        flags: &GivenFlags,
        request: &RunRequest,
        run_mode: RunMode,
        run: &RunId,
        environment: &EnvName,
        selects_all: bool,
    ) -> Self {
        let line = |request: &RunRequest, verb| request.command_line(verb, environment, flags);
        let mut new = RunRequest { stored: None, resumes: None, ..request.clone() };
        if selects_all {
            new.selection = Selection::default();
        }
        let planner = match (run_mode.verb, run_mode.mode) {
            (RunVerb::Apply, PlanMode::Destroy) => RunVerb::Destroy,
            (RunVerb::Apply, _) => RunVerb::Plan,
            (other, _) => other,
        };
        Self {
            apply: line(
                &RunRequest {
                    stored: Some(request.stored.clone().unwrap_or_else(|| run.clone())),
                    ..request.clone()
                },
                RunVerb::Apply,
            ),
            again: line(request, run_mode.verb),
            anew: line(&new, planner),
            adopts_plans: request.adopts_plans(),
        }
    }

    /// Adds the flags that answer the gate to the repeated command line.
    pub(super) fn keep_answers(&mut self, confirm: &Confirm) {
        let flags = confirm.flags();
        self.again.extend(flags.iter().map(|flag| format!(" {flag}")));
    }
}
