//! Secrets: found when they are first needed, once per run, and masked from then on.

use std::{
    collections::{BTreeMap, HashMap},
    ffi::OsString,
    fs, io,
    sync::{Arc, Mutex, OnceLock, PoisonError},
};

use camino::{Utf8Path, Utf8PathBuf};

use super::named_program::{ask, command_line};
use crate::{
    config::SecretSource,
    process::{ProcessError, Runner},
};

/// Why a secret could not be had. Never holds any part of a secret.
#[derive(Debug, Clone, thiserror::Error)]
pub enum SecretError {
    /// The variable is not set.
    #[error("secret `{name}` comes from the environment variable `{variable}`, which is not set or empty")]
    Unset {
        /// The secret.
        name: String,
        /// The variable.
        variable: String,
    },
    /// The variable or the program's output is not UTF-8.
    #[error("secret `{name}` is not UTF-8 text")]
    NotUtf8 {
        /// The secret.
        name: String,
    },
    /// The file cannot be read.
    #[error("secret `{name}` comes from the file `{path}`: {source}")]
    File {
        /// The secret.
        name: String,
        /// The file.
        path: Utf8PathBuf,
        /// What the operating system said.
        source: Arc<io::Error>,
    },
    /// The program cannot be run.
    #[error("secret `{name}` comes from the command `{program}`: {source}")]
    Start {
        /// The secret.
        name: String,
        /// The program.
        program: String,
        /// Why not.
        source: Arc<ProcessError>,
    },
    /// The program failed. What it said is kept out: a failing program may have printed the secret.
    #[error(
        "secret `{name}` comes from the command `{program}`, which failed ({exit}); run it by hand to see why"
    )]
    Command {
        /// The secret.
        name: String,
        /// The program.
        program: String,
        /// How it ended.
        exit: String,
    },
    /// What SOPS printed is no document.
    #[error("secret `{name}` comes from `{path}`, of which `sops` printed no JSON")]
    NotJson {
        /// The secret.
        name: String,
        /// The file.
        path: Utf8PathBuf,
    },
    /// The SOPS file does not hold the key as text.
    #[error("secret `{name}`: `{path}` holds no text at `{key}`{there}")]
    NoSuchKey {
        /// The secret.
        name: String,
        /// The file.
        path: Utf8PathBuf,
        /// The key.
        key: String,
        /// The keys that there are, after a semicolon.
        there: String,
    },
}

type Slot<T> = Arc<OnceLock<Result<T, SecretError>>>;

/// Is told a line for people while something takes its time.
pub type Says = Arc<dyn Fn(String) + Send + Sync>;

/// The secrets of a run: each source is asked once, several at the same time.
pub struct Secrets {
    runner: Arc<Runner>,
    root: Utf8PathBuf,
    env: BTreeMap<OsString, OsString>,
    says: Says,
    found: Mutex<HashMap<SecretSource, Slot<Arc<str>>>>,
    opened: Mutex<HashMap<Utf8PathBuf, Slot<Arc<serde_json::Value>>>>,
}

impl Secrets {
    /// Secrets whose files are relative to `root` and whose variables and commands live in `env`, envctl's own
    /// environment. `says` is told of a command that takes its time.
    pub fn new(runner: Arc<Runner>, root: &Utf8Path, env: BTreeMap<OsString, OsString>, says: Says) -> Self {
        Self { runner, root: root.to_owned(), env, says, found: Mutex::default(), opened: Mutex::default() }
    }

    /// The value of a source. `name` is for the message when there is none.
    pub fn value(&self, name: &str, source: &SecretSource) -> Result<Arc<str>, SecretError> {
        let slot = slot(&self.found, source);
        let found = slot.get_or_init(|| {
            let value = self.ask(name, source)?;
            self.runner.redactor().add(&value);
            Ok(Arc::from(value))
        });
        found.clone()
    }

    /// Masks the value of a variable of envctl's own environment, if the source is one and it is set.
    pub fn mask(&self, source: &SecretSource) {
        if let SecretSource::Env(variable) = source
            && let Some(value) = self.env.get(&OsString::from(variable)).and_then(|value| value.to_str())
        {
            self.runner.redactor().add(value);
        }
    }

    fn ask(&self, name: &str, source: &SecretSource) -> Result<String, SecretError> {
        let name = name.to_owned();
        match source {
            SecretSource::Env(variable) => match self.env.get(&OsString::from(variable)) {
                // CI systems hand on a secret that does not exist as an empty variable.
                None => Err(SecretError::Unset { name, variable: variable.clone() }),
                Some(value) if value.is_empty() => {
                    Err(SecretError::Unset { name, variable: variable.clone() })
                }
                Some(value) => value.to_str().map(str::to_owned).ok_or(SecretError::NotUtf8 { name }),
            },
            SecretSource::File(path) => match fs::read_to_string(self.root.join(path)) {
                Ok(text) => Ok(without_line_feed(text)),
                Err(error) if error.kind() == io::ErrorKind::InvalidData => {
                    Err(SecretError::NotUtf8 { name })
                }
                Err(error) => Err(SecretError::File { name, path: path.clone(), source: Arc::new(error) }),
            },
            SecretSource::Command(argv) => Ok(without_line_feed(self.run(&name, argv)?)),
            SecretSource::Sops { file, key } => {
                let opened = slot(&self.opened, file);
                let document = opened.get_or_init(|| self.open(&name, file)).clone()?;
                pick(&document, key).ok_or_else(|| SecretError::NoSuchKey {
                    name,
                    path: file.clone(),
                    key: key.clone(),
                    there: keys(&document),
                })
            }
        }
    }

