//! Incomplete backend blocks, and the pairs of `-backend-config` that complete them.

use std::collections::{BTreeMap, BTreeSet};

use camino::{Utf8Path, Utf8PathBuf};
use serde_json::Value;

use super::{
    environment_names::{is_word, literal, role, template_of, with_env},
    evidence::Evidence,
    path_position::CONTAINERS,
    tree::RepositoryTree,
};
use crate::{
    engine::{detect::LOCKFILE, layout::UNIT_FILE},
    hcl::{BackendBlock, read_var_file},
};

/// Folders that hold a backend configuration per environment.
const HOLDERS: [&str; 3] = ["backend", "backends", "backend-config"];

/// Value of one pair in all environments.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Pair {
    /// Template for all environments.
    All(Value),
    /// Value by environment.
    Each(BTreeMap<String, Value>),
}

/// Pairs for a stack's backend.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Pairs {
    /// Type of the backend: `s3`, `gcs` …
    pub(super) kind: String,
    /// Values by key.
    pub(super) values: BTreeMap<String, Pair>,
    /// Required keys that neither the block nor a pair sets.
    pub(super) missing: Vec<&'static str>,
    /// Key whose value is a proposal, since no file has one.
    pub(super) proposed: Option<&'static str>,
    /// File that the pairs were found in.
    pub(super) told_by: Option<Utf8PathBuf>,
}

/// Files of pairs by environment, with their values.
pub(super) type Files = BTreeMap<String, (Utf8PathBuf, BTreeMap<String, Value>)>;

/// Returns the key that distinguishes states in one backend, and true if a block without it is incomplete.
fn identity(kind: &str) -> Option<(&'static str, bool)> {
    Some(match kind {
        "s3" | "azurerm" => ("key", true),
        "consul" => ("path", true),
        "kubernetes" => ("secret_suffix", true),
        "gcs" | "oss" | "cos" => ("prefix", false),
        "local" => ("path", false),
        "pg" => ("schema_name", false),
        _ => return None,
    })
}

/// Returns the other required keys of a backend.
fn required(kind: &str) -> &'static [&'static str] {
    match kind {
        "s3" | "gcs" | "oss" | "cos" => &["bucket"],
        "azurerm" => &["storage_account_name", "container_name"],
        "http" => &["address"],
        _ => &[],
    }
}

/// Returns true if a block does not determine the place of the state.
pub(super) fn is_open(block: &BackendBlock) -> bool {
    let lacks_key = identity(&block.backend_type)
        .is_some_and(|(key, needed)| needed && !block.attributes.contains_key(key));
    lacks_key || block.attributes.is_empty()
}

/// Returns the pairs in files of all environments.
pub(super) fn pairs_of_files(block: &BackendBlock, files: &Files) -> Pairs {
    let keys: BTreeSet<&String> = files.values().flat_map(|(_, values)| values.keys()).collect();
    let pair = |key: &String| {
        let templates: BTreeMap<&String, Option<Value>> = files
            .iter()
            .map(|(env, (_, values))| {
                (env, values.get(key).map(|value| map(value, &|text| with_env(text, env))))
            })
            .collect();
        let mut distinct = templates.values();
        let first = distinct.next().cloned().flatten();
        if first.is_some() && templates.values().all(|other| *other == first) {
            return Pair::All(first.unwrap_or_default());
        }
        let each = files
            .iter()
            .filter_map(|(env, (_, values))| Some((env.clone(), map(values.get(key)?, &literal))));
        Pair::Each(each.collect())
    };
    let values: BTreeMap<String, Pair> = keys.into_iter().map(|key| (key.clone(), pair(key))).collect();
    let told_by = files.values().next().map(|(file, _)| file.clone());
    complete(
        Pairs { kind: block.backend_type.clone(), values, missing: Vec::new(), proposed: None, told_by },
        block,
    )
}

