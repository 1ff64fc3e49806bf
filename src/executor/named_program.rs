//! Programs that environments.toml names: hooks, and the commands that tell secrets and identities.

use std::{collections::BTreeMap, ffi::OsString};

use camino::Utf8Path;

use crate::process::CommandLine;

/// A program of environments.toml in the folder of that file; a path to it is relative to that folder, too.
pub(super) fn command_line(
    argv: &[String],
    root: &Utf8Path,
    env: &BTreeMap<OsString, OsString>,
) -> CommandLine {
    let name = argv.first().map(String::as_str).unwrap_or_default();
    let program = if name.contains('/') { root.join(name).into_string() } else { name.to_owned() };
    CommandLine::new(program, root, env.clone()).args(argv.iter().skip(1).cloned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_relative_to_the_folder_of_the_file_and_a_name_is_left_to_path() {
        let program = |name: &str| {
            let argv = [name, "-x"].map(str::to_owned);
            command_line(&argv, "/p".into(), &BTreeMap::new()).program
        };
        assert_eq!(program("./tools/who"), "/p/./tools/who");
        assert_eq!(program("/bin/who"), "/bin/who");
        assert_eq!(program("who"), "who");
    }
}
