//! Prompts to the user and their answers, independent of the terminal.

use std::{io, sync::Arc, thread};

use tokio::sync::oneshot;

use super::signals::Signals;

/// Question to the user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Prompt {
    /// Confirmation with yes or no; no is the default.
    YesNo {
        /// Question of one line, with its question mark.
        question: String,
    },
    /// Confirmation by typing a name in full.
    TypeName {
        /// Question of one line.
        question: String,
        /// Name that the user must type.
        name: String,
    },
}

/// Answer to a prompt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// The user agrees.
    Yes,
    /// Refusal: `no`, or an empty line.
    No,
    /// Text that the user typed.
    Typed(String),
}

/// Front end that prompts the user.
pub trait Prompter: Send + Sync {
    /// Shows a prompt and waits for the answer, on a thread of its own.
    fn ask(&self, ask: &Prompt) -> io::Result<Answer>;

    /// Restores the terminal after a signal arrived before the answer. [`Prompter::ask`] may still be running.
    fn restore_terminal(&self) {}
}

/// First event after a prompt: an answer or a signal.
pub(super) enum PromptEvent {
    Answer(io::Result<Answer>),
    Signal(u8),
}

/// Prompts on a thread of its own, so that a signal ends the wait for the answer.
pub(super) async fn ask(ask: Prompt, prompter: Arc<dyn Prompter>, signals: &mut Signals) -> PromptEvent {
    let (sender, answer) = oneshot::channel();
    let asked = Arc::clone(&prompter);
    thread::spawn(move || {
        // After a signal the receiver is gone.
        let _received = sender.send(asked.ask(&ask));
    });
    tokio::select! {
        biased;
        signal = signals.next() => {
            prompter.restore_terminal();
            PromptEvent::Signal(signal)
        }
        answer = answer => PromptEvent::Answer(answer.unwrap_or_else(|_| Err(io::Error::other("the prompt panicked")))),
    }
}
