//! Output of a failed program, kept apart until every secret that may be in it is known.

use std::{fmt, sync::Arc};

use crate::process::{CapturedOutput, Redactor};

/// Number of lines of standard error that are shown.
const SHOWN_LINES: usize = 5;

/// Output of a failed program; only [`FailedOutput::last_lines`] shows parts of it.
#[derive(Clone)]
pub struct FailedOutput(Arc<CapturedOutput>);

impl FailedOutput {
    /// Stores the output of a program.
    pub(super) fn new(output: CapturedOutput) -> Self {
        Self(Arc::new(output))
    }

    /// Returns the last lines of the program's standard error, masked. Its standard output is masked in them too: a failing
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
