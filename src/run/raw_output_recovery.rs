//! Recovers the output that programs of a killed envctl wrote: masked into the log of its run, with the raw file removed.

use std::{collections::BTreeSet, io};

use super::Context;
use crate::{
    engine::{Log, holds_state},
    files,
    journal::{RunStore, UnmaskedOutput},
    model::{EnvName, StackId},
    process::Redactor,
};

/// Redactor, with the stacks whose secrets it knows.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Masking<'a> {
    /// Redactor that knows all secrets of these stacks.
    pub(crate) redactor: &'a Redactor,
    /// Stacks whose secrets are masked.
    pub(crate) stacks: &'a [StackId],
}

/// Recovers the raw output that is left of an environment, or of all of them. Output of other stacks than those whose
/// secrets are known is removed without being stored, and so is that of a run whose environment is unknown.
pub(crate) fn recover_raw_output(
    context: &Context,
    store: &RunStore,
    environment: Option<&EnvName>,
    masking: Option<Masking<'_>>,
) {
    let outputs = match UnmaskedOutput::find(store, environment) {
        Ok(outputs) => outputs,
        Err(error) => return context.printer.warn(error),
    };
    let mut unknown_runs = BTreeSet::new();
    for output in outputs {
        let masking = masking.filter(|_| !output.is_of_unknown_run);
        match holds_state(&output.file) {
            // The file may be the last copy of the state.
            Ok(true) => context.printer.warn(format_args!(
                "`{}` stays: a killed run left a state in it, which no backend may have",
                output.file
            )),
            Ok(false) => {
                if let Err(error) =
                    recover(&output, masking.and_then(|masking| masking.redactor_for(&output)))
                {
                    let file = &output.file;
                    context
                        .printer
                        .warn(format_args!("`{file}` may hold secrets and could not be removed: {error}"));
                } else if output.is_of_unknown_run {
                    unknown_runs.extend(output.file.parent().map(ToOwned::to_owned));
                }
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => context.printer.warn(format_args!("`{}` cannot be read: {error}", output.file)),
        }
    }
    for logs in unknown_runs {
        context.printer.warn(format_args!(
            "what programs of a killed run wrote was removed from `{logs}` without being kept: its journal does not tell the \
             environment, so that nobody knows which secrets to mask"
        ));
    }
}

impl<'a> Masking<'a> {
    /// Returns the redactor for an output; `None` if the output is of another stack, whose secrets are unknown.
    fn redactor_for(self, output: &UnmaskedOutput) -> Option<&'a Redactor> {
        let is_own = |stack: &StackId| Some(&*stack.file_name()) == output.file.file_stem();
        self.stacks.iter().any(is_own).then_some(self.redactor)
    }
}

fn recover(output: &UnmaskedOutput, redactor: Option<&Redactor>) -> io::Result<()> {
    if let Some(redactor) = redactor {
        let text = files::read_whole(&output.file)?;
        let mut log = Log::open(&output.log, redactor);
        log.line("(all that the program wrote, read after its envctl was killed)");
        String::from_utf8_lossy(&text).lines().for_each(|line| log.line(line));
    }
    files::remove_if_there(&output.file)
}
