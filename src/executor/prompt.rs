//! Questions to a person and their answers; who asks them on which terminal is not known here.

use std::{io, sync::Arc, thread};

use tokio::sync::oneshot;

use super::signals::Signals;

/// A question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ask {
    /// Yes or no, no by default.
    YesNo {
        /// One line, with its question mark.
        question: String,
    },
    /// A name has to be typed in full.
    TypeName {
        /// One line.
        question: String,
        /// The name.
        name: String,
    },
}

/// An answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// Yes.
    Yes,
    /// No, or nothing.
    No,
    /// This was typed.
    Typed(String),
}

/// Asks a person.
pub trait Prompter: Send + Sync {
    /// Asks and waits for the answer, on a thread of its own.
    fn ask(&self, ask: &Ask) -> io::Result<Answer>;

    /// A signal came instead of the answer: [`Prompter::ask`] is left behind, and the terminal is to be put right.
    fn abandoned(&self) {}
}

/// What came first.
pub(super) enum First {
    Answer(io::Result<Answer>),
    Signal(u8),
}

/// Asks on a thread of its own, so that a signal need not wait for the answer.
pub(super) async fn ask(ask: Ask, prompter: Arc<dyn Prompter>, signals: &mut Signals) -> First {
    let (sender, answer) = oneshot::channel();
    let asked = Arc::clone(&prompter);
    thread::spawn(move || {
        // Nobody waits any more after a signal.
        let _received = sender.send(asked.ask(&ask));
    });
    tokio::select! {
        biased;
        signal = signals.next() => {
            prompter.abandoned();
            First::Signal(signal)
        }
        answer = answer => First::Answer(answer.unwrap_or_else(|_| Err(io::Error::other("the prompt panicked")))),
    }
}
