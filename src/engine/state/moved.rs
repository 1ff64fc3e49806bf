//! Addresses between which a typed `init` moves a state, shown before the user confirms the command.

use std::ffi::OsString;

use camino::Utf8PathBuf;

use super::lineage::recorded_state;
use crate::{
    engine::{
        EngineError, Target,
        terraform::{
            backend_check::{configured_backend, is_other_backend},
            backend_record::{BackendRecord, RECORD},
        },
        typed_command::{
            intent::{Intent, intent_of},
            migrating::{
                COMPUTED_ADDRESS, MANUAL_MOVE_HINT, addresses, backup_folder, file_error, former_backend,
                refuse,
            },
        },
    },
    model::StackId,
};

/// Text in place of an address that an expression decides.
pub const UNKNOWN_ADDRESS: &str = "unknown: an expression decides it";

/// Addresses between which a typed `init` moves the state of an instance, without credentials.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StateMove {
    /// Stack of the instance.
    pub stack: StackId,
    /// Present address of the state.
    pub from: String,
    /// Address that the files and environments.toml configure; `None` if an expression decides it.
    pub to: Option<String>,
    /// Folder for a backup of the state; `None` if the command does not copy the state.
    pub backup: Option<Utf8PathBuf>,
}

/// Returns the addresses between which a typed `init -migrate-state` or `init -reconfigure` moves the state; `None` if they
/// are equal, if no former address is known, or for any other command. Refuses a migration to an address that an expression
/// decides.
pub(in crate::engine) fn state_move(
    target: &Target,
    args: &[OsString],
) -> Result<Option<StateMove>, EngineError> {
    let migrates = match intent_of(args) {
        Intent::MigrateState => true,
        Intent::Unclassified { command, .. } if command == "`init -reconfigure`" => false,
        _ => return Ok(None),
    };
    let Some(new) = configured_backend(target) else {
        let Some(from) = recorded_address(target)? else {
            return if migrates { refuse(COMPUTED_ADDRESS, MANUAL_MOVE_HINT) } else { Ok(None) };
        };
        if migrates {
            return refuse(
                COMPUTED_ADDRESS,
                &format!("from    {from}\nto      {UNKNOWN_ADDRESS}\n{MANUAL_MOVE_HINT}"),
            );
        }
        return Ok(Some(StateMove { stack: target.instance.stack.clone(), from, to: None, backup: None }));
    };
    let former = former_backend(target)?;
    if !is_other_backend(target, &former) {
        return Ok(None);
    }
    let [from, to] = addresses(target, [&former, &new]);
    let backup = migrates.then(|| backup_folder(target));
    Ok(Some(StateMove { stack: target.instance.stack.clone(), from, to: Some(to), backup }))
}

/// Returns the address of the last known state, else of the backend in force; `None` if neither is known.
fn recorded_address(target: &Target) -> Result<Option<String>, EngineError> {
    let known = recorded_state(&target.state_dir).map_err(EngineError::Failed)?;
    if let Some(address) = known.and_then(|state| state.address) {
        return Ok(Some(address));
    }
    let file = target.data_dir.join(RECORD);
    let in_force = BackendRecord::read_file(&file).map_err(|error| file_error(&file, &error))?;
    Ok(in_force.map(|record| {
        let [address] = addresses(target, [&record]);
        address
    }))
}
