//! The fake engine: a program that behaves as OpenTofu and Terraform do, as far as envctl looks, and misbehaves on demand.
//!
//! It is called by a link named `tofu` or `terraform`. What a stack consists of and how its verbs behave stands in
//! `fake-engine.json` in the stack's folder, or in the file that `FAKE_ENGINE_SCRIPT` names: see [`script::Script`]. Each
//! call appends a line to the file that `FAKE_ENGINE_LOG` names.

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

/// What a fake engine cannot go on after; real engines have diagnostics for everything.
pub(crate) type Fatal = Box<dyn std::error::Error>;

fn main() -> ExitCode {
    match run() {
        Ok(status) => ExitCode::from(status),
        Err(error) => {
            // Nothing is left to tell it to when standard error is gone, too.
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