/// Returns the pairs that scripts pass, or a proposal; `{stack}` is part of a key when there are several stacks.
pub(super) fn pairs_of_scripts(block: &BackendBlock, evidence: &Evidence, several: bool) -> Pairs {
    let mut told_by = None;
    let mut values = BTreeMap::new();
    for (key, template, file) in &evidence.backend_pairs {
        // A pair with `{env}` distinguishes environments; one without sets a key that the block lacks.
        if template.contains("{env}") || !block.attributes.contains_key(key) {
            values.entry(key.clone()).or_insert_with(|| Pair::All(Value::from(template.as_str())));
            told_by.get_or_insert_with(|| file.clone());
        }
    }
    let mut pairs =
        Pairs { kind: block.backend_type.clone(), values, missing: Vec::new(), proposed: None, told_by };
    if let Some((key, _)) = identity(&block.backend_type)
        && !pairs.values.contains_key(key)
        && !block.attributes.contains_key(key)
    {
        let stack = if several { "/{stack}" } else { "" };
        let value = match block.backend_type.as_str() {
            "local" => "{env}.tfstate".to_owned(),
            "s3" | "azurerm" => format!("{{project}}/{{env}}{stack}/terraform.tfstate"),
            "pg" | "kubernetes" => format!("{{project}}-{{env}}{}", stack.replace('/', "-")),
            _ => format!("{{project}}/{{env}}{stack}"),
        };
        pairs.values.insert(key.to_owned(), Pair::All(Value::from(value)));
        pairs.proposed = Some(key);
    }
    complete(pairs, block)
}

fn complete(mut pairs: Pairs, block: &BackendBlock) -> Pairs {
    let set = |key: &str| block.attributes.contains_key(key) || pairs.values.contains_key(key);
    pairs.missing = required(&block.backend_type).iter().copied().filter(|key| !set(key)).collect();
    pairs
}

impl Pairs {
    /// Returns true if these pairs alone give two environments two states.
    pub(super) fn distinguish_environments(&self) -> bool {
        let differs = |value: &Pair| match value {
            Pair::All(value) => value.as_str().is_some_and(|text| text.contains("{env}")),
            Pair::Each(values) => values.values().collect::<Vec<_>>().windows(2).all(|two| two[0] != two[1]),
        };
        let descriptive_folders = identity(&self.kind).map(|(key, _)| key);
        let keys = descriptive_folders.into_iter().chain(required(&self.kind).iter().copied());
        keys.into_iter().filter_map(|key| self.values.get(key)).any(differs)
    }

    /// Returns the pairs of one environment.
    pub(super) fn of(&self, env: &str) -> BTreeMap<&str, &Value> {
        self.values.iter().filter_map(|(key, pair)| Some((key.as_str(), pair.of(env)?))).collect()
    }
}

impl Pair {
    fn of(&self, env: &str) -> Option<&Value> {
        match self {
            Self::All(value) => Some(value),
            Self::Each(values) => values.get(env),
        }
    }
}

/// Finds the files of pairs below a folder, by the environment in their path: `backend/staging.hcl`,
/// `prod.tfbackend`.
pub(super) fn files_below(tree: &RepositoryTree, root: &Utf8Path, roots: &[&Utf8Path]) -> Files {
    let nested = |path: &Utf8Path| {
        roots.iter().any(|other| *other != root && other.starts_with(root) && path.starts_with(other))
    };
    let mut files = Files::new();
    for (folder, names) in tree.folders.iter().filter(|(path, _)| path.starts_with(root) && !nested(path)) {
        let below = folder.strip_prefix(root).unwrap_or(folder);
        for name in names.iter().filter(|name| may_hold_pairs(name)) {
            if let Some(environment) = environment(below, name)
                && let Some(values) = read(tree, &folder.join(name))
            {
                files.entry(environment).or_insert((folder.join(name), values));
            }
        }
    }
    files
}

/// Finds the file of pairs in an environment's own folder.
pub(super) fn file_in(
    tree: &RepositoryTree,
    folder: &Utf8Path,
) -> Option<(Utf8PathBuf, BTreeMap<String, Value>)> {
    let names = tree.folders.get(folder)?;
    let mut files = names.iter().filter(|name| may_hold_pairs(name)).map(|name| folder.join(name));
    files.find_map(|file| read(tree, &file).map(|values| (file, values)))
}

