//! Reading of a script: its arguments of engines, with the folders that `cd`, `-chdir` and `working-directory` name.

use camino::Utf8Path;

use super::{
    command::{CommandFolder, ScriptCommand, ScriptFact},
    substitution::{ARGUMENT, REPOSITORY, SCRIPT_FOLDER, UNKNOWN, values_of},
    words::{joined_lines, words},
};

/// Words before which a program can stand at the beginning of a line.
const PROMPTS: [&str; 8] = ["$", ">", "-", "run:", "then", "do", "else", "command:"];

/// Syntax of a script, as far as it decides how long a `cd` lasts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ScriptSyntax {
    /// One shell runs all lines.
    Shell,
    /// Each line has a shell of its own, as in a Makefile.
    ShellPerLine,
    /// Steps of a workflow, each with a shell of its own.
    Workflow,
    /// Text with blocks of code.
    Markdown,
}

/// Reader of one script.
struct ScriptReader<'a> {
    script: &'a Utf8Path,
    text: &'a str,
    syntax: ScriptSyntax,
    /// Folder that `cd` has changed to; `None` at the beginning.
    folder: Option<String>,
    /// Folder that the step of a workflow names.
    step_folder: Option<String>,
    /// Folder that a workflow names for all steps.
    default_folder: Option<String>,
    /// True inside a fenced block of Markdown.
    is_in_fence: bool,
    commands: Vec<ScriptCommand>,
}

/// Returns the arguments that a script passes to engines.
pub(super) fn read_commands(script: &Utf8Path, text: &str) -> Vec<ScriptCommand> {
    let name = script.file_name().unwrap_or_default().to_ascii_lowercase();
    let extension = Utf8Path::new(&name).extension().unwrap_or_default();
    let syntax = if name.ends_with("makefile") || extension == "mk" || name == "package.json" {
        ScriptSyntax::ShellPerLine
    } else if ["yml", "yaml"].contains(&extension) {
        ScriptSyntax::Workflow
    } else if name.starts_with("readme") || extension == "md" {
        ScriptSyntax::Markdown
    } else {
        ScriptSyntax::Shell
    };
    let mut reader = ScriptReader {
        script,
        text,
        syntax,
        folder: None,
        step_folder: None,
        default_folder: None,
        is_in_fence: false,
        commands: Vec::new(),
    };
    let lines = joined_lines(text);
    for (at, line) in lines.iter().enumerate() {
        reader.read_line(line, &lines[at..], lines[..at].last().map_or("", |line| line.trim()));
    }
    reader.commands
}

