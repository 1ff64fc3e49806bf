//! What the verbs of OpenTofu and Terraform do, for commands that a user types.

use std::ffi::OsString;

/// The words of a command, flags left out, as long as they are plain text.
fn words(args: &[OsString]) -> Vec<&str> {
    args.iter().filter_map(|arg| arg.to_str()).filter(|arg| !arg.starts_with('-')).collect()
}

/// Whether a flag is among the arguments, with one dash or two, with or without a value.
fn has_flag(args: &[OsString], name: &str) -> bool {
    args.iter().filter_map(|arg| arg.to_str()).any(|arg| {
        arg.strip_prefix('-').is_some_and(|flag| {
            let flag = flag.strip_prefix('-').unwrap_or(flag);
            flag == name
                || flag.strip_prefix(name).is_some_and(|rest| rest.starts_with('=') && rest != "=false")
        })
    })
}

/// Whether a command may change a state or anything else; one that nobody knows counts as if it did.
pub(super) fn is_mutating(args: &[OsString]) -> bool {
    if has_flag(args, "help") || has_flag(args, "h") || has_flag(args, "version") {
        return false;
    }
    match words(args).as_slice() {
        []
        | ["version" | "validate" | "plan" | "show" | "output" | "graph" | "console" | "metadata", ..]
        | ["state", "list" | "show" | "pull", ..]
        | ["workspace", "list" | "show", ..]
        | ["providers"]
        | ["providers", "schema", ..] => false,
        ["fmt", ..] => !has_flag(args, "check") && !has_flag(args, "write=false"),
        _ => true,
    }
}

/// The same for Terragrunt, which passes most verbs on and has some of its own; `run --all` counts by what it runs.
pub(super) fn is_mutating_in_terragrunt(args: &[OsString]) -> bool {
    match words(args).as_slice() {
        ["find" | "list" | "info" | "render", ..] | ["dag", "graph", ..] => has_flag(args, "write"),
        ["hcl", "validate", ..] => false,
        ["hcl", "fmt" | "format", ..] => !has_flag(args, "check"),
        ["run", ..] => match args.iter().position(|arg| arg == "--") {
            Some(at) => is_mutating(&args[at + 1..]),
            // Flags of its own may take a value, so the verb cannot be told for sure.
            None => true,
        },
        _ => is_mutating(args),
    }
}

/// The place in a typed command where var files belong: after its verb, when that takes them.
///
/// `everywhere` is for OpenTofu, whose backends and module sources may use variables.
pub(super) fn place_of_var_files(args: &[OsString], everywhere: bool) -> Option<usize> {
    let at = args.iter().position(|arg| arg.to_str().is_some_and(|arg| !arg.starts_with('-')))?;
    let rest = &args[at + 1..];
    let takes_them = match args[at].to_str()? {
        "plan" | "refresh" | "import" | "console" | "destroy" | "test" => true,
        // A saved plan has its own.
        "apply" => words(rest).is_empty(),
        "validate" | "init" | "output" | "show" | "graph" => everywhere,
        "state" | "workspace" => {
            // After the second word: these have verbs of their own.
            let sub = rest.iter().position(|arg| arg.to_str().is_some_and(|arg| !arg.starts_with('-')))?;
            return everywhere.then_some(at + sub + 2);
        }
        _ => false,
    };
    takes_them.then_some(at + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(line: &str) -> Vec<OsString> {
        line.split_whitespace().map(OsString::from).collect()
    }

    #[test]
    fn only_what_is_known_to_read_is_not_mutating() {
        for reading in [
            "plan",
            "plan -out=p",
            "show -json p",
            "state list",
            "state pull",
            "output -json",
            "validate",
            "workspace list",
            "providers",
            "fmt -check",
            "version",
            "-help",
            "apply -help",
            "",
        ] {
            assert!(!is_mutating(&split(reading)), "{reading}");
        }
        for mutating in [
            "apply",
            "apply p",
            "destroy",
            "import a b",
            "state rm a",
            "state push f",
            "state",
            "workspace new x",
            "workspace select x",
            "taint a",
            "force-unlock 1",
            "init",
            "refresh",
            "fmt",
            "fmt -check=false",
            "brand-new",
            "-chdir=x apply",
            "providers lock",
            "test",
        ] {
            assert!(is_mutating(&split(mutating)), "{mutating}");
        }
    }

    #[test]
    fn terragrunts_own_verbs_are_known() {
        for reading in
            ["find --dag", "run -- plan", "run --all -- state list", "plan", "render", "hcl validate"]
        {
            assert!(!is_mutating_in_terragrunt(&split(reading)), "{reading}");
        }
        for mutating in
            ["run -- apply", "run --all plan", "hcl fmt", "backend bootstrap", "render --write", "apply"]
        {
            assert!(is_mutating_in_terragrunt(&split(mutating)), "{mutating}");
        }
    }

    #[test]
    fn var_files_follow_the_verbs_that_take_them() {
        let place = |line: &str, everywhere| place_of_var_files(&split(line), everywhere);
        assert_eq!(place("plan -no-color", false), Some(1));
        assert_eq!(place("-chdir=x import a b", false), Some(2));
        assert_eq!(place("apply -auto-approve", false), Some(1));
        assert_eq!(place("apply plan-file", false), None);
        assert_eq!(place("output -json", false), None);
        assert_eq!(place("output -json", true), Some(1));
        assert_eq!(place("state list", true), Some(2));
        assert_eq!(place("version", true), None);
    }
}
