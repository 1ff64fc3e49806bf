//! Migration of a state to the backend that the files and environments.toml configure, by the engine's own `init
//! -migrate-state`.
//!
//! The engine copies every workspace of the former backend and overwrites the state at the new address, without a question
//! if `-force-copy` is given. So envctl reads both backends first, each through a generated configuration in a private
//! folder, and writes the state to a backup.

use std::{ffi::OsString, io};

use camino::{Utf8Path, Utf8PathBuf};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::intent::{Intent, intent_of};
use crate::{
    engine::{
        EngineError, MovedAddress, Session, Target,
        driver::Invocation,
        messages::exit_error::command_error,
        next_command::exec_line,
        process::call::capture,
        state::{claims::claim_backend, lineage::moved_address},
        terraform::{
            backend_check::{configured_backend, is_other_backend},
            backend_record::{BackendRecord, RECORD},
            commands::Terraform,
            fingerprint::forget_init,
            workspace_list::workspaces,
        },
    },
    files,
    model::{Failure, FailureKind},
    process::{CommandLine, Exit, Stream},
};

/// File in an instance's folder with the record of the backend that an init replaced.
const FORMER: &str = "former-backend";

/// Hint on how the user moves a state without `init -migrate-state`.
pub(in crate::engine) const MANUAL_MOVE_HINT: &str =
    "move the state by `state pull` through the former backend and `state push` through the new one";

/// Reason why a migration to an address that an expression decides is refused.
pub(in crate::engine) const COMPUTED_ADDRESS: &str =
    "an expression decides where the state is, so envctl cannot check that place first";

/// States in one backend, as far as they matter to the migration of an instance.
struct BackendStates {
    /// Names of the workspaces.
    workspaces: Vec<String>,
    /// State of the instance's workspace; empty if there is none.
    state: Vec<u8>,
    /// True if the default workspace has a state that is not the instance's.
    has_default: bool,
}

/// Returns the address of a target's state in each of some backends, without credentials.
pub(in crate::engine) fn addresses<const N: usize>(
    target: &Target,
    backends: [&BackendRecord; N],
) -> [String; N] {
    backends.map(|backend| {
        backend
            .address(target, &target.dir)
            .unwrap_or_else(|| format!("a backend `{}`", backend.backend_type))
    })
}

/// Records the backend that an init is about to replace, for a migration from it.
pub(in crate::engine) fn keep_former(target: &Target, record: &BackendRecord) -> io::Result<()> {
    files::write(&target.state_dir.join(FORMER), record_text(record).as_bytes())
}

/// Runs a typed command by `run`. Before an `init -migrate-state` it prepares the migration, and afterwards it reports the
/// local state file that remains.
pub(in crate::engine) fn around_migration(
    engine: &Terraform,
    target: &Target,
    session: &Session<'_>,
    args: &[OsString],
    on_line: &mut dyn FnMut(Stream, &str),
    run: impl FnOnce(&[OsString], &mut dyn FnMut(Stream, &str)) -> Result<Exit, EngineError>,
) -> Result<Exit, EngineError> {
    if intent_of(args) != Intent::MigrateState {
        return run(args, on_line);
    }
    let (prepared, from) = prepare_migration(engine, target, args, session, on_line)?;
    let exit = run(&prepared, on_line)?;
    if exit.is_success() {
        note_old_file(&from, on_line);
    }
    Ok(exit)
}

