//! Secrets of a run: read once on first use, and masked from then on.

use std::{
    collections::{BTreeMap, HashMap},
    ffi::OsString,
    io,
    sync::{Arc, Mutex, OnceLock, PoisonError},
};

use camino::{Utf8Path, Utf8PathBuf};

use super::{
    failed_output::FailedOutput,
    named_program::{command_line, run_named},
    secret_error::SecretError,
    secret_use::SecretOfRun,
    sops::{keys_text, text_at_key},
};
use crate::{
    config::{Secret, SecretSource},
    engine::ExactJson,
    files,
    process::{Redactor, Runner},
};

type OnceResult<T> = Arc<OnceLock<Result<T, SecretError>>>;

/// Callback for progress messages and warnings to the user.
pub type ProgressCallback = Arc<dyn Fn(String) + Send + Sync>;

/// Secrets of a run: each source is read once, several at the same time.
pub struct Secrets {
    runner: Arc<Runner>,
    root: Utf8PathBuf,
    env: BTreeMap<OsString, OsString>,
    progress: ProgressCallback,
    values: Mutex<HashMap<SecretSource, OnceResult<Arc<str>>>>,
    documents: Mutex<HashMap<Utf8PathBuf, OnceResult<Arc<ExactJson>>>>,
}

impl Secrets {
    /// Makes the reader of secrets whose files are relative to `root`, and whose variables and commands use `env`, the environment of
    /// envctl. `progress` receives a message when a command takes long.
    pub fn new(
        runner: Arc<Runner>,
        root: &Utf8Path,
        env: BTreeMap<OsString, OsString>,
        progress: ProgressCallback,
    ) -> Self {
        Self {
            runner,
            root: root.to_owned(),
            env,
            progress,
            values: Mutex::default(),
            documents: Mutex::default(),
        }
    }

    /// Returns the value of a secret. `name` is for the message of an error.
    pub fn value(&self, name: &str, secret: &Secret) -> Result<Arc<str>, SecretError> {
        let slot = slot(&self.values, &secret.source);
        let values = slot.get_or_init(|| {
            let value = without_line_end(self.read(name, &secret.source)?);
            self.runner.redactor().add(&value);
            Ok(Arc::from(value))
        });
        let value = values.clone()?;
        if value.is_empty() && !secret.allow_empty {
            let source_text = secret.source.to_string();
            return Err(SecretError::Empty { name: name.to_owned(), source_text });
        }
        Ok(value)
    }

    /// Masks a secret that is not needed, if its value can be read without a program: from a variable or a file. A missing
    /// secret needs no mask.
    pub fn mask_if_readable(&self, source: &SecretSource) {
        let value = match source {
            SecretSource::Env(variable) => {
                self.env.get(&OsString::from(variable)).and_then(|value| value.to_str()).map(str::to_owned)
            }
            SecretSource::File(path) => files::read_text(&self.root.join(path)).ok(),
            SecretSource::Command(_) | SecretSource::Sops { .. } => None,
        };
        if let Some(value) = value {
            self.runner.redactor().add(&without_line_end(value));
        }
    }

    /// Returns the value of a secret that the engine can do without; the user gets a warning when it cannot be read.
    pub fn value_if_available(&self, name: &str, secret: &Secret) -> Option<Arc<str>> {
        match self.value(name, secret) {
            Ok(value) => Some(value),
            Err(error) => {
                (self.progress)(format!("warning: {error}; the engine runs without it"));
                None
            }
        }
    }

    fn read(&self, name: &str, source: &SecretSource) -> Result<String, SecretError> {
        let name = name.to_owned();
        match source {
            SecretSource::Env(variable) => match self.env.get(&OsString::from(variable)) {
                None => Err(SecretError::Unset { name, variable: variable.clone() }),
                Some(value) => value.to_str().map(str::to_owned).ok_or(SecretError::NotUtf8 { name }),
            },
            SecretSource::File(path) => match files::read_text(&self.root.join(path)) {
                Ok(text) => Ok(text),
                Err(error) if error.kind() == io::ErrorKind::InvalidData => {
                    Err(SecretError::NotUtf8 { name })
                }
                Err(error) => Err(SecretError::File { name, path: path.clone(), source: Arc::new(error) }),
            },
            SecretSource::Command(argv) => self.run(&name, argv),
            SecretSource::Sops { file, key } => {
                let documents = slot(&self.documents, file);
                let document = documents.get_or_init(|| self.decrypt(&name, file)).clone()?;
                text_at_key(&document, key).ok_or_else(|| SecretError::NoSuchKey {
                    name,
                    path: file.clone(),
                    key: key.clone(),
                    existing_keys: keys_text(&document),
                })
            }
        }
    }

    fn decrypt(&self, name: &str, file: &Utf8Path) -> Result<Arc<ExactJson>, SecretError> {
        // `sops` itself would block on a fifo.
        files::open_regular(self.root.join(file)).map_err(|error| SecretError::File {
            name: name.to_owned(),
            path: file.to_owned(),
            source: Arc::new(error),
        })?;
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
        let done = match run_named(&self.runner, command, &waited_for, &*self.progress) {
            Ok(done) => done,
            Err(error) => return Err(SecretError::Start { name, program, source: Arc::new(error) }),
        };
        if !done.exit.is_success() {
            let exit = done.exit.to_string();
            return Err(SecretError::Command { name, program, exit, output: FailedOutput::new(done) });
        }
        String::from_utf8(done.stdout).map_err(|_| SecretError::NotUtf8 { name })
    }
}

impl Secrets {
    /// Returns the redactor to which the values of secrets are added.
    pub(super) fn redactor(&self) -> &Redactor {
        self.runner.redactor()
    }

