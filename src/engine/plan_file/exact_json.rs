//! JSON whose numbers keep every digit of their text.

use std::fmt;

use indexmap::IndexMap;
use serde::{Deserialize, Deserializer, Serialize, de::Error};
use serde_json::{Value, value::RawValue};

use crate::model::{exact_number, keeps_numbers};

/// JSON value whose numbers are kept as the text that an engine wrote.
#[derive(Debug, Clone, Serialize)]
#[serde(untagged)]
pub enum ExactJson {
    /// Number, as text.
    Number(Box<RawValue>),
    /// String, boolean or null.
    Plain(Value),
    /// List.
    List(Vec<ExactJson>),
    /// Object, with its order of members.
    Object(IndexMap<String, ExactJson>),
}

/// Maximum nesting of lists and objects, as in every other document that envctl parses.
const MAX_DEPTH: usize = 127;

impl Default for ExactJson {
    /// Returns null.
    fn default() -> Self {
        Self::Plain(Value::Null)
    }
}

impl ExactJson {
    /// Returns a member of an object.
    pub fn member(&self, name: &str) -> Option<&Self> {
        match self {
            Self::Object(members) => members.get(name),
            _ => None,
        }
    }

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

/// First character of the string that replaces a number in a [`comparable`] value.
const LONG_NUMBER: char = '\0';

/// Parses a value for comparisons: a number that a [`Value`] cannot hold exactly becomes a string that starts with
/// [`LONG_NUMBER`], as no string of an engine does.
pub(in crate::engine) fn comparable<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Value, D::Error> {
    let text = Box::<RawValue>::deserialize(deserializer)?;
    comparable_value(text.get()).map_err(D::Error::custom)
}

/// Parses a text to a value for comparisons, as `comparable` does.
pub fn comparable_value(text: &str) -> Result<Value, serde_json::Error> {
    if keeps_numbers(text) { serde_json::from_str(text) } else { ExactJson::parse(text, 0).map(Value::from) }
}

/// Returns the digits of a number that a `comparable` value holds as a string.
pub fn long_number(value: &Value) -> Option<&str> {
    value.as_str()?.strip_prefix(LONG_NUMBER)
}

/// Returns true if a `comparable` value holds a number as a string anywhere.
pub fn has_long_number(value: &Value) -> bool {
    match value {
        Value::Array(items) => items.iter().any(has_long_number),
        Value::Object(members) => members.values().any(has_long_number),
        value => long_number(value).is_some(),
    }
}

impl From<ExactJson> for Value {
    fn from(exact: ExactJson) -> Self {
        match exact {
            ExactJson::Number(number) => exact_number(number.get())
                .map_or_else(|| Self::String(format!("{LONG_NUMBER}{}", number.get())), Self::Number),
            ExactJson::Plain(value) => value,
            ExactJson::List(items) => items.into_iter().map(Self::from).collect(),
            ExactJson::Object(members) => {
                members.into_iter().map(|(name, value)| (name, Self::from(value))).collect()
            }
        }
    }
}

impl fmt::Display for ExactJson {
    /// Writes the value on one line.
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
    fn values_that_differ_in_their_last_digit_are_told_apart() {
        let [one, other] = ["{\"a\":[1.5,0.1234567890123456781]}", "{\"a\":[1.5,0.1234567890123456782]}"]
            .map(|text| comparable_value(text).unwrap());
        assert_ne!(one, other);
        assert_eq!(one["a"][0], serde_json::json!(1.5));
        assert_eq!(long_number(&one["a"][1]), Some("0.1234567890123456781"));
        assert!(has_long_number(&one) && !has_long_number(&comparable_value("[1, \"1\"]").unwrap()));
    }

    #[test]
    fn texts_are_written_in_one_form_for_any_escapes_of_an_engine() {
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
