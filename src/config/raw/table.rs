//! Macro that declares a table of environments.toml once: the type, its keys, reading, merging and JSON Schema.

use super::reader::{TomlNode, TomlReader};

/// Returns the key of a field, without the `r#` of a raw identifier.
pub(crate) const fn key_of_field(field: &'static str) -> &'static str {
    match field.as_bytes() {
        [b'r', b'#', ..] => field.split_at(2).1,
        _ => field,
    }
}

/// Table with a fixed set of keys.
pub(crate) trait FixedTable: Default {
    /// Keys of the table.
    const KEYS: &'static [&'static str];
    /// Keys that must be present.
    const REQUIRED: &'static [&'static str];

    /// Reads the value of one key. Returns false if the table has no such key.
    fn read_key<'t>(&mut self, key: &str, node: &'t TomlNode<'t>, reader: &mut TomlReader<'t>) -> bool;
}

/// Reads a table with a fixed set of keys: unknown and missing keys are errors.
pub(crate) fn read_table<'t, T: FixedTable>(
    node: &'t TomlNode<'t>,
    reader: &mut TomlReader<'t>,
) -> Option<T> {
    let table = reader.table(node)?;
    let mut own = T::default();
    for (key, node) in table {
        let name: &'t str = key.get_ref();
        if !reader.within(name, |reader| own.read_key(name, node, reader)) {
            reader.report_unknown_key(name, key.span(), T::KEYS, None);
        }
    }
    reader.report_missing_keys(table, node.span(), T::REQUIRED);
    Some(own)
}

/// Declares a struct whose fields are the keys of a table; the fields' documentation goes into the JSON Schema. Keys in
/// brackets behind `requires` must be present.
macro_rules! table {
    (
        $(#[$meta:meta])*
        struct $name:ident $(requires [$($required:literal),*])? {
            $( $(#[$field_meta:meta])* $field:ident: $type:ty, )*
        }
    ) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Default, schemars::JsonSchema)]
        #[schemars(deny_unknown_fields)]
        pub(crate) struct $name {
            $( $(#[$field_meta])* pub(crate) $field: $type, )*
        }

        impl $crate::config::raw::table::FixedTable for $name {
            const KEYS: &'static [&'static str] =
                &[$( $crate::config::raw::table::key_of_field(stringify!($field)) ),*];
            const REQUIRED: &'static [&'static str] = &[$($($required),*)?];

            fn read_key<'t>(
                &mut self,
                key: &str,
                node: &'t $crate::config::raw::reader::TomlNode<'t>,
                reader: &mut $crate::config::raw::reader::TomlReader<'t>,
            ) -> bool {
                $( if key == const { $crate::config::raw::table::key_of_field(stringify!($field)) } {
                    $crate::config::raw::field::TableField::read_field(&mut self.$field, node, reader);
                    return true;
                } )*
                false
            }
        }

        impl $crate::config::raw::field::TomlValue for $name {
            fn read<'t>(
                node: &'t $crate::config::raw::reader::TomlNode<'t>,
                reader: &mut $crate::config::raw::reader::TomlReader<'t>,
            ) -> Option<Self> {
                $crate::config::raw::table::read_table(node, reader)
            }

            fn overlay(&mut self, higher: &Self) {
                $( $crate::config::raw::field::TableField::overlay_field(&mut self.$field, &higher.$field); )*
            }

            fn unset(&mut self, path: &[&str]) -> bool {
                let [first, rest @ ..] = path else { return false };
                $( if *first == const { $crate::config::raw::table::key_of_field(stringify!($field)) } {
                    return $crate::config::raw::field::TableField::unset_field(&mut self.$field, rest);
                } )*
                false
            }

            fn visit(
                &self,
                path: &$crate::config::raw::field::KeyPath<'_>,
                visitor: &mut $crate::config::raw::field::Visitor<'_>,
            ) {
                $( $crate::config::raw::field::TableField::visit_field(
                    &self.$field,
                    &path.join(const { $crate::config::raw::table::key_of_field(stringify!($field)) }),
                    visitor,
                ); )*
            }
        }
    };
}

pub(crate) use table;