impl ScriptReader<'_> {
    fn read_line(&mut self, line: &str, from_here: &[String], before: &str) {
        match self.syntax {
            ScriptSyntax::Workflow => self.enter_step(line, from_here, before),
            ScriptSyntax::ShellPerLine => self.folder = None,
            ScriptSyntax::Markdown if line.trim_start().starts_with("```") => {
                self.is_in_fence = !self.is_in_fence;
            }
            ScriptSyntax::Shell | ScriptSyntax::Markdown => {}
        }
        let earlier = self.folder.clone();
        self.read_words(line, &words(line));
        if line.trim_start().trim_start_matches(['@', '$', ' ', '-']).starts_with('(') {
            self.folder = earlier;
        }
    }

    /// Takes note of the folder of a workflow's step at the step's first line.
    fn enter_step(&mut self, line: &str, from_here: &[String], before: &str) {
        let indent = |line: &str| line.len() - line.trim_start().len();
        let trimmed = line.trim_start();
        if trimmed.starts_with('#') || trimmed.is_empty() {
            return;
        }
        if let Some(folder) = working_directory(line).filter(|_| before == "run:") {
            self.default_folder = self.first_value(folder);
        }
        if !trimmed.starts_with("- ") {
            if trimmed.ends_with(':') && indent(line) <= 2 {
                (self.folder, self.step_folder) = (None, None);
            }
            return;
        }
        let is_of_step = |next: &&String| next.trim().is_empty() || indent(next) > indent(line);
        let step =
            || std::iter::once(line).chain(from_here[1..].iter().take_while(is_of_step).map(String::as_str));
        let named = step().find_map(working_directory).map(str::to_owned);
        if named.is_some()
            || ["- name:", "- uses:", "- run:", "- id:", "- if:"].iter().any(|key| trimmed.starts_with(key))
        {
            self.folder = None;
            self.step_folder = named.and_then(|folder| self.first_value(&folder));
        }
    }

    fn read_words(&mut self, line: &str, words: &[String]) {
        let mut engine_folder: Option<String> = None;
        for (at, word) in words.iter().enumerate() {
            let next = || words.get(at + 1).map(String::as_str);
            let bare = word.trim_start_matches('@');
            if ["cd", "pushd"].contains(&bare) && self.is_command(line, words, at) {
                if let Some(to) = next().and_then(|to| self.first_value(to)) {
                    self.folder = Some(joined(self.folder.as_deref(), &to));
                }
            } else if bare == "popd" {
                self.folder = None;
            } else if is_engine(bare) {
                engine_folder = None;
            }
            let flag = bare.split_once("=-").map_or(bare, |(_, flag)| flag).trim_start_matches('-');
            let argument = |name: &str| match flag.strip_prefix(name) {
                Some("") => next(),
                Some(rest) => rest.strip_prefix('='),
                None => None,
            };
            let is_flag = bare.starts_with('-') || bare.contains("=-");
            if let Some(folder) = argument("chdir").or_else(|| argument("working-dir")).filter(|_| is_flag) {
                engine_folder = self.first_value(folder);
            } else if let Some(file) = argument("var-file").filter(|_| is_flag) {
                self.record_all(file, engine_folder.as_deref(), ScriptFact::VarFile);
            } else if let Some(value) = argument("backend-config").filter(|_| is_flag) {
                match backend_pair(value) {
                    Some((key, value)) => {
                        let pair = |value| ScriptFact::BackendPair { key: key.to_owned(), value };
                        self.record_all(value, engine_folder.as_deref(), pair);
                    }
                    None => self.record_all(value, engine_folder.as_deref(), ScriptFact::BackendFile),
                }
            } else if let Some(name) = workspace_name(words, at) {
                self.record_all(name, engine_folder.as_deref(), ScriptFact::Workspace);
            }
        }
    }

    /// Returns true if the word at this place is a command, not a word of a text.
    fn is_command(&self, line: &str, words: &[String], at: usize) -> bool {
        let is_code = self.syntax != ScriptSyntax::Markdown
            || self.is_in_fence
            || line.starts_with("    ")
            || line.contains("`cd ");
        let is_first = words[..at].iter().all(|word| PROMPTS.contains(&word.as_str()));
        let after_separator = ["&& cd", "; cd", ";cd", "(cd", "( cd", "`cd", "|| cd", "\"cd", "pushd"];
        is_code && (is_first || after_separator.iter().any(|text| line.contains(text)))
    }

    fn record_all(&mut self, word: &str, engine_folder: Option<&str>, fact: impl Fn(String) -> ScriptFact) {
        let step = self.step_folder.as_deref().or(self.default_folder.as_deref());
        let folder = match (step, self.folder.as_deref()) {
            (Some(step), Some(folder)) => Some(joined(Some(step), folder)),
            (step, folder) => step.or(folder).map(str::to_owned),
        };
        let folder = match engine_folder {
            Some(engine) => Some(joined(folder.as_deref(), engine)),
            None => folder,
        };
        let folder = folder.map_or(CommandFolder::Inherited, CommandFolder::Named);
        for value in values_of(word, self.text) {
            let fact = match fact(value) {
                ScriptFact::VarFile(path) => ScriptFact::VarFile(without_arguments(&path)),
                ScriptFact::BackendFile(path) => ScriptFact::BackendFile(without_arguments(&path)),
                fact => fact,
            };
            let command = ScriptCommand { script: self.script.to_owned(), folder: folder.clone(), fact };
            if !self.commands.contains(&command) {
                self.commands.push(command);
            }
        }
    }

    fn first_value(&self, word: &str) -> Option<String> {
        let value = values_of(word.trim_matches(['"', '\'']), self.text).into_iter().next()?;
        Some(without_arguments(&value))
    }
}

/// Returns a text in which the script's arguments are unknown values like others.
fn without_arguments(text: &str) -> String {
    text.replace(ARGUMENT, &UNKNOWN.to_string())
}

/// Returns the value of `working-directory` in a line of YAML.
fn working_directory(line: &str) -> Option<&str> {
    let line = line.trim_start().trim_start_matches("- ");
    let value = line.strip_prefix("working-directory:").or_else(|| line.strip_prefix("workingDirectory:"))?;
    Some(value.split(" #").next().unwrap_or_default().trim().trim_matches(['"', '\'']))
}

/// Joins a folder and a path that a command names in it.
fn joined(folder: Option<&str>, path: &str) -> String {
    match folder {
        Some(folder) if !path.starts_with([REPOSITORY, SCRIPT_FOLDER, '/']) => format!("{folder}/{path}"),
        _ => path.to_owned(),
    }
}

/// Returns true if a word is the program of an engine.
fn is_engine(word: &str) -> bool {
    ["terraform", "tofu", "terragrunt"].contains(&word.rsplit('/').next().unwrap_or_default())
}

/// Splits a pair of `-backend-config`; `None` for the path of a file.
fn backend_pair(value: &str) -> Option<(&str, &str)> {
    let pair = value.split_once('=')?;
    let is_key = |key: &str| key.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    (is_key(pair.0) && !pair.1.is_empty()).then_some(pair)
}

