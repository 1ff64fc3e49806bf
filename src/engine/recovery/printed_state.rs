//! State in an engine's own output: the engine prints the state if it cannot save it anywhere.

use std::io;

use camino::Utf8Path;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::files;

/// Message of the JSON line in which an engine prints its state.
///
/// Source: measured with OpenTofu 1.12.6 and Terraform 1.11.4; without `-json` the engine prints the state without a
/// message on standard error.
pub(super) const MESSAGE: &str = "Emergency state dump";

/// State with the exact bytes that an engine wrote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct DumpedState {
    pub(super) bytes: Vec<u8>,
    pub(super) serial: u64,
}

/// Parses a state; `None` for text that is cut short or empty. A new state has an empty lineage before it is first saved.
pub(super) fn parse_state(bytes: &[u8]) -> Option<DumpedState> {
    #[derive(Deserialize)]
    struct DumpHeader {
        #[serde(rename = "lineage")]
        _lineage: String,
        serial: u64,
    }
    let DumpHeader { serial, .. } = serde_json::from_slice(bytes).ok()?;
    Some(DumpedState { bytes: bytes.to_vec(), serial })
}

/// Returns the newest state in the unmasked output file of a program.
pub(super) fn find_state(file: &Utf8Path) -> io::Result<Option<DumpedState>> {
    let bytes = match files::read_whole(file) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    Ok(newest_state(&bytes))
}

/// Returns true if a program wrote a state, or part of one, into a file.
pub fn holds_state(file: &Utf8Path) -> io::Result<bool> {
    let bytes = files::read_whole(file)?;
    let begun = bytes.windows(MESSAGE.len()).any(|part| part == MESSAGE.as_bytes());
    Ok(begun || newest_state(&bytes).is_some())
}

/// Returns the state with the highest serial in an output.
fn newest_state(bytes: &[u8]) -> Option<DumpedState> {
    let mut found: Option<DumpedState> = None;
    let mut at = 0;
    while let Some(start) = next_object(bytes, at) {
        let mut objects = serde_json::Deserializer::from_slice(&bytes[start..]).into_iter::<&RawValue>();
        at = match objects.next() {
            Some(Ok(object)) => {
                let printed = state_in_object(object.get());
                if printed.as_ref().map(|state| state.serial) >= found.as_ref().map(|state| state.serial) {
                    found = printed.or(found);
                }
                start + objects.byte_offset()
            }
            _ => start + 1,
        };
    }
    found
}

/// Returns the index of the next object in an output that may hold a state: at the start of a line, or behind an unfinished
/// line of another program.
fn next_object(bytes: &[u8], from: usize) -> Option<usize> {
    (from..bytes.len()).find(|at| {
        bytes[*at] == b'{' && (*at == 0 || bytes[at - 1] == b'\n' || bytes[*at..].starts_with(b"{\"@level\""))
    })
}

/// Returns the state in an object: the object itself, or its field `state`.
fn state_in_object(object: &str) -> Option<DumpedState> {
    #[derive(Deserialize)]
    struct DumpLine<'a> {
        #[serde(rename = "@message")]
        message: String,
        #[serde(borrow)]
        state: &'a RawValue,
    }
    let Ok(DumpLine { message, state: printed }) = serde_json::from_str(object) else {
        return parse_state(object.as_bytes());
    };
    (message == MESSAGE).then(|| parse_state(printed.get().as_bytes())).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    const STATE: &str =
        r#"{"version":4,"serial":7,"lineage":"0c5f","outputs":{},"n":1.00000000000000000001e400}"#;

    #[test]
    fn a_state_is_found_to_the_byte_wherever_it_was_printed() {
        let line = format!(r#"{{"@level":"info","@message":"{MESSAGE}","state":{STATE}}}"#);
        let older = line.replace("\"serial\":7", "\"serial\":6");
        let pretty = STATE.replace('{', "{\n  ").replace(",\"", ",\n  \"").replace("}}", "}\n}");
        for text in [
            format!("{{\"@message\":\"x\"}}\n{line}\n{{\"@message\":\"y\"}}\n"),
            format!("{older}\n{line}\n{older}\n"),
            format!("no line feed{line}\n"),
            format!("a: Creating...\n{{ not json\n{STATE}\n\nError: Failed to save state\n"),
        ] {
            let found = newest_state(text.as_bytes()).unwrap();
            assert_eq!((found.serial, str::from_utf8(&found.bytes)), (7, Ok(STATE)), "{text}");
        }
        let found = newest_state(format!("Error\n{pretty}\nmore\n").as_bytes()).unwrap();
        assert_eq!(str::from_utf8(&found.bytes), Ok(&*pretty));
    }

    #[test]
    fn an_incomplete_state_is_not_a_state() {
        for text in ["", "{}", "{\"serial\":7}", "{\"serial\":7,\"lineage\":null}", &STATE[..40], "null"] {
            assert_eq!(parse_state(text.as_bytes()), None, "{text}");
            assert_eq!(newest_state(text.as_bytes()), None, "{text}");
        }
        let other = format!(r#"{{"@level":"info","@message":"hello","state":{STATE}}}"#);
        assert_eq!(newest_state(other.as_bytes()), None);
        assert_eq!(
            newest_state(format!("text {STATE}").as_bytes()),
            None,
            "a provisioner may print anything"
        );
    }
}
