//! Search for processes that use a folder.

use std::fs;

use camino::Utf8Path;

use super::processes_writing_below;

/// Returns the ids of all other processes of this machine that write below a folder, or whose arguments or
/// environment name it.
///
/// Processes of other users are left out: their data is not visible, and envctl did not start them.
pub fn processes_using(folder: &Utf8Path) -> Vec<u32> {
    let own = std::process::id();
    let mut found: Vec<u32> = processes_writing_below(folder).into_iter().map(|writer| writer.pid).collect();
    let names = |pid: &u32| {
        ["cmdline", "environ"].iter().any(|file| {
            let bytes = fs::read(format!("/proc/{pid}/{file}")).unwrap_or_default();
            String::from_utf8_lossy(&bytes).contains(folder.as_str())
        })
    };
    let processes = Utf8Path::new("/proc").read_dir_utf8().into_iter().flatten().flatten();
    let pids = processes.filter_map(|process| process.file_name().parse::<u32>().ok());
    found.extend(pids.filter(|pid| *pid != own).filter(names));
    found.sort_unstable();
    found.dedup();
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::process::{CommandLine, ProcessEvent, Runner};

    #[test]
    fn a_process_that_a_folder_was_given_to_uses_it_as_long_as_it_runs() {
        let keep = tempfile::tempdir().unwrap();
        let dir = Utf8Path::from_path(keep.path()).unwrap();
        let given = dir.join("given");
        let wait = "while ! test -e go; do :; done";
        let command =
            CommandLine::new("/bin/sh", dir, std::iter::once(("IT".into(), given.as_str().into())).collect())
                .args(["-c", wait]);
        let mut seen = Vec::new();
        Runner::new()
            .read(&command, &mut |event| {
                if let ProcessEvent::Started { pid } = event {
                    while !processes_using(&given).contains(&pid) {}
                    seen = processes_using(&given);
                    assert_eq!(processes_using(&dir.join("another")), [] as [u32; 0]);
                    fs::write(dir.join("go"), "").unwrap();
                }
            })
            .unwrap();
        assert_eq!(seen.len(), 1);
        assert_eq!(processes_using(&given), [] as [u32; 0]);
    }
}
