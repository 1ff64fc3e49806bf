//! Identity of a process: process ids are reused, start times and boot ids are not.

use std::fs;

use camino::{Utf8Path, Utf8PathBuf};

/// Process id with the facts that tell it apart from a later process of the same id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProcessIdentity {
    /// Process id.
    pub pid: u32,
    /// Start time in clock ticks since boot; `None` when `/proc` does not provide it.
    pub start_time: Option<u64>,
    /// Boot id of the machine; `None` when `/proc` does not provide it.
    pub boot_id: Option<String>,
}

/// Process that has a file open for writing, with that file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WritingProcess {
    /// Process id.
    pub pid: u32,
    /// Path of the file.
    pub file: Utf8PathBuf,
}

impl ProcessIdentity {
    /// Returns the identity of the process that has this id now.
    pub fn from_pid(pid: u32) -> Self {
        Self { pid, start_time: stat(pid).map(|stat| stat.start_time), boot_id: boot_id() }
    }

    /// Returns true if this process still runs. A zombie does not count as running.
    pub fn is_alive(&self) -> bool {
        let (Some(start_time), Some(boot_id)) = (self.start_time, &self.boot_id) else { return false };
        self::boot_id().as_ref() == Some(boot_id)
            && stat(self.pid).is_some_and(|stat| stat.start_time == start_time && !stat.ended)
    }
}

/// Returns all other processes of this machine that have a file below the folder open for writing.
///
/// Processes of other users are left out: their files are not visible, and envctl did not start them.
pub fn processes_writing_below(folder: &Utf8Path) -> Vec<WritingProcess> {
    let Ok(folder) = folder.canonicalize_utf8() else { return Vec::new() };
    let own = std::process::id();
    let processes = Utf8Path::new("/proc").read_dir_utf8().into_iter().flatten().flatten();
    processes
        .filter_map(|process| process.file_name().parse::<u32>().ok())
        .filter(|pid| *pid != own)
        .flat_map(|pid| {
            let opened = Utf8PathBuf::from(format!("/proc/{pid}/fd"));
            opened.read_dir_utf8().into_iter().flatten().flatten().collect::<Vec<_>>()
        })
        .filter_map(|descriptor| {
            let path = descriptor.path();
            let file = Utf8PathBuf::try_from(fs::read_link(path).ok()?).ok()?;
            let pid = path.parent()?.parent()?.file_name()?.parse().ok()?;
            (file.starts_with(&folder) && may_write(pid, path.file_name()?))
                .then_some(WritingProcess { pid, file })
        })
        .collect()
}

struct Stat {
    start_time: u64,
    ended: bool,
}

/// Reads the state (field 3) and start time (field 22) of a process. Source: `proc_pid_stat(5)`; the name in field 2
/// is in parentheses and may hold any characters.
fn stat(pid: u32) -> Option<Stat> {
    let text = fs::read(format!("/proc/{pid}/stat")).ok()?;
    let text = String::from_utf8_lossy(&text);
    let mut fields = text.rsplit_once(')')?.1.split_ascii_whitespace();
    let ended = matches!(fields.next()?, "Z" | "X" | "x");
    Some(Stat { start_time: fields.nth(18)?.parse().ok()?, ended })
}

fn boot_id() -> Option<String> {
    Some(fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?.trim().to_owned())
}

/// Returns true if a file descriptor was opened for writing: the two lowest bits of its octal flags hold the access
/// mode.
fn may_write(pid: u32, descriptor: &str) -> bool {
    let Ok(text) = fs::read_to_string(format!("/proc/{pid}/fdinfo/{descriptor}")) else { return false };
    let flags = text.lines().find_map(|line| line.strip_prefix("flags:"));
    flags.and_then(|flags| u32::from_str_radix(flags.trim(), 8).ok()).is_some_and(|flags| flags & 3 != 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::process::{CommandLine, Runner, SignalTarget};

    #[test]
    fn a_later_process_with_the_same_id_is_another_one() {
        let own = ProcessIdentity::from_pid(std::process::id());
        assert!(own.is_alive());
        assert!(
            !ProcessIdentity { start_time: own.start_time.map(|time| time + 1), ..own.clone() }.is_alive()
        );
        assert!(!ProcessIdentity { boot_id: Some("another".to_owned()), ..own.clone() }.is_alive());
        assert!(!ProcessIdentity { start_time: None, ..own }.is_alive());
    }

    #[test]
    fn the_writer_of_a_file_is_found_as_long_as_it_runs() {
        let keep = tempfile::tempdir().unwrap();
        let dir = Utf8Path::from_path(keep.path()).unwrap();
        let command = CommandLine {
            program: "/bin/sh".into(),
            args: vec!["-c".into(), "while ! test -e go; do :; done".into()],
            dir: dir.to_owned(),
            env: std::iter::once(("PATH".into(), "/usr/bin:/bin".into())).collect(),
            signal: SignalTarget::Itself,
            in_new_session: false,
        };
        let (out, err) = (dir.join("a.stdout"), dir.join("a.stderr"));
        let mut seen = Vec::new();
        let mut started = None;
        Runner::new()
            .mutate(&command, &out, &err, &mut |event| {
                if let crate::process::ProcessEvent::Started { pid } = event {
                    seen = processes_writing_below(dir);
                    started = Some(ProcessIdentity::from_pid(pid));
                    assert!(ProcessIdentity::from_pid(pid).is_alive());
                    fs::write(dir.join("go"), "").unwrap();
                }
            })
            .unwrap();
        let pid = started.as_ref().unwrap().pid;
        let out = out.canonicalize_utf8().unwrap();
        assert!(seen.contains(&WritingProcess { pid, file: out }), "{seen:?}");
        assert!(!started.unwrap().is_alive());
        assert_eq!(processes_writing_below(dir), []);
    }
}