/// Prepares a typed `init -migrate-state`: reads both backends, writes a backup, restores the record of the former backend.
/// Returns the arguments to run, and the former address of the state.
fn prepare_migration(
    engine: &Terraform,
    target: &Target,
    args: &[OsString],
    session: &Session<'_>,
    on_line: &mut dyn FnMut(Stream, &str),
) -> Result<(Vec<OsString>, String), EngineError> {
    let Some(new) = configured_backend(target) else {
        return refuse(COMPUTED_ADDRESS, MANUAL_MOVE_HINT);
    };
    let former = former_backend(target)?;
    if !is_other_backend(target, &former) {
        let address = former.address(target, &target.dir).unwrap_or(former.backend_type);
        return refuse(&format!("the state is at {address} already: there is nothing to migrate"), "");
    }
    // A data directory that was initialised by hand may hold the state of another instance.
    claim_backend(target, &former, &target.dir)
        .map_err(|failure| EngineError::WrongBackend(Failure { kind: FailureKind::Refused, ..failure }))?;
    let [from, to] = addresses(target, [&former, &new]);
    let before = read_states(engine, target, &former, "former", session)?;
    let own = target.workspace.as_deref().unwrap_or("default");
    let is_other = |name: &&str| *name != own && (*name != "default" || before.has_default);
    let others: Vec<&str> = before.workspaces.iter().map(String::as_str).filter(is_other).collect();
    if !others.is_empty() {
        let summary =
            format!("{from} has other workspaces as well, which would be copied too: {}", others.join(", "));
        return refuse(&summary, MANUAL_MOVE_HINT);
    }
    if before.state.is_empty() {
        return refuse(&format!("there is no state at {from}: there is nothing to migrate"), "");
    }
    let after = read_states(engine, target, &new, "stated", session)?;
    if !after.state.is_empty() {
        return refuse(
            &format!("there is a state at {to} already, which would be overwritten"),
            MANUAL_MOVE_HINT,
        );
    }
    let backup = write_backup(target, &before.state)?;
    on_line(Stream::Stderr, &format!("the state from {from} is kept in `{backup}`; it goes to {to}"));
    forget_init(target).map_err(|error| file_error(&target.state_dir, &error))?;
    restore_former(target, &former)?;
    // The confirmation of envctl replaces the question of the engine.
    let mut typed: Vec<OsString> = ["init", "-input=false", "-force-copy"].map(OsString::from).into();
    typed.extend(args.iter().skip(1).filter(|arg| !is_force_copy(arg)).cloned());
    Ok((typed, from))
}

/// Reports after a migration that the file of the former local state remains.
fn note_old_file(from: &str, on_line: &mut dyn FnMut(Stream, &str)) {
    let old = from.strip_prefix("local:").map(Utf8Path::new);
    if let Some(path) = old.filter(|path| path.metadata().is_ok_and(|file| file.len() > 0)) {
        let line =
            format!("the old file `{path}` stays: no engine removes it, and nothing reads it any more");
        on_line(Stream::Stderr, &line);
    }
}

/// Start of the error of an init that would have to move a local state to another backend but must not ask for it. Measured
/// on OpenTofu 1.12.6 and Terraform 1.11.4.
const NO_APPROVAL: &str = "Can't ask approval for state migration";

/// Returns the refusal of an init that would have to move the last known state, with the command that moves it; returns any
/// other error unchanged.
pub(in crate::engine) fn migration_needed(target: &Target, error: EngineError) -> EngineError {
    let EngineError::Failed(failure) = error else { return error };
    if !failure.summary.starts_with(NO_APPROVAL) {
        return EngineError::Failed(failure);
    }
    match moved_address(target) {
        Ok(Some(MovedAddress { from, to })) => {
            let summary =
                format!("the address of the state of `{}` is another one than before", target.instance);
            let detail = format!(
                "it lay at `{from}`\nthe address is `{to}` now\nhint: `{}` moves the state there",
                exec_line(target, &["init", "-migrate-state"])
            );
            EngineError::WrongBackend(Failure::new(FailureKind::Refused, summary).with_detail(detail))
        }
        Ok(None) => EngineError::Failed(failure),
        Err(unreadable) => EngineError::Failed(unreadable),
    }
}

/// Returns the refusal of a migration of a unit's state.
pub(in crate::engine) fn refuse_unit() -> EngineError {
    let summary = "a unit's state is not migrated here: Terragrunt decides where it is";
    let detail = "move it by `state pull` with the former `remote_state` and `state push` with the new one";
    EngineError::WrongBackend(Failure::new(FailureKind::Refused, summary).with_detail(detail))
}

fn is_force_copy(arg: &OsString) -> bool {
    arg.to_str().is_some_and(|arg| arg.trim_start_matches('-').split('=').next() == Some("force-copy"))
}

