//! Fake engine: a program that behaves as OpenTofu and Terraform do in all that envctl depends on, and misbehaves on
//! demand.
//!
//! It is called by a link named `tofu` or `terraform`. `fake-engine.json` in the stack's folder, or the file that
//! `FAKE_ENGINE_SCRIPT` names, holds the stack's resources and the behaviour of its verbs: see [`script::Script`].
//! Each call appends a line to the file that `FAKE_ENGINE_LOG` names.

mod arguments;
mod behaviour;
mod plan_file;
mod script;
mod state;
mod ui;
mod verbs;

use std::{env, io::Write, process::ExitCode};

use arguments::Arguments;
use script::Script;
use ui::Ui;

/// Error that ends the fake engine with exit code 101; real engines print a diagnostic for every error.
pub(crate) type Fatal = Box<dyn std::error::Error>;

fn main() -> ExitCode {
    match run() {
        Ok(status) => ExitCode::from(status),
        Err(error) => {
            // Standard error may be closed, too.
            let _ = writeln!(std::io::stderr(), "fake engine: {error}");
            ExitCode::from(101)
        }
    }
}

fn run() -> Result<u8, Fatal> {
    let arguments = Arguments::read(env::args_os())?;
    arguments.log()?;
    let script = Script::load()?;
    let ui = Ui::new(&arguments, &script);
    let steps = script.behaviour(&arguments.verb);
    if let Some(status) = behaviour::before(&steps, &ui)? {
        return Ok(status);
    }
    let status = verbs::run(&arguments, &script, &ui)?;
    Ok(steps.exit_after.unwrap_or(status))
}
