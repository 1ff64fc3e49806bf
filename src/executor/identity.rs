//! Identity check of an environment: a command prints the current identity, and a configured pattern must match it.

use std::{collections::BTreeMap, ffi::OsString};

use camino::{Utf8Path, Utf8PathBuf};
use globset::GlobBuilder;

use super::named_program::{command_line, run_named};
use crate::{
    config::IdentityGuard,
    model::EnvName,
    process::{ProcessError, Runner},
};

/// Reason why the identity check failed; no change may be made then.
#[derive(Debug, thiserror::Error)]
pub enum IdentityError {
    /// The identity does not match the pattern.
    #[error("`{environment}` is only for `{matches}`, and `{command}` says `{identity}`")]
    Mismatch {
        /// Environment with the check.
        environment: EnvName,
        /// Pattern that the identity must match.
        matches: String,
        /// Command that prints the identity.
        command: String,
        /// Identity that the command printed.
        identity: String,
    },
    /// The identity differs from the one at the time of the plan.
    #[error("`{command}` says `{current}`, and said `{planned}` before")]
    Changed {
        /// Command that prints the identity.
        command: String,
        /// Identity at the time of the plan.
        planned: String,
        /// Identity that the command prints now.
        current: String,
    },
    /// The command failed, or printed no identity.
    #[error("`{environment}` asks who is acting, and `{command}` {failure}")]
    Unknown {
        /// Environment with the check.
        environment: EnvName,
        /// Command that prints the identity.
        command: String,
        /// Failure in words that follow the command in a message: `exited with 1`.
        failure: String,
    },
    /// The pattern is not valid.
    #[error("`{matches}` is not a pattern for an identity: {reason}")]
    Pattern {
        /// Pattern in environments.toml.
        matches: String,
        /// Syntax error in the pattern.
        reason: String,
    },
    /// The user interrupted the command.
    #[error("interrupted")]
    Interrupted,
}

/// Identity check of an environment: the command and the pattern.
#[derive(Debug, Clone)]
pub struct IdentityVerifier {
    environment: EnvName,
    guard: IdentityGuard,
    root: Utf8PathBuf,
}

impl IdentityVerifier {
    /// Returns the check of an environment whose command runs in `root`, the folder of environments.toml.
    pub fn new(environment: &EnvName, guard: &IdentityGuard, root: &Utf8Path) -> Self {
        Self { environment: environment.clone(), guard: guard.clone(), root: root.to_owned() }
    }

    fn command(&self) -> String {
        self.guard.command.join(" ")
    }

    /// Runs the command, and returns the identity without the part that differs in each session.
    pub(super) fn query(
        &self,
        env: &BTreeMap<OsString, OsString>,
        runner: &Runner,
        progress: &(dyn Fn(String) + Sync),
    ) -> Result<String, IdentityError> {
        let unknown = |failure: String| {
            let failure = runner.redactor().mask(&failure).into_owned();
            IdentityError::Unknown { environment: self.environment.clone(), command: self.command(), failure }
        };
        let matches = &self.guard.matches;
        let pattern = GlobBuilder::new(matches).build().map_err(|error| IdentityError::Pattern {
            matches: matches.clone(),
            reason: error.kind().to_string(),
        })?;
        let command = command_line(&self.guard.command, &self.root, env);
        let waited_for = format!("`{}`, which tells who is acting,", self.command());
        let done = match run_named(runner, command, &waited_for, progress) {
            Ok(done) => done,
            Err(ProcessError::Interrupted) => return Err(IdentityError::Interrupted),
            Err(error) => return Err(unknown(format!("cannot be run: {error}"))),
        };
        if runner.is_interrupted() {
            return Err(IdentityError::Interrupted);
        }
        if !done.exit.is_success() {
            let stderr = String::from_utf8_lossy(&done.stderr);
            let last = stderr.lines().rfind(|line| !line.trim().is_empty());
            let last = last.map_or(String::new(), |line| format!(": {}", line.trim()));
            return Err(unknown(format!("failed ({}){last}", done.exit)));
        }
        let text =
            String::from_utf8(done.stdout).map_err(|_| unknown("did not print UTF-8 text".to_owned()))?;
        let who = runner.redactor().mask(text.trim()).into_owned();
        if who.is_empty() {
            return Err(unknown("said nothing".to_owned()));
        }
        if !pattern.compile_matcher().is_match(text.trim()) {
            let (environment, command) = (self.environment.clone(), self.command());
            return Err(IdentityError::Mismatch {
                environment,
                matches: matches.clone(),
                command,
                identity: who,
            });
        }
        Ok(without_session(&who).to_owned())
    }

    /// Runs the command again, and compares the identity with the earlier one.
    pub(super) fn query_again(
        &self,
        then: Option<&str>,
        env: &BTreeMap<OsString, OsString>,
        runner: &Runner,
        progress: &(dyn Fn(String) + Sync),
    ) -> Result<(), IdentityError> {
        let now = self.query(&identity_env(env), runner, progress)?;
        match then {
            Some(then) if then != now => Err(IdentityError::Changed {
                command: self.command(),
                planned: then.to_owned(),
                current: now,
            }),
            _ => Ok(()),
        }
    }
}

/// Returns the environment without variables `TF_VAR_*`, which do not affect the identity.
pub(super) fn identity_env(env: &BTreeMap<OsString, OsString>) -> BTreeMap<OsString, OsString> {
    let is_value = |name: &OsString| name.to_str().is_some_and(|name| name.starts_with("TF_VAR_"));
    env.iter()
        .filter(|(name, _)| !is_value(name))
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect()
}

/// Returns `arn:aws:sts::ACCOUNT:assumed-role/ROLE/SESSION` without the session, and any other identity unchanged.
fn without_session(who: &str) -> &str {
    let is_role = who.starts_with("arn:aws") && who.contains(":sts::");
    match who.split_once(":assumed-role/") {
        Some((before, rest)) if is_role => match rest.split_once('/') {
            Some((role, _)) => &who[..before.len() + ":assumed-role/".len() + role.len()],
            None => who,
        },
        _ => who,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_session_of_a_role_is_no_part_of_an_identity() {
        let role = "arn:aws:sts::111122223333:assumed-role/Deployer";
        assert_eq!(without_session(&format!("{role}/session-17")), role);
        assert_eq!(without_session(role), role);
        assert_eq!(without_session("arn:aws-cn:sts::1:assumed-role/R/S"), "arn:aws-cn:sts::1:assumed-role/R");
        assert_eq!(
            without_session("arn:aws:iam::111122223333:user/eve"),
            "arn:aws:iam::111122223333:user/eve"
        );
        assert_eq!(without_session("eve/admin"), "eve/admin");
    }
}
