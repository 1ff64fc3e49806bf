//! Failures that every engine has, each with its kind, position and message.

use std::fs;

use envctl::model::FailureKind;

use crate::{
    bench::{Bench, Stack, failure},
    support::script::script,
    under_test::UnderTest,
};

#[test(engines(fake_tofu, fake_terraform, tofu, terraform))]
fn a_missing_variable_is_named_with_its_place(engine: UnderTest) {
    let bench = Bench::new(engine);
    bench.write(&Stack { variables: vec!["value"], resources: vec![("a", "var.value")], ..Stack::default() });
    let failure = failure(bench.plan(&bench.target("default")));
    assert_eq!(failure.summary, "No value for required variable");
    assert_eq!((failure.kind, failure.engine_exit_code), (FailureKind::Config, Some(1)));
    assert_eq!(failure.file.as_deref(), Some("infra/app/main.tf"));
    assert!(failure.line.is_some() && failure.detail.contains("value"), "{failure:?}");
}

#[test(engines(tofu, terraform))]
fn broken_hcl_is_shown_with_file_and_line(engine: UnderTest) {
    let bench = Bench::new(engine);
    bench.write(&Stack {
        hcl: "resource \"terraform_data\" \"a\" {\n  input = var.\n}\n",
        ..Stack::default()
    });
    let target = bench.target("default");
    for prepared in [false, true] {
        if prepared {
            // After an init, the plan reports the error.
            let broken = fs::read_to_string(bench.dir().join("main.tf")).unwrap();
            bench.write(&Stack::default());
            bench.plan(&target).unwrap();
            fs::write(bench.dir().join("main.tf"), broken).unwrap();
        }
        let failure = failure(bench.plan(&target));
        assert_eq!(failure.summary, "Invalid attribute name");
        assert_eq!((failure.file.as_deref(), failure.line), (Some("infra/app/main.tf"), Some(2)));
        assert_eq!(failure.kind, FailureKind::Config);
    }
}

#[test(engines(tofu, terraform))]
fn a_missing_var_file_fails_the_stack(engine: UnderTest) {
    let bench = Bench::new(engine);
    bench.write(&Stack::default());
    let mut target = bench.target("default");
    target.var_files = vec![bench.path("nowhere.tfvars")];
    let failure = failure(bench.plan(&target));
    assert!(failure.summary.contains("ead variables file"), "{failure:?}");
    assert!(failure.detail.contains("nowhere.tfvars"), "{failure:?}");
}

#[test(engines(tofu, terraform))]
fn a_plan_that_wants_an_init_gets_one(engine: UnderTest) {
    let bench = Bench::new(engine);
    bench.write(&Stack { hcl: "module \"outer\" {\n  source = \"./outer\"\n}\n", ..Stack::default() });
    for module in ["outer", "outer/inner"] {
        fs::create_dir_all(bench.dir().join(module)).unwrap();
        fs::write(bench.dir().join(module).join("main.tf"), "output \"a\" {\n  value = 1\n}\n").unwrap();
    }
    let target = bench.target("default");
    bench.plan(&target).unwrap();
    // The module calls another one from now on, which the stack's own files do not show.
    fs::write(bench.dir().join("outer/main.tf"), "module \"inner\" {\n  source = \"./inner\"\n}\n").unwrap();
    let (planned, processes) = bench.processes(|| bench.plan(&target).unwrap());
    assert_eq!((planned.exit_code, processes), (0, 3), "a plan that asks, an init, a plan");
    let (planned, processes) = bench.processes(|| bench.plan(&target).unwrap());
    assert_eq!((planned.exit_code, processes), (0, 1), "a plan");
}

#[test(engines(fake_tofu, fake_terraform, tofu, terraform))]
fn a_data_directory_that_lost_its_content_is_seen_without_an_engine(engine: UnderTest) {
    let bench = Bench::new(engine);
    bench.write(&Stack { resources: vec![("a", "\"x\"")], backend: true, ..Stack::default() });
    let mut target = bench.target("default");
    target.backend.backend_type = Some("local".to_owned());
    bench.deploy(&target);
    for is_there in [true, false] {
        fs::remove_dir_all(&target.data_dir).unwrap();
        if is_there {
            fs::create_dir(&target.data_dir).unwrap();
        }
        let (planned, processes) = bench.processes(|| bench.plan(&target).unwrap());
        assert_eq!((planned.exit_code, processes), (0, 2), "an init, a plan");
    }
}

#[test(engines(fake_tofu, fake_terraform, tofu, terraform))]
fn a_missing_engine_says_what_to_do(engine: UnderTest) {
    let name = engine.name;
    let mut bench = Bench::new(engine);
    bench.settings.program = Some("./nowhere/engine".to_owned());
    let error = bench.open().err().unwrap();
    let path = bench.path("./nowhere/engine");
    assert_eq!(error.to_string(), format!("engine `{name}` cannot be used: program `{path}` does not exist"));
    assert!(error.help().contains(&format!("`[{name}]`")), "{}", error.help());

    fs::create_dir(bench.path("nowhere")).unwrap();
    fs::write(&path, "").unwrap();
    assert!(bench.open().err().unwrap().to_string().ends_with("is not executable"));

    script(&path, "#!/bin/sh\necho hello\n");
    let message = bench.open().err().unwrap().to_string();
    assert!(message.ends_with("did not say its version (exit status 0: `hello`)"), "{message}");
}

#[test(engines(fake_tofu, fake_terraform, tofu, terraform))]
fn a_version_is_checked_and_asked_only_once(engine: UnderTest) {
    let mut bench = Bench::new(engine);
    bench.settings.version = Some(("~> 1.0".parse().unwrap(), 3..9));
    let (_, first) = bench.processes(|| bench.engine());
    let (_, second) = bench.processes(|| bench.engine());
    assert_eq!((first, second), (1, 0));
    bench.settings.version = Some(("< 1.0".parse().unwrap(), 3..9));
    let message = bench.open().err().unwrap().to_string();
    assert!(message.ends_with("requires `< 1.0`"), "{message}");
}
