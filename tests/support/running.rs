//! Running envctl process.

use std::{
    io::Read,
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    sync::{Arc, Mutex},
    thread,
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, kill_process_group};

use super::Run;

/// Running envctl process. A test must wait for its end; the process is killed with the value.
pub(crate) struct Running {
    child: Child,
    stdout: Reader,
    stderr: Reader,
    args: Vec<String>,
    around: PathBuf,
}

impl Running {
    #[track_caller]
    pub(super) fn start(mut command: Command, args: &[&str], around: &Path) -> Self {
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).process_group(0);
        let mut child = command.spawn().unwrap_or_else(|error| panic!("{command:?}: {error}"));
        let (stdout, stderr) = (child.stdout.take().expect("a pipe"), child.stderr.take().expect("a pipe"));
        let (stdout, stderr) = (Reader::start(stdout), Reader::start(stderr));
        let args = args.iter().map(|arg| (*arg).to_owned()).collect();
        Self { child, stdout, stderr, args, around: around.to_owned() }
    }

    /// Sends a signal to the whole process group, as a terminal does.
    #[track_caller]
    pub(crate) fn signal(&self, signal: Signal) {
        let group = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw).expect("a process id");
        kill_process_group(group, signal).expect("the process runs");
    }

    /// Returns true if the process has ended.
    #[track_caller]
    pub(crate) fn has_ended(&mut self) -> bool {
        self.child.try_wait().expect("a child can be asked").is_some()
    }

    /// Waits until a condition holds; panics if the process ends before, or after a minute.
    #[track_caller]
    pub(crate) fn wait_until(&mut self, what: &str, seen: impl Fn() -> bool) {
        let given_up = Instant::now() + Duration::from_mins(1);
        while !seen() {
            assert!(!self.has_ended(), "envctl ended, and not yet: {what}\n{}", self.said());
            assert!(Instant::now() < given_up, "it takes for ever: {what}");
            thread::yield_now();
        }
    }

    /// Returns the output of an ended process.
    fn said(&mut self) -> String {
        [self.stdout.finish(), self.stderr.finish()]
            .map(|text| String::from_utf8_lossy(&text).into_owned())
            .concat()
    }

    /// Waits until standard error holds a text.
    #[track_caller]
    pub(crate) fn wait_until_it_tells(&mut self, text: &str) {
        let read = Arc::clone(&self.stderr.read);
        let holds = || String::from_utf8_lossy(&read.lock().expect("no reader panics")).contains(text);
        self.wait_until(&format!("it tells `{text}`"), holds);
    }

    /// Waits for the end of the process.
    #[track_caller]
    pub(crate) fn wait(mut self) -> Run {
        let (stdout, stderr) = (self.stdout.finish(), self.stderr.finish());
        let status = self.child.wait().expect("a child can be waited for");
        let args: Vec<&str> = self.args.iter().map(String::as_str).collect();
        Run::new(Path::new("envctl"), &args, &Output { status, stdout, stderr }, &self.around)
    }
}

impl Drop for Running {
    /// Kills the process if a failed test left it running.
    fn drop(&mut self) {
        if let Ok(None) = self.child.try_wait() {
            drop(self.child.kill().and_then(|()| self.child.wait()));
        }
    }
}

/// Thread that reads a pipe to its end.
struct Reader {
    read: Arc<Mutex<Vec<u8>>>,
    thread: Option<thread::JoinHandle<()>>,
}

impl Reader {
    fn start(mut pipe: impl Read + Send + 'static) -> Self {
        let read = Arc::new(Mutex::new(Vec::new()));
        let shared = Arc::clone(&read);
        let thread = thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Some(count) = pipe.read(&mut buffer).ok().filter(|count| *count > 0) {
                shared.lock().expect("no reader panics").extend_from_slice(&buffer[..count]);
            }
        });
        Self { read, thread: Some(thread) }
    }

    #[track_caller]
    fn finish(&mut self) -> Vec<u8> {
        let thread = self.thread.take().expect("it is finished once");
        thread.join().expect("a pipe can be read");
        std::mem::take(&mut self.read.lock().expect("no reader panics"))
    }
}

/// Waits for the end of a process that is no child of this one; panics after a minute.
#[track_caller]
pub(crate) fn wait_for_process_end(pid: &str) {
    let given_up = Instant::now() + Duration::from_mins(1);
    let runs =
        || std::fs::read_to_string(format!("/proc/{pid}/stat")).is_ok_and(|stat| !stat.contains(") Z "));
    while runs() {
        assert!(Instant::now() < given_up, "process {pid} takes for ever");
        thread::yield_now();
    }
}
