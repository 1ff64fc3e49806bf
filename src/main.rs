//! The `envctl` program: parse, run, return the exit code.

use std::process::ExitCode;

fn main() -> ExitCode {
    envctl::cli::run(std::env::args_os())
}
