//! Values of any type in a plan file: `MessagePack`, for a variable with its type before it.
//!
//! Source: <https://github.com/zclconf/go-cty/blob/main/docs/concepts.md>, and `planfile.proto` (`DynamicValue`).

use prost::Message;
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
const DEPTH: usize = 64;

/// Decodes a value of known type; absent for invalid bytes and for a value with an unknown part.
pub(super) fn value_of(bytes: &[u8]) -> Option<Value> {
    let mut rest = Bytes(bytes);
    rest.value(DEPTH).filter(|_| rest.0.is_empty())
}

/// Decodes a value that follows its type.
pub(super) fn with_type(bytes: &[u8]) -> Option<Value> {
    let mut rest = Bytes(bytes);
    (rest.byte()? == 0x92).then_some(())?;
    rest.value(DEPTH)?;
    rest.value(DEPTH)
}

/// Remaining bytes of an encoding.
struct Bytes<'b>(&'b [u8]);

impl Bytes<'_> {
    fn take(&mut self, count: usize) -> Option<&[u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    fn byte(&mut self) -> Option<u8> {
        self.take(1).map(|bytes| bytes[0])
    }

    /// Decodes an unsigned big-endian number of `bytes` bytes.
    fn number(&mut self, bytes: usize) -> Option<u64> {
        Some(self.take(bytes)?.iter().fold(0, |number, byte| number << 8 | u64::from(*byte)))
    }

    fn count(&mut self, bytes: usize) -> Option<usize> {
        usize::try_from(self.number(bytes)?).ok()
    }

    fn text(&mut self, length: usize) -> Option<String> {
        String::from_utf8(self.take(length)?.to_vec()).ok()
    }

    fn list(&mut self, count: usize, depth: usize) -> Option<Value> {
        (0..count).map(|_| self.value(depth)).collect::<Option<Vec<_>>>().map(Value::Array)
    }

    fn object(&mut self, count: usize, depth: usize) -> Option<Value> {
        let member = |bytes: &mut Self| match bytes.value(depth)? {
            Value::String(name) => Some((name, bytes.value(depth)?)),
            _ => None,
        };
        (0..count).map(|_| member(self)).collect::<Option<Map<_, _>>>().map(Value::Object)
    }

    /// Decodes a value; absent for the extension types of `MessagePack`, which stand for unknown values.
    fn value(&mut self, depth: usize) -> Option<Value> {
        let depth = depth.checked_sub(1)?;
        let kind = self.byte()?;
        Some(match kind {
            0x00..=0x7f => Value::from(kind),
            0x80..=0x8f => self.object(usize::from(kind & 0x0f), depth)?,
            0x90..=0x9f => self.list(usize::from(kind & 0x0f), depth)?,
            0xa0..=0xbf => Value::String(self.text(usize::from(kind & 0x1f))?),
            0xc0 => Value::Null,
            0xc2 | 0xc3 => Value::Bool(kind == 0xc3),
            0xc4..=0xc6 | 0xd9..=0xdb => {
                let first = if kind < 0xd0 { 0xc4 } else { 0xd9 };
                let length = self.count(1 << (kind - first))?;
                Value::String(self.text(length)?)
            }
            0xca => float(f64::from(f32::from_bits(u32::try_from(self.number(4)?).ok()?)))?,
            0xcb => float(f64::from_bits(self.number(8)?))?,
            0xcc..=0xcf => Value::from(self.number(1 << (kind - 0xcc))?),
            0xd0..=0xd3 => {
                let bytes = 1 << (kind - 0xd0);
                let unused = 64 - 8 * u32::try_from(bytes).ok()?;
                Value::from((self.number(bytes)? << unused).cast_signed() >> unused)
            }
            0xdc | 0xdd => {
                let count = self.count(2 << (kind - 0xdc))?;
                self.list(count, depth)?
            }
            0xde | 0xdf => {
                let count = self.count(2 << (kind - 0xde))?;
                self.object(count, depth)?
            }
            0xe0..=0xff => Value::from(kind.cast_signed()),
            0xc1 | 0xc7..=0xc9 | 0xd4..=0xd8 => return None,
        })
    }
}

/// Returns a number that an engine encoded in 64 bits without loss: as a string of digits if its shortest form is not exact,
/// as engines write numbers that 64 bits cannot hold.
fn float(value: f64) -> Option<Value> {
    let number = Number::from_f64(value)?;
    let digits = format!("{value:.FRACTION$}");
    Some(if is_same_number(&digits, &number.to_string()) {
        Value::Number(number)
    } else {
        let digits = if digits.contains('.') { digits.trim_end_matches('0') } else { &digits };
        Value::String(digits.trim_end_matches('.').to_owned())
    })
}

/// Number of decimal places of the smallest 64-bit float.
const FRACTION: usize = 1074;

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn typed(kind: &str, value: &[u8]) -> Option<Value> {
        let mut bytes = vec![0x92, 0xc4, u8::try_from(kind.len()).unwrap()];
        bytes.extend(kind.as_bytes());
        bytes.extend(value);
        with_type(&bytes)
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
    fn what_cannot_be_understood_is_no_value() {
        for bytes in [&b"\xd4\0\0"[..], b"\xa5vpc", b"\xdd\xff\xff\xff\xff", b"", b"\x81\x01\x02"] {
            assert_eq!(typed("\"string\"", bytes), None, "{bytes:?}");
        }
        assert_eq!(typed("\"string\"", &[0x91; 4096]), None);
        assert_eq!(with_type(b"\xa1x"), None);
    }
}
