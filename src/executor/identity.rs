//! Who is acting: a command of the environment tells, and a pattern of its owner must match what it says.

use std::{collections::BTreeMap, ffi::OsString};

use camino::{Utf8Path, Utf8PathBuf};
use globset::GlobBuilder;

use super::{
    named_program::{ask, command_line},
    worker::Work,
};
use crate::{
    config::IdentityGuard,
    model::EnvName,
    process::{ProcessError, Runner},
};

/// Why it is not known that the right one is acting; nothing may be changed then.
#[derive(Debug, thiserror::Error)]
pub enum IdentityError {
    /// Somebody else is.
    #[error("`{environment}` is only for `{matches}`, and `{command}` says `{was}`")]
    Other {
        /// The environment.
        environment: EnvName,
        /// Who must be acting.
        matches: String,
        /// The command.
        command: String,
        /// Who is.
        was: String,
    },
    /// Somebody else than when it was planned.
    #[error("`{command}` says `{now}`, and said `{then}` before")]
    Changed {
        /// The command.
        command: String,
        /// Who it was.
        then: String,
        /// Who it is.
        now: String,
    },
    /// The command failed, or told nothing.
    #[error("`{environment}` asks who is acting, and `{command}` {how}")]
    Untold {
        /// The environment.
        environment: EnvName,
        /// The command.
        command: String,
        /// How it ended.
        how: String,
    },
    /// The pattern is none.
    #[error("`{matches}` is not a pattern for an identity: {why}")]
    Pattern {
        /// The pattern.
        matches: String,
        /// Why not.
        why: String,
    },
    /// The user interrupted.
    #[error("interrupted")]
    Interrupted,
}

/// Who must be acting in an environment, and how that is found out.
#[derive(Debug, Clone)]
pub struct Identity {
    environment: EnvName,
    guard: IdentityGuard,
    root: Utf8PathBuf,
}

impl Identity {
    /// The guard of an environment whose command runs in `root`, the folder of environments.toml.
    pub fn new(environment: &EnvName, guard: &IdentityGuard, root: &Utf8Path) -> Self {
        Self { environment: environment.clone(), guard: guard.clone(), root: root.to_owned() }
    }

    fn command(&self) -> String {
        self.guard.command.join(" ")
    }

    /// Asks, and gives who it is without what is another one in each session.
    pub(super) fn ask(
        &self,
        env: &BTreeMap<OsString, OsString>,
        runner: &Runner,
        says: &(dyn Fn(String) + Sync),
    ) -> Result<String, IdentityError> {
        let untold = |how: String| {
            let how = runner.redactor().mask(&how).into_owned();
            IdentityError::Untold { environment: self.environment.clone(), command: self.command(), how }
        };
        let matches = &self.guard.matches;
        let pattern = GlobBuilder::new(matches).build().map_err(|error| IdentityError::Pattern {
            matches: matches.clone(),
            why: error.kind().to_string(),
        })?;
        let command = command_line(&self.guard.command, &self.root, env);
        let waited_for = format!("`{}`, which tells who is acting,", self.command());
        let done = match ask(runner, command, &waited_for, says) {
            Ok(done) => done,
            Err(ProcessError::Interrupted) => return Err(IdentityError::Interrupted),
            Err(error) => return Err(untold(format!("cannot be run: {error}"))),
        };
        if runner.is_interrupted() {
            return Err(IdentityError::Interrupted);
        }
        if !done.exit.is_success() {
            let said = String::from_utf8_lossy(&done.stderr);
            let last = said.lines().rfind(|line| !line.trim().is_empty());
            let last = last.map_or(String::new(), |line| format!(": {}", line.trim()));
            return Err(untold(format!("failed ({}){last}", done.exit)));
        }
        let text =
            String::from_utf8(done.stdout).map_err(|_| untold("did not print UTF-8 text".to_owned()))?;
        let who = runner.redactor().mask(text.trim()).into_owned();
        if who.is_empty() {
            return Err(untold("said nothing".to_owned()));
        }
        if !pattern.compile_matcher().is_match(text.trim()) {
            let (environment, command) = (self.environment.clone(), self.command());
            return Err(IdentityError::Other { environment, matches: matches.clone(), command, was: who });
        }
        Ok(without_session(&who).to_owned())
    }

    /// Asks again, and compares with what was said before.
    pub(super) fn ask_again(
        &self,
        then: Option<&str>,
        env: &BTreeMap<OsString, OsString>,
        runner: &Runner,
        says: &(dyn Fn(String) + Sync),
    ) -> Result<(), IdentityError> {
        let now = self.ask(&relevant(env), runner, says)?;
        match then {
            Some(then) if then != now => {
                Err(IdentityError::Changed { command: self.command(), then: then.to_owned(), now })
            }
            _ => Ok(()),
        }
    }
}

/// Asks once for each environment of processes that there is among the instances, and binds what they do to the answer;
/// gives what it said, without repetition.
pub fn identify<'w>(
    works: impl Iterator<Item = &'w mut Work>,
    identity: &Identity,
    runner: &Runner,
    says: &(dyn Fn(String) + Sync),
) -> Result<Vec<String>, IdentityError> {
    let mut known: Vec<(BTreeMap<OsString, OsString>, String)> = Vec::new();
    for work in works {
        let env = relevant(&work.target.env);
        let who = match known.iter().find(|(asked, _)| *asked == env) {
            Some((_, who)) => who.clone(),
            None => {
                let who = identity.ask(&env, runner, says)?;
                known.push((env, who.clone()));
                who
            }
        };
        work.ground.identity = Some(who);
        work.identity = Some(identity.clone());
    }
    let mut told: Vec<String> = known.into_iter().map(|(_, who)| who).collect();
    told.sort();
    told.dedup();
    Ok(told)
}

/// The environment without the values of variables: nobody is anybody else because of them.
fn relevant(env: &BTreeMap<OsString, OsString>) -> BTreeMap<OsString, OsString> {
    let is_value = |name: &OsString| name.to_str().is_some_and(|name| name.starts_with("TF_VAR_"));
    env.iter()
        .filter(|(name, _)| !is_value(name))
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect()
}

/// `arn:aws:sts::ACCOUNT:assumed-role/ROLE/SESSION` without the session; anything else as it is.
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
