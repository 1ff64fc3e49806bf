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
