//! `envctl generate`: files for editors, shells and manuals.

use std::fs;

use anyhow::Context as _;
use camino::{Utf8Path, Utf8PathBuf};
use clap_complete::env::Shells;
use schemars::schema_for;

use crate::{
    config,
    graph::render::GraphDocument,
    model::{ErrorDocument, ExitStatus, Report},
    run::{Context, Usage, output_file},
};

/// Arguments of `envctl generate`.
pub enum Request {
    /// A JSON Schema.
    Schema(Document),
    /// The completions of a shell.
    Completions {
        /// Name of the shell.
        shell: String,
    },
    /// Man pages.
    Man {
        /// Definition of the command line.
        tree: Box<clap::Command>,
        /// Output folder; absent for the main page on standard output.
        dir: Option<Utf8PathBuf>,
    },
}

/// Document with a JSON Schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Document {
    /// environments.toml
    Environments,
    /// The report of a run.
    Report,
    /// `list --json`
    List,
    /// `runs list --json`
    Runs,
    /// `graph --format json`
    Graph,
    /// `config --json`
    Config,
    /// `check --json`
    Check,
    /// `output --json`
    Output,
    /// `status --json`
    Status,
    /// `doctor --json`
    Doctor,
    /// Error document of a verb with `--json`.
    Error,
}

/// Runs `envctl generate`.
pub fn run(context: &Context, request: Request) -> anyhow::Result<ExitStatus> {
    match request {
        Request::Schema(document) => {
            let mut text = serde_json::to_string_pretty(&schema(document))?;
            text.push('\n');
            context.printer.data(text)?;
        }
        Request::Completions { shell } => context.printer.data(completions(&shell)?)?,
        Request::Man { tree, dir } => match dir {
            Some(dir) => {
                let written = man_pages(*tree, &context.dir.join(dir))?;
                context.printer.say(format_args!("{written} man pages written"));
            }
            None => {
                let mut page = Vec::new();
                clap_mangen::Man::new(*tree).render(&mut page)?;
                context.printer.data(String::from_utf8(page)?)?;
            }
        },
    }
    Ok(ExitStatus::Success)
}

/// Returns the JSON Schema of a document.
pub fn schema(document: Document) -> serde_json::Value {
    match document {
        Document::Environments => config::json_schema(),
        Document::Report => schema_for!(Report).into(),
        Document::List => schema_for!(super::list::ListDocument).into(),
        Document::Runs => schema_for!(super::runs::RunsDocument).into(),
        Document::Graph => schema_for!(GraphDocument).into(),
        Document::Config => schema_for!(super::config::ConfigDocument).into(),
        Document::Check => schema_for!(super::check::CheckDocument).into(),
        Document::Output => schema_for!(super::output::OutputDocument).into(),
        Document::Status => schema_for!(super::status::StatusDocument).into(),
        Document::Doctor => schema_for!(super::doctor::DoctorDocument).into(),
        Document::Error => schema_for!(ErrorDocument).into(),
    }
}

/// Returns a completion script that calls envctl for candidates, so that names of environments and stacks complete.
fn completions(shell: &str) -> anyhow::Result<String> {
    let shells = Shells::builtins();
    let Some(completer) = shells.completer(shell) else {
        return Err(Usage::Other(format!("there are no completions for `{shell}`")).into());
    };
    let mut script = Vec::new();
    completer.write_registration("COMPLETE", "envctl", "envctl", "envctl", &mut script)?;
    Ok(String::from_utf8(script)?)
}

fn man_pages(mut tree: clap::Command, dir: &Utf8Path) -> anyhow::Result<usize> {
    fs::create_dir_all(dir).with_context(|| format!("cannot make `{dir}`"))?;
    tree.build();
    let mut written = 0;
    let mut waiting = vec![(String::from("envctl"), tree)];
    while let Some((name, command)) = waiting.pop() {
        for sub in command.get_subcommands() {
            waiting.push((format!("{name}-{}", sub.get_name()), sub.clone()));
        }
        let path = dir.join(format!("{name}.1"));
        let mut page = Vec::new();
        // The name of a page is the whole command, `envctl-plan`; clap requires an owned name.
        clap_mangen::Man::new(command.name(name)).render(&mut page)?;
        output_file::put(&path, &page, true).with_context(|| format!("cannot write `{path}`"))?;
        written += 1;
    }
    Ok(written)
}
