//! Flags and `ENVCTL_*` variables, which override the file, and queries of the configuration.

use std::{collections::BTreeMap, fmt::Write, fs, num::NonZeroUsize};

use camino::Utf8Path;
use envctl::{
    config::{Config, ConfigError, Layer, Overrides, Settings, find},
    diagnostic::Diagnostics,
    model::{CreateWorkspace, EngineName},
};

use super::shown;

const FILE: &str = r#"
[project]
name = "shop"

[tofu]
program = "tofu-1.9"
plugin_cache = "~/plugins"

[terraform]
plugin_cache = "plugins"

[defaults]
parallelism = 10
vars = { size = 1, tags = { owner = "platform" } }

[environments.staging]
aliases = ["stag"]

[environments.production]
aliases = ["prod", "live"]
confirm = true
workspace = "production"
guards.max_deletes = 0
naming = { pattern = "x", attributes = ["name"] }

[checks.smoke]
environments = ["production"]
tcp = "localhost:1"

[stacks.app]
path = "infra/app"
parallelism = 2
vars = { size = 3 }
hooks.before_plan = [["make", "{env}"]]
"#;

fn load(overrides: &Overrides) -> Result<Config, Diagnostics> {
    let folder = tempfile::tempdir().unwrap();
    let root = Utf8Path::from_path(folder.path()).unwrap();
    fs::write(root.join("environments.toml"), FILE).unwrap();
    let overrides = Overrides { working_dir: Some(root.to_owned()), ..overrides.clone() };
    match Config::load(&root.join("environments.toml"), &overrides) {
        Ok((config, _)) => Ok(config),
        Err(ConfigError::Invalid(problems)) => Err(problems),
        Err(other) => panic!("{other}"),
    }
}

fn app(config: &Config) -> Settings {
    let staging = config.environment("staging").unwrap();
    config.settings(staging, &"app".parse().unwrap(), &BTreeMap::new(), None).unwrap()
}

fn pairs(list: &[(&str, &str)]) -> Vec<(String, String)> {
    list.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}

#[test]
fn a_flag_overrides_an_environment_variable_which_overrides_the_stack() {
    let process_env: BTreeMap<_, _> =
        pairs(&[("ENVCTL_PARALLELISM", "7"), ("ENVCTL_LOCK_TIMEOUT", "9m")]).into_iter().collect();
    let config = load(&Overrides { process_env: process_env.clone(), ..Overrides::default() }).unwrap();
    assert_eq!(app(&config).parallelism, NonZeroUsize::new(7), "over [stacks.app]");
    assert_eq!(app(&config).lock_timeout.as_secs(), 540);
    let sets = pairs(&[("parallelism", "8"), ("vars.tags.cost", "low"), ("workspace", "blue")]);
    let config = load(&Overrides { process_env, sets, ..Overrides::default() }).unwrap();
    let settings = app(&config);
    assert_eq!(settings.parallelism, NonZeroUsize::new(8));
    assert_eq!(
        *settings.vars["tags"].value.as_json().unwrap(),
        serde_json::json!({ "owner": "platform", "cost": "low" })
    );
    assert_eq!(settings.vars["tags"].origin.layer, Layer::Flag("--set vars.tags.cost".into()));
    assert_eq!(settings.vars["size"].origin.layer, Layer::Stack("app".into()));
    assert_eq!(settings.workspace.unwrap().value, "blue");
}

#[test]
fn a_var_is_a_text_until_its_declared_type_is_known() {
    let vars = pairs(&[
        ("size", "1.10"),
        ("zones", "[\"a\", \"b\"]"),
        ("tags", "{ owner = \"shop\" }"),
        ("json", "{\"a\": 1}"),
        ("equal", "a=b"),
    ]);
    let settings = app(&load(&Overrides { vars, ..Overrides::default() }).unwrap());
    assert_eq!(*settings.vars["size"].value.as_json().unwrap(), "1.10");
    assert_eq!(*settings.vars["zones"].value.as_json().unwrap(), "[\"a\", \"b\"]");
    assert_eq!(*settings.vars["tags"].value.as_json().unwrap(), "{ owner = \"shop\" }");
    assert_eq!(*settings.vars["json"].value.as_json().unwrap(), "{\"a\": 1}");
    assert_eq!(*settings.vars["equal"].value.as_json().unwrap(), "a=b");
    assert_eq!(settings.vars["size"].scope(), envctl::config::Scope::Stack);
}

