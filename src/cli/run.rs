//! Parses the command line, runs the verb, and turns its result into an exit code.

use std::{
    collections::BTreeMap,
    ffi::{OsStr, OsString},
    io,
    panic::{self, AssertUnwindSafe},
    process::ExitCode,
    sync::Arc,
};

use camino::Utf8PathBuf;
use clap::{CommandFactory, Parser, error::ErrorKind};
use clap_complete::CompleteEnv;

use super::{
    app::{App, ColorChoice, Global, Verb},
    error_report, parse_error,
    prompts::Dialogue,
    terminal,
    word_order::environment_first,
};
use crate::{
    commands,
    config::Overrides,
    engine::GivenFlags,
    executor::{Interrupts, Prompter, SignalSource},
    model::{Clock, ErrorDocument, ExitStatus},
    run::{Context, READ_ONLY, ReportFiles, TerminalInfo, Usage, is_read_only},
    ui::{Detail, Printer},
};

/// Runs envctl with the arguments of the process.
pub fn run(argv: impl IntoIterator<Item = OsString>) -> ExitCode {
    CompleteEnv::with_factory(App::command).complete();
    let argv: Vec<OsString> = argv.into_iter().collect();
    let app = match App::try_parse_from(&argv) {
        Ok(app) => app,
        Err(error) => return report_parse_error(&error, &argv),
    };
    let verb = parse_error::verb_path(&argv);
    let json = app.verb.json();
    let env: BTreeMap<OsString, OsString> = std::env::vars_os().collect();
    let streams = terminal::detect(app.global.color, !app.global.no_progress && !app.global.quiet, |name| {
        env.get(OsStr::new(name)).and_then(|v| v.to_str()).filter(|v| !v.is_empty()).map(str::to_owned)
    });
    let detail = match (app.global.quiet, app.global.verbose) {
        (true, _) => Detail::Quiet,
        (_, true) => Detail::Verbose,
        _ => Detail::Normal,
    };
    let (out, err) = (Box::new(io::stdout()), Box::new(io::stderr()));
    let printer = Printer::new((out, streams.out), (err, streams.err), detail, streams.width);
    let printer = printer.for_reader(streams.reader).wrapping_messages(streams.message_width);
    let printer = Arc::new(printer.in_github_job(streams.terminal.github));
    let (command, mut report_files) = app.verb.report_files().unwrap_or_default();
    let outcome = panic::catch_unwind(AssertUnwindSafe(|| {
        report_files.prepare(&env)?;
        let mut context = context(&app.global, env, streams.terminal, Arc::clone(&printer))?;
        app.verb.override_settings(&mut context.overrides);
        if let Some(name) = context.overrides.misnamed_variable() {
            return Err(Usage::Other(format!(
                "`--var {name}` names no HCL variable, as `--var size=3` does"
            ))
            .into());
        }
        if let Some((command, change)) = app.verb.changes(&context.overrides) {
            context.refuse_read_only(command, change)?;
        }
        dispatch(&context, app.verb)
    }));
    let status = match outcome {
        Ok(Ok(status)) => status,
        Ok(Err(error)) => {
            let config = app.global.config.as_ref().map(ToString::to_string);
            let mut shown =
                error_report::user_error(&error, &verb, &GivenFlags { config, ..GivenFlags::default() });
            if let Some(Usage::StackAsEnvironment { stack, environments, takes_stack }) = error.downcast_ref()
            {
                shown.add_hint(environment_first(&argv, stack, environments, *takes_stack));
            }
            shown.say(&printer, streams.terminal.github);
            let document = shown.document(&printer);
            if json {
                say_document(&printer, &document);
            }
            let kept = match error.downcast_ref::<Usage>() {
                Some(Usage::OutputIsInput { file, .. }) => report_files.give_up(file),
                _ => Ok(()),
            };
            if let Err(error) = kept {
                printer.error(format_args!("the earlier report cannot be put back: {error}"));
            }
            write_failure(&printer, command, &report_files, &document);
            shown.status
        }
        Err(_) => {
            let defect = "this is a defect of envctl; nothing more was started";
            printer.error(defect);
            printer.hint("please report it with the message above, the command, and `envctl --version`");
            write_failure(&printer, command, &report_files, &error_report::defect(defect));
            ExitStatus::Defect
        }
    };
    ExitCode::from(status.code())
}

/// Writes the reason of a failure to the files of `--report` and `--summary`.
fn write_failure(printer: &Printer, command: &str, files: &ReportFiles, document: &ErrorDocument) {
    for unwritten in files.write_failure(command, document) {
        printer.error(unwritten);
    }
}

