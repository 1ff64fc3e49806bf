//! Terragrunt units, with states at absolute paths.

use std::fs;

use envctl::{
    engine::{EngineError, Progress, Session, Target},
    model::{EngineName, FailureKind},
};

use crate::{
    bench::{Bench, actions, failure, refusal},
    support::registry::OnEngine,
    under_test::{self, UnderTest},
};

/// Engine that Terragrunt drives.
struct DrivenEngine(UnderTest);

impl DrivenEngine {
    /// Makes a bench for Terragrunt, with this engine in front of PATH.
    fn bench(&self) -> Bench {
        let mut bench = Bench::new(under_test::real(EngineName::Terragrunt));
        bench.settings.drives = Some(self.0.name);
        let path = bench.env.get(std::ffi::OsStr::new("PATH")).unwrap().to_str().unwrap();
        let path = format!("{}:{path}", self.0.program.parent().unwrap());
        bench.env.insert("PATH".into(), path.into());
        bench
    }
}

impl OnEngine for DrivenEngine {
    fn on(engine: &'static str) -> Self {
        let name = engine.trim_start_matches("terragrunt_");
        Self(under_test::real(name.parse().unwrap()))
    }
}

impl OnEngine for Bench {
    fn on(engine: &'static str) -> Self {
        DrivenEngine::on(engine).bench()
    }
}

fn write(bench: &Bench, value: &str, more: &str) -> Target {
    let state = bench.path("states/app.tfstate");
    let unit = format!(
        "terraform {{\n  source = \".\"\n}}\nremote_state {{\n  backend = \"local\"\n  generate = {{ path = \"backend.tf\", \
         if_exists = \"overwrite\" }}\n  config = {{ path = \"{state}\" }}\n}}\ninputs = {{ value = \"{value}\" }}\n{more}"
    );
    fs::write(bench.dir().join("terragrunt.hcl"), unit).unwrap();
    let main = "variable \"value\" {}\nresource \"terraform_data\" \"a\" {\n  input = var.value\n}\noutput \"o\" {\n  value = var.value\n}\n";
    fs::write(bench.dir().join("main.tf"), main).unwrap();
    bench.target("default")
}

#[test(engines(terragrunt_tofu, terragrunt_terraform))]
fn a_unit_is_planned_applied_and_clean(bench: &Bench) {
    let target = write(bench, "one", "");
    let planned = bench.plan(&target).unwrap();
    assert_eq!(actions(&planned), ["terraform_data.a create"]);
    assert!(
        planned.diff.starts_with("OpenTofu") || planned.diff.starts_with("Terraform"),
        "{}",
        planned.diff
    );
    assert!(!planned.tentative);
    bench.apply(&target).unwrap();
    assert!(fs::read_to_string(bench.path("states/app.tfstate")).unwrap().contains("\"one\""));
    let (clean, processes) = bench.processes(|| bench.plan(&target).unwrap());
    assert_eq!((clean.exit_code, processes), (0, 1));
    let engine = bench.engine();
    let outputs = bench.with_session(|session| engine.outputs(&target, session)).unwrap();
    assert_eq!((outputs[0].name.as_str(), &*outputs[0].value.to_string()), ("o", "\"one\""));
    fs::remove_file(bench.path("states/app.tfstate")).unwrap();
    assert_eq!(failure(bench.plan(&target)).summary, "the state has vanished");
}

#[test(engines(terragrunt_tofu, terragrunt_terraform))]
fn a_unit_counts_under_the_limit_of_the_engine_that_is_driven_too(bench: &Bench) {
    assert_eq!(bench.engine().engines(), [EngineName::Terragrunt, bench.settings.drives.unwrap()]);
}

#[test(engines(terragrunt_tofu, terragrunt_terraform))]
fn a_units_hook_may_write_between_the_engines_lines(bench: &Bench) {
    let hook = "terraform {\n  before_hook \"say\" {\n    commands = [\"plan\", \"show\", \"apply\"]\n    execute = [\"printf\", \"{hello}\\\\nno line feed\"]\n  }\n}\n";
    let target = write(bench, "one", "");
    let unit = fs::read_to_string(bench.dir().join("terragrunt.hcl")).unwrap();
    fs::write(
        bench.dir().join("terragrunt.hcl"),
        unit.replace(
            "terraform {\n  source = \".\"\n}\n",
            &hook.replace("terraform {\n", "terraform {\n  source = \".\"\n"),
        ),
    )
    .unwrap();
    assert_eq!(actions(&bench.plan(&target).unwrap()), ["terraform_data.a create"]);
    bench.apply(&target).unwrap();
    assert_eq!(bench.plan(&target).unwrap().exit_code, 0);
}

