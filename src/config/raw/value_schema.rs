//! Macro that implements the JSON Schema of a value by a literal.

/// Implements the JSON Schema of a type under a name. An `inline` schema is repeated where the type is used, any other one is
/// a definition of its own.
macro_rules! value_schema {
    (@functions $name:expr, $schema:tt) => {
        fn schema_name() -> std::borrow::Cow<'static, str> {
            $name.into()
        }

        fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
            schemars::json_schema!($schema)
        }
    };
    (inline $type:ty, $name:expr, $schema:tt) => {
        impl schemars::JsonSchema for $type {
            fn inline_schema() -> bool {
                true
            }

            $crate::config::raw::value_schema::value_schema!(@functions $name, $schema);
        }
    };
    ($type:ty, $name:expr, $schema:tt) => {
        impl schemars::JsonSchema for $type {
            $crate::config::raw::value_schema::value_schema!(@functions $name, $schema);
        }
    };
}

pub(crate) use value_schema;
