//! Macros that declare a table of the file once: the type, its keys, reading, merging and JSON Schema.

use super::{
    reader::{Node, Reader},
    template::Template,
};
use crate::config::origin::Origin;

/// Returns the key of a field, without the `r#` of a raw identifier.
pub(crate) const fn plain(field: &'static str) -> &'static str {
    match field.as_bytes() {
        [b'r', b'#', ..] => field.split_at(2).1,
        _ => field,
    }
}

/// Table with a fixed set of keys.
pub(crate) trait Table: Default {
    const KEYS: &'static [&'static str];

    /// Reads one key. Returns false if the table does not have it.
    fn set<'t>(&mut self, key: &str, node: &'t Node<'t>, reader: &mut Reader<'t>) -> bool;

    /// Merges every key of a higher layer into this table.
    fn overlay_keys(&mut self, higher: &Self);

    /// Removes the value at a path. Returns true if that existed.
    fn unset_key(&mut self, path: &[&str]) -> bool;

    /// Calls `visit` for each template in the table.
    fn each_template(&self, visit: &mut dyn FnMut(&Template));

    /// Calls `visit` with path and origin of each value in the table; `path` is the table's, with a dot at the end.
    fn each_origin(&self, path: &str, visit: &mut dyn FnMut(String, &Origin));
}

/// Declares a struct whose fields are the keys of a table; the fields' documentation goes into the JSON Schema.
macro_rules! table {
    (
        $(#[$meta:meta])*
        struct $name:ident {
            $( $(#[$field_meta:meta])* $field:ident: $type:ty, )*
        }
    ) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Default, schemars::JsonSchema)]
        #[schemars(deny_unknown_fields)]
        pub(crate) struct $name {
            $( $(#[$field_meta])* pub(crate) $field: $type, )*
        }

        impl $crate::config::raw::table::Table for $name {
            const KEYS: &'static [&'static str] =
                &[$( $crate::config::raw::table::plain(stringify!($field)) ),*];

            fn set<'t>(
                &mut self,
                key: &str,
                node: &'t $crate::config::raw::reader::Node<'t>,
                reader: &mut $crate::config::raw::reader::Reader<'t>,
            ) -> bool {
                $( if key == const { $crate::config::raw::table::plain(stringify!($field)) } {
                    $crate::config::raw::field::Field::read(&mut self.$field, node, reader);
                    return true;
                } )*
                false
            }

            fn overlay_keys(&mut self, higher: &Self) {
                $( $crate::config::raw::field::Field::overlay(&mut self.$field, &higher.$field); )*
            }

            fn unset_key(&mut self, path: &[&str]) -> bool {
                let [first, rest @ ..] = path else { return false };
                $( if *first == const { $crate::config::raw::table::plain(stringify!($field)) } {
                    return $crate::config::raw::field::Field::unset(&mut self.$field, rest);
                } )*
                false
            }

            fn each_template(&self, visit: &mut dyn FnMut(&$crate::config::raw::template::Template)) {
                $( $crate::config::raw::field::Field::templates(&self.$field, visit); )*
            }

            fn each_origin(&self, path: &str, visit: &mut dyn FnMut(String, &$crate::config::origin::Origin)) {
                $( $crate::config::raw::field::Field::origins(
                    &self.$field,
                    &format!("{path}{}", const { $crate::config::raw::table::plain(stringify!($field)) }),
                    visit,
                ); )*
            }
        }
    };
}

/// Table with required keys.
pub(crate) trait Required {
    const REQUIRED: &'static [&'static str];
}

/// Implements reading for tables declared by [`table!`]; the keys in brackets are required.
macro_rules! plain_table {
    ($($name:ident $([$($required:literal),*])?),* $(,)?) => {$(
        impl $crate::config::raw::table::Required for $name {
            const REQUIRED: &'static [&'static str] = &[$($($required),*)?];
        }

        impl $crate::config::raw::field::Read for $name {
            fn read<'t>(
                node: &'t $crate::config::raw::reader::Node<'t>,
                reader: &mut $crate::config::raw::reader::Reader<'t>,
            ) -> Option<Self> {
                let table = reader.table(node)?;
                let mut own = Self::default();
                for (key, node) in table {
                    let name: &'t str = key.get_ref();
                    let known = reader.within(name, |reader| $crate::config::raw::table::Table::set(&mut own, name, node, reader));
                    if !known {
                        reader.unknown_key(name, key.span(), <Self as $crate::config::raw::table::Table>::KEYS, None);
                    }
                }
                reader.require(table, node.span(), <Self as $crate::config::raw::table::Required>::REQUIRED);
                Some(own)
            }

            fn overlay(&mut self, higher: &Self) {
                $crate::config::raw::table::Table::overlay_keys(self, higher);
            }

            fn unset(&mut self, path: &[&str]) -> bool {
                $crate::config::raw::table::Table::unset_key(self, path)
            }

            fn templates(&self, visit: &mut dyn FnMut(&$crate::config::raw::template::Template)) {
                $crate::config::raw::table::Table::each_template(self, visit);
            }

            fn origins(&self, path: &str, visit: &mut dyn FnMut(String, &$crate::config::origin::Origin)) {
                $crate::config::raw::table::Table::each_origin(self, &format!("{path}."), visit);
            }
        }
    )*};
}

pub(crate) use {plain_table, table};
