//! Output of the engine: JSON lines, or text.

use std::{env, io::Write};

use serde_json::{Value, json};

use crate::{
    Fatal,
    arguments::Arguments,
    script::{Script, ScriptedError},
    state::State,
};

/// Printer of the engine's output, in JSON if the command line has `-json`.
pub(crate) struct Ui {
    json: bool,
    engine: String,
    /// Version in the output.
    pub(crate) version: String,
}

impl Ui {
    pub(crate) fn new(arguments: &Arguments, script: &Script) -> Self {
        let own = if arguments.engine == "terraform" { "1.11.4" } else { "1.12.6" };
        Self {
            json: arguments.has("json"),
            engine: arguments.engine.clone(),
            version: env::var("FAKE_ENGINE_VERSION")
                .ok()
                .or_else(|| script.version.clone())
                .unwrap_or_else(|| own.to_owned()),
        }
    }

    /// Prints the first line of a JSON stream.
    pub(crate) fn version_line(&self) -> Result<(), Fatal> {
        let product = if self.engine == "terraform" { "Terraform" } else { "OpenTofu" };
        let key = if self.engine == "terraform" { "terraform" } else { "tofu" };
        self.line(
            "version",
            &format!("{product} {}", self.version),
            json!({ key: self.version, "ui": "1.2" }),
        )
    }

    /// Prints a line of a JSON stream; without `-json` only its message.
    pub(crate) fn line(&self, kind: &str, message: &str, more: Value) -> Result<(), Fatal> {
        if !self.json {
            return print(message);
        }
        let mut line = json!({ "@level": "info", "@message": message, "@module": "fake.ui", "type": kind });
        if let (Value::Object(line), Value::Object(more)) = (&mut line, more) {
            line.extend(more);
        }
        print(&line.to_string())
    }

    /// Prints an error: to standard output as JSON, else as text to standard error.
    pub(crate) fn error(&self, error: &ScriptedError) -> Result<(), Fatal> {
        if !self.json {
            print_error(&format!("\nError: {}\n", error.summary))?;
            if let Some(file) = &error.file {
                print_error(&format!("  on {file} line {}:\n", error.line))?;
            }
            return print_error(&error.detail);
        }
        let mut diagnostic = json!({ "severity": "error", "summary": error.summary, "detail": error.detail });
        if let Some(file) = &error.file {
            let position = json!({ "line": error.line, "column": 1, "byte": 0 });
            diagnostic["range"] = json!({ "filename": file, "start": position, "end": position });
        }
        let line = json!({
            "@level": "error", "@message": format!("Error: {}", error.summary), "type": "diagnostic",
            "diagnostic": diagnostic,
        });
        print(&line.to_string())
    }

    /// Prints a state that could not be saved: as a line of the JSON stream, else to standard error.
    pub(crate) fn dump(&self, state: &State) -> Result<(), Fatal> {
        if self.json {
            self.line("log", "Emergency state dump", json!({ "state": state }))
        } else {
            print_error(&serde_json::to_string_pretty(state)?)
        }
    }

    /// Prints an error and returns exit code 1.
    pub(crate) fn fail(&self, summary: &str, detail: &str) -> Result<u8, Fatal> {
        self.error(&ScriptedError {
            summary: summary.into(),
            detail: detail.into(),
            ..ScriptedError::default()
        })?;
        Ok(1)
    }
}

/// Prints a line to standard output.
pub(crate) fn print(text: &str) -> Result<(), Fatal> {
    Ok(writeln!(std::io::stdout(), "{text}")?)
}

/// Prints a line to standard error.
pub(crate) fn print_error(text: &str) -> Result<(), Fatal> {
    Ok(writeln!(std::io::stderr(), "{text}")?)
}
