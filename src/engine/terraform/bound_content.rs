//! Programs and fetched modules of an engine that a plan is bound to, in addition to the files of the project.

use std::{collections::BTreeMap, io};

use camino::Utf8Path;

use super::{
    commands::Terraform,
    packages::{fetched_packages, unit_package},
};
use crate::engine::{
    EngineProgram, PackageDigest, PlanFileError, Target,
    plan_file::plan_variables::ephemeral_variables,
    terragrunt::{commands::Terragrunt, unit_folders::folder_in_use},
};

/// Content that an engine brings to a plan: its programs, and the modules that it fetched.
pub trait BoundContent {
    /// Returns the engine's program and the one that it drives, with their current digests.
    fn programs(&self) -> io::Result<Vec<EngineProgram>>;

    /// Returns the digests of the module packages that were fetched for an instance, by their role; empty before an init.
    fn packages(&self, target: &Target) -> io::Result<BTreeMap<String, PackageDigest>>;

    /// Returns the names of the ephemeral variables of a plan file: the apply needs their values again.
    fn ephemeral_variables(&self, plan: &Utf8Path) -> Result<Vec<String>, PlanFileError>;

    /// Returns true if planning itself fetches modules, so that a plan is bound to the modules that were there after it.
    fn fetches_while_planning(&self) -> bool {
        false
    }
}

impl BoundContent for Terraform {
    fn programs(&self) -> io::Result<Vec<EngineProgram>> {
        Ok(vec![EngineProgram::with_digest("engine program", &self.installed, &self.digests)?])
    }

    fn packages(&self, target: &Target) -> io::Result<BTreeMap<String, PackageDigest>> {
        fetched_packages(&target.data_dir, &target.dir, &self.digests)
    }

    fn ephemeral_variables(&self, plan: &Utf8Path) -> Result<Vec<String>, PlanFileError> {
        ephemeral_variables(plan, self.installed.name)
    }
}

impl BoundContent for Terragrunt {
    fn programs(&self) -> io::Result<Vec<EngineProgram>> {
        Ok(vec![
            EngineProgram::with_digest("engine program", &self.installed, &self.digests)?,
            EngineProgram::with_digest("driven engine program", &self.driven, &self.digests)?,
        ])
    }

    fn packages(&self, target: &Target) -> io::Result<BTreeMap<String, PackageDigest>> {
        let folder = folder_in_use(target)?;
        let mut packages = fetched_packages(&folder.join(".terraform"), &folder, &self.digests)?;
        let own = unit_package(&folder, &target.dir, &self.digests)?;
        packages.extend(own.map(|own| ("unit source".to_owned(), own)));
        Ok(packages)
    }

    fn ephemeral_variables(&self, plan: &Utf8Path) -> Result<Vec<String>, PlanFileError> {
        ephemeral_variables(plan, self.driven.name)
    }

    fn fetches_while_planning(&self) -> bool {
        true
    }
}
