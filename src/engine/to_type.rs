//! Command lines of envctl that failures tell the user to type, quoted for a shell.

use crate::{model::InstanceId, ui::shell_word};

/// The `envctl exec` of an engine's command for an instance.
pub(super) fn exec_line(instance: &InstanceId, command: &[&str]) -> String {
    let own = ["envctl", "exec", instance.environment.as_str(), instance.stack.as_str(), "--"];
    let words = own.iter().chain(command).map(|word| shell_word(word));
    words.collect::<Vec<_>>().join(" ")
}

/// The flag that accepts another lineage of an instance.
pub(super) fn allow_lineage(instance: &InstanceId) -> String {
    format!("--allow {}", shell_word(&format!("lineage:{instance}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_ids_with_shell_syntax_are_quoted() {
        let instance =
            InstanceId { environment: "dev".parse().unwrap(), stack: "s;touch $(x)".parse().unwrap() };
        assert_eq!(
            exec_line(&instance, &["force-unlock", "-force", "1 && y"]),
            "envctl exec dev 's;touch $(x)' -- force-unlock -force '1 && y'"
        );
        assert_eq!(allow_lineage(&instance), "--allow 'lineage:dev/s;touch $(x)'");
    }
}
