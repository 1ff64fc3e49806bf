//! States of the fake engine: files, as those of the `local` backend.

use std::{
    collections::BTreeMap,
    env, fs, io,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::{Fatal, arguments::Arguments, script::Script};

/// State of a stack in a workspace.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct State {
    pub(crate) version: u64,
    pub(crate) serial: u64,
    pub(crate) lineage: String,
    /// Outputs by name, each with `value`, `type` and `sensitive`.
    pub(crate) outputs: BTreeMap<String, Value>,
    pub(crate) resources: BTreeMap<String, Value>,
}

impl State {
    /// Returns the state as `state pull` prints it, with resources as engines write them.
    pub(crate) fn pulled(&self) -> Result<Value, Fatal> {
        let mut state = serde_json::to_value(self)?;
        let resource = |(address, value): (&String, &Value)| {
            let (kind, name) = address.rsplit_once('.').unwrap_or(("fake", address));
            let instances = json!([{ "attributes": { "input": value } }]);
            json!({ "mode": "managed", "type": kind, "name": name, "instances": instances })
        };
        state["resources"] = self.resources.iter().map(resource).collect();
        Ok(state)
    }
}

/// States of one stack: one file per workspace.
pub(crate) struct Store {
    base: PathBuf,
    /// Configuration of the initialised backend.
    pub(crate) config: Value,
    /// Workspace that `TF_WORKSPACE` or an earlier call selects.
    pub(crate) workspace: String,
}

/// Returns the data directory.
pub(crate) fn data_dir() -> PathBuf {
    env::var_os("TF_DATA_DIR").map_or(".terraform".into(), PathBuf::from)
}

impl Store {
    /// Opens the states of an initialised stack; absent when its backend is not initialised.
    pub(crate) fn open(script: &Script) -> Result<Option<Self>, Fatal> {
        let initialised = data_dir().join("terraform.tfstate");
        let config = match fs::read(&initialised) {
            Ok(bytes) => serde_json::from_slice::<Value>(&bytes)?["backend"]["config"].clone(),
            Err(_) if script.backend.is_some() => return Ok(None),
            Err(_) => json!({}),
        };
        let base = config["path"].as_str().unwrap_or("terraform.tfstate").to_owned();
        let selected = fs::read_to_string(data_dir().join("environment")).ok();
        let workspace = env::var("TF_WORKSPACE").ok().or(selected).unwrap_or_else(|| "default".to_owned());
        Ok(Some(Self { base: base.into(), config, workspace }))
    }

    /// Selects another workspace.
    pub(crate) fn select(self, workspace: &str) -> Self {
        Self { workspace: workspace.to_owned(), ..self }
    }

    fn folder(&self) -> PathBuf {
        self.base.parent().unwrap_or(Path::new("")).join("terraform.tfstate.d")
    }

    fn file(&self) -> PathBuf {
        if self.workspace == "default" {
            self.base.clone()
        } else {
            self.folder().join(&self.workspace).join("terraform.tfstate")
        }
    }

    pub(crate) fn load(&self) -> Result<State, Fatal> {
        match fs::read(self.file()) {
            Ok(bytes) => Ok(serde_json::from_slice(&bytes)?),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                Ok(State { version: 4, ..State::default() })
            }
            Err(error) => Err(error.into()),
        }
    }

    pub(crate) fn save(&self, state: &State) -> Result<(), Fatal> {
        let file = self.file();
        if let Some(folder) = file.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            fs::create_dir_all(folder)?;
        }
        Ok(fs::write(file, serde_json::to_vec_pretty(state)?)?)
    }

    /// Creates the workspace; real engines do so on any use.
    pub(crate) fn make_workspace(&self) -> Result<(), Fatal> {
        if self.workspace != "default" {
            fs::create_dir_all(self.folder().join(&self.workspace))?;
        }
        Ok(())
    }

    pub(crate) fn workspaces(&self) -> Result<Vec<String>, Fatal> {
        let mut names = vec!["default".to_owned()];
        match fs::read_dir(self.folder()) {
            Ok(entries) => {
                for entry in entries {
                    names.push(entry?.file_name().to_string_lossy().into_owned());
                }
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error.into()),
        }
        names[1..].sort();
        Ok(names)
    }
}

/// Records the backend, with the pairs of `-backend-config=FILE`, and writes a lockfile if a provider is used.
pub(crate) fn initialise(arguments: &Arguments, script: &Script) -> Result<Result<(), &'static str>, Fatal> {
    let lockfile = Path::new(".terraform.lock.hcl");
    if let Some(provider) = &script.provider {
        let text = format!(
            "provider \"registry.opentofu.org/hashicorp/{provider}\" {{\n  version = \"1.0.0\"\n}}\n"
        );
        if arguments.value("lockfile") != Some("readonly") {
            fs::write(lockfile, text)?;
        } else if fs::read_to_string(lockfile)? != text {
            return Ok(Err("Provider dependency changes detected"));
        }
    }
    let Some(kind) = &script.backend else { return Ok(Ok(())) };
    let mut config = serde_json::Map::new();
    config.insert("path".to_owned(), json!(script.path));
    for file in arguments.values("backend-config") {
        let text = fs::read_to_string(file)?;
        if Path::new(file).extension().is_some_and(|extension| extension == "json") {
            config.extend(serde_json::from_str::<serde_json::Map<String, Value>>(&text)?);
            continue;
        }
        for (key, value) in text.lines().filter_map(|line| line.split_once('=')) {
            // A value that is no literal does not matter here.
            let value = serde_json::from_str(value.trim()).unwrap_or_default();
            config.insert(key.trim().to_owned(), value);
        }
    }
    let known = data_dir().join("terraform.tfstate");
    let path = config["path"].clone();
    let wanted = json!({ "version": 3, "backend": { "type": kind, "config": config } }).to_string();
    let before = fs::read(&known).ok().and_then(|bytes| serde_json::from_slice::<Value>(&bytes).ok());
    let before = before.filter(|_| !arguments.has("reconfigure"));
    let same = |before: &Value| {
        before["backend"]["type"] == kind.as_str() && before["backend"]["config"]["path"] == path
    };
    if before.as_ref().is_some_and(|before| !same(before)) {
        return Ok(Err("Backend configuration changed"));
    }
    // Real engines ask to migrate states of workspaces to a `local` backend that is new to a data directory.
    let states = || fs::read_dir("terraform.tfstate.d").into_iter().flatten().flatten();
    if before.is_none()
        && kind == "local"
        && states().any(|one| one.path().join("terraform.tfstate").exists())
    {
        return Ok(Err("Error asking for state migration action: input is disabled"));
    }
    fs::create_dir_all(data_dir())?;
    fs::write(known, wanted)?;
    Ok(Ok(()))
}
