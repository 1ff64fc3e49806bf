//! `envctl generate`

use camino::Utf8PathBuf;
use clap::{Args, Subcommand, ValueEnum, ValueHint};
use clap_complete::Shell;

/// Generate files: schemas, completions, man pages
#[derive(Debug, Args)]
pub(in crate::cli) struct Generate {
    #[command(subcommand)]
    pub(in crate::cli) what: What,
}

impl Generate {
    /// Returns true if the command writes files and does not only print.
    pub(in crate::cli) fn writes(&self) -> bool {
        matches!(&self.what, What::Man { dir: Some(_) })
    }
}

#[derive(Debug, Subcommand)]
pub(in crate::cli) enum What {
    /// Print a JSON Schema
    #[command(after_help = "Examples:
  envctl generate schema > environments.schema.json
  envctl generate schema report")]
    Schema {
        /// Of what.
        #[arg(value_enum, default_value_t = SchemaOf::Environments)]
        of: SchemaOf,
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

/// Documents with a JSON Schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum SchemaOf {
    /// environments.toml
    Environments,
    /// `--json` of plan, deploy and destroy, `--report`, `runs show --json`
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
    /// Error document that any `--json` prints when the verb fails
    Error,
}
