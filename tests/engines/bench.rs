//! Project with one stack, in a temporary folder, and an engine that runs it.

use std::{
    collections::BTreeMap,
    ffi::OsString,
    fmt::Write as _,
    fs,
    sync::{Arc, Mutex},
    time::Duration,
};

use camino::{Utf8Path, Utf8PathBuf};
use envctl::{
    config::EngineSettings,
    engine::{
        Applied, Backend, Engine, EngineError, EnginePlace, EngineUnavailable, Engines, GeneratedValues,
        LockfilePolicy, Neighbours, PlanMode, PlanRequest, Planned, Progress, Session, StackFolder,
        StateException, Target, TypedColors, clean_environment,
    },
    inventory::{address::initialised_address, called_modules},
    model::{Failure, FailureKind, InstanceId},
    process::Runner,
};
use serde_json::{Value, json};

use crate::{support::script::script, under_test::UnderTest};

/// Project with one stack, an engine, and the progress events of its steps.
pub(crate) struct Bench {
    pub(crate) under_test: UnderTest,
    pub(crate) runner: Runner,
    pub(crate) settings: EngineSettings,
    pub(crate) env: BTreeMap<OsString, OsString>,
    pub(crate) progress: Mutex<Vec<Progress>>,
    root: Utf8PathBuf,
    _folder: tempfile::TempDir,
}

/// Description of a stack, for real engines and for the fake one.
#[derive(Debug, Clone, Default)]
pub(crate) struct Stack {
    /// `terraform_data` resources by name, with the HCL expression of their input.
    pub(crate) resources: Vec<(&'static str, &'static str)>,
    /// Outputs by name, with the HCL expression of their value.
    pub(crate) outputs: Vec<(&'static str, &'static str)>,
    /// Variables without a default.
    pub(crate) variables: Vec<&'static str>,
    /// True for an empty `backend "local"` block.
    pub(crate) backend: bool,
    /// Behaviour of the fake engine's verbs.
    pub(crate) steps: Value,
    /// Further HCL, for real engines only.
    pub(crate) hcl: &'static str,
}

impl Bench {
    pub(crate) fn new(under_test: UnderTest) -> Self {
        let folder = tempfile::Builder::new().prefix("envctl engines ").tempdir().unwrap();
        let root = Utf8PathBuf::from_path_buf(folder.path().canonicalize().unwrap()).unwrap();
        fs::create_dir_all(root.join("infra/app")).unwrap();
        let inherited = std::env::vars_os().filter(|(name, _)| !name.to_string_lossy().starts_with("TF_"));
        let (mut env, _) = clean_environment(inherited);
        env.insert("FAKE_ENGINE_LOG".into(), root.join("calls.jsonl").into());
        env.insert("HOME".into(), root.as_str().into());
        let program = Some(under_test.program.to_string());
        Self {
            under_test,
            runner: Runner::new(),
            settings: EngineSettings { program, ..EngineSettings::default() },
            env,
            progress: Mutex::default(),
            root,
            _folder: folder,
        }
    }

    pub(crate) fn path(&self, below: &str) -> Utf8PathBuf {
        self.root.join(below)
    }

    pub(crate) fn dir(&self) -> Utf8PathBuf {
        self.path("infra/app")
    }

    /// Writes the files of the stack.
    pub(crate) fn write(&self, stack: &Stack) {
        let mut hcl = stack.hcl.to_owned();
        if stack.backend {
            hcl.push_str("\nterraform {\n  backend \"local\" {}\n}\n");
        }
        for name in &stack.variables {
            writeln!(hcl, "\nvariable \"{name}\" {{}}").unwrap();
        }
        for (name, input) in &stack.resources {
            writeln!(hcl, "\nresource \"terraform_data\" \"{name}\" {{\n  input = {input}\n}}").unwrap();
        }
        for (name, value) in &stack.outputs {
            writeln!(hcl, "\noutput \"{name}\" {{\n  value = {value}\n}}").unwrap();
        }
        fs::write(self.dir().join("main.tf"), hcl).unwrap();
        let value = |text: &str| match text.strip_prefix("var.") {
            Some(name) => json!(format!("${{var.{name}}}")),
            None => serde_json::from_str(text).unwrap(),
        };
        let pairs = |list: &[(&str, &str)], prefix: &str| -> Value {
            list.iter().map(|(name, text)| (format!("{prefix}{name}"), value(text))).collect()
        };
        let script = json!({
            "resources": pairs(&stack.resources, "terraform_data."),
            "outputs": pairs(&stack.outputs, ""),
            "variables": stack.variables,
            "backend": stack.backend.then_some("local"),
            "steps": if stack.steps.is_null() { json!({}) } else { stack.steps.clone() },
        });
        fs::write(self.dir().join("fake-engine.json"), script.to_string()).unwrap();
    }

