//! Values of the variables of a plan, read from the plan file without a process.
//!
//! Source: `planfile.proto` of OpenTofu 1.12 and Terraform 1.11 (`variables`).

use std::{
    collections::{BTreeMap, HashMap},
    ffi::OsString,
};

use camino::Utf8Path;
use prost::Message;
use serde_json::Value;

use super::{
    dynamic_value::{DynamicValue, decode_with_type},
    metadata::plan_of,
};
use crate::{
    engine::{
        PlanFileError, Target,
        layout::{auto_var_files, is_unit_file},
        program::installed::InstalledEngine,
    },
    files,
    model::{EngineName, Failure, FailureKind},
};

#[derive(Message)]
struct VariablesMessage {
    #[prost(map = "string, message", tag = "2")]
    variables: HashMap<String, DynamicValue>,
}

/// Ephemeral variables in a plan file of OpenTofu.
#[derive(Message)]
struct OpenTofuVariables {
    #[prost(string, repeated, tag = "22")]
    ephemeral_variables: Vec<String>,
}

/// Ephemeral variables in a plan file of Terraform, whose field 22 holds results of functions.
#[derive(Message)]
struct TerraformVariables {
    #[prost(string, repeated, tag = "28")]
    apply_time_variables: Vec<String>,
}

/// Returns the variables of a plan as they were set; ephemeral ones and those that cannot be decoded are left out.
pub fn plan_variables(path: &Utf8Path) -> Result<BTreeMap<String, Value>, PlanFileError> {
    let broken = |error: prost::DecodeError| PlanFileError::Broken {
        path: path.to_owned(),
        reason: error.to_string(),
    };
    let plan = VariablesMessage::decode(plan_of(path)?.as_slice()).map_err(broken)?;
    let known = plan
        .variables
        .into_iter()
        .filter_map(|(name, value)| Some((name, decode_with_type(&value.msgpack)?)));
    Ok(known.collect())
}

/// Returns the sorted names of the ephemeral variables of a plan: their values are in no plan file, and the apply needs them
/// again. `engine` is OpenTofu or Terraform.
///
/// Measured on OpenTofu 1.12.6 and Terraform 1.11.4: a variable that was not set is left out.
pub(in crate::engine) fn ephemeral_variables(
    path: &Utf8Path,
    engine: EngineName,
) -> Result<Vec<String>, PlanFileError> {
    let broken = |error: prost::DecodeError| PlanFileError::Broken {
        path: path.to_owned(),
        reason: error.to_string(),
    };
    let plan = plan_of(path)?;
    let mut names = match engine {
        EngineName::Tofu => OpenTofuVariables::decode(plan.as_slice()).map_err(broken)?.ephemeral_variables,
        EngineName::Terraform | EngineName::Terragrunt => {
            TerraformVariables::decode(plan.as_slice()).map_err(broken)?.apply_time_variables
        }
    };
    names.sort();
    Ok(names)
}

/// First version of OpenTofu with ephemeral variables.
const EPHEMERAL_SINCE: (u64, u64) = (1, 11);

/// Returns true if an apply of a plan needs the var files of the plan again: if the plan has ephemeral variables, or if
/// OpenTofu would compare the plan with a value that the var files override.
///
/// Both engines compare values that they are given at apply with those in the plan, and accept equal ones. Measured on
/// OpenTofu 1.12.6 and Terraform 1.11.4. OpenTofu also compares values of its environment and of var files that it loads by
/// their names.
pub(in crate::engine) fn takes_var_files(
    core: &InstalledEngine,
    target: &Target,
    plan: &Utf8Path,
) -> Result<bool, Failure> {
    if core.name == EngineName::Tofu && core.is_at_least(EPHEMERAL_SINCE) && may_have_other_values(target) {
        return Ok(true);
    }
    match ephemeral_variables(plan, core.name) {
        Ok(names) => Ok(!names.is_empty()),
        // Only OpenTofu encrypts plans, and only the engine can decrypt them.
        Err(PlanFileError::Opaque { .. }) => {
            Ok(core.name == EngineName::Tofu && core.is_at_least(EPHEMERAL_SINCE))
        }
        Err(error) => Err(Failure::new(FailureKind::Engine, error.to_string())),
    }
}

/// Returns true if the variables of an instance may get values from outside of its var files: from the environment, a var file
/// that engines load by its name, or the unit.
fn may_have_other_values(target: &Target) -> bool {
    let names = files::entry_names_if_readable(&target.dir);
    let is_variable = |name: &OsString| name.to_string_lossy().starts_with("TF_VAR_");
    target.env.keys().any(is_variable)
        || names.iter().any(|name| is_unit_file(name))
        || !auto_var_files(names.iter().map(String::as_str)).is_empty()
}
