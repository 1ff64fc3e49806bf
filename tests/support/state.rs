//! State of an engine.

use serde_json::Value;

/// State of format 4, which OpenTofu and Terraform share.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct State(Value);

impl State {
    /// Parses a state; panics on any other text.
    #[track_caller]
    pub(crate) fn parse(text: &str) -> Self {
        let value: Value =
            serde_json::from_str(text).unwrap_or_else(|error| panic!("not a state: {error}\n{text}"));
        assert_eq!(value["version"], 4, "not a state of format 4:\n{value:#}");
        Self(value)
    }

    /// Returns the addresses of all managed resources, sorted.
    pub(crate) fn addresses(&self) -> Vec<String> {
        let mut addresses: Vec<String> = self.instances().map(|(address, _)| address).collect();
        addresses.sort();
        addresses
    }

    /// Returns the input of a `terraform_data` resource.
    #[track_caller]
    pub(crate) fn input(&self, address: &str) -> &Value {
        let Some((_, instance)) = self.instances().find(|(found, _)| found == address) else {
            panic!("no `{address}` in the state, but {:?}", self.addresses());
        };
        // A value of dynamic type is stored together with its type.
        match &instance["attributes"]["input"] {
            Value::Object(object) if object.len() == 2 && object.contains_key("type") => &object["value"],
            value => value,
        }
    }

    /// Returns the value of an output.
    #[track_caller]
    pub(crate) fn output(&self, name: &str) -> &Value {
        let outputs = &self.0["outputs"];
        outputs[name].get("value").unwrap_or_else(|| panic!("no output `{name}` in {outputs:#}"))
    }

    /// Returns the serial.
    pub(crate) fn serial(&self) -> u64 {
        self.0["serial"].as_u64().unwrap_or_else(|| panic!("a state has a serial: {:#}", self.0))
    }

    /// Returns true if the state holds a text anywhere.
    pub(crate) fn holds(&self, text: &str) -> bool {
        self.0.to_string().contains(text)
    }

    fn instances(&self) -> impl Iterator<Item = (String, &Value)> {
        let resources = self.0["resources"].as_array().into_iter().flatten();
        resources.filter(|resource| resource["mode"] == "managed").flat_map(|resource| {
            let word = |key: &str| resource[key].as_str().unwrap_or_default();
            let module =
                if word("module").is_empty() { String::new() } else { format!("{}.", word("module")) };
            let name = format!("{module}{}.{}", word("type"), word("name"));
            let instances = resource["instances"].as_array().into_iter().flatten();
            instances.map(move |instance| match instance.get("index_key") {
                Some(key) => (format!("{name}[{key}]"), instance),
                None => (name.clone(), instance),
            })
        })
    }
}
