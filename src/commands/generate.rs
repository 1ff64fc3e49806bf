//! `envctl generate`: files for editors, shells and manuals.

use std::fs;

use anyhow::Context as _;
use camino::{Utf8Path, Utf8PathBuf};
use clap::ValueEnum;
use clap_complete::env::Shells;
use schemars::schema_for;

use crate::{
    config,
    graph::render::GraphDocument,
    model::{ErrorDocument, ExitStatus, Report},
    run::{Context, Usage, output_file},
};

/// Arguments of `envctl generate`.
pub enum GenerateRequest {
    /// Prints a JSON Schema.
    Schema(SchemaDocument),
    /// The completions of a shell.
    Completions {
        /// Name of the shell.
        shell: String,
    },
    /// Writes man pages.
    Man {
        /// Definition of the command line.
        tree: Box<clap::Command>,
        /// Output folder; `None` for the main page on standard output.
        dir: Option<Utf8PathBuf>,
    },
}

/// Document with a JSON Schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum SchemaDocument {
    /// File environments.toml.
    Environments,
    /// `--json` of plan, deploy and destroy, `--report`, `runs show --json`
    Report,
    /// Output of `envctl list --json`.
    List,
    /// Output of `envctl runs list --json`.
    Runs,
    /// Output of `envctl graph --format json`.
    Graph,
    /// Output of `envctl config --json`.
    Config,
    /// Output of `envctl check --json`.
    Check,
    /// Output of `envctl output --json`.
    Output,
    /// Output of `envctl status --json`.
    Status,
    /// Output of `envctl doctor --json`.
    Doctor,
    /// Error document that any `--json` prints when the verb fails
    Error,
}

/// Runs `envctl generate`.
pub fn run(context: &Context, request: GenerateRequest) -> anyhow::Result<ExitStatus> {
    match request {
        GenerateRequest::Schema(document) => {
            let mut text = serde_json::to_string_pretty(&schema(document))?;
            text.push('\n');
            context.printer.data(text)?;
        }
        GenerateRequest::Completions { shell } => context.printer.data(completions(&shell)?)?,
        GenerateRequest::Man { tree, dir } => match dir {
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
pub fn schema(document: SchemaDocument) -> serde_json::Value {
    match document {
        SchemaDocument::Environments => config::json_schema(),
        SchemaDocument::Report => schema_for!(Report).into(),
        SchemaDocument::List => schema_for!(super::list::ListDocument).into(),
        SchemaDocument::Runs => schema_for!(super::runs::RunsDocument).into(),
        SchemaDocument::Graph => schema_for!(GraphDocument).into(),
        SchemaDocument::Config => schema_for!(super::config::ConfigDocument).into(),
        SchemaDocument::Check => schema_for!(super::check::CheckDocument).into(),
        SchemaDocument::Output => schema_for!(super::output::OutputDocument).into(),
        SchemaDocument::Status => schema_for!(super::status::StatusDocument).into(),
        SchemaDocument::Doctor => schema_for!(super::doctor::DoctorDocument).into(),
        SchemaDocument::Error => schema_for!(ErrorDocument).into(),
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
        output_file::write_atomically(&path, &page, true)
            .with_context(|| format!("cannot write `{path}`"))?;
        written += 1;
    }
    Ok(written)
}
