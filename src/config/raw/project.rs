//! `[project]`, and `[tofu]`, `[terraform]`, `[terragrunt]`.

use std::num::NonZeroUsize;

use super::{
    engine_flags::EngineFlag,
    field::Located,
    keywords::{DrivenEngine, EngineChoice},
    table::table,
    variable_pattern::BoundName,
    version::VersionConstraint,
};

table! {
    /// Name of the project, and defaults for all stacks.
    struct ProjectTable requires ["name"] {
        /// Value of the template name `{project}`.
        name: Option<Located<String>>,
        /// Engine of every stack without an `engine` of its own; `auto` decides for each stack by the files in its folder.
        engine: Option<EngineChoice>,
        /// Versions of envctl that may read environments.toml, as `>=0.1`.
        envctl_version: Option<Located<VersionConstraint>>,
    }
}

table! {
    /// Settings of one engine.
    struct EngineTable {
        /// Program: a name on PATH, or a path relative to environments.toml. Default: the engine's name.
        program: Option<Located<String>>,
        /// Allowed versions, in Terraform's constraint syntax.
        version: Option<Located<VersionConstraint>>,
        /// Highest number of processes of this engine at once.
        jobs: Option<NonZeroUsize>,
        /// Extra flags of `init`.
        init_args: Vec<EngineFlag>,
        /// Extra flags of `plan`.
        plan_args: Vec<EngineFlag>,
        /// Extra flags of `apply`.
        apply_args: Vec<EngineFlag>,
        /// Folder of the provider plugin cache.
        plugin_cache: Option<Located<String>>,
        /// Further environment variables that influence a provider, as `ACME_*`: plans of this engine are bound to them.
        bind: Vec<BoundName>,
        /// Engine that Terragrunt runs; only in `[terragrunt]`.
        drives: Option<Located<DrivenEngine>>,
    }
}
