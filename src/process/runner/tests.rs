use std::{collections::BTreeMap, fs, os::unix::fs::PermissionsExt};

use camino::Utf8PathBuf;
use rustix::process::{Pid, Signal, kill_process, test_kill_process};

use super::*;
use crate::process::{Exit, MASK, SignalTarget};

fn sh(script: &str) -> CommandLine {
    let env = BTreeMap::from([("PATH".into(), "/usr/bin:/bin".into())]);
    CommandLine::new("sh", "/", env).arg("-c").arg(script)
}

/// Runs a script, calls `react` for each of its lines, and returns its exit and its lines.
fn run(runner: &Runner, command: &CommandLine, react: impl Fn(&str)) -> (Exit, Vec<(Stream, String)>) {
    let mut lines = Vec::new();
    let finished = runner
        .read(command, &mut |event| {
            if let ProcessEvent::Line { stream, text, .. } = event {
                lines.push((stream, text.to_owned()));
                react(text);
            }
        })
        .unwrap();
    (finished.exit, lines)
}

fn texts(lines: &[(Stream, String)]) -> Vec<&str> {
    lines.iter().map(|(_, text)| text.as_str()).collect()
}

#[test]
fn each_stream_is_passed_on_by_lines_with_the_exit_code() {
    let (exit, lines) = run(&Runner::new(), &sh("echo a; echo b; echo c >&2; printf d; exit 3"), |_| {});
    let of =
        |wanted| lines.iter().filter(|(stream, _)| *stream == wanted).map(|(_, t)| t).collect::<Vec<_>>();
    assert_eq!(exit, Exit::Code(3));
    assert_eq!(of(Stream::Stdout), ["a", "b", "d"]);
    assert_eq!(of(Stream::Stderr), ["c"]);
}

#[test]
fn a_program_gets_its_environment_its_folder_and_no_input() {
    let folder = tempfile::tempdir().unwrap();
    let mut command =
        sh("pwd; env | grep -v -e ^PWD= -e ^_= -e ^SHLVL= -e ^OLDPWD= ; cat").env("ONLY", "this");
    command.dir = Utf8PathBuf::from_path_buf(folder.path().canonicalize().unwrap()).unwrap();
    let (exit, lines) = run(&Runner::new(), &command, |_| {});
    let mut lines = texts(&lines);
    lines.sort_unstable();
    assert_eq!(exit, Exit::Code(0));
    assert_eq!(lines, [command.dir.as_str(), "ONLY=this", "PATH=/usr/bin:/bin"]);
}

#[test]
fn death_by_a_signal_is_no_exit_status() {
    let (exit, _) = run(&Runner::new(), &sh("kill -9 $$"), |_| {});
    assert_eq!(exit, Exit::Signal(9));
    assert_eq!(exit.to_string(), "killed by signal 9");
}

#[test]
fn a_process_left_behind_does_not_hold_up_the_end() {
    let (exit, lines) = run(&Runner::new(), &sh("sleep 1000 & echo $!; exit 4"), |_| {});
    assert_eq!(exit, Exit::Code(4));
    let left_behind = Pid::from_raw(lines[0].1.parse().unwrap()).unwrap();
    kill_process(left_behind, Signal::KILL).unwrap();
}

#[test]
fn an_interrupt_is_one_sigint_to_each_and_nothing_starts_after_it() {
    let runner = Runner::new();
    let script = "trap 'n=$((n + 1)); echo got $n' INT; echo ready; \
                  until [ \"$n\" = 2 ]; do sleep 0.01; done; exit 6";
    let (exit, lines) = run(&runner, &sh(script), |line| {
        if ["ready", "got 1"].contains(&line) {
            runner.interrupt();
        }
    });
    assert_eq!((exit, texts(&lines)), (Exit::Code(6), vec!["ready", "got 1", "got 2"]));
    assert!(runner.is_interrupted());
    let after = runner.read(&sh("echo never"), &mut |event| panic!("{event:?}"));
    assert!(matches!(after, Err(ProcessError::Interrupted)));
    assert_eq!((runner.started_count(), runner.running_count()), (1, 0));
}

#[test]
fn a_program_that_drives_another_is_not_signalled_itself() {
    let runner = Runner::new();
    let inner = "trap 'echo inner; exit 3' INT; echo ready; while :; do sleep 0.01; done";
    let mut command = sh("trap 'echo outer' INT; sh -c \"$INNER\"; exit $?").env("INNER", inner);
    command.signal = SignalTarget::Children;
    let (exit, lines) = run(&runner, &command, |line| {
        if line == "ready" {
            runner.interrupt();
        }
    });
    assert_eq!((exit, texts(&lines)), (Exit::Code(3), vec!["ready", "inner"]));
}

