//! `ENVCTL_READ_ONLY`: refuses every command that would change a state, a remote object or a file of the project.

use std::ffi::OsString;

use super::{Context, Stopped, Usage};
use crate::engine::writes_a_file;

/// Name of the environment variable.
pub const READ_ONLY: &str = "ENVCTL_READ_ONLY";

/// Returns the value of the variable: `1` and `true` are on; `0`, `false`, empty and unset are off.
pub fn is_read_only(value: Option<&OsString>) -> Result<bool, Usage> {
    let Some(value) = value else { return Ok(false) };
    match value.to_str() {
        Some("1" | "true") => Ok(true),
        Some("" | "0" | "false") => Ok(false),
        _ => {
            let shown = value.to_string_lossy();
            Err(Usage::Other(format!(
                "`{READ_ONLY}` is `1` or `true`, or `0`, `false` or empty, not `{shown}`"
            )))
        }
    }
}

impl Context {
    /// Refuses a command that would change `change`, if `ENVCTL_READ_ONLY` is set.
    pub fn refuse_read_only(&self, command: &str, change: &str) -> Result<(), Stopped> {
        if !self.read_only {
            return Ok(());
        }
        let message = format!("`{command}` would change {change}, and `{READ_ONLY}` is set");
        // Which variables are secret is not known before the project is read.
        let plan = self.given_flags().hiding(|_| true).command_with_values("plan ENV");
        Err(Stopped::refused(message).hint(format!(
            "`{plan}` shows what would change; unset `{READ_ONLY}` where something is to be changed"
        )))
    }

    /// Refuses a typed command of an engine that writes a file of the user's choice, if `ENVCTL_READ_ONLY` is set.
    pub(crate) fn refuse_files(&self, args: &[OsString]) -> Result<(), Stopped> {
        match writes_a_file(args) {
            Some(flag) => self.refuse_read_only(&format!("exec … -{flag}"), "a file"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_words_switch_it_on_or_off() {
        let read = |value: &str| is_read_only(Some(&value.into())).map_err(|error| error.to_string());
        assert_eq!([read("1"), read("true")], [Ok(true), Ok(true)]);
        assert_eq!([read(""), read("0"), read("false")], [Ok(false), Ok(false), Ok(false)]);
        assert!(!is_read_only(None).unwrap());
        for other in ["yes", "TRUE", " 1", "2"] {
            assert!(read(other).unwrap_err().contains("`ENVCTL_READ_ONLY` is `1` or `true`"), "{other}");
        }
    }
}