/// Returns the workspace that the words from this place on select or create.
fn workspace_name(words: &[String], at: usize) -> Option<&str> {
    let word = words[at].as_str();
    if let Some(name) = word.strip_prefix("TF_WORKSPACE=") {
        return Some(name).filter(|name| !name.is_empty());
    }
    if word == "TF_WORKSPACE:" {
        return words.get(at + 1).map(String::as_str);
    }
    let verb = words.get(at + 1)?;
    let after_engine = at.checked_sub(1).and_then(|before| words.get(before)).is_some_and(|before| {
        is_engine(before) || before.starts_with(['$', '-', '{']) || ["tf", "@tf"].contains(&before.as_str())
    });
    let selects = word == "workspace" && ["select", "new"].contains(&verb.as_str()) && after_engine;
    let name = selects.then(|| words[at + 2..].iter().find(|word| !word.starts_with('-')))?;
    name.map(String::as_str)
}

#[cfg(test)]
mod tests {
    use super::{super::substitution::ENVIRONMENT, *};

    fn read(script: &str, text: &str) -> Vec<String> {
        let shown = |command: ScriptCommand| {
            let fact = match command.fact {
                ScriptFact::VarFile(file) => format!("var {file}"),
                ScriptFact::BackendFile(file) => format!("backend {file}"),
                ScriptFact::BackendPair { key, value } => format!("{key}={value}"),
                ScriptFact::Workspace(name) => format!("workspace {name}"),
            };
            let folder = match command.folder {
                CommandFolder::Inherited => String::new(),
                CommandFolder::Named(folder) => format!("{folder}: "),
            };
            format!("{folder}{fact}")
                .replace(ENVIRONMENT, "{env}")
                .replace(UNKNOWN, "{?}")
                .replace(ARGUMENT, "{1}")
        };
        read_commands(Utf8Path::new(script), text).into_iter().map(shown).collect()
    }

    #[test]
    fn every_way_of_passing_a_pair_is_read() {
        for line in [
            r#"terraform init -reconfigure -backend-config="key=a/$ENV/x" -input=false"#,
            r#"terraform init "-backend-config=key=a/${ENV}/x""#,
            "terraform init -backend-config key=a/$(ENV)/x",
            r#"    "init": "terraform init -backend-config=\"key=a/${ENVIRONMENT}/x\"","#,
            r#"run: terraform init --backend-config="key=a/${{ inputs.environment }}/x""#,
            "terraform init -backend-config=key=a/{{env}}/x",
            r#"export TF_CLI_ARGS_init="-reconfigure -backend-config=key=a/$ENV/x""#,
        ] {
            assert_eq!(read("x.sh", line), ["key=a/{env}/x"], "{line}");
        }
    }

    #[test]
    fn a_cd_lasts_as_long_as_its_shell() {
        let text = "cd infra\nterraform plan -var-file=a\n(cd x && tofu plan -var-file b)\ncd ../other\ntofu plan -var-file=c\n";
        assert_eq!(read("x.sh", text), ["infra: var a", "infra/x: var b", "infra/../other: var c"]);
        let text = "plan:\n\tcd infra && terraform plan -var-file=a\n\tterraform -chdir=b plan -var-file=c\n";
        assert_eq!(read("Makefile", text), ["infra: var a", "b: var c"]);
        let text = "Then cd into it and run `terraform plan -var-file=<env>.tfvars`.\n";
        assert_eq!(read("README.md", text), ["var {env}.tfvars"]);
    }

    #[test]
    fn a_step_of_a_workflow_has_its_own_folder() {
        let text = "jobs:\n  a:\n    steps:\n      - run: terraform plan -var-file=a\n        working-directory: one\n      - run: |\n          # terraform plan -var-file=old\n          terraform plan -var-file=b\n      - name: x\n        working-directory: two\n        run: terraform workspace select ${{ inputs.env }}\n";
        assert_eq!(read("x.yml", text), ["one: var a", "var b", "two: workspace {env}"]);
        let text = "defaults:\n  run:\n    working-directory: infra\njobs:\n  a:\n    steps:\n      - run: terraform plan -var-file=a\n        env:\n          TF_WORKSPACE: prod\n";
        assert_eq!(read("x.yml", text), ["infra: var a", "infra: workspace prod"]);
    }

    #[test]
    fn workspaces_are_those_of_commands() {
        let text = "terraform workspace select \"$1\" || terraform workspace new -lock=false $1\nsee the workspace select command\nTF_WORKSPACE=$STAGE terraform plan\n";
        assert_eq!(read("x.sh", text), ["workspace {1}", "workspace {env}"]);
    }
}