    pub(crate) fn open(&self) -> Result<Arc<dyn Engine>, EngineUnavailable> {
        let settings = BTreeMap::from([(self.under_test.name, self.settings.clone())]);
        let cache = self.path(".envctl/cache/engines.json");
        let engines = Engines::new(&self.root, cache, settings, self.env.clone());
        engines.get(self.under_test.name, &EnginePlace::new(&self.dir(), []), &self.runner)
    }

    pub(crate) fn engine(&self) -> Arc<dyn Engine> {
        self.open().unwrap_or_else(|error| panic!("{}: {error}", self.under_test.program))
    }

    /// Returns the stack in an environment, with a workspace of the environment's name unless that is `default`.
    pub(crate) fn target(&self, environment: &str) -> Target {
        let own = self.path(".envctl").join(environment);
        Target {
            given_flags: Arc::default(),
            state_exception: StateException::default(),
            generated_values: GeneratedValues::new(own.join("values.tfvars.json")),
            typed_colors: TypedColors::default(),
            value_places: None,
            instance: InstanceId { environment: environment.parse().unwrap(), stack: "app".parse().unwrap() },
            project: self.root.clone(),
            dir: self.dir(),
            data_dir: own.join("data"),
            folder: StackFolder { is_shared: false, module_calls: called_modules, unit_source: None },
            state_dir: own.join("state"),
            workspace: (environment != "default").then(|| environment.to_owned()),
            backend: Backend {
                backend_type: None,
                files: Vec::new(),
                pairs_file: None,
                config: None,
                digest: String::new(),
            },
            var_files: Vec::new(),
            env: self.env.clone().into(),
            parallelism: None,
            lock_timeout: Duration::from_secs(5),
            neighbours: Neighbours {
                environments: Arc::new(["default", "staging", "production"].map(str::to_owned).into()),
                stacks: Arc::new(["app".to_owned()].into()),
                instances_by_address: Arc::default(),
                address: initialised_address,
            },
            lockfile: LockfilePolicy::Updated,
        }
    }

    pub(crate) fn request(&self, target: &Target) -> PlanRequest {
        PlanRequest {
            mode: PlanMode::Normal,
            out: self.path("plans").join(target.instance.environment.as_str()).with_extension("tfplan"),
            targets: Vec::new(),
            excludes: Vec::new(),
            replace: Vec::new(),
            accept_lineage: false,
        }
    }

    pub(crate) fn log(&self) -> Utf8PathBuf {
        // Each run has a folder of its own, so that concurrent runs do not share a log; here threads stand in for
        // runs.
        let thread = format!("{:?}", std::thread::current().id());
        let number: String = thread.chars().filter(char::is_ascii_digit).collect();
        self.path(&format!("logs/app-{number}.log"))
    }

