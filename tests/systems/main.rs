//! Five systems of the design, end to end: real engines and states, and envctl as users run it.

#[macro_use(test)]
extern crate registered_test;

mod backend_keys;
mod demo;
mod directories;
mod hcl_files;
mod init;
mod promotion;
#[path = "../support/mod.rs"]
#[expect(dead_code, unused_imports, reason = "interrupts and the shop are for other suites")]
mod support;
mod terragrunt_live;
mod workspaces;
mod workspaces_automation;
mod workspaces_postgres;

fn main() -> std::process::ExitCode {
    support::registry::run()
}