#[test]
fn jobs_and_create_workspace_have_flags_of_their_own() {
    let overrides = Overrides {
        jobs: NonZeroUsize::new(3),
        create_workspace: Some(CreateWorkspace::Always),
        ..Overrides::default()
    };
    let config = load(&overrides).unwrap();
    assert_eq!(config.environment("staging").unwrap().jobs, NonZeroUsize::new(3));
    assert_eq!(app(&config).create_workspace, CreateWorkspace::Always);
}

#[test]
fn a_wrong_flag_is_shown_as_it_was_given() {
    let overrides = Overrides {
        sets: pairs(&[
            ("paralelism", "3"),
            ("jobs", "many"),
            ("project.name", "x"),
            ("aliases", "[]"),
            ("a b", "1"),
            ("prefix", "{nope}"),
        ]),
        vars: pairs(&[("1st", "x")]),
        process_env: pairs(&[("ENVCTL_LOCK_TIMEOUT", "long")]).into_iter().collect(),
        ..Overrides::default()
    };
    insta::assert_snapshot!(shown(&load(&overrides).unwrap_err()));
}

#[test]
fn an_engines_program_comes_from_its_variable_before_the_file() {
    let process_env: BTreeMap<_, _> =
        pairs(&[("ENVCTL_TERRAFORM", "/opt/tf"), ("HOME", "/home/me")]).into_iter().collect();
    let config = load(&Overrides { process_env, ..Overrides::default() }).unwrap();
    assert_eq!(config.engine(EngineName::Terraform).program.as_deref(), Some("/opt/tf"));
    assert_eq!(config.engine(EngineName::Tofu).program.as_deref(), Some("tofu-1.9"));
    assert_eq!(config.engine(EngineName::Terragrunt).program, None);
    assert_eq!(config.engine(EngineName::Tofu).plugin_cache.as_deref().unwrap(), "/home/me/plugins");
    let relative = config.engine(EngineName::Terraform).plugin_cache.clone().unwrap();
    assert_eq!(relative, config.root().join("plugins"));
}

#[test]
fn an_environment_is_found_by_name_and_alias_and_missed_with_a_suggestion() {
    let config = load(&Overrides::default()).unwrap();
    assert_eq!(config.environment("live").unwrap().name.as_str(), "production");
    let unknown = config.environment("prodd").unwrap_err();
    assert_eq!(unknown.to_string(), "there is no environment `prodd`; did you mean `prod`?");
    let unknown = config.environment("elsewhere").unwrap_err();
    assert_eq!(unknown.to_string(), "there is no environment `elsewhere`; there are `staging`, `production`");
}

#[test]
fn a_key_without_behaviour_is_named_to_the_verbs_that_would_honour_it() {
    let config = load(&Overrides::default()).unwrap();
    let named = |environment: Option<&str>| -> Vec<String> {
        let environment = environment.map(|name| config.environment(name).unwrap());
        config.unsupported(environment).into_iter().map(|key| key.path).collect()
    };
    assert_eq!(named(Some("production")), ["checks.smoke", "environments.production.naming"]);
    assert_eq!(named(Some("staging")), Vec::<String>::new());
    assert_eq!(named(None), ["checks.smoke"]);
    assert_eq!(app(&config).unsupported, []);
    assert_eq!(app(&config).hooks.before_plan, [["make", "staging"]]);
}

#[test]
fn every_key_in_force_says_where_it_came_from() {
    let config = load(&Overrides::default()).unwrap();
    let production = config.environment("production").unwrap();
    let origins = config.origins(production, Some(&"app".parse().unwrap()));
    let layer = |path: &str| {
        let (_, origin) = origins.iter().find(|(own, _)| own == path).unwrap_or_else(|| panic!("no {path}"));
        origin.layer.to_string()
    };
    assert_eq!(layer("lock_timeout"), "built-in default");
    assert_eq!(layer("vars.tags"), "[defaults]");
    assert_eq!(layer("vars.size"), "[stacks.app]");
    assert_eq!(layer("parallelism"), "[stacks.app]");
    assert_eq!(layer("confirm"), "[environments.production]");
    assert_eq!(layer("guards.max_deletes"), "[environments.production]");
    assert_eq!(layer("hooks.before_plan"), "[stacks.app]");
}

