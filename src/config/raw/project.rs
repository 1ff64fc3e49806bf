//! `[project]`, and `[tofu]`, `[terraform]`, `[terragrunt]`.

use std::num::NonZeroUsize;

use super::{
    engine_flags::EngineFlag,
    field::Placed,
    table::{plain_table, table},
    variable_pattern::BoundName,
    version::VersionConstraint,
    words::{DrivenEngine, EngineChoice},
};

table! {
    /// What the file is for.
    struct ProjectTable {
        /// The template value `{project}`.
        name: Option<Placed<String>>,
        /// The engine of every stack that names none; `auto` decides by evidence, per stack.
        engine: Option<EngineChoice>,
        /// The versions of envctl that may read this file, as `>=0.1`.
        envctl_version: Option<Placed<VersionConstraint>>,
    }
}

table! {
    /// How one engine is run.
    struct EngineTable {
        /// The program: a name on PATH, or a path relative to this file. Default: the engine's name.
        program: Option<Placed<String>>,
        /// The versions that may be used, in Terraform's constraint grammar.
        version: Option<Placed<VersionConstraint>>,
        /// How many processes of this engine may run at once.
        jobs: Option<NonZeroUsize>,
        /// Extra flags of `init`.
        init_args: Vec<EngineFlag>,
        /// Extra flags of `plan`.
        plan_args: Vec<EngineFlag>,
        /// Extra flags of `apply`.
        apply_args: Vec<EngineFlag>,
        /// The provider plugin cache.
        plugin_cache: Option<Placed<String>>,
        /// More variables that decide what a provider does, as `ACME_*`: plans of this engine are bound to them.
        bind: Vec<BoundName>,
        /// For Terragrunt: the engine that it drives.
        drives: Option<Placed<DrivenEngine>>,
    }
}

plain_table!(ProjectTable["name"], EngineTable);
