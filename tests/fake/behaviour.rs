//! Scripted misbehaviour: waiting, dying, leaving processes behind, failing for a number of calls.

use std::{env, fs, io, path::Path, time::Duration};

use rustix::process::{Signal, getpgrp, getpid, kill_process};
use serde_json::json;
use tokio::{
    runtime,
    signal::unix::{Signal as Signals, SignalKind, signal},
    time,
};

use crate::{
    Fatal,
    arguments::log,
    script::Behaviour,
    ui::{Ui, print, print_error},
};

/// Performs the scripted behaviour before a verb's work; returns an exit code if the verb ends there.
pub(crate) fn before(steps: &Behaviour, ui: &Ui) -> Result<Option<u8>, Fatal> {
    for line in &steps.stdout {
        print(line)?;
    }
    for line in &steps.stderr {
        print_error(line)?;
    }
    if steps.grandchild {
        leave_a_process_behind()?;
    }
    if let Some(file) = &steps.touch {
        fs::write(file, "")?;
    }
    if (steps.sleep_ms > 0 || steps.wait_for.is_some()) && !wait(steps)? {
        return ui.fail("execution halted", "The operation was interrupted.").map(Some);
    }
    if let Some(number) = steps.signal {
        let signal = Signal::from_named_raw(number).ok_or("no such signal")?;
        kill_process(getpid(), signal)?;
    }
    if let Some(error) = &steps.error
        && fails_this_time(steps.error_times)?
    {
        ui.error(error)?;
        return Ok(Some(1));
    }
    Ok(steps.exit)
}

/// Waits for the time and the file of a script; returns false if a SIGINT came first.
fn wait(steps: &Behaviour) -> Result<bool, Fatal> {
    let runtime = runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let mut interrupts = signal(SignalKind::interrupt())?;
        log(&json!({ "listening": std::process::id(), "group": getpgrp().as_raw_nonzero() }))?;
        let work = async {
            time::sleep(Duration::from_millis(steps.sleep_ms)).await;
            // A failed test has removed its folder, so that no process will make the file.
            let folder_is_there = || env::current_dir().is_ok();
            while steps.wait_for.as_ref().is_some_and(|file| !file.exists()) && folder_is_there() {
                time::sleep(Duration::from_millis(2)).await;
            }
        };
        tokio::pin!(work);
        loop {
            tokio::select! {
                biased;
                () = next(&mut interrupts) => {
                    log(&json!({ "signal": "INT", "pid": std::process::id() }))?;
                    if !steps.ignore_sigint {
                        return Ok(false);
                    }
                }
                () = &mut work => return Ok(true),
            }
        }
    })
}

async fn next(signals: &mut Signals) {
    if signals.recv().await.is_none() {
        std::future::pending::<()>().await;
    }
}

/// Returns true if a scripted failure is still due; failures are counted in a file beside the script.
fn fails_this_time(times: Option<u32>) -> Result<bool, Fatal> {
    let Some(times) = times else { return Ok(true) };
    let counter = Path::new(".fake-engine-failures");
    let failed: u32 = match fs::read_to_string(counter) {
        Ok(text) => text.trim().parse()?,
        Err(error) if error.kind() == io::ErrorKind::NotFound => 0,
        Err(error) => return Err(error.into()),
    };
    if failed < times {
        fs::write(counter, (failed + 1).to_string())?;
    }
    Ok(failed < times)
}

/// Starts a process that sleeps with the streams of this one, and logs its id.
#[expect(
    clippy::disallowed_methods,
    reason = "the fake engine is a program of its own, outside the module `process`"
)]
fn leave_a_process_behind() -> Result<(), Fatal> {
    let child = std::process::Command::new("sleep").arg("1000").spawn()?;
    log(&json!({ "grandchild": child.id() }))
}
