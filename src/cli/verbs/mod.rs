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

pub(super) use apply::ApplyArgs;
pub(super) use check::CheckArgs;
pub(super) use config::ConfigArgs;
pub(super) use deploy::DeployArgs;
pub(super) use destroy::DestroyArgs;
pub(super) use doctor::DoctorArgs;
pub(super) use exec::ExecArgs;
pub(super) use generate::GenerateArgs;
pub(super) use graph::GraphArgs;
pub(super) use init::InitArgs;
pub(super) use list::ListArgs;
pub(super) use output::OutputArgs;
pub(super) use plan::PlanArgs;
pub(super) use runs::RunsArgs;
pub(super) use shell::ShellArgs;
pub(super) use status::StatusArgs;
