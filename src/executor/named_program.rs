//! Programs that environments.toml names: hooks, and the commands that print secrets and identities.

use std::{
    collections::BTreeMap,
    ffi::OsString,
    sync::mpsc::{self, RecvTimeoutError},
    thread,
    time::{Duration, Instant},
};

use camino::Utf8Path;

use crate::process::{CapturedOutput, CommandLine, ProcessError, Runner};

/// Time after which a progress message about a running program is shown.
const PROGRESS_AFTER: Duration = Duration::from_secs(2);

/// Interval of further progress messages.
const PROGRESS_INTERVAL: Duration = Duration::from_secs(5);

/// Returns the command line of a program in environments.toml. It runs in the folder of that file, and a relative path
/// to it starts there too.
pub(super) fn command_line(
    argv: &[String],
    root: &Utf8Path,
    env: &BTreeMap<OsString, OsString>,
) -> CommandLine {
    let name = argv.first().map(String::as_str).unwrap_or_default();
    let program = if name.contains('/') { root.join(name).into_string() } else { name.to_owned() };
    CommandLine::new(program, root, env.clone()).args(argv.iter().skip(1).cloned())
}

/// Runs a program and returns its output.
///
/// The program has no terminal, so one that prompts would hang: `progress` receives progress messages with `name` and the
/// time since the start.
pub(super) fn run_named(
    runner: &Runner,
    command: CommandLine,
    name: &str,
    progress: &(dyn Fn(String) + Sync),
) -> Result<CapturedOutput, ProcessError> {
    let command = command.new_session();
    let begun = Instant::now();
    thread::scope(|scope| {
        let (ended, end) = mpsc::channel::<()>();
        scope.spawn(move || {
            let mut wait = PROGRESS_AFTER;
            while end.recv_timeout(wait) == Err(RecvTimeoutError::Timeout) {
                progress(format!("still waiting for {name} after {}s", begun.elapsed().as_secs()));
                wait = PROGRESS_INTERVAL;
            }
        });
        let captured = runner.capture(&command);
        drop(ended);
        captured
    })
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_program_that_does_not_end_is_named_and_has_no_terminal() {
        let folder = tempfile::tempdir().unwrap();
        let root = Utf8Path::from_path(folder.path()).unwrap();
        // The program ends after the first progress message.
        let line = "while [ ! -e told ]; do sleep 0.01; done; ps -o sid= -p $$; echo $$; (: > /dev/tty) 2>/dev/null || echo no terminal";
        let argv = ["sh", "-c", line].map(str::to_owned);
        let env = BTreeMap::from([(OsString::from("PATH"), std::env::var_os("PATH").unwrap())]);
        let runner = Runner::new();

        let done = run_named(&runner, command_line(&argv, root, &env), "secret `db`", &|text| {
            assert!(text.starts_with("still waiting for secret `db` after "), "{text}");
            fs::write(root.join("told"), "").unwrap();
        });

        let done = done.unwrap();
        let text = String::from_utf8(done.stdout).unwrap();
        assert!(text.ends_with("no terminal\n"), "{text}");
        let leader = done.pid.to_string();
        assert_eq!(text.split_whitespace().take(2).collect::<Vec<_>>(), [&leader, &leader]);
    }

    #[test]
    fn a_program_path_is_relative_to_its_file_and_a_name_is_found_on_path() {
        let program = |name: &str| {
            let argv = [name, "-x"].map(str::to_owned);
            command_line(&argv, "/p".into(), &BTreeMap::new()).program
        };
        assert_eq!(program("./tools/who"), "/p/./tools/who");
        assert_eq!(program("/bin/who"), "/bin/who");
        assert_eq!(program("who"), "who");
    }
}
