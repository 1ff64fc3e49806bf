//! JSON Schema of environments.toml, generated from the types that the file is read into.

use schemars::{
    JsonSchema, Schema,
    generate::SchemaSettings,
    transform::{Transform, transform_subschemas},
};
use serde_json::Value;

use super::raw::{
    discover::DiscoverTable,
    document::Document,
    generate::{CredentialsTable, DeployTable},
    guards::{DenyTable, WindowTable},
    imports::ImportRow,
    project::ProjectTable,
    table::FixedTable,
};

/// Returns the JSON Schema with which editors complete and check environments.toml; the output is deterministic.
pub fn json_schema() -> Value {
    let settings = SchemaSettings::draft07().with_transform(WithoutNull);
    let mut schema = settings.into_generator().into_root_schema_for::<Document>().to_value();
    schema["title"] = "environments.toml".into();
    // The derived schemas require every list and map; the tables declare the keys that are really required.
    if let Some(tables) = schema.get_mut("definitions").and_then(Value::as_object_mut) {
        for table in tables.values_mut().filter_map(Value::as_object_mut) {
            table.remove("required");
        }
    }
    schema["required"] = serde_json::json!(["project"]);
    require::<ProjectTable>(&mut schema);
    require::<DiscoverTable>(&mut schema);
    require::<DenyTable>(&mut schema);
    require::<WindowTable>(&mut schema);
    require::<ImportRow>(&mut schema);
    require::<DeployTable>(&mut schema);
    require::<CredentialsTable>(&mut schema);
    schema
}

/// Removes the alternative `null` of optional keys (TOML has no null), and formats that validators do not know.
#[derive(Debug, Clone)]
struct WithoutNull;

impl Transform for WithoutNull {
    fn transform(&mut self, schema: &mut Schema) {
        schema.remove("format");
        let is_null = |value: &Value| value == "null" || value.get("type").is_some_and(|kind| kind == "null");
        if let Some(types) = schema.get_mut("type").and_then(Value::as_array_mut) {
            types.retain(|kind| !is_null(kind));
            if let [only] = types.as_slice() {
                let only = only.clone();
                schema.insert("type".to_owned(), only);
            }
        }
        if let Some(forms) = schema.get_mut("anyOf").and_then(Value::as_array_mut) {
            forms.retain(|form| !is_null(form));
            if let [Value::Object(only)] = forms.as_slice() {
                let only = only.clone();
                schema.remove("anyOf");
                if let Some(own) = schema.as_object_mut() {
                    for (key, value) in only {
                        own.entry(key).or_insert(value);
                    }
                }
            }
        }
        if let Some(words) = schema.get_mut("enum").and_then(Value::as_array_mut) {
            words.retain(|word| !word.is_null());
        }
        transform_subschemas(self, schema);
    }
}

/// Lists the required keys of a table in the schema of the table.
fn require<T: JsonSchema + FixedTable>(schema: &mut Value) {
    if let Some(table) = schema.get_mut("definitions").and_then(|all| all.get_mut(T::schema_name().as_ref()))
    {
        table["required"] = T::REQUIRED.into();
    }
}
