//! Takes in what programs of a killed envctl wrote: masked into the log of its run, the raw file removed.

use std::io;

use super::Context;
use crate::{
    engine::{Log, holds_state},
    files,
    journal::{RawOutput, RunStore},
    model::EnvName,
    process::Redactor,
};

/// Takes in the raw output that is left of an environment, or of all of them. Without a redactor, where the secrets cannot
/// be had, nothing of it is kept.
pub(super) fn take_in(
    context: &Context,
    store: &RunStore,
    environment: Option<&EnvName>,
    redactor: Option<&Redactor>,
) {
    let outputs = match store.raw_outputs(environment) {
        Ok(outputs) => outputs,
        Err(error) => return context.printer.warn(error),
    };
    for output in outputs {
        match holds_state(&output.file) {
            // This may be all that is left of it.
            Ok(true) => context.printer.warn(format_args!(
                "`{}` stays: a killed run left a state in it, which no backend may have",
                output.file
            )),
            Ok(false) => {
                if let Err(error) = take(&output, redactor) {
                    let file = &output.file;
                    context
                        .printer
                        .warn(format_args!("`{file}` may hold secrets and could not be removed: {error}"));
                }
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => context.printer.warn(format_args!("`{}` cannot be read: {error}", output.file)),
        }
    }
}

fn take(output: &RawOutput, redactor: Option<&Redactor>) -> io::Result<()> {
    if let Some(redactor) = redactor {
        let text = files::read_whole(&output.file)?;
        let mut log = Log::open(&output.log, redactor);
        log.line("(all that the program wrote, read after its envctl was killed)");
        String::from_utf8_lossy(&text).lines().for_each(|line| log.line(line));
    }
    files::remove_if_there(&output.file)
}