#[test]
fn a_file_that_cannot_be_read_or_is_not_text_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let root = Utf8Path::from_path(folder.path()).unwrap();
    let path = root.join("environments.toml");
    assert_eq!(find(root).filter(|found| found.starts_with(root)), None);
    let error = Config::load(&path, &Overrides::default()).unwrap_err();
    assert!(matches!(&error, ConfigError::Unreadable { path: named, .. } if *named == path), "{error}");
    fs::write(&path, b"[project]\nname = \"\xff\"\n").unwrap();
    let error = Config::load(&path, &Overrides::default()).unwrap_err();
    assert!(matches!(error, ConfigError::NotUtf8 { at: 18, .. }), "{error}");
}

#[test]
fn many_stacks_resolve_each_to_their_own() {
    let mut text = FILE.to_owned();
    for number in 0..2_000 {
        let stack = format!("path = \"infra/{{env}}/s{number}\"\nneeds = [\"app\"]\nvars.size = {number}");
        writeln!(text, "[stacks.s{number}]\n{stack}").unwrap();
    }
    let folder = tempfile::tempdir().unwrap();
    let root = Utf8Path::from_path(folder.path()).unwrap();
    fs::write(root.join("environments.toml"), text).unwrap();
    let (config, _) = Config::load(&root.join("environments.toml"), &Overrides::default()).unwrap();
    let production = config.environment("prod").unwrap();
    assert_eq!(config.stacks().len(), 2_001);
    for (number, stack) in config.stacks().values().skip(1).enumerate() {
        let settings = config.settings(production, &stack.name, &BTreeMap::new(), None).unwrap();
        assert_eq!(settings.path, format!("infra/production/s{number}"));
        assert_eq!(*settings.vars["size"].value.as_json().unwrap(), number);
        assert_eq!(settings.workspace.unwrap().value, "production");
    }
}

#[test]
fn no_layer_sets_a_variable_that_would_steer_an_engine() {
    for name in [
        "TF_WORKSPACE",
        "TF_DATA_DIR",
        "TF_INPUT",
        "TF_CLI_ARGS",
        "TF_CLI_ARGS_init",
        "TF_LOG",
        "TF_LOG_PATH",
        "TF_LOG_PROVIDER",
        "TG_TF_PATH",
        "TERRAGRUNT_CONFIG",
        "TF_VAR_size",
    ] {
        let set = |path: String, value: String| {
            let place = format!("--set {path}: ");
            let overrides = Overrides { sets: vec![(path, value)], ..Overrides::default() };
            let error = Config::from_text("environments.toml".into(), FILE, &overrides).unwrap_err();
            assert!(error.to_string().contains(&place), "{name}: {error}");
            error.to_string()
        };
        for error in [
            set(format!("env.{name}"), "\"\"".to_owned()),
            set(format!("\"env\".\"{name}\""), "x".to_owned()),
            set("env".to_owned(), format!("{{ {name} = \"x\" }}")),
            set(format!("env.{name}.command"), "[\"x\"]".to_owned()),
        ] {
            assert!(error.contains(&format!("`{name}` is ")), "{name}: {error}");
        }
        for layer in ["defaults", "templates.t", "environments.x", "stacks.app", "stacks.app.in.production"] {
            let text = format!("{FILE}\n[{layer}.env]\n{name} = \"\"\n");
            let error = Config::from_text("environments.toml".into(), text, &Overrides::default());
            let error = error.unwrap_err().to_string();
            assert!(error.contains(&format!("`{name}` is ")), "{layer} {name}: {error}");
        }
    }
    let free = Overrides {
        sets: vec![("env.TF_CLI_CONFIG_FILE".to_owned(), "rc".to_owned())],
        ..Overrides::default()
    };
    Config::from_text("environments.toml".into(), FILE, &free).unwrap();
}
