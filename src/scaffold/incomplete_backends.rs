//! Incomplete backend blocks, and the key-value pairs of `-backend-config` that complete them.

use std::collections::{BTreeMap, BTreeSet};

use camino::{Utf8Path, Utf8PathBuf};
use serde_json::Value;

use super::{
    environment_names::{escape_braces, is_environment_word, role_of_name, template_of, with_env},
    path_position::CONTAINERS,
    scripts::ScriptFindings,
    tree::RepositoryTree,
};
use crate::{
    engine::{detect::LOCKFILE, layout::UNIT_FILE},
    hcl::{BackendBlock, read_var_file},
};

/// Names of folders that hold a backend configuration per environment.
const PAIR_FOLDERS: [&str; 3] = ["backend", "backends", "backend-config"];

/// Value of one key of a backend, for all environments.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum PairValue {
    /// Value for all environments, in which `{env}` stands for the environment.
    Template(Value),
    /// Value by environment.
    ByEnvironment(BTreeMap<String, Value>),
}

/// Key-value pairs for a stack's backend, as `-backend-config` takes them.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct DraftPairs {
    /// Type of the backend: `s3`, `gcs` …
    pub(super) backend_type: String,
    /// Values by key.
    pub(super) values: BTreeMap<String, PairValue>,
    /// Required keys that neither the block nor a pair sets.
    pub(super) missing_keys: Vec<&'static str>,
    /// Key whose value envctl proposes, since no file sets one.
    pub(super) proposed_key: Option<&'static str>,
    /// File that the pairs were found in.
    pub(super) source_file: Option<Utf8PathBuf>,
}

/// Files with pairs for `-backend-config`, by environment, each with its pairs.
pub(super) type PairFiles = BTreeMap<String, (Utf8PathBuf, BTreeMap<String, Value>)>;

