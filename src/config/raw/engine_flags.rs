//! Extra flags for the engines, except the flags that envctl sets itself.

use super::{
    field::TomlValue,
    reader::{TomlNode, TomlReader},
    value_schema::value_schema,
};

/// Flags that envctl sets itself, each with the help that says how a user gets the effect.
const SET_BY_ENVCTL: &[(&str, &str)] = &[
    ("out", "envctl keeps the plan files"),
    ("json", "envctl reads the engine's JSON and shows it for people"),
    ("detailed-exitcode", "`envctl plan --detailed-exitcode` gives it for the whole run"),
    ("input", "engines never ask; values belong in `vars`, `var_files` and `secrets`"),
    ("auto-approve", "only reviewed plan files are applied, behind envctl's own gate"),
    ("lock-timeout", "write `lock_timeout = \"2m\"` into the environment"),
    ("lock", "state locks are never switched off"),
    ("parallelism", "write `parallelism = 10` into the environment"),
    ("var", "write it into `vars`"),
    ("var-file", "write it into `var_files`"),
    ("target", "give `--target` to `envctl plan`"),
    ("target-file", "give `--target` to `envctl plan`"),
    ("exclude", "give `--without` to `envctl plan`"),
    ("exclude-file", "give `--without` to `envctl plan`"),
    ("replace", "give `--replace` to `envctl plan`"),
    ("destroy", "`envctl destroy` does it"),
    ("refresh-only", "`envctl drift` does it"),
    ("generate-config-out", "the plan's own file is all that envctl lets a plan write"),
    ("backend-config", "write it into `backend`"),
    ("backend", "a state is always needed"),
    ("reconfigure", "envctl decides it"),
    ("migrate-state", "`envctl state move` does it"),
    ("force-copy", "`envctl state move` does it"),
    ("from-module", "init never writes configuration"),
    ("upgrade", "`envctl exec ENV STACK -- init -upgrade` does that on purpose"),
    ("lockfile", "it is read-only wherever there is a lockfile"),
    ("chdir", "each stack runs in its own folder"),
    ("state", "write it into `backend.local`"),
    ("state-out", "write it into `backend.local`"),
    ("backup", "envctl keeps backups of its own"),
    ("working-dir", "each unit runs in its own folder"),
    ("all", "envctl runs each unit by itself, in order"),
    ("tf-path", "write `drives` and that engine's `program`"),
    ("no-color", "envctl decides about colour"),
    ("help", "it is not a setting"),
];

/// Returns the entry of [`SET_BY_ENVCTL`] for an argument with one dash or two, with or without `=value`.
fn find_set_by_envctl(argument: &str) -> Option<(&'static str, &'static str)> {
    let name = argument.strip_prefix("--").or_else(|| argument.strip_prefix('-'))?;
    let name = name.split('=').next().unwrap_or(name);
    SET_BY_ENVCTL.iter().find(|(flag, _)| *flag == name).copied()
}

/// Extra flag for an engine's `init`, `plan` or `apply`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct EngineFlag(pub(crate) String);

impl TomlValue for EngineFlag {
    fn read<'t>(node: &'t TomlNode<'t>, reader: &mut TomlReader<'t>) -> Option<Self> {
        let text = reader.string(node)?;
        let problem = if let Some((flag, place)) = find_set_by_envctl(text) {
            let message = format!("`-{flag}` in `{}` is set by envctl itself", reader.dotted_path());
            reader.problem("config::owned-flag", message, node.span(), "not free").help(place)
        } else if text.starts_with('-') && text.len() > 1 {
            return Some(Self(text.to_owned()));
        } else {
            let message = format!("`{text}` in `{}` is no flag", reader.dotted_path());
            reader
                .problem("config::flag", message, node.span(), "does not start with `-`")
                .help("a flag and its value are one word, as `-compact-warnings` or `-name=value`")
        };
        reader.report(problem);
        None
    }
}

value_schema!(inline EngineFlag, "EngineFlag", { "type": "string", "pattern": "^-" });

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flag_of_envctls_own_is_known_in_every_spelling() {
        for spelling in ["-out", "--out", "-out=x", "--var-file=a.tfvars", "-chdir=x", "-backend-config=k=v"]
        {
            assert!(find_set_by_envctl(spelling).is_some(), "{spelling}");
        }
        for free in ["-compact-warnings", "-refresh=false", "out", "-output", "-no-colors"] {
            assert!(find_set_by_envctl(free).is_none(), "{free}");
        }
    }
}
