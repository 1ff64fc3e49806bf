//! JSON whose objects keep repeated members: in configuration in JSON syntax, each repeated member is a block.

use std::{fmt, marker::PhantomData};

use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, SeqAccess, Visitor},
};
use serde_json::Value;

/// Members of a JSON object in order, repeated members included.
#[derive(Debug)]
pub(super) struct Members<T>(pub Vec<(String, T)>);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Members<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ObjectVisitor<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for ObjectVisitor<T> {
            type Value = Members<T>;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(ObjectVisitor(PhantomData))
    }
}

/// Value of a JSON file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum JsonTree {
    /// JSON string.
    Text(String),
    /// JSON array.
    Array(Vec<Self>),
    /// JSON object, its members in order, repeated members included.
    Object(Vec<(String, Self)>),
    /// Null, a boolean or a number.
    Other(Value),
}

impl<'de> Deserialize<'de> for JsonTree {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ValueVisitor;
        impl<'de> Visitor<'de> for ValueVisitor {
            type Value = JsonTree;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a JSON value")
            }

            fn visit_str<E>(self, text: &str) -> Result<JsonTree, E> {
                Ok(JsonTree::Text(text.to_owned()))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<JsonTree, A::Error> {
                let mut found = Vec::new();
                while let Some(item) = items.next_element()? {
                    found.push(item);
                }
                Ok(JsonTree::Array(found))
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<JsonTree, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(JsonTree::Object(members))
            }

            fn visit_unit<E>(self) -> Result<JsonTree, E> {
                Ok(JsonTree::Other(Value::Null))
            }

            fn visit_bool<E>(self, value: bool) -> Result<JsonTree, E> {
                Ok(JsonTree::Other(value.into()))
            }

            fn visit_i64<E>(self, value: i64) -> Result<JsonTree, E> {
                Ok(JsonTree::Other(value.into()))
            }

            fn visit_u64<E>(self, value: u64) -> Result<JsonTree, E> {
                Ok(JsonTree::Other(value.into()))
            }

            fn visit_f64<E>(self, value: f64) -> Result<JsonTree, E> {
                Ok(JsonTree::Other(value.into()))
            }
        }
        deserializer.deserialize_any(ValueVisitor)
    }
}
