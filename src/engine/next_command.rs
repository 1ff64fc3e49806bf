//! Command lines of envctl that messages suggest to the user, quoted for a shell.

use super::Target;
use crate::{model::InstanceId, ui::shell_word};

/// Returns the `envctl exec` command line that runs an engine's command for the target.
pub(super) fn exec_line(target: &Target, command: &[&str]) -> String {
    confirmed_exec_line(target, None, command)
}

/// Returns the `envctl exec` command line that runs an engine's command for the target, with the flag that confirms it.
pub(super) fn confirmed_exec_line(target: &Target, confirm: Option<&str>, command: &[&str]) -> String {
    let instance = &target.instance;
    let names = [instance.environment.as_str(), instance.stack.as_str()].map(shell_word).join(" ");
    let mut words = vec![target.given_flags.command(&format!("exec {names}"))];
    words.extend(target.given_flags.values(false));
    words.extend(confirm.into_iter().chain(["--"]).map(str::to_owned));
    words.extend(command.iter().map(|word| shell_word(word)));
    words.join(" ")
}

/// Returns the `envctl plan` command line for the target's environment, with `more` flags.
pub(super) fn plan_line(target: &Target, more: &[&str]) -> String {
    let environment = shell_word(target.instance.environment.as_str());
    let words = ["plan", &environment].into_iter().chain(more.iter().copied());
    target.given_flags.command_with_values(&words.collect::<Vec<_>>().join(" "))
}

/// Returns the flag by which the user accepts another state of an instance: `--allow lineage:dev/app`.
pub(super) fn allow_lineage(instance: &InstanceId) -> String {
    format!("--allow {}", shell_word(&format!("lineage:{instance}")))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use camino::Utf8Path;

    use super::*;
    use crate::engine::GivenFlags;

    #[test]
    fn names_and_ids_with_shell_syntax_are_quoted() {
        let target = Target::sample(Utf8Path::new("/p"), "s;touch $(x)");
        assert_eq!(
            exec_line(&target, &["force-unlock", "-force", "1 && y"]),
            "envctl exec dev 's;touch $(x)' -- force-unlock -force '1 && y'"
        );
        assert_eq!(allow_lineage(&target.instance), "--allow 'lineage:dev/s;touch $(x)'");
    }

    #[test]
    fn flags_of_the_running_command_are_repeated_without_hidden_values() {
        let flags = GivenFlags {
            config: Some("my infra.toml".to_owned()),
            sets: vec![("parallelism".to_owned(), Some("3".to_owned()))],
            vars: vec![("dir".to_owned(), Some("a b".to_owned())), ("token".to_owned(), None)],
        };
        let target = Target { given_flags: Arc::new(flags), ..Target::sample(Utf8Path::new("/p"), "app") };
        assert_eq!(
            plan_line(&target, &["--allow dirty"]),
            "envctl --config 'my infra.toml' plan dev --allow dirty --var 'dir=a b' --var 'token=…' --set parallelism=3"
        );
        assert_eq!(
            confirmed_exec_line(&target, Some("--yes"), &["init"]),
            "envctl --config 'my infra.toml' exec dev app --set 'vars.dir=a b' --set 'vars.token=…' --set parallelism=3 --yes -- init"
        );
    }
}
