//! Command-line arguments of `envctl generate`.

use camino::Utf8PathBuf;
use clap::{Args, CommandFactory as _, Subcommand, ValueHint};
use clap_complete::Shell;

use crate::{
    cli::app::App,
    commands::generate::{GenerateRequest, SchemaDocument},
};

/// Generate files: schemas, completions, man pages
#[derive(Debug, Args)]
pub(in crate::cli) struct GenerateArgs {
    #[command(subcommand)]
    verb: GenerateVerb,
}

impl GenerateArgs {
    /// Returns true if the command writes files and does not only print.
    pub(in crate::cli) fn writes(&self) -> bool {
        matches!(&self.verb, GenerateVerb::Man { dir: Some(_) })
    }
}

#[derive(Debug, Subcommand)]
enum GenerateVerb {
    /// Print a JSON Schema
    #[command(after_help = "Examples:
  envctl generate schema > environments.schema.json
  envctl generate schema report")]
    Schema {
        /// Of what.
        #[arg(value_enum, default_value_t = SchemaDocument::Environments)]
        of: SchemaDocument,
    },
    /// Print the completions of a shell
    #[command(after_help = "Examples:
  envctl generate completions bash > ~/.local/share/bash-completion/completions/envctl
  envctl generate completions zsh > ~/.zfunc/_envctl")]
    Completions {
        /// The shell.
        #[arg(value_enum)]
        shell: Shell,
    },
    /// Write man pages, one a verb, into a folder
    Man {
        /// The folder; without one the main page is printed.
        #[arg(value_name = "DIR", value_hint = ValueHint::DirPath)]
        dir: Option<Utf8PathBuf>,
    },
}

impl From<GenerateArgs> for GenerateRequest {
    fn from(args: GenerateArgs) -> Self {
        match args.verb {
            GenerateVerb::Schema { of } => Self::Schema(of),
            GenerateVerb::Completions { shell } => Self::Completions { shell: shell.to_string() },
            GenerateVerb::Man { dir } => Self::Man { tree: Box::new(App::command()), dir },
        }
    }
}
