//! Registry of running programs: their number, and whether the user has interrupted the run.

use std::{
    collections::HashMap,
    fs,
    sync::{
        Condvar, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use rustix::process::{Pid, Signal, kill_process, kill_process_group};

use super::SignalTarget;
use crate::mutex::lock;

/// Registry of the programs of a run.
#[derive(Default)]
pub(super) struct Registry {
    count: AtomicU64,
    state: Mutex<RegistryState>,
    interrupts: Condvar,
}

#[derive(Default)]
struct RegistryState {
    interrupted: bool,
    running: HashMap<Pid, SignalTarget>,
}

impl Registry {
    fn state(&self) -> MutexGuard<'_, RegistryState> {
        lock(&self.state)
    }

    /// Returns the number of programs that were started.
    pub(super) fn started_count(&self) -> u64 {
        self.count.load(Ordering::Relaxed)
    }

    pub(super) fn is_interrupted(&self) -> bool {
        self.state().interrupted
    }

    /// Counts a started program, and forwards signals to it from now on if a target is given.
    pub(super) fn register(&self, pid: Pid, target: Option<SignalTarget>) {
        self.count.fetch_add(1, Ordering::Relaxed);
        let Some(target) = target else { return };
        let mut state = self.state();
        state.running.insert(pid, target);
        // The interrupt came after the check in `start` and before this registration, so the program has missed its
        // signal.
        if state.interrupted {
            send_interrupt(pid, target);
        }
    }

    pub(super) fn remove(&self, pid: Pid) {
        self.state().running.remove(&pid);
    }

    /// Waits for a time, or until the run is interrupted.
    pub(super) fn pause(&self, time: Duration) {
        let waited = self.interrupts.wait_timeout_while(self.state(), time, |state| !state.interrupted);
        drop(waited.unwrap_or_else(PoisonError::into_inner));
    }

    /// Prevents further starts, and sends one SIGINT to each running program.
    pub(super) fn interrupt(&self) {
        let mut state = self.state();
        state.interrupted = true;
        self.interrupts.notify_all();
        for (pid, target) in &state.running {
            send_interrupt(*pid, *target);
        }
    }

    /// Kills each running program with its process group.
    pub(super) fn kill_groups(&self) {
        let mut state = self.state();
        state.interrupted = true;
        self.interrupts.notify_all();
        for pid in state.running.keys() {
            // Fails only when the group has ended already.
            let _ = kill_process_group(*pid, Signal::KILL);
        }
    }

    pub(super) fn running_count(&self) -> usize {
        self.state().running.len()
    }
}

/// Sends SIGINT to a program, its children or its group. Errors are ignored: a process that cannot be signalled has ended, and its id is not reused before
/// its entry is removed.
fn send_interrupt(pid: Pid, target: SignalTarget) {
    let children = match target {
        SignalTarget::Itself => Vec::new(),
        SignalTarget::Group => {
            // Before `setsid` has made a new session, the program has no process group of its own.
            if kill_process_group(pid, Signal::INT).is_ok() {
                return;
            }
            Vec::new()
        }
        SignalTarget::Children => children(pid),
    };
    if children.is_empty() {
        let _ = kill_process(pid, Signal::INT);
    }
    for child in children {
        let _ = kill_process(child, Signal::INT);
    }
}

/// Returns the children of all threads of a process, from `/proc`.
fn children(pid: Pid) -> Vec<Pid> {
    let Ok(threads) = fs::read_dir(format!("/proc/{}/task", pid.as_raw_nonzero())) else { return Vec::new() };
    threads
        .filter_map(|thread| fs::read_to_string(thread.ok()?.path().join("children")).ok())
        .flat_map(|list| {
            list.split_ascii_whitespace().filter_map(|id| Pid::from_raw(id.parse().ok()?)).collect::<Vec<_>>()
        })
        .collect()
}