#[test]
fn a_program_without_children_yet_is_signalled_itself() {
    let runner = Runner::new();
    let mut command = sh("trap 'echo outer; exit 5' INT; echo ready; while :; do :; done");
    command.signal = SignalTarget::Children;
    let (exit, lines) = run(&runner, &command, |line| {
        if line == "ready" {
            runner.interrupt();
        }
    });
    assert_eq!((exit, texts(&lines)), (Exit::Code(5), vec!["ready", "outer"]));
}

#[test]
fn the_last_resort_kills_the_whole_group() {
    let runner = Runner::new();
    let (exit, lines) =
        run(&runner, &sh("trap '' INT; sleep 1000 & echo $!; wait"), |_| runner.kill_groups());
    assert_eq!(exit, Exit::Signal(9));
    let child = Pid::from_raw(lines[0].1.parse().unwrap()).unwrap();
    // The child has ended, or is a zombie until its new parent reaps it; the kernel takes its time.
    let still_there = || {
        let stat = fs::read_to_string(format!("/proc/{}/stat", child.as_raw_nonzero())).unwrap_or_default();
        test_kill_process(child).is_ok() && !stat.is_empty() && !stat.contains(") Z ")
    };
    assert!((0..1_000_000).any(|_| !still_there()));
}

#[test]
fn a_mutating_program_writes_private_files_and_its_lines_are_handed_on() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name| Utf8PathBuf::from_path_buf(folder.path().join(name)).unwrap();
    let (stdout, stderr) = (path("out"), path("err"));
    fs::write(&stdout, "of an earlier run").unwrap();
    let runner = Runner::new();
    runner.redactor().add("hunter2-hunter2");
    let (mut lines, mut started) = (Vec::new(), 0);
    let command = sh("echo one; echo two; echo three >&2; printf 'hunter2-hunter2'; exit 1");
    let finished = runner.mutate(&command, &stdout, &stderr, &mut |event| match event {
        ProcessEvent::Started { pid } => started = pid,
        ProcessEvent::Line { text, .. } => lines.push(text.to_owned()),
    });
    let finished = finished.unwrap();
    lines.sort();
    assert_eq!((finished.exit, finished.pid), (Exit::Code(1), started));
    assert_eq!(lines, [MASK, "one", "three", "two"]);
    assert_eq!(fs::read_to_string(&stdout).unwrap(), "one\ntwo\nhunter2-hunter2");
    for file in [stdout, stderr] {
        assert_eq!(fs::metadata(file).unwrap().permissions().mode() & 0o777, 0o600);
    }
}

#[test]
fn a_capture_keeps_the_bytes_as_they_are() {
    let runner = Runner::new();
    runner.redactor().add("hunter2-hunter2");
    let captured = runner.capture(&sh("printf 'hunter2-hunter2\\377'; echo no >&2; exit 2")).unwrap();
    assert_eq!(captured.exit, Exit::Code(2));
    assert_eq!(captured.stdout, b"hunter2-hunter2\xff");
    assert_eq!(captured.stderr, b"no\n");
    assert!(!format!("{captured:?}").contains("hunter2"));
}

#[test]
fn a_program_that_cannot_start_names_the_reason() {
    let runner = Runner::new();
    let folder = tempfile::tempdir().unwrap();
    let path = |name| Utf8PathBuf::from_path_buf(folder.path().join(name)).unwrap();
    let message = |command: &CommandLine| runner.capture(command).unwrap_err().to_string();

    let mut nowhere = sh("");
    nowhere.dir = path("missing");
    assert!(
        message(&nowhere).ends_with(&format!("sh` cannot run in `{}`: no such directory", path("missing")))
    );

    let mut unknown = sh("");
    unknown.program = "no-such-program".into();
    assert_eq!(message(&unknown), "program `no-such-program` was not found on PATH");

    let broken = path("broken");
    fs::write(&broken, [0x7f, b'E', b'L', b'F', 0, 0]).unwrap();
    fs::set_permissions(&broken, fs::Permissions::from_mode(0o755)).unwrap();
    let mut command = sh("");
    command.program = broken.as_os_str().to_owned();
    assert!(message(&command).starts_with(&format!("cannot start `{broken}`: ")));
    assert_eq!(runner.started_count(), 0);
}
