//! JSON document on the standard output of a program.

use serde::de::DeserializeOwned;

/// Strictness with which envctl reads the standard output of an engine that writes JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// Every line must be one of the engine's JSON objects.
    Pure,
    /// Other programs may write between the objects, as the hooks of a Terragrunt unit do.
    Mixed,
}

/// First bytes of the JSON of a plan, by which it is found behind an unfinished line of another program.
const PLAN: &[u8] = b"{\"format_version\"";

/// Returns the rest of an output from the first line that begins a JSON object: OpenTofu may print a warning before it.
pub(in crate::engine) fn from_first_object(output: &[u8]) -> &[u8] {
    let mut at = 0;
    for line in output.split_inclusive(|byte| *byte == b'\n') {
        if line.starts_with(b"{") {
            return &output[at..];
        }
        at += line.len();
    }
    output
}

/// Parses the document in an output: all of it from its first JSON object on. If other programs may write before and after
/// the document, the first object that has the wanted form counts.
pub(in crate::engine) fn document<T: DeserializeOwned>(
    output: &[u8],
    dialect: Dialect,
) -> Result<T, serde_json::Error> {
    let whole = match serde_json::from_slice(from_first_object(output)) {
        Err(error) if dialect == Dialect::Mixed => error,
        result => return result,
    };
    let mut at = 0;
    for line in output.split_inclusive(|byte| *byte == b'\n') {
        // Only at the start of a line or at `PLAN`: an inner object must not count as a document.
        let begun = line.windows(PLAN.len()).position(|bytes| bytes == PLAN);
        if let Some(inside) = begun.or_else(|| line.starts_with(b"{").then_some(0))
            && let Ok(found) =
                T::deserialize(&mut serde_json::Deserializer::from_slice(&output[at + inside..]))
        {
            return Ok(found);
        }
        at += line.len();
    }
    Err(whole)
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, PartialEq, Deserialize)]
    struct Wanted {
        a: u8,
    }

    #[test]
    fn a_document_between_the_words_of_others_is_found() {
        let noisy = b"hello\n{hello}\n{\"b\":1}\n{\n  \"a\": 1\n}\nbye\n";
        assert_eq!(document::<Wanted>(noisy, Dialect::Mixed).unwrap(), Wanted { a: 1 });
        assert!(document::<Wanted>(noisy, Dialect::Pure).is_err());
        assert!(document::<Wanted>(b"{\"b\":1}", Dialect::Mixed).is_err());
        assert!(document::<Wanted>(b"{\"b\":{\"a\":1}", Dialect::Mixed).is_err());
        let begun = b"bye{\"format_version\":\"1\",\"a\":1}\n";
        assert_eq!(document::<Wanted>(begun, Dialect::Mixed).unwrap(), Wanted { a: 1 });
        assert_eq!(document::<Wanted>(b"{\"a\":1}\n", Dialect::Pure).unwrap(), Wanted { a: 1 });
    }

    #[test]
    fn a_warning_before_a_document_is_no_part_of_it() {
        let warned = "\nWarning: Unable to open CLI configuration file\n\nIt does not exist.\n\n{\"a\":1}\n";
        assert_eq!(document::<Wanted>(warned.as_bytes(), Dialect::Pure).unwrap(), Wanted { a: 1 });
        let followed = format!("{warned}bye\n");
        assert!(document::<Wanted>(followed.as_bytes(), Dialect::Pure).is_err());
    }
}
