//! Start of a program in a new session, where it has no access to envctl's terminal.

use std::ffi::OsStr;

use camino::{Utf8Path, Utf8PathBuf};

use super::which::which;

/// Usual paths of `setsid` from util-linux and busybox.
const DEFAULT_PATH: [&str; 2] = ["/usr/bin/setsid", "/bin/setsid"];

/// Returns the path of `setsid`, which executes a program in a new session. It keeps its process id, unless it leads
/// a process group: then it would have to fork.
pub(super) fn setsid(path_var: Option<&OsStr>) -> Option<Utf8PathBuf> {
    let on_path = which(OsStr::new("setsid"), path_var).ok();
    on_path.or_else(|| {
        DEFAULT_PATH.iter().map(Utf8Path::new).find(|path| path.is_file()).map(Utf8Path::to_owned)
    })
}