fn environment(below: &Utf8Path, name: &str) -> Option<String> {
    let stem = name.rsplit_once('.')?.0;
    if let Some((_, environment)) = template_of(stem) {
        return Some(environment);
    }
    let last = below.file_name().unwrap_or_default();
    if HOLDERS.contains(&last) && role(stem).is_some() {
        return Some(stem.to_owned());
    }
    let above = below.parent().and_then(Utf8Path::file_name).unwrap_or_default();
    (is_word(last) || CONTAINERS.contains(&above)).then(|| last.to_owned())
}

fn may_hold_pairs(name: &str) -> bool {
    let extension = name.rsplit_once('.').map_or("", |(_, extension)| extension);
    extension == "tfbackend"
        || extension == "hcl" && !name.starts_with('.') && ![UNIT_FILE, LOCKFILE].contains(&name)
}

/// Reads the literal pairs of a file; absent when it holds anything else.
fn read(tree: &RepositoryTree, file: &Utf8Path) -> Option<BTreeMap<String, Value>> {
    // A file that is no list of attributes is no file of pairs, whatever its name.
    let content = read_var_file(&tree.root.join(file), &tree.root).ok()?;
    let values = content.into_iter().map(|(key, attribute)| Some((key, attribute.value.literal()?.clone())));
    values.collect::<Option<BTreeMap<_, _>>>().filter(|values| !values.is_empty())
}

/// Changes the texts inside a value.
fn map(value: &Value, change: &dyn Fn(&str) -> String) -> Value {
    match value {
        Value::String(text) => Value::String(change(text)),
        Value::Array(items) => items.iter().map(|item| map(item, change)).collect(),
        Value::Object(members) => {
            members.iter().map(|(key, member)| (key.clone(), map(member, change))).collect()
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => value.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::{super::sample::Sample, *};
    use crate::{hcl::read_folder, model::EngineName};

    fn pairs(files: &[(&str, &str)]) -> Pairs {
        let sample = Sample::new(files);
        let tree = RepositoryTree::read(sample.root()).unwrap();
        let root = Utf8Path::new("tf");
        let module = read_folder(EngineName::Tofu, &tree.root.join(root), &tree.root).unwrap();
        let block = module.backend.unwrap();
        let found = files_below(&tree, root, &[root]);
        if found.is_empty() {
            pairs_of_scripts(&block, &Evidence::read(&tree).unwrap(), true)
        } else {
            pairs_of_files(&block, &found)
        }
    }

    const OPEN: (&str, &str) = ("tf/main.tf", "terraform {\n  backend \"s3\" {}\n}\n");

    #[test]
    fn files_of_pairs_become_a_template_where_they_can() {
        let found = pairs(&[
            OPEN,
            ("tf/backend/dev.hcl", "bucket = \"acme-dev\"\nkey = \"x\"\nregion = \"eu\"\n"),
            ("tf/backend/prod.hcl", "bucket = \"acme-prod\"\nkey = \"x\"\nregion = \"us\"\n"),
        ]);
        assert_eq!(found.values["bucket"], Pair::All(Value::from("acme-{env}")));
        assert_eq!(found.values["key"], Pair::All(Value::from("x")));
        assert_eq!(found.of("prod")["region"], &Value::from("us"));
        assert!(found.distinguish_environments() && found.missing.is_empty() && found.proposed.is_none());
    }

    #[test]
    fn what_nothing_tells_is_proposed_or_missing() {
        let found = pairs(&[OPEN]);
        let key = Value::from("{project}/{env}/{stack}/terraform.tfstate");
        assert_eq!(found.values["key"], Pair::All(key));
        assert_eq!((found.proposed, found.missing), (Some("key"), vec!["bucket"]));
    }

    #[test]
    fn scripts_tell_the_key() {
        let script = "terraform init -backend-config=key=a/$1/x -backend-config=bucket=b\n";
        let found = pairs(&[OPEN, ("bin/plan", script)]);
        assert_eq!(found.values["key"], Pair::All(Value::from("a/{env}/x")));
        assert_eq!((found.proposed, found.missing.len()), (None, 0));
    }
}
