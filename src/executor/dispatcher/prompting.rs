//! Prompts in the middle of a run; a signal ends the wait for an answer.

use std::{io, sync::Arc};

use super::{DispatchError, Dispatcher};
use crate::{
    event::{Decision, EventKind},
    executor::{
        Answer, Gate, GateRequest, Prompt, Prompter, Refusal,
        cancel::SignalRuntime,
        evaluate_answer, gate,
        prompt::{self, PromptEvent},
    },
};

/// Result of a prompt.
#[derive(Debug)]
pub enum PromptResult {
    /// The user answered.
    Answered(Answer),
    /// The prompt could not be shown or read.
    Failed(io::Error),
    /// A signal arrived before the answer.
    Interrupted(u8),
}

/// Decision of the gate, already recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GateResult {
    /// The run goes on.
    Confirmed,
    /// The run stops.
    Refused(Refusal),
    /// A signal arrived before the answer.
    Interrupted(u8),
}

impl Dispatcher {
    /// Prompts the user, after the consumers have shown all earlier events.
    pub fn ask(&mut self, ask: &Prompt, prompter: &Arc<dyn Prompter>) -> Result<PromptResult, DispatchError> {
        let mut signal_runtime = self.take_signal_runtime()?;
        let asked = match self.handle_pending_signals(&mut signal_runtime) {
            Some(signal) => PromptResult::Interrupted(signal),
            None => self.ask_now(ask, prompter, &mut signal_runtime),
        };
        self.signal_runtime = Some(signal_runtime);
        Ok(asked)
    }

    /// Decides whether the run goes on, prompting the user if the rules require it, and records the decision.
    pub fn gate(
        &mut self,
        request: &GateRequest<'_>,
        prompter: &Arc<dyn Prompter>,
    ) -> Result<GateResult, DispatchError> {
        let decided = match (self.first_signal(), gate(request)) {
            (Some(signal), _) => return self.gate_interrupted(request, signal),
            (None, Gate::Confirmed { source }) => Ok(source),
            (None, Gate::Refused(refusal)) => Err(refusal),
            (None, Gate::Ask(ask)) => match self.ask(&ask, prompter)? {
                PromptResult::Interrupted(signal) => return self.gate_interrupted(request, signal),
                PromptResult::Answered(answer) => evaluate_answer(request, &ask, &answer),
                PromptResult::Failed(error) => Err(request.failed_prompt_refusal(&error)),
            },
        };
        match decided {
            Ok(by) => {
                self.emit(EventKind::Decided(Decision::Confirmed { by, record: request.record.clone() }))?;
                Ok(GateResult::Confirmed)
            }
            Err(refusal) => {
                self.emit(EventKind::Decided(refusal.decision(request.record)))?;
                Ok(GateResult::Refused(refusal))
            }
        }
    }

    fn ask_now(
        &mut self,
        ask: &Prompt,
        prompter: &Arc<dyn Prompter>,
        signal_runtime: &mut SignalRuntime,
    ) -> PromptResult {
        self.consumers.flush();
        let first = signal_runtime.runtime.block_on(prompt::ask(
            ask.clone(),
            Arc::clone(prompter),
            &mut signal_runtime.signals,
        ));
        match first {
            // Closing a terminal both ends the prompt and sends a signal.
            PromptEvent::Answer(answer) => match (self.handle_pending_signals(signal_runtime), answer) {
                (Some(signal), _) => PromptResult::Interrupted(signal),
                (None, Ok(answer)) => PromptResult::Answered(answer),
                (None, Err(error)) => PromptResult::Failed(error),
            },
            PromptEvent::Signal(signal) => {
                self.escalate(signal);
                PromptResult::Interrupted(signal)
            }
        }
    }

    fn gate_interrupted(
        &mut self,
        request: &GateRequest<'_>,
        signal: u8,
    ) -> Result<GateResult, DispatchError> {
        let because = "interrupted before it was confirmed".to_owned();
        self.emit(EventKind::Decided(Decision::Refused {
            because,
            detail: String::new(),
            next: None,
            record: request.record.clone(),
        }))?;
        Ok(GateResult::Interrupted(signal))
    }
}
