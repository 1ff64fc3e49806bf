//! Key-value pairs that complete a backend block: those that scripts pass to `init`, and what is still missing.

use std::collections::{BTreeMap, BTreeSet};

use camino::{Utf8Path, Utf8PathBuf};
use serde_json::Value;

use super::{
    backend_types::{distinguishing_key, required_keys},
    environment_names::{escape_braces, is_environment_word, template_of},
    evidence::{ARGUMENT, Closeness, ENVIRONMENT, PROJECT, ScriptFact, ScriptFindings, UNKNOWN},
};
use crate::hcl::{BackendBlock, Expr};

/// Key-value pairs for a stack's backend, as `-backend-config` takes them.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct DraftPairs {
    /// Type of the backend: `s3`, `gcs` …
    pub(super) backend_type: String,
    /// Values by key; `{env}` stands for the environment.
    pub(super) values: BTreeMap<String, Value>,
    /// Required keys that nothing sets.
    pub(super) missing_keys: Vec<&'static str>,
    /// Keys that scripts set to a value from elsewhere, with the scripts.
    pub(super) unknown_keys: BTreeMap<String, Utf8PathBuf>,
    /// Value that envctl proposes for the key that distinguishes states, since no file sets one.
    pub(super) proposal: Option<(&'static str, String)>,
    /// Script that the pairs were found in.
    pub(super) source_file: Option<Utf8PathBuf>,
}

/// Values that scripts pass for a key, with the scripts, and the closeness of these scripts.
type PassedValues = (Closeness, Vec<(String, Utf8PathBuf)>);

/// Stack whose backend is completed.
pub(super) struct BackendContext<'a> {
    /// Folder of the stack.
    pub(super) folder: &'a Utf8Path,
    /// Folders of all stacks.
    pub(super) stacks: &'a [&'a Utf8Path],
    /// Backend block of the stack.
    pub(super) block: &'a BackendBlock,
    /// Values of backend files by environment.
    pub(super) of_files: &'a BTreeMap<String, BTreeMap<String, Value>>,
    /// True if a person must choose the backend files, which can set any key.
    pub(super) has_candidates: bool,
}

