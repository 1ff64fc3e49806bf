//! `envctl init`: writes a first environments.toml for the stacks in the repository.

use anyhow::Context as _;
use camino::Utf8Path;

use crate::{
    config::{self, Config, FILE_NAME, Overrides},
    model::ExitStatus,
    run::{Context, Stopped, output_file},
    scaffold::InitDraft,
};

/// Line of a workspace that a person must name, and the line of one that is named.
const UNNAMED_WORKSPACE: &str = "\nworkspace = \"\" ";
const NAMED_WORKSPACE: &str = "\nworkspace = \"default\" ";

/// Arguments of `envctl init`.
#[derive(Debug, Clone, Copy)]
pub struct InitRequest {
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
    let survey = InitDraft::read(folder).map_err(|error| Stopped::configuration(error.to_string()))?;
    let Some(text) = &survey.toml else { return Err(no_stack_error(context, folder).into()) };
    // Checks that envctl accepts its own file, for any names of folders, once what is open is filled in.
    Config::from_text(&file, &text.replace(UNNAMED_WORKSPACE, NAMED_WORKSPACE), &Overrides::default())?;
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
    context.printer.say(format_args!("wrote `{}`", context.shown_path(&file)));
    context.printer.hint("read it through, then `envctl check`");
    Ok(ExitStatus::Success)
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