/// Returns the backend that a migration moves the state from: the initialised one, or, if an init has replaced it, the
/// recorded one.
pub(in crate::engine) fn former_backend(target: &Target) -> Result<BackendRecord, EngineError> {
    let read = |file: &Utf8Path| BackendRecord::read_file(file).map_err(|error| file_error(file, &error));
    let in_force = read(&target.data_dir.join(RECORD))?;
    if let Some(record) = in_force.as_ref().filter(|record| is_other_backend(target, record)) {
        return Ok(record.clone());
    }
    let kept = read(&target.state_dir.join(FORMER))?;
    Ok(kept.or(in_force).unwrap_or_else(BackendRecord::local))
}

/// Writes the record of the former backend to the data directory, so that the engine migrates from it; a local backend
/// without a block has no record.
fn restore_former(target: &Target, former: &BackendRecord) -> Result<(), EngineError> {
    let file = target.data_dir.join(RECORD);
    let put = if *former == BackendRecord::local() {
        files::remove_if_there(&file)
    } else {
        files::create_dirs(&target.data_dir)
            .and_then(|()| files::write(&file, record_text(former).as_bytes()))
    };
    put.map_err(|error| file_error(&file, &error))
}

/// Returns the content of the engine's record of a backend.
fn record_text(record: &BackendRecord) -> String {
    let backend = json!({ "type": record.backend_type, "config": record.config, "hash": 0 });
    json!({ "version": 3, "backend": backend }).to_string()
}

/// Reads the workspaces of a backend and the state of the instance's workspace, through a generated configuration.
fn read_states(
    engine: &Terraform,
    target: &Target,
    backend: &BackendRecord,
    name: &str,
    session: &Session<'_>,
) -> Result<BackendStates, EngineError> {
    let folder = session.log.with_extension(name);
    let configuration = json!({ "terraform": { "backend": { (&backend.backend_type): with_absolute_paths(target, backend) } } });
    let file = folder.join("main.tf.json");
    files::create_dirs(&folder)
        .and_then(|()| files::write(&file, configuration.to_string().as_bytes()))
        .map_err(|error| file_error(&file, &error))?;
    let run = |workspace: Option<&str>, args: &[&str]| {
        let mut command =
            CommandLine::new(engine.program().as_os_str(), folder.clone(), (*target.env).clone())
                .env("TF_DATA_DIR", folder.join(".terraform").as_os_str());
        command.env.remove(std::ffi::OsStr::new("TF_WORKSPACE"));
        if let Some(workspace) = workspace {
            command = command.env("TF_WORKSPACE", workspace);
        }
        let captured = capture(session, &command.args(args.iter().copied()))?;
        if captured.exit.is_success() {
            Ok(captured.stdout)
        } else {
            Err(command_error(Invocation::new(engine, target, session), &captured, args[0]))
        }
    };
    run(None, &["init", "-input=false", "-no-color"])?;
    let workspaces = workspaces(&String::from_utf8_lossy(&run(None, &["workspace", "list"])?));
    let own = target.workspace.as_deref().unwrap_or("default");
    let pull = |workspace: &str| {
        if !workspaces.iter().any(|name| name == workspace) {
            return Ok(Vec::new());
        }
        written_state(&run(Some(workspace), &["state", "pull", "-no-color"])?).map_err(|error| {
            let summary = format!("`state pull` from the {name} backend cannot be understood: {error}");
            EngineError::Failed(Failure::new(FailureKind::State, summary))
        })
    };
    let state = pull(own)?;
    let has_default = own != "default" && !pull("default")?.is_empty();
    Ok(BackendStates { workspaces, state, has_default })
}

/// Returns the state that an engine printed, without the warnings before it; empty if there is none. For a missing state an
/// engine prints nothing, or, from a remote backend, a state without a lineage.
fn written_state(printed: &[u8]) -> serde_json::Result<Vec<u8>> {
    #[derive(Deserialize)]
    struct WrittenState {
        lineage: String,
    }
    let starts = |at: &usize| printed[*at] == b'{' && (*at == 0 || printed[at - 1] == b'\n');
    let Some(start) = (0..printed.len()).find(starts) else { return Ok(Vec::new()) };
    let state = printed[start..].to_vec();
    let written: WrittenState = serde_json::from_slice(&state)?;
    Ok(if written.lineage.is_empty() { Vec::new() } else { state })
}