#[test(engines(terragrunt_tofu, terragrunt_terraform))]
fn mocked_outputs_make_a_plan_tentative(bench: &Bench) {
    let target = write(bench, "unused", "");
    let other = bench.path("infra/other");
    fs::create_dir_all(&other).unwrap();
    let state = bench.path("states/other.tfstate");
    fs::write(
        other.join("terragrunt.hcl"),
        format!("remote_state {{\n  backend = \"local\"\n  generate = {{ path = \"backend.tf\", if_exists = \"overwrite\" }}\n  config = {{ path = \"{state}\" }}\n}}\n"),
    )
    .unwrap();
    fs::write(other.join("main.tf"), "output \"id\" {\n  value = \"real\"\n}\n").unwrap();
    let unit = fs::read_to_string(bench.dir().join("terragrunt.hcl")).unwrap();
    let with_mock = |mock: &str| {
        let dependency = format!("dependency \"other\" {{\n  config_path = \"../other\"\n{mock}}}\n");
        let unit = unit.replace("\"unused\"", "dependency.other.outputs.id") + &dependency;
        fs::write(bench.dir().join("terragrunt.hcl"), unit).unwrap();
    };
    with_mock("  mock_outputs = { id = \"mock\" }\n");
    let planned = bench.plan(&target).unwrap();
    assert!(planned.tentative && planned.diff.contains("mock"), "{}", planned.diff);
    with_mock("");
    let missing = failure(bench.plan(&target));
    assert!(missing.summary.starts_with("cannot read the outputs of dependency `other`: "), "{missing:?}");
    assert!(missing.summary.contains("detected no outputs"), "{missing:?}");
    assert!(missing.detail.contains("Unknown variable"), "{missing:?}");
    assert_eq!(
        (missing.kind, missing.file.as_deref()),
        (FailureKind::Config, Some("infra/app/terragrunt.hcl"))
    );
}

#[test(engines(terragrunt_tofu, terragrunt_terraform))]
fn a_unit_that_is_broken_says_where(bench: &Bench) {
    let target = write(bench, "one", "");
    fs::write(bench.dir().join("main.tf"), "resource \"terraform_data\" \"a\" {\n  input = var.\n}\n")
        .unwrap();
    let broken = failure(bench.plan(&target));
    assert_eq!(broken.summary, "Invalid attribute name");
    assert_eq!((broken.file.as_deref(), broken.line), (Some("infra/app/main.tf"), Some(2)));
    fs::write(bench.dir().join("terragrunt.hcl"), "inputs = {\n").unwrap();
    let broken = failure(bench.plan(&target));
    assert_eq!(broken.file.as_deref(), Some("infra/app/terragrunt.hcl"), "{broken:?}");
    assert_eq!(broken.engine_exit_code, Some(1));
}

#[test(engines(terragrunt_tofu, terragrunt_terraform))]
fn what_terragrunt_does_not_have_is_refused_by_name(bench: &Bench) {
    write(bench, "one", "");
    let target = bench.target("staging");
    assert!(failure(bench.plan(&target)).summary.contains("Terragrunt has no workspaces"));
}

#[test(engines(terragrunt_tofu, terragrunt_terraform))]
fn a_second_environment_with_the_state_of_a_unit_is_refused(bench: &Bench) {
    let target = write(bench, "one", "");
    bench.plan(&target).unwrap();
    let other = Target { workspace: None, ..bench.target("production") };
    for _ in 0..2 {
        let refused = refusal(bench.plan(&other));
        let address = format!("local:{}", bench.path("states/app.tfstate"));
        assert_eq!(
            refused.summary,
            format!("`production/app` and `default/app` have the same state: address {address}")
        );
        assert!(!bench.request(&other).out.exists());
    }
    bench.plan(&target).unwrap();
    bench.apply(&target).unwrap();
    assert!(refusal(bench.plan(&other)).summary.contains("have the same state: lineage "));
}

#[test(engines(terragrunt_tofu, terragrunt_terraform))]
fn every_init_of_a_unit_with_a_lockfile_says_that_it_is_read_only(engine: &DrivenEngine) {
    for explicit in [false, true] {
        let mut bench = engine.bench();
        let path = bench.env[std::ffi::OsStr::new("PATH")].to_str().unwrap().to_owned();
        let shim = bench.shim(&engine.0.program);
        bench.env.insert("PATH".into(), format!("{}:{path}", shim.parent().unwrap()).into());
        bench.settings.plugin_cache = explicit.then(|| bench.path("cache"));
        let target = write(&bench, "one", "");
        bench.plan(&target).unwrap();
        let first = bench.inits();
        assert!(!first.is_empty() && !first.iter().any(|init| init.contains("-lockfile")), "{first:?}");
        fs::remove_dir_all(bench.dir().join(".terragrunt-cache")).unwrap();
        fs::write(bench.dir().join(".terraform.lock.hcl"), "# made by init\n").unwrap();
        bench.plan(&target).unwrap();
        let second = bench.inits();
        assert!(!second.is_empty() && second.iter().all(|i| i.contains("-lockfile=readonly")), "{second:?}");
    }
}

#[test(engines(terragrunt_tofu, terragrunt_terraform))]
fn an_interrupt_goes_to_the_engine_that_terragrunt_drives(bench: &Bench) {
    let target = write(bench, "one", "");
    let slow = "resource \"terraform_data\" \"slow\" {\n  provisioner \"local-exec\" {\n    command = \"sleep 1000\"\n  }\n}\n";
    fs::write(bench.dir().join("slow.tf"), slow).unwrap();
    bench.plan(&target).unwrap();
    let engine = bench.engine();
    let observer = |progress| {
        if progress == Progress::Doing("terraform_data.slow: provisioning with local-exec".to_owned()) {
            bench.runner.interrupt();
        }
    };
    let log = bench.path("logs/interrupted.log");
    let session = Session { runner: &bench.runner, log: &log, observer: &observer };
    match engine.apply(&target, &bench.request(&target).out, &session) {
        Err(EngineError::Interrupted { notes }) => assert!(notes[0].contains("tainted"), "{notes:?}"),
        other => panic!("{other:?}"),
    }
    // Terragrunt would wait for 15 seconds before it passes the signal on.
    assert!(!fs::read_to_string(&log).unwrap().contains("Still creating"));
    assert!(fs::read_to_string(bench.path("states/app.tfstate")).unwrap().contains("tainted"));
}
