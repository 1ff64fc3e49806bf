//! Verbs of the command line, one file each: load, select, act, report. Code of several verbs is in the other files.

pub mod apply;
pub mod check;
pub mod config;
pub mod deploy;
pub mod destroy;
pub mod doctor;
pub mod exec;
pub mod gc;
pub mod generate;
pub mod graph;
pub mod init;
pub mod list;
pub mod output;
pub mod plan;
pub mod resume;
pub mod runs;
pub mod shell;
pub mod status;
