//! Terragrunt Stacks: the command that generates the units of a `terragrunt.stack.hcl`, and the names of its files.
//!
//! Measured on Terragrunt 1.1.3: `terragrunt stack generate` generates the stacks of its working folder and of all folders
//! below it, nested ones included, and starts no other engine. It copies the source of each block, writes the block's
//! `values` beside the copy, writes everything anew each time, and removes no unit whose block is gone.

use std::ffi::OsString;

/// File that declares the units of a Terragrunt stack.
pub const STACK_FILE: &str = "terragrunt.stack.hcl";

/// File of `unit` and `stack` blocks that a stack gets from the stack that generates it.
pub const INHERITED_STACK_FILE: &str = "terragrunt.autoinclude.stack.hcl";

/// Folder beside a [`STACK_FILE`] in which Terragrunt generates units and nested stacks.
pub const GENERATED_FOLDER: &str = ".terragrunt-stack";

/// File that Terragrunt writes into each unit and nested stack that it generates: the absolute paths of the copied files.
pub const GENERATED_MARKER: &str = ".terragrunt-stack-manifest";

/// File with the `values` of a unit or nested stack that Terragrunt generates.
pub const VALUES_FILE: &str = "terragrunt.values.hcl";

/// Returns the arguments that make Terragrunt generate the stacks in and below its working folder; it prints errors only.
pub fn generate_args() -> Vec<OsString> {
    let generate = ["stack", "generate", "--no-color", "--non-interactive"];
    generate.into_iter().chain(["--log-level", "error", "--log-format", "bare"]).map(Into::into).collect()
}

/// Returns the messages in Terragrunt's log of a failed generation, without the level and time before each (`ERRO[0000] `).
pub fn logged_errors(stderr: &str) -> String {
    let message = |line: &str| {
        let rest = line.strip_prefix("ERRO[").and_then(|rest| rest.split_once("] "));
        let is_time = |time: &str| !time.is_empty() && time.bytes().all(|byte| byte.is_ascii_digit());
        rest.filter(|(time, _)| is_time(time)).map_or(line, |(_, message)| message).trim_end().to_owned()
    };
    stderr.trim().lines().map(message).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_are_shown_without_level_and_time() {
        // Output of Terragrunt 1.1.3.
        let log = "ERRO[0000] Error: Argument or block definition required\n\
                   ERRO[0012]   on live/terragrunt.stack.hcl line 3, in unit \"x\":\n\nOriginal error: [x] no\n";
        assert_eq!(
            logged_errors(log),
            "Error: Argument or block definition required\n  on live/terragrunt.stack.hcl line 3, in unit \"x\":\n\n\
             Original error: [x] no"
        );
    }
}
