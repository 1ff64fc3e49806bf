//! Files of an engine's own, beside those of the project, that a plan is bound to.

use std::{collections::BTreeMap, io};

use camino::Utf8Path;

use super::{
    EngineProgram, PackageDigest, PlanFileError, Target,
    packages::{fetched_packages, unit_package},
    plan_variables::ephemeral_variables,
    terraform::Terraform,
    terragrunt::Terragrunt,
    unit_folders::folder_in_use,
};

/// Content that an engine brings to a plan: its programs, and the modules that it fetched.
pub trait BoundContent {
    /// Returns the programs that run when the engine does, as they are now: itself, and the one that it drives.
    fn programs(&self) -> io::Result<Vec<EngineProgram>>;

    /// Returns the packages of modules that were fetched for an instance, by what they are to it, as they are now: none before an init.
    fn packages(&self, target: &Target) -> io::Result<BTreeMap<String, PackageDigest>>;

    /// Returns the names of the ephemeral variables that a plan was made with, whose values its apply needs again.
    fn ephemeral_variables(&self, plan: &Utf8Path) -> Result<Vec<String>, PlanFileError>;

    /// Returns true if a plan fetches modules itself, so that those count which it left.
    fn fetches_while_planning(&self) -> bool {
        false
    }
}

impl BoundContent for Terraform {
    fn programs(&self) -> io::Result<Vec<EngineProgram>> {
        Ok(vec![EngineProgram::of("engine program", &self.installed, &self.digests)?])
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
            EngineProgram::of("engine program", &self.installed, &self.digests)?,
            EngineProgram::of("driven engine program", &self.driven, &self.digests)?,
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
