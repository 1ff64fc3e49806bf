//! Support of the test suites: hermetic projects, the binary under test, the programs that it runs, and servers for
//! states.
//!
//! A suite includes it by `#[path = "../support/mod.rs"] mod support;`. It uses no code of envctl: tests assert on
//! the binary's exit code, its standard output and error, and on states and files.

mod bucket;
mod driven;
mod env;
mod fetched;
mod http;
mod launch;
mod live;
mod postgres;
mod programs;
mod project;
pub(crate) mod registry;
mod report;
mod run;
mod running;
mod s3;
mod script;
mod shop;
mod snapshot;
mod state;
mod terminal;
mod typed;

pub(crate) use self::{
    bucket::{AUTHORITY, Bucket},
    driven::Driven,
    env::Env,
    fetched::{Fetched, resource},
    launch::hermetic,
    live::{Live, UnitEngine, app_unit, remote_state, unit_project},
    postgres::Postgres,
    programs::{Program, programs},
    project::Project,
    report::Report,
    run::Run,
    running::{Running, wait_for_process_end},
    s3::S3Server,
    script::script,
    shop::{ENVIRONMENTS, Shop, error, plain},
    snapshot::redacted,
    state::State,
    terminal::{IdleTerminal, Streams, Terminal},
};
