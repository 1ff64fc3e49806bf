//! `ENVCTL_READ_ONLY`: refuses every command that would change a state, a remote object or a file of the project.

use std::ffi::OsString;

use super::Usage;

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
