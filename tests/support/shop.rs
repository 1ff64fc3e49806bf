//! Project of small stacks whose engine is the fake one, on PATH as `tofu`, or a real one.

use std::{fmt::Write as _, fs, path::PathBuf};

use serde_json::{Value, json};

use super::{Driven, Env, Project, Run, State};

/// Environments of most tests: `staging`, applied with `--yes`, and `production`, which needs a confirmation.
pub(crate) const ENVIRONMENTS: &str = "[project]
name = \"shop\"

[environments.staging]
aliases = [\"stag\"]
workspace = \"staging\"
create_workspace = \"always\"

[environments.production]
aliases = [\"prod\"]
confirm = true
workspace = \"production\"
create_workspace = \"always\"
";

/// Project with an engine, and its environment.
pub(crate) struct Shop {
    pub(crate) project: Project,
    pub(crate) env: Env,
}

impl Shop {
    /// Makes a project in git with these environments, no stack, and the fake engine.
    #[track_caller]
    pub(crate) fn with(environments: &str) -> Self {
        Self::driven_by(&Driven::Fake, environments)
    }

    /// Makes a project in git with these environments, no stack, and this engine on PATH.
    #[track_caller]
    pub(crate) fn driven_by(engine: &Driven, environments: &str) -> Self {
        let project = Project::without_files();
        project.git(["init", "--quiet", "--initial-branch=main"]);
        project.write(".gitignore", "terraform.tfstate*\n*.marker\n");
        project.write("environments.toml", environments);
        let env = Env::new(&project).var("FAKE_ENGINE_LOG", project.around().join("calls.jsonl"));
        engine.link(&env);
        Self { project, env }
    }

    /// Makes a project with staging and production and no stack.
    #[track_caller]
    pub(crate) fn new() -> Self {
        Self::with(ENVIRONMENTS)
    }

    /// Makes a project with these stacks, each with one resource `terraform_data.NAME` and an output `id`; a colon
    /// precedes the needs of a stack: `app: network database`.
    #[track_caller]
    pub(crate) fn of(stacks: &[&str]) -> Self {
        Self::new().with_stacks(stacks)
    }

    /// Adds stacks as [`Shop::of`] does, and commits them.
    #[track_caller]
    pub(crate) fn with_stacks(self, stacks: &[&str]) -> Self {
        let shop = self;
        for stack in stacks {
            let (name, needs) = stack.split_once(':').unwrap_or((stack, ""));
            shop.stack(name, &needs.split_whitespace().collect::<Vec<_>>(), &plain(name));
        }
        shop.project.commit("Begin");
        shop
    }

    /// Adds a stack as [`Shop::stack`] does.
    #[track_caller]
    pub(crate) fn with_stack(self, name: &str, needs: &[&str], script: &Value) -> Self {
        self.stack(name, needs, script);
        self
    }

    /// Declares a stack whose files [`Shop::with_files`] writes.
    #[track_caller]
    pub(crate) fn with_folder(self, name: &str, path: &str) -> Self {
        self.append("environments.toml", &format!("\n[stacks.{name}]\npath = \"{path}\"\n"));
        self
    }

    /// Adds lines to the table of the stack that was added last: `tags = ["side"]`.
    #[track_caller]
    pub(crate) fn with_keys(self, lines: &str) -> Self {
        self.append("environments.toml", &format!("{lines}\n"));
        self
    }

    /// Adds inputs to the stack that was added last: `place = "network.place"`.
    #[track_caller]
    pub(crate) fn with_inputs(self, inputs: &str) -> Self {
        self.with_keys(&format!("inputs = {{ {inputs} }}"))
    }

    /// Adds hooks to a stack, each with its moment and a line for `sh -c`.
    #[track_caller]
    pub(crate) fn with_hooks(self, stack: &str, hooks: &[(&str, &str)]) -> Self {
        let lines =
            hooks.iter().map(|(moment, line)| format!("{moment} = [[\"sh\", \"-c\", {}]]\n", json!(line)));
        let table = format!("\n[stacks.{stack}.hooks]\n{}", lines.collect::<String>());
        self.append("environments.toml", &table);
        self
    }

    /// Adds guards to an environment that has none: `clean_tree = true`.
    #[track_caller]
    pub(crate) fn with_guards(self, environment: &str, lines: &str) -> Self {
        self.append("environments.toml", &format!("\n[environments.{environment}.guards]\n{lines}\n"));
        self
    }

    /// Writes files, each with its path in the project and its text.
    #[track_caller]
    pub(crate) fn with_files(self, files: &[(&str, &str)]) -> Self {
        for (file, text) in files {
            self.project.write(file, text);
        }
        self
    }

    /// Changes the environment of envctl: `.with_env(Env::with_system)`.
    pub(crate) fn with_env(self, change: impl FnOnce(Env) -> Env) -> Self {
        Self { env: change(self.env), project: self.project }
    }

    /// Commits everything.
    #[track_caller]
    pub(crate) fn committed(self) -> Self {
        self.project.commit("Begin");
        self
    }

    /// Adds a stack in a folder of its name, and declares it.
    #[track_caller]
    pub(crate) fn stack(&self, name: &str, needs: &[&str], script: &Value) {
        self.script(name, script);
        let text = format!("\n[stacks.{name}]\npath = \"{name}\"\nneeds = {needs:?}\n");
        self.append("environments.toml", &text);
    }

    /// Overwrites a stack's files: its script, and the equivalent HCL.
    #[track_caller]
    pub(crate) fn script(&self, folder: &str, script: &Value) {
        self.project.write(&format!("{folder}/fake-engine.json"), &script.to_string());
        self.project.write(&format!("{folder}/main.tf"), &hcl(script));
    }

    /// Writes a stack with its usual resources and this behaviour: `{ "plan": { "exit": 3 } }`.
    #[track_caller]
    pub(crate) fn behave(&self, stack: &str, steps: &Value) {
        let mut script = plain(stack);
        script["steps"] = steps.clone();
        self.script(stack, &script);
    }

    /// Changes the value of a stack's resource, so that the next plan has a change.
    #[track_caller]
    pub(crate) fn change(&self, stack: &str, value: &str) {
        let mut script = plain(stack);
        script["resources"] = json!({ format!("terraform_data.{stack}"): value });
        self.script(stack, &script);
    }

    /// Appends to a file of the project.
    #[track_caller]
    pub(crate) fn append(&self, relative: &str, text: &str) {
        let before = self.project.read(relative);
        self.project.write(relative, &(before + text));
    }

    /// Runs envctl.
    #[track_caller]
    pub(crate) fn run<const N: usize>(&self, args: [&str; N]) -> Run {
        self.env.run(args)
    }

    /// Deploys staging, then empties the log of engine calls and removes the durations, so that the order of later
    /// steps does not depend on them.
    #[track_caller]
    pub(crate) fn deployed(self) -> Self {
        self.run(["deploy", "staging", "--yes"]).exits(0);
        self.forget_calls();
        fs::remove_dir_all(self.project.path(".envctl/durations")).expect("a deploy measures");
        self
    }

    /// Returns the lines of the engine's log: calls, signals, plans.
    #[track_caller]
    pub(crate) fn log(&self) -> Vec<Value> {
        let text = fs::read_to_string(self.log_file()).unwrap_or_default();
        // A write over a page boundary can be visible in parts: an incomplete last line is ignored.
        let whole = text.rfind('\n').map_or("", |end| &text[..end]);
        whole
            .lines()
            .map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{line}: {error}")))
            .collect()
    }

    /// Returns the calls of the engine, each as folder and verb: `app plan`.
    #[track_caller]
    pub(crate) fn calls(&self) -> Vec<String> {
        let calls = self.log().into_iter().filter(|line| line.get("argv").is_some());
        calls.map(|call| format!("{} {}", folder(&call), verb(&call))).collect()
    }

    /// Returns the folders of the calls with one verb.
    #[track_caller]
    pub(crate) fn folders(&self, wanted: &str) -> Vec<String> {
        let log = self.log();
        let calls = log.iter().filter(|line| line.get("argv").is_some() && verb(line) == wanted);
        calls.map(|call| folder(call).to_owned()).collect()
    }

    /// Returns the number of log lines in which a key has this value.
    #[track_caller]
    pub(crate) fn count(&self, key: &str, value: &str) -> usize {
        self.log().iter().filter(|line| line[key] == value).count()
    }

    /// Empties the log of calls.
    pub(crate) fn forget_calls(&self) {
        fs::write(self.log_file(), "").expect("the log can be written");
    }

    /// Returns the state of a stack in a workspace; absent when the file does not exist.
    #[track_caller]
    pub(crate) fn state(&self, stack: &str, workspace: &str) -> Option<Value> {
        let path = self.project.path(&format!("{stack}/terraform.tfstate.d/{workspace}/terraform.tfstate"));
        let text = fs::read_to_string(path).ok()?;
        // Asserts the format that the fake and the real engines share.
        drop(State::parse(&text));
        Some(serde_json::from_str(&text).expect("a state is JSON"))
    }

    /// Returns the input of a stack's only resource in a workspace; absent when the stack was not deployed there.
    #[track_caller]
    pub(crate) fn deployed_value(&self, stack: &str, workspace: &str) -> Option<String> {
        let state = self.state(stack, workspace)?;
        let of_the_fake =
            state["resources"].as_object().and_then(|resources| resources.values().next().cloned());
        let value = of_the_fake
            .or_else(|| state.pointer("/resources/0/instances/0/attributes/input/value").cloned())?;
        value.as_str().map(str::to_owned)
    }

    /// Returns the folder of the newest run, relative to the project.
    #[track_caller]
    pub(crate) fn newest_run(&self) -> String {
        let runs = self.project.path(".envctl/runs");
        let names = runs.read_dir().expect("there are runs").map(|entry| entry.expect("a run").file_name());
        let newest = names.max().expect("there is a run");
        format!(".envctl/runs/{}", newest.to_string_lossy())
    }

    /// Returns the files in `.envctl` that hold a text, plan files excluded.
    #[track_caller]
    pub(crate) fn files_with(&self, text: &str) -> Vec<String> {
        self.project.files_with(text)
    }

    /// Returns a path beside the project, for files that record an event.
    pub(crate) fn marker(&self, name: &str) -> PathBuf {
        self.project.around().join(name)
    }

    fn log_file(&self) -> PathBuf {
        self.project.around().join("calls.jsonl")
    }
}

/// Returns the script of a stack with one resource and one output.
pub(crate) fn plain(name: &str) -> Value {
    json!({ "resources": { format!("terraform_data.{name}"): "first" }, "outputs": { "id": format!("{name}-1") } })
}

/// Returns a behaviour that ends a verb with a diagnostic.
pub(crate) fn error(summary: &str, detail: &str) -> Value {
    json!({ "error": { "summary": summary, "detail": detail } })
}

fn hcl(script: &Value) -> String {
    let mut text = String::new();
    let keys = |name: &str| script[name].as_object().cloned().unwrap_or_default();
    if let Some(backend) = script["backend"].as_str() {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "terraform {{\n  backend \"{backend}\" {{}}\n}}\n");
    }
    for name in script["variables"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        let _ = writeln!(text, "variable \"{name}\" {{}}\n");
    }
    for (address, value) in keys("resources") {
        let name = address.split_once('.').map_or(&*address, |(_, name)| name);
        let _ = writeln!(text, "resource \"terraform_data\" \"{name}\" {{\n  input = {value}\n}}\n");
    }
    for (name, value) in keys("outputs") {
        let sensitive =
            script["sensitive"].as_array().is_some_and(|names| names.contains(&name.as_str().into()));
        let _ = writeln!(text, "output \"{name}\" {{\n  value = {value}\n  sensitive = {sensitive}\n}}\n");
    }
    text
}

fn folder(call: &Value) -> &str {
    call["dir"].as_str().and_then(|dir| dir.rsplit('/').next()).unwrap_or("?")
}

fn verb(call: &Value) -> String {
    let words = call["argv"].as_array().into_iter().flatten().skip(1).filter_map(Value::as_str);
    let words: Vec<&str> = words.filter(|word| !word.starts_with('-')).collect();
    match words.as_slice() {
        [first @ ("workspace" | "state"), second, ..] => format!("{first} {second}"),
        [first, ..] => (*first).to_owned(),
        [] => "?".to_owned(),
    }
}
