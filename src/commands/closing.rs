//! Closes a run: the last event, the report in every form that was asked for, and what to say at the end.

use std::{fs, io::Write as _};

use super::{Context, RunRequest, opening::Opened};
use crate::{
    model::{ExitStatus, Report},
    plans::Review,
    reporter,
};

/// Ends the run, writes what was asked for, and gives the status back.
pub(super) fn close(
    context: &Context,
    opened: Opened,
    request: &RunRequest,
    status: ExitStatus,
    review: Option<&Review>,
) -> anyhow::Result<ExitStatus> {
    let finished = opened.deployment.into_dispatcher().finish(status);
    for note in &finished.notes {
        context.printer.warn(note);
    }
    let Some(report) = finished.report else { return Ok(ExitStatus::Defect) };
    if request.json {
        context.printer.data(format_args!("{}\n", serde_json::to_string_pretty(&report)?))?;
    }
    // What was done is done: a file that cannot be written turns a success into a failure, but hides nothing worse.
    let written = write_files(context, request, &report, review);
    if let Err(error) = written {
        context.printer.error(format_args!("{error:#}"));
        return Ok(status.max(ExitStatus::Failed));
    }
    Ok(status)
}

fn write_files(
    context: &Context,
    request: &RunRequest,
    report: &Report,
    review: Option<&Review>,
) -> anyhow::Result<()> {
    if let Some(path) = &request.report {
        let path = context.dir.join(path);
        let text = serde_json::to_vec_pretty(report)?;
        fs::write(&path, text)
            .map_err(|e| anyhow::anyhow!("the report cannot be written to `{path}`: {e}"))?;
    }
    if let Some(path) = &request.summary {
        let path = context.dir.join(path);
        let text = reporter::summary(report, review);
        fs::OpenOptions::new()
            .append(true)
            .create(true)
            .open(&path)
            .and_then(|mut file| file.write_all(text.as_bytes()))
            .map_err(|e| anyhow::anyhow!("the summary cannot be written to `{path}`: {e}"))?;
    }
    Ok(())
}