    pub(crate) fn with_session<T>(&self, run: impl FnOnce(&Session<'_>) -> T) -> T {
        let observer = |progress| self.progress.lock().unwrap().push(progress);
        run(&Session { runner: &self.runner, log: &self.log(), observer: &observer })
    }

    /// Prepares without creating a workspace, then plans.
    pub(crate) fn plan(&self, target: &Target) -> Result<Planned, EngineError> {
        self.plan_as(target, &self.request(target))
    }

    pub(crate) fn plan_as(&self, target: &Target, request: &PlanRequest) -> Result<Planned, EngineError> {
        let engine = self.engine();
        self.with_session(|session| {
            engine.prepare(target, false, session)?;
            engine.plan(target, request, session)
        })
    }

    /// Applies the newest plan.
    pub(crate) fn apply(&self, target: &Target) -> Result<Applied, EngineError> {
        let engine = self.engine();
        self.with_session(|session| engine.apply(target, &self.request(target).out, session))
    }

    pub(crate) fn deploy(&self, target: &Target) {
        self.plan(target).unwrap();
        self.apply(target).unwrap();
    }

    /// Makes a program of the same name that logs the arguments of each `init` and then runs the original.
    pub(crate) fn shim(&self, program: &Utf8Path) -> Utf8PathBuf {
        let shim = self.path("shim").join(program.file_name().unwrap());
        fs::create_dir_all(shim.parent().unwrap()).unwrap();
        let inits = self.path("inits");
        let text = format!(
            "#!/bin/sh\ncase \"$1\" in init) echo \"$* + $TF_CLI_ARGS_init\" >> '{inits}';; esac\nexec '{program}' \"$@\"\n"
        );
        script(&shim, &text);
        shim
    }

    /// Returns the logged `init` calls and empties the log.
    pub(crate) fn inits(&self) -> Vec<String> {
        let text = fs::read_to_string(self.path("inits")).unwrap_or_default();
        fs::write(self.path("inits"), "").unwrap();
        text.lines().map(str::to_owned).collect()
    }

    /// Returns the number of processes that a closure starts, with its result.
    pub(crate) fn processes<T>(&self, run: impl FnOnce() -> T) -> (T, u64) {
        let before = self.runner.started_count();
        let result = run();
        (result, self.runner.started_count() - before)
    }

    /// Returns the state of an instance as the engine prints it.
    pub(crate) fn state(&self, target: &Target) -> Value {
        let engine = self.engine();
        let command = engine.command(target, &["state".into(), "pull".into()]);
        let captured = Runner::new().capture(&command).unwrap();
        assert!(captured.exit.is_success(), "{}", String::from_utf8_lossy(&captured.stderr));
        serde_json::from_slice(&captured.stdout).unwrap_or(Value::Null)
    }

    /// Returns the logged calls of the fake engine.
    pub(crate) fn calls(&self) -> Vec<Value> {
        let text = fs::read_to_string(self.path("calls.jsonl")).unwrap_or_default();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}

/// Returns the failure of a step that must fail.
pub(crate) fn failure<T>(result: Result<T, EngineError>) -> Failure {
    match result {
        Err(EngineError::Failed(failure)) => failure,
        Err(other) => panic!("not a failure: {other}"),
        Ok(_) => panic!("it did not fail"),
    }
}

/// Returns the failure of an operation that was refused.
#[track_caller]
pub(crate) fn refusal<T>(result: Result<T, EngineError>) -> Failure {
    match result {
        Err(EngineError::Failed(failure) | EngineError::WrongBackend(failure))
            if failure.kind == FailureKind::Refused =>
        {
            failure
        }
        Err(other) => panic!("not refused: {other}"),
        Ok(_) => panic!("it did not fail"),
    }
}

/// Returns the changed resources: `terraform_data.a create`.
pub(crate) fn actions(planned: &Planned) -> Vec<String> {
    planned
        .changes
        .resources
        .iter()
        .map(|change| format!("{} {}", change.address, change.action.as_str()))
        .collect()
}

/// Returns all files below a folder, relative to it, sorted.
pub(crate) fn files(folder: &Utf8Path) -> Vec<String> {
    fn visit(root: &Utf8Path, folder: &Utf8Path, found: &mut Vec<String>) {
        for entry in folder.read_dir_utf8().unwrap().map(Result::unwrap) {
            if entry.file_type().unwrap().is_dir() {
                visit(root, entry.path(), found);
            }
            found.push(entry.path().strip_prefix(root).unwrap().to_string());
        }
    }
    let mut found = Vec::new();
    visit(folder, folder, &mut found);
    found.sort();
    found
}
