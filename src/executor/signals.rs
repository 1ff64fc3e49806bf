//! Signal sources: the operating system, or a channel in tests.

use std::{future::poll_fn, io, task::Poll};

use tokio::{
    signal::unix::{Signal, SignalKind, signal},
    sync::mpsc::UnboundedReceiver,
};

/// SIGHUP, SIGINT and SIGTERM, by the numbers that POSIX fixes for them.
const LISTENED: [u8; 3] = [1, 2, 15];

/// Source of signals.
#[derive(Debug)]
pub enum SignalSource {
    /// SIGHUP, SIGINT and SIGTERM to this process, except those that it was started with ignored (`nohup`).
    System,
    /// Channel of signal numbers.
    Channel(UnboundedReceiver<u8>),
}

/// Source whose signals are being received.
#[derive(Debug)]
pub(super) enum Signals {
    System(Vec<(u8, Signal)>),
    Channel(UnboundedReceiver<u8>),
}

impl SignalSource {
    /// Starts to receive signals; needs a running tokio runtime. From here on the signals no longer end the process.
    pub(super) fn listen(self) -> io::Result<Signals> {
        match self {
            Self::Channel(receiver) => Ok(Signals::Channel(receiver)),
            Self::System => {
                // Without this file no signal is known to be ignored.
                let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
                let wanted = LISTENED.into_iter().filter(|number| !is_ignored(&status, *number));
                wanted
                    .map(|number| Ok((number, signal(SignalKind::from_raw(number.into()))?)))
                    .collect::<io::Result<_>>()
                    .map(Signals::System)
            }
        }
    }
}

impl Signals {
    /// Returns the next signal; waits forever if no signal can arrive.
    pub(super) async fn next(&mut self) -> u8 {
        poll_fn(|context| {
            match self {
                Self::System(signals) => {
                    for (number, signal) in signals {
                        if let Poll::Ready(Some(())) = signal.poll_recv(context) {
                            return Poll::Ready(*number);
                        }
                    }
                }
                Self::Channel(receiver) => {
                    if let Poll::Ready(Some(number)) = receiver.poll_recv(context) {
                        return Poll::Ready(number);
                    }
                }
            }
            Poll::Pending
        })
        .await
    }

    /// Returns a signal that has arrived already; `None` if there is none. Does not wait.
    pub(super) async fn pending(&mut self) -> Option<u8> {
        tokio::select! {
            biased;
            number = self.next() => Some(number),
            // Yielding once lets the runtime poll the operating system.
            () = tokio::task::yield_now() => None,
        }
    }
}

/// Returns true if a process ignores a signal, by its `/proc/PID/status`: `SigIgn:` is a hexadecimal
/// mask, bit 0 for signal 1.
///
/// Source: `proc_pid_status(5)`.
fn is_ignored(status: &str, number: u8) -> bool {
    status
        .lines()
        .find_map(|line| line.strip_prefix("SigIgn:"))
        .and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok())
        .is_some_and(|mask| mask >> (number - 1) & 1 == 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signal_ignored_at_the_start_is_not_listened_to() {
        let nohup = "SigBlk:\t0000000000000000\nSigIgn:\t0000000000001001\n";
        assert_eq!(LISTENED.map(|number| is_ignored(nohup, number)), [true, false, false]);
        assert_eq!(LISTENED.map(|number| is_ignored("", number)), [false, false, false]);
    }

    #[test]
    fn a_signal_that_arrived_before_the_wait_is_pending() {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build().unwrap();
        let mut signals = runtime.block_on(async { SignalSource::System.listen() }).unwrap();
        assert_eq!(runtime.block_on(signals.pending()), None);
        rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::TERM).unwrap();
        // The kernel may deliver the signal to any thread of the tests, which then needs time to run.
        let arrived = (0..1_000_000).find_map(|_| runtime.block_on(signals.pending()));
        assert_eq!(arrived, Some(15));
        assert_eq!(runtime.block_on(signals.pending()), None);
    }
}