fn say_document(printer: &Printer, document: &ErrorDocument) {
    let said = serde_json::to_string_pretty(document)
        .map_err(io::Error::other)
        .and_then(|text| printer.data(format_args!("{text}\n")));
    if let Err(error) = said {
        printer.error(format_args!("standard output: {error}"));
    }
}

/// Prints the error of a command line that cannot be parsed, or the help that it asks for, and returns the exit code.
fn report_parse_error(error: &clap::Error, argv: &[OsString]) -> ExitCode {
    let is_help = matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion);
    if is_help || error.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand {
        // An error of a closed stream cannot be reported.
        drop(error.print());
        let status = if is_help { ExitStatus::Success } else { ExitStatus::Usage };
        return ExitCode::from(status.code());
    }
    let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    let streams = terminal::detect(ColorChoice::Auto, false, variable);
    let (out, err) = (Box::new(io::stdout()), Box::new(io::stderr()));
    let printer = Printer::new((out, streams.out), (err, streams.err), Detail::Normal, streams.width)
        .wrapping_messages(streams.message_width);
    let shown = parse_error::user_error(error, argv);
    shown.say(&printer, streams.terminal.github);
    // The verb is not known, but `--json` shows that a program reads standard output.
    let words: Vec<&OsString> = argv.iter().take_while(|word| *word != "--").collect();
    if words.iter().any(|word| *word == "--json" || *word == "--format=json")
        || words.windows(2).any(|pair| pair[0] == "--format" && pair[1] == "json")
    {
        say_document(&printer, &shown.document(&printer));
    }
    ExitCode::from(ExitStatus::Usage.code())
}

fn context(
    global: &Global,
    env: BTreeMap<OsString, OsString>,
    terminal: TerminalInfo,
    printer: Arc<Printer>,
) -> anyhow::Result<Context> {
    let dir = Utf8PathBuf::from_path_buf(std::env::current_dir()?)
        .map_err(|path| Usage::Other(format!("the working directory `{}` is not UTF-8", path.display())))?;
    let process_env =
        env.iter().filter_map(|(name, value)| Some((name.to_str()?.to_owned(), value.to_str()?.to_owned())));
    let overrides = Overrides {
        sets: global.sets.clone(),
        process_env: process_env.collect(),
        working_dir: Some(dir.clone()),
        ..Overrides::default()
    };
    let dialogue = Arc::new(Dialogue::new(Arc::clone(&printer)));
    let read_only = is_read_only(env.get(OsStr::new(READ_ONLY)))?;
    Ok(Context {
        printer,
        clock: clock(),
        prompter: Arc::clone(&dialogue) as Arc<dyn Prompter>,
        picker: dialogue,
        interrupts: Arc::new(Interrupts::new(SignalSource::System)),
        terminal,
        dir,
        config_path: global.config.clone(),
        overrides,
        read_only,
        env,
    })
}

#[cfg(not(feature = "fake-engine"))]
fn clock() -> Arc<dyn Clock> {
    Arc::new(crate::model::SystemClock)
}

#[cfg(feature = "fake-engine")]
fn clock() -> Arc<dyn Clock> {
    Arc::new(super::test_clock::TestClock(std::env::var_os("ENVCTL_TEST_CLOCK").map(Into::into)))
}

fn dispatch(context: &Context, verb: Verb) -> anyhow::Result<ExitStatus> {
    match verb {
        Verb::Plan(args) => commands::plan::run(context, &args.into()),
        Verb::Deploy(args) => commands::deploy::run(context, &args.into()),
        Verb::Apply(args) => commands::apply::run(context, &args.into()),
        Verb::Destroy(args) => commands::destroy::run(context, &args.into()),
        Verb::Check(args) => commands::check::run(context, &args.into()),
        Verb::Status(args) => commands::status::run(context, &args.into()),
        Verb::List(args) => commands::list::run(context, &args.into()),
        Verb::Graph(args) => commands::graph::run(context, &args.into()),
        Verb::Output(args) => commands::output::run(context, &args.into()),
        Verb::Exec(args) => commands::exec::run(context, &args.into()),
        Verb::Shell(args) => commands::shell::run(context, &args.into()),
        Verb::Config(args) => commands::config::run(context, &args.into()),
        Verb::Runs(args) => commands::runs::run(context, &args.into()),
        Verb::Generate(args) => commands::generate::run(context, args.into()),
        Verb::Init(args) => commands::init::run(context, &args.into()),
        Verb::Doctor(args) => commands::doctor::run(context, &args.into()),
    }
}
