//! What a failed program printed, kept apart until every secret that may stand in it is known.

use std::{fmt, sync::Arc};

use crate::process::{Captured, Redactor};

/// How many lines of the standard error of a failed program are shown.
const SHOWN_LINES: usize = 5;

/// The output of a failed program; it is shown by [`FailedOutput::last_lines`] alone.
#[derive(Clone)]
pub struct FailedOutput(Arc<Captured>);

impl FailedOutput {
    /// Keeps the output of a program.
    pub(super) fn new(output: Captured) -> Self {
        Self(Arc::new(output))
    }

    /// Returns the last lines of its standard error, masked. Each text of its standard output is masked too: a failing
    /// program may have printed the secret.
    pub fn last_lines(&self, redactor: &Redactor) -> Vec<String> {
        redactor.add(&String::from_utf8_lossy(&self.0.stdout));
        let stderr = String::from_utf8_lossy(&self.0.stderr);
        let lines: Vec<&str> = stderr.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
        let last = &lines[lines.len().saturating_sub(SHOWN_LINES)..];
        last.iter().map(|line| redactor.mask(line).into_owned()).collect()
    }
}

impl fmt::Debug for FailedOutput {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FailedOutput")
    }
}
