//! A run of envctl that has not ended yet.

use std::{
    io::Read,
    os::unix::process::CommandExt,
    path::Path,
    process::{Child, Command, Output, Stdio},
    thread,
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, kill_process_group};

use super::Run;

/// A running envctl. It has to be waited for: a test that leaves it behind has forgotten something.
pub(crate) struct Running {
    child: Child,
    args: Vec<String>,
}

impl Running {
    #[track_caller]
    pub(super) fn start(mut command: Command, args: &[&str]) -> Self {
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).process_group(0);
        let child = command.spawn().unwrap_or_else(|error| panic!("{command:?}: {error}"));
        Self { child, args: args.iter().map(|arg| (*arg).to_owned()).collect() }
    }

    /// Sends a signal to the whole process group, as a terminal does.
    #[track_caller]
    pub(crate) fn signal(&self, signal: Signal) {
        let group = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw).expect("a process id");
        kill_process_group(group, signal).expect("the process runs");
    }

    /// Whether it has ended.
    #[track_caller]
    fn has_ended(&mut self) -> bool {
        self.child.try_wait().expect("a child can be asked").is_some()
    }

    /// Waits until something is seen. A program that ends before, and one that takes a minute over it, fail the test.
    #[track_caller]
    pub(crate) fn wait_until(&mut self, what: &str, seen: impl Fn() -> bool) {
        let given_up = Instant::now() + Duration::from_mins(1);
        while !seen() {
            assert!(!self.has_ended(), "envctl ended, and not yet: {what}\n{}", self.said());
            assert!(Instant::now() < given_up, "it takes for ever: {what}");
            thread::yield_now();
        }
    }

    /// All that an ended program has printed.
    fn said(&mut self) -> String {
        let mut text = String::new();
        let (out, err) = (self.child.stdout.take(), self.child.stderr.take());
        out.expect("a pipe").read_to_string(&mut text).expect("a pipe can be read");
        err.expect("a pipe").read_to_string(&mut text).expect("a pipe can be read");
        text
    }

    /// Waits for its end. What it prints until then must fit into a pipe.
    #[track_caller]
    pub(crate) fn wait(mut self) -> Run {
        let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
        let (out, err) = (self.child.stdout.take(), self.child.stderr.take());
        out.expect("a pipe").read_to_end(&mut stdout).expect("a pipe can be read");
        err.expect("a pipe").read_to_end(&mut stderr).expect("a pipe can be read");
        let status = self.child.wait().expect("a child can be waited for");
        let args: Vec<&str> = self.args.iter().map(String::as_str).collect();
        Run::new(Path::new("envctl"), &args, &Output { status, stdout, stderr })
    }
}

impl Drop for Running {
    /// A test that failed leaves nothing running.
    fn drop(&mut self) {
        if let Ok(None) = self.child.try_wait() {
            drop(self.child.kill().and_then(|()| self.child.wait()));
        }
    }
}
