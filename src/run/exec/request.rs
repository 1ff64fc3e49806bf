//! Arguments of `envctl exec`, with the words that name them in messages.

use std::ffi::OsString;

use crate::{model::GuardException, ui::shell_word};

/// Arguments of `envctl exec`.
#[derive(Debug, Clone)]
pub struct ExecRequest {
    /// Name of the environment.
    pub environment: String,
    /// Name of the stack; `None` for all stacks.
    pub stack: Option<String>,
    /// True with `--confirm`.
    pub confirm: bool,
    /// True with `--yes`.
    pub yes: bool,
    /// Exceptions of `--allow`.
    pub allow: Vec<GuardException>,
    /// Confirmed items of the checklist (`--ack`).
    pub acks: Vec<String>,
    /// Command of the engine and its arguments.
    pub args: Vec<OsString>,
}

impl ExecRequest {
    /// Returns the stack as a word for a shell, or the flag for all stacks.
    pub(crate) fn stack_words(&self) -> String {
        self.stack.as_deref().map_or_else(|| "--all".to_owned(), shell_word)
    }

    /// Returns the engine's command line for a shell.
    pub(crate) fn engine_command_line(&self) -> String {
        let words: Vec<String> = self.args.iter().map(|word| shell_word(&word.to_string_lossy())).collect();
        words.join(" ")
    }
}
