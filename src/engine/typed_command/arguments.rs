//! Arguments of a typed command as OpenTofu and Terraform parse them: flags first, then positional arguments.

use std::ffi::{OsStr, OsString};

/// Flags whose value may be a separate argument. Source: the flag sets of OpenTofu 1.12 and Terraform 1.11.
const VALUE_FLAGS: &[&str] = &[
    "backup",
    "backup-out",
    "config",
    "exclude",
    "exclude-file",
    "lock-timeout",
    "parallelism",
    "provider",
    "replace",
    "state",
    "state-out",
    "target",
    "target-file",
    "var",
    "var-file",
];

/// Flags of Terragrunt without a value that do not change which unit is run.
pub(super) const PLAIN_FLAGS: &[&str] =
    &["--non-interactive", "--no-color", "--no-auto-init", "--no-auto-retry"];

/// Flags of OpenTofu and Terraform with which a reading verb writes no file of the user's choice and reads no other state.
/// A flag of any other name counts as one that may do so. Source: the flag sets of OpenTofu 1.12 and Terraform 1.11.
const READING_FLAGS: &[&str] = &[
    "compact-warnings",
    "concise",
    "consolidate-errors",
    "consolidate-warnings",
    "deprecation",
    "destroy",
    "detailed-exitcode",
    "diff",
    "draw-cycles",
    "exclude",
    "exclude-file",
    "id",
    "input",
    "json",
    "list",
    "lock",
    "lock-timeout",
    "module-depth",
    "no-color",
    "no-tests",
    "parallelism",
    "plan",
    "raw",
    "recursive",
    "refresh",
    "refresh-only",
    "replace",
    "show-sensitive",
    "target",
    "target-file",
    "test-directory",
    "type",
    "var",
    "var-file",
];

/// Flags of Terragrunt with the same effect, in addition to those of the engine that it drives. Source: Terragrunt 1.1.
const READING_FLAGS_OF_TERRAGRUNT: &[&str] = &[
    "T",
    "check",
    "dag",
    "dependencies",
    "diff",
    "external",
    "format",
    "hidden",
    "include",
    "inputs",
    "j",
    "l",
    "log-disable",
    "log-format",
    "log-level",
    "log-show-abs-paths",
    "long",
    "no-auto-init",
    "no-auto-retry",
    "no-hidden",
    "no-tips",
    "non-interactive",
    "reading",
    "show-all",
    "show-config-path",
    "strict",
    "tree",
    "with-metadata",
];

/// Flags of Terragrunt that run a command in other units as well.
pub(super) const MULTI_UNIT_FLAGS: &[&str] = &["--all", "-a", "--graph"];

/// Returns the name of a flag, without its dashes and its value.
pub(super) fn flag_name(arg: &OsStr) -> Option<&str> {
    // The value may be any bytes; a name is UTF-8.
    let bytes = arg.as_encoded_bytes();
    let end = bytes.iter().position(|byte| *byte == b'=').unwrap_or(bytes.len());
    let name = std::str::from_utf8(&bytes[..end]).ok()?;
    let name = name.strip_prefix("--").or_else(|| name.strip_prefix('-'))?;
    (!name.is_empty()).then_some(name)
}

/// Returns the first argument that starts with a dash and is no reading flag of OpenTofu and Terraform; `None` if a reading
/// verb with these arguments only reads. An argument behind `--`, or the value of a flag, is judged like a flag.
pub(super) fn beyond_reading(args: &[OsString]) -> Option<&OsString> {
    args.iter().find(|arg| !reads_only(arg, &[READING_FLAGS]))
}

/// Returns the first argument that starts with a dash and is no reading flag of Terragrunt or of the engine that it drives.
pub(super) fn beyond_reading_in_terragrunt(args: &[OsString]) -> Option<&OsString> {
    args.iter().find(|arg| !reads_only(arg, &[READING_FLAGS, READING_FLAGS_OF_TERRAGRUNT]))
}

/// Returns true if an argument is no flag, or a flag with one of these names.
fn reads_only(arg: &OsStr, names: &[&[&str]]) -> bool {
    arg == "-"
        || !arg.as_encoded_bytes().starts_with(b"-")
        || flag_name(arg).is_some_and(|name| names.iter().any(|names| names.contains(&name)))
}

/// Returns the positional arguments of a verb, behind its flags. Both engines parse no flag after the first positional
/// argument.
pub(super) fn positionals(args: &[OsString]) -> &[OsString] {
    let mut rest = args;
    while let Some((arg, more)) = rest.split_first() {
        if arg == "--" {
            return more;
        }
        if arg == "-" || !arg.as_encoded_bytes().starts_with(b"-") {
            return rest;
        }
        let has_value = arg.as_encoded_bytes().contains(&b'=');
        let takes_one = !has_value && flag_name(arg).is_some_and(|name| VALUE_FLAGS.contains(&name));
        rest = if takes_one { more.get(1..).unwrap_or_default() } else { more };
    }
    rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_end_where_the_engines_end_them() {
        for (line, rest) in [
            ("-auto-approve", ""),
            ("-auto-approve FILE", "FILE"),
            ("-var x=1 -lock-timeout 1s FILE", "FILE"),
            ("-var=x=1 FILE", "FILE"),
            ("--target a.b FILE -no-color", "FILE -no-color"),
            ("-- -FILE", "-FILE"),
            ("-lock=false -", "-"),
            ("-var", ""),
            ("FILE -var x", "FILE -var x"),
            ("-lock-timeout= FILE", "FILE"),
        ] {
            let args: Vec<OsString> = line.split_whitespace().map(OsString::from).collect();
            let expected: Vec<OsString> = rest.split_whitespace().map(OsString::from).collect();
            assert_eq!(positionals(&args), expected, "{line}");
        }
    }
}
