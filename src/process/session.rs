//! Starts a program in a session of its own: it has no terminal, and cannot grab envctl's.

use std::ffi::OsStr;

use camino::{Utf8Path, Utf8PathBuf};

use super::which::which;

/// Where util-linux and busybox have it.
const USUAL: [&str; 2] = ["/usr/bin/setsid", "/bin/setsid"];

/// The program that starts another one in a new session, in its own place: the process id stays the same, as long as it
/// does not lead a process group already.
pub(super) fn setsid(path_var: Option<&OsStr>) -> Option<Utf8PathBuf> {
    let on_path = which(OsStr::new("setsid"), path_var).ok();
    on_path.or_else(|| USUAL.iter().map(Utf8Path::new).find(|path| path.is_file()).map(Utf8Path::to_owned))
}
