//! JSON that keeps its numbers as they were written, every digit of them.

use std::fmt;

use indexmap::IndexMap;
use serde::{Deserialize, Deserializer, Serialize, de::Error};
use serde_json::{Value, value::RawValue};

/// A JSON value whose numbers are the text that an engine wrote.
#[derive(Debug, Clone, Serialize)]
#[serde(untagged)]
pub enum ExactJson {
    /// A number as it was written.
    Number(Box<RawValue>),
    /// A text, a truth value or null.
    Plain(Value),
    /// A list.
    List(Vec<ExactJson>),
    /// An object, in the order that it was written in.
    Object(IndexMap<String, ExactJson>),
}

/// How deep lists and objects may lie in each other, as in every other document that is read.
const MAX_DEPTH: usize = 127;

impl Default for ExactJson {
    /// Returns null.
    fn default() -> Self {
        Self::Plain(Value::Null)
    }
}

impl ExactJson {
    fn parse(text: &str, depth: usize) -> Result<Self, serde_json::Error> {
        if depth > MAX_DEPTH {
            return Err(serde_json::Error::custom("lists and objects lie too deep in each other"));
        }
        Ok(match text.as_bytes().first() {
            Some(b'[') => {
                let values: Vec<Box<RawValue>> = serde_json::from_str(text)?;
                let values = values.iter().map(|value| Self::parse(value.get(), depth + 1));
                Self::List(values.collect::<Result<_, _>>()?)
            }
            Some(b'{') => {
                let values: IndexMap<String, Box<RawValue>> = serde_json::from_str(text)?;
                let values =
                    values.into_iter().map(|(name, value)| Ok((name, Self::parse(value.get(), depth + 1)?)));
                Self::Object(values.collect::<Result<_, serde_json::Error>>()?)
            }
            Some(b'"' | b't' | b'f' | b'n') => Self::Plain(serde_json::from_str(text)?),
            _ => Self::Number(serde_json::from_str(text)?),
        })
    }
}

impl<'de> Deserialize<'de> for ExactJson {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Box::<RawValue>::deserialize(deserializer)?;
        Self::parse(text.get(), 0).map_err(D::Error::custom)
    }
}

impl fmt::Display for ExactJson {
    /// Writes it on one line.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&serde_json::to_string(self).map_err(|_| fmt::Error)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_keep_every_digit_at_every_depth() {
        let long = "9".repeat(400);
        let exact =
            format!(r#"{{"b":[12345678901234567890.5,{{"a":3.14159265358979323846}}],"n":null,"l":{long}}}"#);
        let spaced = exact.replace(',', ",\n ").replace(':', " : ");
        for text in [&exact, &spaced] {
            assert_eq!(serde_json::from_str::<ExactJson>(text).unwrap().to_string(), exact);
        }
    }

    #[test]
    fn texts_are_written_in_one_form_whatever_an_engine_escapes() {
        let read: ExactJson = serde_json::from_str(r#""\u003c 1.50 \"""#).unwrap();
        assert_eq!(read.to_string(), r#""< 1.50 \"""#);
    }

    #[test]
    fn json_that_is_nested_too_deep_is_an_error() {
        let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        assert!(serde_json::from_str::<ExactJson>(&nested(100)).is_ok());
        assert!(serde_json::from_str::<ExactJson>(&nested(100_000)).is_err());
    }
}
