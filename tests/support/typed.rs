//! Commands that envctl prints, run as they are printed.

use std::path::Path;

use super::{Env, Run, Shop};

impl Env {
    /// Runs a printed command line in a shell, which interprets quotes as a user's shell does.
    #[track_caller]
    pub(crate) fn run_printed(&self, line: &str) -> Run {
        let script = format!("envctl() {{ \"$PROGRAM\" \"$@\"; }}\n{line}");
        let script = format!("PROGRAM='{}'\n{script}", env!("CARGO_BIN_EXE_envctl"));
        self.run_shell(Path::new("/bin/sh"), &["-c", &script])
    }
}

impl Shop {
    /// Runs the command of the last `hint:` of a run.
    #[track_caller]
    pub(crate) fn type_hint(&self, run: &Run) -> Run {
        self.env.run_printed(command(&run.stderr, "hint: "))
    }

    /// Runs the command of the line `next:` under a review.
    #[track_caller]
    pub(crate) fn type_next(&self, run: &Run) -> Run {
        self.env.run_printed(command(&run.stdout, "next: "))
    }
}

/// Returns the only command of the last line with this beginning.
#[track_caller]
fn command<'t>(text: &'t str, beginning: &str) -> &'t str {
    let line = text.lines().rfind(|line| line.starts_with(beginning));
    let line = line.unwrap_or_else(|| panic!("no line starts with `{beginning}`:\n{text}"));
    let parts: Vec<&str> = line.split('`').collect();
    assert_eq!(parts.len(), 3, "not exactly one command: {line}");
    assert!(parts[1].starts_with("envctl "), "not a whole command: {line}");
    parts[1]
}
