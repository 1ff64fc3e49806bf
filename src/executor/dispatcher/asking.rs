//! Questions in the midst of a run: a signal need not wait for their answer.

use std::{io, sync::Arc};

use super::{DispatchError, Dispatcher, Live};
use crate::{
    event::{Decision, EventKind},
    executor::{
        Answer, Ask, Gate, GateRequest, Prompter, Refusal, answered, gate,
        prompt::{self, First},
    },
};

/// What a question led to.
#[derive(Debug)]
pub enum Asked {
    /// This answer.
    Answered(Answer),
    /// The question could not be asked.
    Failed(io::Error),
    /// This signal came instead.
    Interrupted(u8),
}

/// What the gate led to; it is recorded already.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Gated {
    /// Go on.
    Confirmed,
    /// Stop.
    Refused(Refusal),
    /// A signal came instead of an answer.
    Interrupted(u8),
}

impl Dispatcher {
    /// Asks a person, after all that was said before has been shown.
    pub fn ask(&mut self, ask: &Ask, prompter: &Arc<dyn Prompter>) -> Result<Asked, DispatchError> {
        let mut live = self.take_live()?;
        let asked = match self.pending(&mut live) {
            Some(signal) => Asked::Interrupted(signal),
            None => self.ask_now(ask, prompter, &mut live),
        };
        self.live = Some(live);
        Ok(asked)
    }

    /// Decides whether the run goes on, asking where the rules say so, and records the decision.
    pub fn gate(
        &mut self,
        request: &GateRequest<'_>,
        prompter: &Arc<dyn Prompter>,
    ) -> Result<Gated, DispatchError> {
        let decided = match (self.interrupted(), gate(request)) {
            (Some(signal), _) => return self.gate_interrupted(request, signal),
            (None, Gate::Confirmed { by }) => Ok(by),
            (None, Gate::Refused(refusal)) => Err(refusal),
            (None, Gate::Ask(ask)) => match self.ask(&ask, prompter)? {
                Asked::Interrupted(signal) => return self.gate_interrupted(request, signal),
                Asked::Answered(answer) => answered(request, &ask, &answer),
                Asked::Failed(error) => Err(request.unanswered(&error)),
            },
        };
        match decided {
            Ok(by) => {
                self.emit(EventKind::Decided(Decision::Confirmed { by, record: request.record.clone() }))?;
                Ok(Gated::Confirmed)
            }
            Err(refusal) => {
                self.emit(EventKind::Decided(refusal.decision(request.record)))?;
                Ok(Gated::Refused(refusal))
            }
        }
    }

    fn ask_now(&mut self, ask: &Ask, prompter: &Arc<dyn Prompter>, live: &mut Live) -> Asked {
        self.consumers.flush();
        let first = live.runtime.block_on(prompt::ask(ask.clone(), Arc::clone(prompter), &mut live.signals));
        match first {
            // A terminal that is closed both answers and sends a signal.
            First::Answer(answer) => match (self.pending(live), answer) {
                (Some(signal), _) => Asked::Interrupted(signal),
                (None, Ok(answer)) => Asked::Answered(answer),
                (None, Err(error)) => Asked::Failed(error),
            },
            First::Signal(signal) => {
                self.climb(signal);
                Asked::Interrupted(signal)
            }
        }
    }

    fn gate_interrupted(&mut self, request: &GateRequest<'_>, signal: u8) -> Result<Gated, DispatchError> {
        let because = "interrupted before it was confirmed".to_owned();
        self.emit(EventKind::Decided(Decision::Refused {
            because,
            detail: String::new(),
            next: None,
            record: request.record.clone(),
        }))?;
        Ok(Gated::Interrupted(signal))
    }
}
