//! Verbs, one file each: arguments, help texts, and conversion into the request.

mod apply;
mod check;
mod config;
mod deploy;
mod destroy;
mod doctor;
mod exec;
mod generate;
mod graph;
mod init;
mod list;
mod output;
mod plan;
mod resume;
mod runs;
mod shell;
mod status;

pub(super) use apply::Apply;
pub(super) use check::Check;
pub(super) use config::Config;
pub(super) use deploy::Deploy;
pub(super) use destroy::Destroy;
pub(super) use doctor::Doctor;
pub(super) use exec::Exec;
pub(super) use generate::{Generate, SchemaOf, What};
pub(super) use graph::Graph;
pub(super) use init::Init;
pub(super) use list::List;
pub(super) use output::Output;
pub(super) use plan::Plan;
pub(super) use runs::Runs;
pub(super) use shell::Shell;
pub(super) use status::Status;
