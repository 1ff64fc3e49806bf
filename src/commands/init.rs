//! `envctl init`: writes a first environments.toml for the stacks in the repository.

use std::collections::BTreeMap;

use anyhow::Context as _;
use camino::{Utf8Path, Utf8PathBuf};

use crate::{
    config::{self, Config, FILE_NAME, Overrides},
    files::normalised,
    model::{EnvName, ExitStatus},
    run::{Context, Stopped, Usage, output_file},
    scaffold::{InitDraft, OpenDecision},
};

/// Line of a workspace that a person must name, and the line of one that is named.
const UNNAMED_WORKSPACE: &str = "\nworkspace = \"\" ";
const NAMED_WORKSPACE: &str = "\nworkspace = \"default\" ";

/// Name of the JSON Schema beside the file, which the file's first line refers to.
const SCHEMA_FILE: &str = "environments.schema.json";

/// Maximum number of open decisions that are shown.
const SHOWN_DECISIONS: usize = 8;

/// Maximum number of characters that are shown of a decision; the file has the rest.
const SHOWN_CHARACTERS: usize = 150;

/// Arguments of `envctl init`.
#[derive(Debug, Clone)]
pub struct InitRequest {
    /// Environments that the user named, each as `NAME=FOLDER`.
    pub environments: Vec<String>,
    /// True if the file is printed instead of written.
    pub print: bool,
    /// True if an existing file is replaced.
    pub force: bool,
}

/// Writes the file into the working directory, or to the path of `--config`.
pub fn run(context: &Context, request: &InitRequest) -> anyhow::Result<ExitStatus> {
    let file = context
        .config_path
        .as_ref()
        .map_or_else(|| context.dir.join(FILE_NAME), |path| context.dir.join(path));
    let folder = file.parent().unwrap_or(&context.dir);
    let replaces = request.print || request.force;
    if !replaces && file.symlink_metadata().is_ok() {
        return Err(file_exists_error(context, &file).into());
    }
    let named = named_environments(context, folder, &request.environments)?;
    let survey =
        InitDraft::read(folder, &named).map_err(|error| Stopped::configuration(error.to_string()))?;
    let Some(text) = &survey.toml else {
        survey.notes.iter().for_each(|note| context.printer.say(note));
        return Err(no_stack_error(context, folder).into());
    };
    // Checks that envctl accepts its own file, for any names of folders, once what is open is filled in.
    Config::from_text(&file, text.replace(UNNAMED_WORKSPACE, NAMED_WORKSPACE), &Overrides::default())?;
    for note in &survey.notes {
        context.printer.say(note);
    }
    for warning in &survey.warnings {
        context.printer.warn(warning);
    }
    if request.print {
        context.printer.data(text)?;
        return Ok(ExitStatus::Success);
    }
    if let Some(above) = folder.parent().and_then(config::find) {
        let (here, above) = (context.shown_path(&file), context.shown_path(&above));
        context
            .printer
            .note(format_args!("in this folder and below `{here}` is used from now on, not `{above}`"));
    }
    let written = output_file::write_atomically(&file, text.as_bytes(), request.force);
    if !written.with_context(|| format!("cannot write `{file}`"))? {
        return Err(file_exists_error(context, &file).into());
    }
    let schema = folder.join(SCHEMA_FILE);
    let mut schema_text = serde_json::to_string_pretty(&config::json_schema())?;
    schema_text.push('\n');
    let has_schema = output_file::write_atomically(&schema, schema_text.as_bytes(), request.force)
        .with_context(|| format!("cannot write `{schema}`"))?;
    let (shown, shown_schema) = (context.shown_path(&file), context.shown_path(&schema));
    if has_schema {
        context.printer.say(format_args!("wrote `{shown}`, and `{shown_schema}` for editors"));
    } else {
        context.printer.say(format_args!("wrote `{shown}`; `{shown_schema}` is there already and was left"));
    }
    say_decisions(context, &shown, &survey.decisions);
    let environment = survey.first_environment.as_deref().unwrap_or("ENV");
    context.printer.hint(format_args!(
        "read it through, then `envctl check`, `envctl plan {environment}`, `envctl deploy {environment}`"
    ));
    Ok(ExitStatus::Success)
}

/// Prints the lines of the written file that a person must decide.
fn say_decisions(context: &Context, file: &Utf8Path, decisions: &[OpenDecision]) {
    if decisions.is_empty() {
        return;
    }
    context.printer.say(format_args!("to decide in `{file}`:"));
    for decision in decisions.iter().take(SHOWN_DECISIONS) {
        let shown: String = decision.text.chars().take(SHOWN_CHARACTERS).collect();
        let rest = if shown.len() < decision.text.len() { "…" } else { "" };
        context.printer.say(format_args!("  line {}: {shown}{rest}", decision.line));
    }
    if decisions.len() > SHOWN_DECISIONS {
        let more = decisions.len() - SHOWN_DECISIONS;
        context.printer.say(format_args!("  {more} more: search the file for `to decide` and `…`"));
    }
}

/// Parses the environments that the user named, and returns them by their folders, relative to that of the file.
fn named_environments(
    context: &Context,
    folder: &Utf8Path,
    texts: &[String],
) -> anyhow::Result<BTreeMap<Utf8PathBuf, String>> {
    let mut named = BTreeMap::new();
    for text in texts {
        let wrong = |reason: String| Usage::Other(format!("`--env {text}`: {reason}"));
        let (name, path) =
            text.split_once('=').ok_or_else(|| wrong("write it as `--env NAME=FOLDER`".to_owned()))?;
        name.parse::<EnvName>().map_err(|error| wrong(error.to_string()))?;
        let absolute = normalised(&context.dir.join(path));
        if !absolute.is_dir() {
            return Err(wrong(format!("there is no folder `{path}`")).into());
        }
        let below = absolute.strip_prefix(folder).ok().filter(|below| !below.as_str().is_empty());
        let Some(below) = below else {
            return Err(wrong(format!("`{path}` is not below the folder of the written file")).into());
        };
        if let Some(other) = named.insert(below.to_owned(), name.to_owned()) {
            return Err(wrong(format!("`{path}` is named for `{other}` too")).into());
        }
    }
    Ok(named)
}

fn file_exists_error(context: &Context, file: &Utf8Path) -> Stopped {
    Stopped::refused(format!("`{}` is there already", context.shown_path(file)))
        .hint("`envctl init --print` shows what a new one would be, `envctl init --force` replaces it")
}

fn no_stack_error(context: &Context, folder: &Utf8Path) -> Stopped {
    let folder = context.shown_path(folder);
    let place = if folder.as_str().is_empty() { "here".to_owned() } else { format!("in `{folder}`") };
    Stopped::configuration(format!("there is no stack {place} or below"))
        .hint("looked for: folders of `*.tf` or `*.tofu` files that are no modules of others, and `terragrunt.hcl`")
        .hint("not looked into: git-ignored folders, `examples`, `fixtures`, `tests`, `vendor`")
}