/// Returns the configuration of a backend with absolute paths, in the syntax of JSON configuration files.
fn with_absolute_paths(target: &Target, backend: &BackendRecord) -> Map<String, Value> {
    let mut config: Map<String, Value> = backend
        .config
        .iter()
        .filter(|(_, value)| !value.is_null())
        .map(|(key, value)| (key.clone(), escape_templates(value)))
        .collect();
    if backend.backend_type == "local" {
        for (key, default) in [("path", "terraform.tfstate"), ("workspace_dir", "terraform.tfstate.d")] {
            let path = backend.config.get(key).and_then(Value::as_str).unwrap_or(default);
            config.insert(key.to_owned(), escape_templates(&Value::from(target.dir.join(path).as_str())));
        }
    }
    config
}

/// Escapes the templates in the strings of a value.
fn escape_templates(value: &Value) -> Value {
    match value {
        Value::String(text) => Value::from(text.replace("${", "$${").replace("%{", "%%{")),
        Value::Array(items) => items.iter().map(escape_templates).collect(),
        Value::Object(members) => {
            members.iter().map(|(name, value)| (name.clone(), escape_templates(value))).collect()
        }
        other => other.clone(),
    }
}

/// Returns the folder of an instance's state backups.
pub(in crate::engine) fn backup_folder(target: &Target) -> Utf8PathBuf {
    let (home, instance) = (target.state_dir.ancestors().nth(3), target.state_dir.ancestors().nth(2));
    let below = instance.and_then(|instances| target.state_dir.strip_prefix(instances).ok());
    home.unwrap_or(&target.state_dir).join("backups").join(below.unwrap_or("".into()))
}

/// Writes a state backup to a new file, with mode 0600 in folders of mode 0700.
fn write_backup(target: &Target, state: &[u8]) -> Result<Utf8PathBuf, EngineError> {
    let folder = backup_folder(target);
    files::create_dirs(&folder).map_err(|error| file_error(&folder, &error))?;
    let now = Timestamp::now().strftime("%Y%m%dT%H%M%S.%fZ");
    let file = folder.join(format!("{now}.tfstate"));
    match files::write_new(&file, state) {
        Ok(true) => files::open_regular(&file).and_then(|written| written.sync_all()).map(|()| file.clone()),
        Ok(false) => Err(io::Error::from(io::ErrorKind::AlreadyExists)),
        Err(error) => Err(error),
    }
    .map_err(|error| file_error(&file, &error))
}

pub(in crate::engine) fn file_error(path: &Utf8Path, error: &io::Error) -> EngineError {
    EngineError::Failed(Failure::new(FailureKind::State, format!("cannot use `{path}`: {error}")))
}

pub(in crate::engine) fn refuse<T>(summary: &str, detail: &str) -> Result<T, EngineError> {
    Err(EngineError::WrongBackend(Failure::new(FailureKind::Refused, summary).with_detail(detail)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_that_was_never_written_counts_as_absent() {
        let read = |text: &str| written_state(text.as_bytes()).map(|state| String::from_utf8(state).unwrap());
        let state = "{\n  \"version\": 4, \"lineage\": \"l\"\n}\n";
        assert_eq!(read(state).unwrap(), state);
        assert_eq!(read(&format!("\nWarning: {{x}}\n\n{state}")).unwrap(), state);
        for none in ["", "\nWarning: x\n\n", "{\"version\":4,\"serial\":0,\"lineage\":\"\"}\n"] {
            assert_eq!(read(none).unwrap(), "", "{none}");
        }
        assert!(read("{\"encrypted_data\":\"x\"}").is_err());
        assert!(read("{\"version\":4").is_err());
    }

    #[test]
    fn texts_of_a_backend_are_no_templates_in_json() {
        let value = json!({ "a": "${x}", "b": ["%{y}", 1, true] });
        assert_eq!(escape_templates(&value), json!({ "a": "$${x}", "b": ["%%{y}", 1, true] }));
    }
}