/// Returns the key that distinguishes states in one backend, and true if a block without it is incomplete.
fn distinguishing_key(backend_type: &str) -> Option<(&'static str, bool)> {
    Some(match backend_type {
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
fn required_keys(backend_type: &str) -> &'static [&'static str] {
    match backend_type {
        "s3" | "gcs" | "oss" | "cos" => &["bucket"],
        "azurerm" => &["storage_account_name", "container_name"],
        "http" => &["address"],
        _ => &[],
    }
}

/// Returns true if a block does not determine the location of the state.
pub(super) fn is_incomplete(block: &BackendBlock) -> bool {
    let lacks_key = distinguishing_key(&block.backend_type)
        .is_some_and(|(key, needed)| needed && !block.attributes.contains_key(key));
    lacks_key || block.attributes.is_empty()
}

/// Merges the pairs in the files of all environments.
pub(super) fn pairs_of_files(block: &BackendBlock, files: &PairFiles) -> DraftPairs {
    let keys: BTreeSet<&String> = files.values().flat_map(|(_, values)| values.keys()).collect();
    let pair = |key: &String| {
        let templates: BTreeMap<&String, Option<Value>> = files
            .iter()
            .map(|(env, (_, values))| {
                (env, values.get(key).map(|value| map_texts(value, &|text| with_env(text, env))))
            })
            .collect();
        let mut distinct = templates.values();
        let first = distinct.next().cloned().flatten();
        if first.is_some() && templates.values().all(|other| *other == first) {
            return PairValue::Template(first.unwrap_or_default());
        }
        let each = files.iter().filter_map(|(env, (_, values))| {
            Some((env.clone(), map_texts(values.get(key)?, &escape_braces)))
        });
        PairValue::ByEnvironment(each.collect())
    };
    let values: BTreeMap<String, PairValue> = keys.into_iter().map(|key| (key.clone(), pair(key))).collect();
    let source_file = files.values().next().map(|(file, _)| file.clone());
    with_missing_keys(
        DraftPairs {
            backend_type: block.backend_type.clone(),
            values,
            missing_keys: Vec::new(),
            proposed_key: None,
            source_file,
        },
        block,
    )
}

/// Returns the pairs that scripts pass, or a proposal; the proposed key contains `{stack}` when there are several stacks.
pub(super) fn pairs_of_scripts(
    block: &BackendBlock,
    scripts: &ScriptFindings,
    has_several_stacks: bool,
) -> DraftPairs {
    let mut source_file = None;
    let mut values = BTreeMap::new();
    for (key, template, file) in &scripts.backend_pairs {
        // A pair with `{env}` distinguishes environments; one without sets a key that the block lacks.
        if template.contains("{env}") || !block.attributes.contains_key(key) {
            values.entry(key.clone()).or_insert_with(|| PairValue::Template(Value::from(template.as_str())));
            source_file.get_or_insert_with(|| file.clone());
        }
    }
    let mut pairs = DraftPairs {
        backend_type: block.backend_type.clone(),
        values,
        missing_keys: Vec::new(),
        proposed_key: None,
        source_file,
    };
    if let Some((key, _)) = distinguishing_key(&block.backend_type)
        && !pairs.values.contains_key(key)
        && !block.attributes.contains_key(key)
    {
        let stack = if has_several_stacks { "/{stack}" } else { "" };
        let value = match block.backend_type.as_str() {
            "local" => "{env}.tfstate".to_owned(),
            "s3" | "azurerm" => format!("{{project}}/{{env}}{stack}/terraform.tfstate"),
            "pg" | "kubernetes" => format!("{{project}}-{{env}}{}", stack.replace('/', "-")),
            _ => format!("{{project}}/{{env}}{stack}"),
        };
        pairs.values.insert(key.to_owned(), PairValue::Template(Value::from(value)));
        pairs.proposed_key = Some(key);
    }
    with_missing_keys(pairs, block)
}

/// Sets the required keys that neither the block nor the pairs set.
fn with_missing_keys(mut pairs: DraftPairs, block: &BackendBlock) -> DraftPairs {
    let set = |key: &str| block.attributes.contains_key(key) || pairs.values.contains_key(key);
    pairs.missing_keys = required_keys(&block.backend_type).iter().copied().filter(|key| !set(key)).collect();
    pairs
}

impl DraftPairs {
    /// Returns true if these pairs alone give two environments two states.
    pub(super) fn distinguish_environments(&self) -> bool {
        let differs = |value: &PairValue| match value {
            PairValue::Template(value) => value.as_str().is_some_and(|text| text.contains("{env}")),
            PairValue::ByEnvironment(values) => {
                values.values().collect::<Vec<_>>().windows(2).all(|two| two[0] != two[1])
            }
        };
        let distinguishing = distinguishing_key(&self.backend_type).map(|(key, _)| key);
        let keys = distinguishing.into_iter().chain(required_keys(&self.backend_type).iter().copied());
        keys.into_iter().filter_map(|key| self.values.get(key)).any(differs)
    }

    /// Returns the pairs of one environment.
    pub(super) fn in_environment(&self, env: &str) -> BTreeMap<&str, &Value> {
        self.values.iter().filter_map(|(key, pair)| Some((key.as_str(), pair.in_environment(env)?))).collect()
    }
}

impl PairValue {
    /// Returns the value in one environment.
    fn in_environment(&self, env: &str) -> Option<&Value> {
        match self {
            Self::Template(value) => Some(value),
            Self::ByEnvironment(values) => values.get(env),
        }
    }
}

/// Finds the files with pairs below a folder, by the environment in their path: `backend/staging.hcl`,
/// `prod.tfbackend`.
pub(super) fn pair_files_below(tree: &RepositoryTree, root: &Utf8Path, roots: &[&Utf8Path]) -> PairFiles {
    let nested = |path: &Utf8Path| {
        roots.iter().any(|other| *other != root && other.starts_with(root) && path.starts_with(other))
    };
    let mut files = PairFiles::new();
    for (folder, names) in tree.folders.iter().filter(|(path, _)| path.starts_with(root) && !nested(path)) {
        let below = folder.strip_prefix(root).unwrap_or(folder);
        for name in names.iter().filter(|name| may_hold_pairs(name)) {
            if let Some(environment) = environment_of_file(below, name)
                && let Some(values) = read_pairs(tree, &folder.join(name))
            {
                files.entry(environment).or_insert((folder.join(name), values));
            }
        }
    }
    files
}

/// Finds the file with pairs in an environment's own folder.
pub(super) fn pair_file_in(
    tree: &RepositoryTree,
    folder: &Utf8Path,
) -> Option<(Utf8PathBuf, BTreeMap<String, Value>)> {
    let names = tree.folders.get(folder)?;
    let mut files = names.iter().filter(|name| may_hold_pairs(name)).map(|name| folder.join(name));
    files.find_map(|file| read_pairs(tree, &file).map(|values| (file, values)))
}

/// Returns the environment that the path of a file with pairs names.
fn environment_of_file(below: &Utf8Path, name: &str) -> Option<String> {
    let stem = name.rsplit_once('.')?.0;
    if let Some((_, environment)) = template_of(stem) {
        return Some(environment);
    }
    let last = below.file_name().unwrap_or_default();
    if PAIR_FOLDERS.contains(&last) && role_of_name(stem).is_some() {
        return Some(stem.to_owned());
    }
    let above = below.parent().and_then(Utf8Path::file_name).unwrap_or_default();
    (is_environment_word(last) || CONTAINERS.contains(&above)).then(|| last.to_owned())
}

/// Returns true if a file of this name may hold pairs for `-backend-config`.
fn may_hold_pairs(name: &str) -> bool {
    let extension = name.rsplit_once('.').map_or("", |(_, extension)| extension);
    extension == "tfbackend"
        || extension == "hcl" && !name.starts_with('.') && ![UNIT_FILE, LOCKFILE].contains(&name)
}

/// Reads the literal pairs of a file; `None` when it holds anything else.
fn read_pairs(tree: &RepositoryTree, file: &Utf8Path) -> Option<BTreeMap<String, Value>> {
    // A file that is no list of attributes holds no pairs, whatever its name.
    let content = read_var_file(&tree.root.join(file), &tree.root).ok()?;
    let values = content.into_iter().map(|(key, attribute)| Some((key, attribute.value.literal()?.clone())));
    values.collect::<Option<BTreeMap<_, _>>>().filter(|values| !values.is_empty())
}

/// Changes the texts inside a value.
fn map_texts(value: &Value, change: &dyn Fn(&str) -> String) -> Value {
    match value {
        Value::String(text) => Value::String(change(text)),
        Value::Array(items) => items.iter().map(|item| map_texts(item, change)).collect(),
        Value::Object(members) => {
            members.iter().map(|(key, member)| (key.clone(), map_texts(member, change))).collect()
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => value.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::{super::sample::Sample, *};
    use crate::{hcl::read_folder, model::EngineName};

    fn pairs(files: &[(&str, &str)]) -> DraftPairs {
        let sample = Sample::new(files);
        let tree = RepositoryTree::read(sample.root()).unwrap();
        let root = Utf8Path::new("tf");
        let module = read_folder(EngineName::Tofu, &tree.root.join(root), &tree.root).unwrap();
        let block = module.backend.unwrap();
        let found = pair_files_below(&tree, root, &[root]);
        if found.is_empty() {
            pairs_of_scripts(&block, &ScriptFindings::read(&tree).unwrap(), true)
        } else {
            pairs_of_files(&block, &found)
        }
    }

    const INCOMPLETE: (&str, &str) = ("tf/main.tf", "terraform {\n  backend \"s3\" {}\n}\n");

    #[test]
    fn files_of_pairs_become_a_template_where_they_can() {
        let found = pairs(&[
            INCOMPLETE,
            ("tf/backend/dev.hcl", "bucket = \"acme-dev\"\nkey = \"x\"\nregion = \"eu\"\n"),
            ("tf/backend/prod.hcl", "bucket = \"acme-prod\"\nkey = \"x\"\nregion = \"us\"\n"),
        ]);
        assert_eq!(found.values["bucket"], PairValue::Template(Value::from("acme-{env}")));
        assert_eq!(found.values["key"], PairValue::Template(Value::from("x")));
        assert_eq!(found.in_environment("prod")["region"], &Value::from("us"));
        assert!(
            found.distinguish_environments() && found.missing_keys.is_empty() && found.proposed_key.is_none()
        );
    }

    #[test]
    fn what_nothing_tells_is_proposed_or_missing() {
        let found = pairs(&[INCOMPLETE]);
        let key = Value::from("{project}/{env}/{stack}/terraform.tfstate");
        assert_eq!(found.values["key"], PairValue::Template(key));
        assert_eq!((found.proposed_key, found.missing_keys), (Some("key"), vec!["bucket"]));
    }

    #[test]
    fn scripts_tell_the_key() {
        let script = "terraform init -backend-config=key=a/$1/x -backend-config=bucket=b\n";
        let found = pairs(&[INCOMPLETE, ("bin/plan", script)]);
        assert_eq!(found.values["key"], PairValue::Template(Value::from("a/{env}/x")));
        assert_eq!((found.proposed_key, found.missing_keys.len()), (None, 0));
    }
}
