//! Valid files, with the settings of each instance.

use std::{collections::BTreeMap, fmt::Write};

use envctl::config::{Config, EnvSource, Environment, Origin, Overrides, Secret, SecretSource, Settings};

use super::{fixtures, load, shown};

#[test]
fn every_valid_file_resolves_to_what_it_says() {
    for path in fixtures("valid") {
        let name = path.file_stem().unwrap();
        let (config, warnings) = load(&path, Overrides::default())
            .unwrap_or_else(|problems| panic!("{name}\n{}", shown(&problems)));
        insta::with_settings!({ prepend_module_to_snapshot => false, snapshot_path => "snapshots/valid" }, {
            insta::assert_snapshot!(name, summary(&config, &shown(&warnings)));
        });
    }
}

fn summary(config: &Config, warnings: &str) -> String {
    let mut out = String::new();
    if !warnings.is_empty() {
        writeln!(out, "{warnings}\n").unwrap();
    }
    for environment in config.environments().values() {
        describe(config, environment, &mut out);
        for stack in config.stacks().values() {
            if stack.environments.as_ref().is_some_and(|names| !names.contains(&environment.name)) {
                continue;
            }
            let discovered = stack.path.is_none().then(|| camino::Utf8Path::new("found"));
            // Captures that the pattern of the fixture with discovered stacks would have.
            let captures = ["region", "unit"].map(|name| (name.to_owned(), format!("a-{name}")));
            let captures = if discovered.is_some() { captures.into() } else { BTreeMap::new() };
            let settings = config.settings(environment, &stack.name, &captures, discovered);
            match settings {
                Ok(settings) => {
                    writeln!(out, "  {} in {}", stack.name, settings.path).unwrap();
                    describe_instance(config, &settings, &mut out);
                }
                Err(problems) => writeln!(out, "{}", shown(&problems)).unwrap(),
            }
        }
    }
    out
}

fn describe(config: &Config, environment: &Environment, out: &mut String) {
    write!(out, "{}", environment.name).unwrap();
    if !environment.aliases.is_empty() {
        write!(out, " or {}", environment.aliases.join(", ")).unwrap();
    }
    if !environment.after.is_empty() {
        write!(out, " after {:?}", environment.after).unwrap();
    }
    if environment.confirm {
        write!(out, ", confirmed").unwrap();
    }
    if let Some(jobs) = environment.jobs {
        write!(out, ", {jobs} at once").unwrap();
    }
    writeln!(out).unwrap();
    for (path, _) in config.discovery_patterns(environment).unwrap() {
        writeln!(out, "  discovers {path}").unwrap();
    }
    for key in config.unsupported(Some(environment)) {
        writeln!(out, "  not yet: {} {:?}", key.path, key.verbs).unwrap();
    }
}

fn describe_instance(config: &Config, settings: &Settings, out: &mut String) {
    let from = |origin: &Origin| match &origin.span {
        Some(span) => format!("{} line {}", origin.layer, config.source().position(span.start).0),
        None => origin.layer.to_string(),
    };
    let mut line = |text: String| writeln!(out, "    {text}").unwrap();
    if let Some(workspace) = &settings.workspace {
        line(format!("workspace {} ({})", workspace.value, from(&workspace.origin)));
    }
    line(format!("create {:?}, lock timeout {:?}", settings.create_workspace, settings.lock_timeout));
    if let Some(prefix) = &settings.prefix {
        line(format!("prefix {prefix}"));
    }
    if let Some(parallelism) = settings.parallelism {
        line(format!("parallelism {parallelism}"));
    }
    for (name, var) in settings.vars.iter() {
        line(format!(
            "var {name} = {} ({}, {:?})",
            var.value.as_json().unwrap(),
            from(&var.origin),
            var.scope()
        ));
    }
    for file in settings.var_files.iter() {
        line(format!("var file {}{}", file.path, if file.optional { ", optional" } else { "" }));
    }
    for file in settings.backend_files.iter() {
        line(format!("backend file {}{}", file.path, if file.optional { ", optional" } else { "" }));
    }
    for (kind, pairs) in settings.backend.iter() {
        for (key, pair) in pairs {
            line(format!("backend {kind} {key} = {} ({})", pair.value, from(&pair.origin)));
        }
    }
    for (name, var) in settings.env.iter() {
        let value = match &var.value.source {
            EnvSource::Plain(text) => text.clone(),
            EnvSource::Secret(source) => describe_source(source),
        };
        let unless = if var.value.unless.is_empty() {
            String::new()
        } else {
            format!(" unless {:?}", var.value.unless)
        };
        line(format!("env {name} = {value}{unless} ({})", from(&var.origin)));
    }
    for (name, secret) in settings.secrets.iter() {
        line(format!("secret {name} {} ({})", describe_source(&secret.value), from(&secret.origin)));
    }
    for (verb, stacks) in [("needs", &settings.needs), ("reads", &settings.reads)] {
        for named in stacks {
            line(format!("{verb} {} (line {})", named.stack, config.source().position(named.span.start).0));
        }
    }
    for (name, input) in &settings.inputs {
        line(format!("input {name} = {} of {}", input.value.path, input.value.stack));
    }
    for (stack, outputs) in &settings.mocks {
        for (name, mock) in outputs {
            line(format!("mock {stack}.{name} = {}", mock.value));
        }
    }
    for command in &settings.hooks.before_plan {
        line(format!("before plan {command:?}"));
    }
    if !settings.files.is_empty() {
        line(format!("files {:?}", settings.files));
    }
    for key in &settings.unsupported {
        line(format!("not yet: {} {:?}", key.path, key.verbs));
    }
}

fn describe_source(secret: &Secret) -> String {
    let source = match &secret.source {
        SecretSource::Env(name) => format!("from ${name}"),
        SecretSource::File(path) => format!("from file {path}"),
        SecretSource::Command(words) => format!("from {words:?}"),
        SecretSource::Sops { file, key } => format!("from {key} of {file}"),
    };
    if secret.allow_empty { source + ", may be empty" } else { source }
}
