//! Reader of a program's two output pipes on one thread.

use std::{
    io::{self, PipeReader, Read},
    time::Duration,
};

use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    io::Errno,
};

use super::{ProcessError, Stream, start::RunningProcess};

/// Longest interval between checks whether a silent program has ended; intervals grow up to it.
///
/// Pipes normally close with their program; they stay open only when a child that it left behind holds them.
const LONGEST_WAIT: Duration = Duration::from_millis(50);

/// Passes on the output of a program until both pipes are closed, or until the program has ended and the pipes are
/// empty.
pub(super) fn drain(
    running: &RunningProcess<'_>,
    stdout: PipeReader,
    stderr: PipeReader,
    on_bytes: &mut dyn FnMut(Stream, &[u8]),
) -> Result<(), ProcessError> {
    let mut open = vec![(Stream::Stdout, stdout), (Stream::Stderr, stderr)];
    let mut buffer = vec![0; 64 * 1024];
    let mut wait = Duration::from_millis(1);
    let mut ended = false;
    while !open.is_empty() {
        let ready = wait_for_bytes(&open, if ended { Duration::ZERO } else { wait })
            .map_err(|error| running.io_error(error))?;
        if ready.iter().any(|ready| *ready) {
            wait = Duration::from_millis(1);
        } else if ended {
            break;
        } else {
            // The program wrote its last bytes before it ended, so one more read finds them.
            ended = running.has_ended()?;
            wait = (wait * 2).min(LONGEST_WAIT);
        }
        let mut ready = ready.into_iter();
        let mut failure = None;
        open.retain_mut(|(stream, pipe)| {
            if ready.next() != Some(true) {
                return true;
            }
            match pipe.read(&mut buffer) {
                Ok(0) => false,
                Ok(count) => {
                    on_bytes(*stream, &buffer[..count]);
                    true
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => true,
                Err(error) => {
                    failure = Some(error);
                    false
                }
            }
        });
        if let Some(error) = failure {
            return Err(running.io_error(error));
        }
    }
    Ok(())
}

fn wait_for_bytes(open: &[(Stream, PipeReader)], wait: Duration) -> Result<Vec<bool>, Errno> {
    let mut polled: Vec<PollFd<'_>> = open.iter().map(|(_, pipe)| PollFd::new(pipe, PollFlags::IN)).collect();
    let timeout = Timespec { tv_sec: 0, tv_nsec: wait.subsec_nanos().into() };
    match poll(&mut polled, Some(&timeout)) {
        Ok(_) => Ok(polled.iter().map(|fd| !fd.revents().is_empty()).collect()),
        Err(Errno::INTR) => Ok(vec![false; open.len()]),
        Err(error) => Err(error),
    }
}