    fn open(&self, name: &str, file: &Utf8Path) -> Result<Arc<serde_json::Value>, SecretError> {
        let argv = ["sops", "decrypt", "--output-type", "json", file.as_str()].map(str::to_owned);
        let text = self.run(name, &argv)?;
        serde_json::from_str(&text)
            .map(Arc::new)
            .map_err(|_| SecretError::NotJson { name: name.to_owned(), path: file.to_owned() })
    }

    fn run(&self, name: &str, argv: &[String]) -> Result<String, SecretError> {
        let name = name.to_owned();
        let program = argv.first().cloned().unwrap_or_default();
        let command = command_line(argv, &self.root, &self.env);
        let waited_for = format!("`{program}`, which tells the secret `{name}`,");
        let done = match ask(&self.runner, command, &waited_for, &*self.says) {
            Ok(done) => done,
            Err(error) => return Err(SecretError::Start { name, program, source: Arc::new(error) }),
        };
        if !done.exit.is_success() {
            return Err(SecretError::Command { name, program, exit: done.exit.to_string() });
        }
        String::from_utf8(done.stdout).map_err(|_| SecretError::NotUtf8 { name })
    }
}

fn slot<K: Clone + Eq + std::hash::Hash, T>(map: &Mutex<HashMap<K, Slot<T>>>, key: &K) -> Slot<T> {
    let mut map = map.lock().unwrap_or_else(PoisonError::into_inner);
    Arc::clone(map.entry(key.clone()).or_default())
}

/// One line feed at the end is how files and programs end a line, not part of what they say.
fn without_line_feed(mut text: String) -> String {
    if text.ends_with('\n') {
        text.pop();
        if text.ends_with('\r') {
            text.pop();
        }
    }
    text
}

/// The text at a dotted key; a key that holds dots itself is found as a whole first.
fn pick(document: &serde_json::Value, key: &str) -> Option<String> {
    let found =
        document.get(key).or_else(|| key.split('.').try_fold(document, |value, part| value.get(part)))?;
    match found {
        serde_json::Value::String(text) => Some(text.clone()),
        serde_json::Value::Number(number) => Some(number.to_string()),
        serde_json::Value::Bool(flag) => Some(flag.to_string()),
        _ => None,
    }
}

fn keys(document: &serde_json::Value) -> String {
    let names: Vec<&str> = document
        .as_object()
        .into_iter()
        .flatten()
        .map(|(k, _)| k.as_str())
        .filter(|k| *k != "sops")
        .collect();
    if names.is_empty() { String::new() } else { format!("; it holds {}", names.join(", ")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secrets(folder: &Utf8Path) -> Secrets {
        let env = BTreeMap::from([
            (OsString::from("TOKEN"), OsString::from("from-the-environment")),
            (OsString::from("PATH"), std::env::var_os("PATH").unwrap()),
        ]);
        Secrets::new(Arc::new(Runner::new()), folder, env, Arc::new(|_| {}))
    }

    fn folder() -> (tempfile::TempDir, Utf8PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = Utf8PathBuf::try_from(folder.path().to_owned()).unwrap();
        (folder, path)
    }

    #[test]
    fn each_source_gives_its_value_and_is_masked_from_then_on() {
        let (_keep, path) = folder();
        fs::write(path.join("key"), "from-the-file\n").unwrap();
        let secrets = secrets(&path);
        let command = ["sh", "-c", "echo from-the-command"].map(str::to_owned).to_vec();
        for (source, value) in [
            (SecretSource::Env("TOKEN".to_owned()), "from-the-environment"),
            (SecretSource::File("key".into()), "from-the-file"),
            (SecretSource::Command(command), "from-the-command"),
        ] {
            assert_eq!(&*secrets.value("a", &source).unwrap(), value);
            assert!(!secrets.runner.redactor().mask(&format!("x {value} y")).contains(value));
        }
    }

    #[test]
    fn a_source_is_asked_once() {
        let (_keep, path) = folder();
        let secrets = secrets(&path);
        let count = ["sh", "-c", "echo x >> count; cat count"].map(str::to_owned).to_vec();
        let source = SecretSource::Command(count);
        assert_eq!(secrets.value("a", &source).unwrap(), secrets.value("b", &source).unwrap());
        assert_eq!(fs::read_to_string(path.join("count")).unwrap(), "x\n");
    }

    #[test]
    fn a_missing_source_is_named() {
        let (_keep, path) = folder();
        let secrets = secrets(&path);
        let unset = secrets.value("db", &SecretSource::Env("NOPE".to_owned())).unwrap_err();
        assert_eq!(
            unset.to_string(),
            "secret `db` comes from the environment variable `NOPE`, which is not set or empty"
        );
        let failing = ["sh", "-c", "echo half-a-secret >&2; exit 7"].map(str::to_owned).to_vec();
        let failed = secrets.value("db", &SecretSource::Command(failing)).unwrap_err();
        assert_eq!(
            failed.to_string(),
            "secret `db` comes from the command `sh`, which failed (exit status 7); run it by hand to see why"
        );
    }

    #[test]
    fn a_key_of_a_document_may_descend_or_hold_dots() {
        let document = serde_json::json!({ "a": { "b": "deep" }, "x.y": "flat", "n": 3, "l": [] });
        assert_eq!(pick(&document, "a.b").as_deref(), Some("deep"));
        assert_eq!(pick(&document, "x.y").as_deref(), Some("flat"));
        assert_eq!(pick(&document, "n").as_deref(), Some("3"));
        assert_eq!(pick(&document, "l"), None);
    }
}