impl BackendContext<'_> {
    /// Returns the pairs that scripts pass, with the keys that are missing.
    pub(super) fn pairs(&self, scripts: &ScriptFindings) -> DraftPairs {
        let mut pairs = DraftPairs { backend_type: self.block.backend_type.clone(), ..DraftPairs::default() };
        for (key, (closeness, values)) in self.closest_values(scripts) {
            // Scripts for several stacks pass pairs for those that have no file.
            if closeness != Closeness::Own && self.is_set_by_files(&key) {
                continue;
            }
            let is_in_block = self.block.attributes.contains_key(&key);
            let script = values.first().map(|(_, script)| script.clone()).unwrap_or_default();
            match one_template(values.into_iter().map(|(value, _)| value)) {
                // A pair with `{env}` distinguishes environments; one without sets a key that the block lacks.
                Some(template) if template.contains("{env}") || !is_in_block => {
                    pairs.values.insert(key, Value::from(template));
                    pairs.source_file.get_or_insert(script);
                }
                Some(_) => {}
                None => drop(pairs.unknown_keys.insert(key, script)),
            }
        }
        let is_set = |key: &str| {
            self.block.attributes.contains_key(key)
                || pairs.values.contains_key(key)
                || self.is_set_by_files(key)
        };
        if !self.has_candidates {
            pairs.missing_keys =
                required_keys(&self.block.backend_type).into_iter().filter(|key| !is_set(key)).collect();
            pairs.proposal = distinguishing_key(&self.block.backend_type)
                .filter(|key| !is_set(key) && !pairs.unknown_keys.contains_key(*key))
                .filter(|key| {
                    let lacks_all = self.block.attributes.is_empty() && !pairs.missing_keys.is_empty();
                    lacks_all || pairs.missing_keys.contains(key)
                })
                .map(|key| (key, self.proposed_value()));
        }
        pairs
    }

    /// Returns the values that the closest scripts pass, by key.
    fn closest_values(&self, scripts: &ScriptFindings) -> BTreeMap<String, PassedValues> {
        let mut closest: BTreeMap<String, PassedValues> = BTreeMap::new();
        for command in &scripts.commands {
            let ScriptFact::BackendPair { key, value } = &command.fact else { continue };
            let Some(closeness) = command.closeness(self.folder) else { continue };
            let serves_others = closeness != Closeness::Own
                && self.stacks.iter().filter(|stack| command.closeness(stack).is_some()).count() > 1;
            // One place for the states of several stacks would be wrong for all but one.
            let value = if serves_others && distinguishing_key(&self.block.backend_type) == Some(key.as_str())
            {
                UNKNOWN.to_string()
            } else {
                value.clone()
            };
            let entry = (value, command.script.clone());
            let own = closest.entry(key.clone()).or_insert_with(|| (closeness, Vec::new()));
            match closeness.cmp(&own.0) {
                std::cmp::Ordering::Greater => *own = (closeness, vec![entry]),
                std::cmp::Ordering::Equal => own.1.push(entry),
                std::cmp::Ordering::Less => {}
            }
        }
        closest
    }

    /// Returns true if the backend files of each environment set a key.
    fn is_set_by_files(&self, key: &str) -> bool {
        !self.of_files.is_empty() && self.of_files.values().all(|values| values.contains_key(key))
    }

    /// Returns true if scripts set the place of the state to a value from elsewhere.
    pub(super) fn has_unknown_place(&self, pairs: &DraftPairs) -> bool {
        let own = distinguishing_key(&self.block.backend_type);
        let places =
            required_keys(&self.block.backend_type).into_iter().chain(own).chain(["workspace_key_prefix"]);
        places.into_iter().any(|key| pairs.unknown_keys.contains_key(key))
    }

    fn proposed_value(&self) -> String {
        let stack = if self.stacks.len() > 1 { "/{stack}" } else { "" };
        match self.block.backend_type.as_str() {
            "local" => "{env}.tfstate".to_owned(),
            "s3" | "azurerm" => format!("{{project}}/{{env}}{stack}/terraform.tfstate"),
            "pg" | "kubernetes" => format!("{{project}}-{{env}}{}", stack.replace('/', "-")),
            _ => format!("{{project}}/{{env}}{stack}"),
        }
    }

    /// Returns true if block, files and pairs give each of these environments a state of its own, or could do so.
    pub(super) fn distinguishes(&self, pairs: &DraftPairs, environments: &BTreeSet<String>) -> bool {
        let own = distinguishing_key(&self.block.backend_type);
        let place = |environment: &String| -> Vec<Option<String>> {
            let keys = required_keys(&self.block.backend_type).into_iter().chain(own);
            keys.map(|key| self.value_in(pairs, key, environment)).collect()
        };
        let places: BTreeSet<Vec<Option<String>>> = environments.iter().map(place).collect();
        let is_open = pairs.proposal.is_some() || own.is_some_and(|key| pairs.unknown_keys.contains_key(key));
        self.has_candidates || is_open || places.len() == environments.len()
    }

    fn value_in(&self, pairs: &DraftPairs, key: &str, environment: &str) -> Option<String> {
        if let Some(value) = pairs.values.get(key) {
            return Some(value.as_str().unwrap_or_default().replace("{env}", environment));
        }
        if let Some(value) = self.of_files.get(environment).and_then(|values| values.get(key)) {
            return Some(value.to_string());
        }
        let value = &self.block.attributes.get(key)?.value;
        let refers = |value: &Expr| value.literal().is_none();
        // OpenTofu evaluates variables there, which differ by environment.
        if refers(value) { Some(environment.to_owned()) } else { value.literal().map(ToString::to_string) }
    }
}

impl DraftPairs {
    /// Returns true if there is nothing to write.
    pub(super) fn is_empty(&self) -> bool {
        self.values.is_empty() && self.missing_keys.is_empty() && self.proposal.is_none()
    }
}

/// Returns the one template of values that scripts pass for a key; `None` if they come from elsewhere or differ.
fn one_template(values: impl Iterator<Item = String>) -> Option<String> {
    let values: BTreeSet<String> = values.collect();
    let several = values.len() > 1;
    let templates: Option<BTreeSet<String>> =
        values.iter().map(|value| pair_template(value, several)).collect();
    templates.filter(|templates| templates.len() == 1)?.pop_first()
}

/// Returns a value of a script as a template; `None` if it contains a value from elsewhere.
fn pair_template(value: &str, has_others: bool) -> Option<String> {
    if value.contains(UNKNOWN) || value.contains(ARGUMENT) && value.contains(ENVIRONMENT) {
        return None;
    }
    let is_variable = value.contains([ENVIRONMENT, ARGUMENT]);
    let part = |part: &str| match template_of(part) {
        _ if is_variable => escape_braces(part),
        _ if is_environment_word(part) => "{env}".to_owned(),
        Some((template, _)) if has_others => template,
        _ => escape_braces(part),
    };
    let text = value.split('/').map(part).collect::<Vec<_>>().join("/");
    Some(text.replace([ENVIRONMENT, ARGUMENT], "{env}").replace(PROJECT, "{project}"))
}

