//! environments.toml: finds the file, reads it, merges its layers and validates the result.
//!
//! A configuration from this module is valid in itself; modules of higher layers check it against the stacks' files. `raw/`
//! has one file for each table as written; `environments`, `stacks` and `instance` merge layers; `expand` replaces `{names}`
//! in templates; `validate/` checks tables against each other; `support` lists the keys that this version does not honour
//! yet.

#[expect(clippy::module_inception, reason = "the file is named after its type `Config`")]
mod config;
mod convert;
mod discover;
mod engines;
mod environment_scope;
mod environments;
mod expand;
mod find;
mod guards;
mod inputs;
mod instance;
mod load;
mod origin;
mod output_path;
mod overrides;
mod path_pattern;
mod raw;
mod schema;
mod settings;
mod stacks;
mod support;
mod unsets;
mod validate;

pub use config::{Config, UnknownEnvironment};
pub use environment_scope::EnvironmentScope;
pub use expand::BUILT_IN_TEMPLATE_NAMES;
pub use find::{FILE_NAME, find};
pub use guards::{DenyRule, Guards, IdentityGuard, Window};
pub use load::ConfigError;
pub(crate) use origin::toml_key;
pub use origin::{Layer, Origin, Scope, Value};
pub use overrides::{ENGINE_VARIABLE, KEY_VARIABLES, Overrides, program_variable, sets_environment};
pub use path_pattern::{InvalidDiscoveryPattern, PathPattern};
pub use raw::duration::{duration_word, parse_duration};
pub use raw::version::{InvalidConstraint, VersionConstraint};
pub use schema::json_schema;
pub use settings::{
    BackendPair, Discover, EngineSettings, EnvSource, EnvVar, Environment, Hooks, MockOutput, OutputPath,
    Project, Secret, SecretSource, Settings, Stack, StackFile, StackReference, VariableValue,
};
pub use support::{Unsupported, VerbClass};
