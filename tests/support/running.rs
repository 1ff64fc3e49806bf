//! A run of envctl that has not ended yet.

use std::{
    os::unix::process::CommandExt,
    path::Path,
    process::{Child, Command, Stdio},
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
    pub(crate) fn has_ended(&mut self) -> bool {
        self.child.try_wait().expect("a child can be asked").is_some()
    }

    /// Waits for its end. What it prints until then must fit into a pipe.
    #[track_caller]
    pub(crate) fn wait(self) -> Run {
        let output = self.child.wait_with_output().expect("a child can be waited for");
        let args: Vec<&str> = self.args.iter().map(String::as_str).collect();
        Run::new(Path::new("envctl"), &args, &output)
    }
}