#[cfg(test)]
mod tests {
    use super::{
        super::{sample::Sample, tree::RepositoryTree},
        *,
    };
    use crate::{hcl::read_folder, model::EngineName};

    /// Returns the pairs of the stack in `tf`, beside one in `other`.
    fn pairs(block: &str, scripts: &[(&str, &str)]) -> DraftPairs {
        let main = format!("terraform {{\n  backend \"s3\" {{\n{block}  }}\n}}\n");
        let files: Vec<(&str, &str)> =
            scripts.iter().copied().chain([("tf/main.tf", main.as_str())]).collect();
        let sample = Sample::new(&files);
        let tree = RepositoryTree::read(sample.root()).unwrap();
        let module = read_folder(EngineName::Tofu, &tree.root.join("tf"), &tree.root).unwrap();
        let context = BackendContext {
            folder: Utf8Path::new("tf"),
            stacks: &[Utf8Path::new("tf"), Utf8Path::new("other")],
            block: &module.backend.unwrap(),
            of_files: &BTreeMap::new(),
            has_candidates: false,
        };
        context.pairs(&ScriptFindings::read(&tree).unwrap())
    }

    #[test]
    fn keys_that_nothing_sets_are_missing_and_proposed() {
        let found = pairs("", &[]);
        let key = "{project}/{env}/{stack}/terraform.tfstate".to_owned();
        assert_eq!((found.proposal, found.missing_keys), (Some(("key", key)), vec!["bucket", "key"]));
        let found = pairs("    key = \"x\"\n", &[]);
        assert_eq!((found.proposal, found.missing_keys), (None, vec!["bucket"]));
    }

    #[test]
    fn scripts_tell_the_values() {
        let script =
            "terraform init -backend-config=key=a/$1/x -backend-config=bucket=b -backend-config=region=$R\n";
        let found = pairs("", &[("tf/bin/plan", script)]);
        assert_eq!(found.values["key"], "a/{env}/x");
        assert!(found.proposal.is_none() && found.missing_keys.is_empty());
        assert_eq!(found.unknown_keys["region"], "tf/bin/plan");
    }

    #[test]
    fn one_key_for_several_stacks_is_not_taken() {
        let script = "terraform init -backend-config=key=x -backend-config=bucket=b\n";
        let found = pairs("", &[("scripts/plan.sh", script)]);
        assert_eq!((found.values.len(), found.missing_keys), (1, vec!["key"]));
        assert!(found.unknown_keys.contains_key("key") && found.proposal.is_none());
    }

    #[test]
    fn files_win_over_pairs_of_scripts_for_several_stacks() {
        let script = "terraform -chdir=$DIR init -backend-config=key=other -backend-config=region=eu\n";
        let sample =
            Sample::new(&[("tf/main.tf", "terraform {\n  backend \"s3\" {}\n}\n"), ("bin/x", script)]);
        let tree = RepositoryTree::read(sample.root()).unwrap();
        let module = read_folder(EngineName::Tofu, &tree.root.join("tf"), &tree.root).unwrap();
        let values = [("bucket".to_owned(), Value::from("b")), ("key".to_owned(), Value::from("k"))];
        let of_files = BTreeMap::from([("dev".to_owned(), BTreeMap::from(values))]);
        let context = BackendContext {
            folder: Utf8Path::new("tf"),
            stacks: &[Utf8Path::new("tf")],
            block: &module.backend.unwrap(),
            of_files: &of_files,
            has_candidates: false,
        };
        let pairs = context.pairs(&ScriptFindings::read(&tree).unwrap());
        assert_eq!(pairs.values.keys().collect::<Vec<_>>(), ["region"]);
        assert!(pairs.missing_keys.is_empty() && !context.has_unknown_place(&pairs));
    }

    #[test]
    fn values_of_several_environments_are_one_template() {
        let text = "dev:\n\tterraform init -backend-config=bucket=acme-dev\nprod:\n\tterraform init -backend-config=bucket=acme-prod\n";
        assert_eq!(pairs("", &[("tf/Makefile", text)]).values["bucket"], "acme-{env}");
        let text = "prod:\n\tterraform init -backend-config=bucket=acme-prod\n";
        assert_eq!(pairs("", &[("tf/Makefile", text)]).values["bucket"], "acme-prod");
    }
}
