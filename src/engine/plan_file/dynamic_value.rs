//! Values of any type in a plan file: `MessagePack`, for a variable with its type before it.
//!
//! Source: <https://github.com/zclconf/go-cty/blob/main/docs/concepts.md>, and `planfile.proto` (`DynamicValue`).

use prost::Message;
use rmpv::decode::read_value_with_max_depth;
use serde_json::{Map, Number, Value};

use crate::model::is_same_number;

/// Value of any type in a plan file.
#[derive(PartialEq, Message)]
pub(super) struct DynamicValue {
    /// `MessagePack` encoding of the value.
    #[prost(bytes = "vec", tag = "1")]
    pub(super) msgpack: Vec<u8>,
}

/// Maximum nesting of a value.
const MAX_DEPTH: usize = 64;

/// Decodes a value of known type; `None` for invalid bytes and for a value with an unknown part.
pub(super) fn decode(bytes: &[u8]) -> Option<Value> {
    let mut rest = bytes;
    let value = read_value_with_max_depth(&mut rest, MAX_DEPTH).ok()?;
    json(value).filter(|_| rest.is_empty())
}

/// Decodes a value that follows its type.
pub(super) fn decode_with_type(bytes: &[u8]) -> Option<Value> {
    let mut rest = bytes;
    let rmpv::Value::Array(parts) = read_value_with_max_depth(&mut rest, MAX_DEPTH + 1).ok()? else {
        return None;
    };
    let [kind, value] = <[rmpv::Value; 2]>::try_from(parts).ok()?;
    json(kind)?;
    json(value)
}

/// Returns a decoded value as JSON; `None` for an extension type, with which engines encode unknown values, and for a text
/// that is not UTF-8.
fn json(value: rmpv::Value) -> Option<Value> {
    Some(match value {
        rmpv::Value::Nil => Value::Null,
        rmpv::Value::Boolean(value) => Value::Bool(value),
        rmpv::Value::Integer(number) => match number.as_u64() {
            Some(number) => Value::from(number),
            None => Value::from(number.as_i64()?),
        },
        rmpv::Value::F32(number) => float(f64::from(number))?,
        rmpv::Value::F64(number) => float(number)?,
        rmpv::Value::String(text) => Value::String(text.into_str()?),
        rmpv::Value::Binary(bytes) => Value::String(String::from_utf8(bytes).ok()?),
        rmpv::Value::Array(items) => items.into_iter().map(json).collect::<Option<Vec<_>>>()?.into(),
        rmpv::Value::Map(members) => members.into_iter().map(member).collect::<Option<Map<_, _>>>()?.into(),
        rmpv::Value::Ext(..) => return None,
    })
}

/// Returns a member of a decoded object as JSON; `None` if its name is no text or its value cannot be decoded.
fn member((name, value): (rmpv::Value, rmpv::Value)) -> Option<(String, Value)> {
    match json(name)? {
        Value::String(name) => Some((name, json(value)?)),
        _ => None,
    }
}

/// Returns a number that an engine encoded in 64 bits without loss: as a string of digits if its shortest form is not exact,
/// as engines write numbers that 64 bits cannot hold.
fn float(value: f64) -> Option<Value> {
    let number = Number::from_f64(value)?;
    let digits = format!("{value:.FRACTION_DIGITS$}");
    Some(if is_same_number(&digits, &number.to_string()) {
        Value::Number(number)
    } else {
        let digits = if digits.contains('.') { digits.trim_end_matches('0') } else { &digits };
        Value::String(digits.trim_end_matches('.').to_owned())
    })
}

/// Number of decimal places of the smallest 64-bit float.
const FRACTION_DIGITS: usize = 1074;

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn typed(kind: &str, value: &[u8]) -> Option<Value> {
        let mut bytes = vec![0x92, 0xc4, u8::try_from(kind.len()).unwrap()];
        bytes.extend(kind.as_bytes());
        bytes.extend(value);
        decode_with_type(&bytes)
    }

    #[test]
    fn values_are_read_behind_their_types() {
        assert_eq!(typed("\"string\"", b"\xa5vpc-1"), Some(json!("vpc-1")));
        assert_eq!(typed("\"string\"", b"\xd9\x05vpc-1"), Some(json!("vpc-1")));
        assert_eq!(typed("\"number\"", b"\x07"), Some(json!(7)));
        assert_eq!(typed("\"number\"", b"\xff"), Some(json!(-1)));
        assert_eq!(typed("\"number\"", b"\xd1\xff\x00"), Some(json!(-256)));
        assert_eq!(typed("\"number\"", b"\xcd\x01\x00"), Some(json!(256)));
        assert_eq!(typed("\"number\"", b"\xcb\x3f\xf8\0\0\0\0\0\0"), Some(json!(1.5)));
        let power = b"\xcb\x44\x50\0\0\0\0\0\0";
        assert_eq!(typed("\"number\"", power), Some(json!("1180591620717411303424")), "two to the 70th");
        assert_eq!(typed("\"bool\"", b"\xc3"), Some(json!(true)));
        assert_eq!(typed("\"dynamic\"", b"\xc0"), Some(json!(null)));
        let nested = b"\x81\xa1a\x92\x01\xa1b";
        assert_eq!(typed("[\"object\",{}]", nested), Some(json!({ "a": [1, "b"] })));
    }

    #[test]
    fn bytes_that_cannot_be_decoded_have_no_value() {
        for bytes in [&b"\xd4\0\0"[..], b"\xa5vpc", b"\xdd\xff\xff\xff\xff", b"", b"\x81\x01\x02"] {
            assert_eq!(typed("\"string\"", bytes), None, "{bytes:?}");
        }
        assert_eq!(typed("\"string\"", &[0x91; 4096]), None);
        assert_eq!(decode_with_type(b"\xa1x"), None);
    }
}