    /// Masks each of these secrets that can be read, and returns the redactor; a program is started only for secrets
    /// that are `needed`.
    pub fn mask_all(&self, wanted: &[SecretOfRun]) -> &Redactor {
        for SecretOfRun { name, secret, needed } in wanted {
            if *needed {
                // The error of a secret is shown when that secret is the first to fail.
                let _unknown_is_not_masked = self.value(name, secret);
            } else {
                self.mask_if_readable(&secret.source);
            }
        }
        self.runner.redactor()
    }
}

fn slot<K: Clone + Eq + std::hash::Hash, T>(
    map: &Mutex<HashMap<K, OnceResult<T>>>,
    key: &K,
) -> OnceResult<T> {
    let mut map = map.lock().unwrap_or_else(PoisonError::into_inner);
    Arc::clone(map.entry(key.clone()).or_default())
}

/// Removes one line end, LF or CRLF, from the end: files and programs add it to the value.
fn without_line_end(mut text: String) -> String {
    if text.ends_with('\n') {
        text.pop();
        if text.ends_with('\r') {
            text.pop();
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn secrets(folder: &Utf8Path) -> Secrets {
        let env = BTreeMap::from([
            (OsString::from("TOKEN"), OsString::from("from-the-environment")),
            (OsString::from("PATH"), std::env::var_os("PATH").unwrap()),
        ]);
        Secrets::new(Arc::new(Runner::new()), folder, env, Arc::new(|_| {}))
    }

    fn secret(source: SecretSource) -> Secret {
        Secret { source, allow_empty: false }
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
            assert_eq!(&*secrets.value("a", &secret(source)).unwrap(), value);
            assert!(!secrets.runner.redactor().mask(&format!("x {value} y")).contains(value));
        }
    }

    #[test]
    fn a_secret_source_is_read_once() {
        let (_keep, path) = folder();
        let secrets = secrets(&path);
        let count = ["sh", "-c", "echo x >> count; cat count"].map(str::to_owned).to_vec();
        let source = secret(SecretSource::Command(count));
        assert_eq!(secrets.value("a", &source).unwrap(), secrets.value("b", &source).unwrap());
        assert_eq!(fs::read_to_string(path.join("count")).unwrap(), "x\n");
    }

    #[test]
    fn a_missing_source_is_named() {
        let (_keep, path) = folder();
        let secrets = secrets(&path);
        let unset = secrets.value("db", &secret(SecretSource::Env("NOPE".to_owned()))).unwrap_err();
        assert_eq!(
            unset.to_string(),
            "secret `db` comes from the environment variable `NOPE`, which is not set"
        );
    }

    #[test]
    fn a_failing_command_shows_its_masked_standard_error() {
        let (_keep, path) = folder();
        let secrets = secrets(&path);
        secrets.value("other", &secret(SecretSource::Env("TOKEN".to_owned()))).unwrap();
        let script = "echo half-a-secret; echo half-a-secret >&2; echo; echo no $TOKEN session >&2; exit 7";
        let failing = ["sh", "-c", script].map(str::to_owned).to_vec();
        let failed = secrets.value("db", &secret(SecretSource::Command(failing))).unwrap_err();
        assert_eq!(
            failed.to_string(),
            "secret `db` comes from the command `sh`, which failed (exit status 7)"
        );
        let redactor = secrets.runner.redactor();
        assert_eq!(failed.help(redactor), ["it printed `(redacted)`", "it printed `no (redacted) session`"]);
        let silent = secret(SecretSource::Command(vec!["false".to_owned()]));
        let failed = secrets.value("db", &silent).unwrap_err();
        assert_eq!(
            failed.help(redactor),
            ["it printed nothing on standard error; run it by hand to see why"]
        );
    }

    #[test]
    fn one_line_end_is_no_part_of_a_value() {
        for (text, value) in [("a\n", "a"), ("a\r\n", "a"), ("a\r", "a\r"), ("a\n\n", "a\n"), ("\r\n", "")] {
            assert_eq!(without_line_end(text.to_owned()), value, "{text:?}");
        }
    }

    #[test]
    fn an_empty_value_is_refused_unless_it_is_allowed() {
        let (_keep, path) = folder();
        fs::write(path.join("key"), "\r\n").unwrap();
        let mut env = BTreeMap::from([(OsString::from("EMPTY"), OsString::new())]);
        env.insert("PATH".into(), std::env::var_os("PATH").unwrap());
        let secrets = Secrets::new(Arc::new(Runner::new()), &path, env, Arc::new(|_| {}));
        for (source, text) in [
            (SecretSource::Env("EMPTY".to_owned()), "the environment variable `EMPTY`"),
            (SecretSource::File("key".into()), "the file `key`"),
            (SecretSource::Command(vec!["true".to_owned()]), "the command `true`"),
        ] {
            let refused = secrets.value("db", &secret(source.clone())).unwrap_err();
            assert_eq!(refused.to_string(), format!("secret `db` comes from {text}, which is empty"));
            assert!(refused.help(secrets.runner.redactor())[0].contains("`allow_empty = true`"));
            let allowed = Secret { source, allow_empty: true };
            assert_eq!(&*secrets.value("db", &allowed).unwrap(), "");
        }
    }

    #[test]
    fn a_key_of_a_document_may_descend_or_hold_dots() {
        let text = r#"{ "a": { "b": "deep" }, "x.y": "flat", "n": 12345678901234567890123, "l": [] }"#;
        let document = serde_json::from_str(text).unwrap();
        assert_eq!(text_at_key(&document, "a.b").as_deref(), Some("deep"));
        assert_eq!(text_at_key(&document, "x.y").as_deref(), Some("flat"));
        assert_eq!(text_at_key(&document, "n").as_deref(), Some("12345678901234567890123"));
        assert_eq!(text_at_key(&document, "l"), None);
    }
}
