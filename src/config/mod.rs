//! environments.toml: found, read as written, resolved through its layers, validated as a whole.
//!
//! What this room hands out cannot be wrong in itself; whether it fits the stacks' files is for the rooms above.

mod settings;

pub use settings::{
    BackendPair, Discover, EngineSettings, EnvSource, EnvVar, Environment, Hooks, Layer, MockOutput, Origin,
    OutputPath, Project, Scope, SecretSource, Settings, Stack, Value, VarFile,
};
