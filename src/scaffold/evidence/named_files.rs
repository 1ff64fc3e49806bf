//! Files that scripts pass to the engine of a stack, matched with the files of the repository.

use std::collections::BTreeSet;

use camino::{Utf8Path, Utf8PathBuf};
use regex::Regex;

use super::{
    super::{
        environment_names::{escape_braces, is_environment_name, role_of_name},
        file_template::{SHARED_NAMES, SettingsFile, template_of_path},
    },
    command::{Closeness, CommandFolder, ScriptCommand, home_of},
    substitution::{ENVIRONMENT, UNKNOWN},
};
use crate::files::{normalised, relative_path};

/// Files of one kind that scripts pass to the engine of one stack.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in super::super) struct NamedFiles {
    /// Files that are there, in the order in which the scripts name them.
    pub(in super::super) found: Vec<SettingsFile>,
    /// Paths for which no file is there, with the script that passes them.
    pub(in super::super) absent: Vec<(String, Utf8PathBuf)>,
}

/// Files of a repository among which those of a stack are looked for.
pub(in super::super) struct StackFiles<'a> {
    /// Paths of all files, relative to the repository.
    pub(in super::super) all: &'a BTreeSet<Utf8PathBuf>,
    /// Folder of the stack.
    pub(in super::super) stack: &'a Utf8Path,
    /// Folders of all stacks.
    pub(in super::super) stacks: &'a [&'a Utf8Path],
}

impl StackFiles<'_> {
    /// Finds the files that commands pass to the engine in the stack's folder; closer scripts win.
    pub(in super::super) fn named_by<'c>(
        &self,
        commands: impl Iterator<Item = (&'c ScriptCommand, &'c str)>,
    ) -> NamedFiles {
        let mut near: Vec<(Closeness, &ScriptCommand, &str)> = commands
            .filter_map(|(command, path)| Some((command.closeness(self.stack)?, command, path)))
            .collect();
        near.sort_by_key(|(closeness, ..)| std::cmp::Reverse(*closeness));
        let mut named = NamedFiles::default();
        let mut found_at = None;
        let mut tried = BTreeSet::new();
        for (closeness, command, path) in near {
            if found_at.is_some_and(|best| best > closeness) {
                break;
            }
            if !tried.insert((command.folder == CommandFolder::Inherited, path, home_of(&command.script))) {
                continue;
            }
            let mut files = self.files_of(command, path);
            if files.is_empty() {
                let is_for_stack = !matches!(closeness, Closeness::Above(_)) || self.stacks.len() == 1;
                if let Some(template) = shown_template(path).filter(|_| is_for_stack) {
                    named.absent.push((template, command.script.clone()));
                }
                continue;
            }
            found_at = Some(closeness);
            for file in &mut files {
                file.script = Some((command.script.clone(), path.to_owned()));
            }
            for file in files {
                match named.found.iter_mut().find(|other| other.template == file.template) {
                    Some(other) => other.environments.extend(file.environments),
                    None => named.found.push(file),
                }
            }
        }
        if !named.found.is_empty() {
            named.absent.clear();
        }
        named.absent.sort();
        named.absent.dedup_by(|one, other| one.0 == other.0);
        named
    }

    /// Returns the files that a path in a command means.
    fn files_of(&self, command: &ScriptCommand, path: &str) -> Vec<SettingsFile> {
        let home = home_of(&command.script);
        let is_only_below_home = self.stacks.iter().filter(|stack| stack.starts_with(&home)).count() == 1;
        let mut folders = vec![self.stack];
        if command.folder == CommandFolder::Inherited && (is_only_below_home || home == self.stack) {
            folders.extend([home.as_path(), command.script_folder()]);
        }
        let paths = command.absolute(path, &folders);
        let found = paths.iter().map(|path| self.matches(path));
        found.into_iter().find(|files| !files.is_empty()).unwrap_or_default()
    }

    /// Returns the files that match a path with signs.
    fn matches(&self, path: &str) -> Vec<SettingsFile> {
        if !path.contains([ENVIRONMENT, UNKNOWN]) {
            return self.literal(Utf8Path::new(path)).into_iter().collect();
        }
        let name = path.rsplit('/').next().unwrap_or_default();
        if name.chars().all(|c| [ENVIRONMENT, UNKNOWN, '.'].contains(&c)) {
            return Vec::new();
        }
        let matched = self.captures(path);
        let signs: Vec<char> = path.chars().filter(|c| [ENVIRONMENT, UNKNOWN].contains(c)).collect();
        let of_environment: Vec<usize> = if signs.contains(&ENVIRONMENT) {
            (0..signs.len()).filter(|at| signs[*at] == ENVIRONMENT).collect()
        } else {
            // A value from elsewhere is the environment if it is the name of one in at least one file.
            let is_known = |name: &str| !name.contains('.') && role_of_name(name).is_some();
            let names = |at: &usize| matched.iter().any(|values| is_known(&values[*at]));
            let Some(at) = (0..signs.len()).find(names) else { return Vec::new() };
            vec![at]
        };
        let mut files: Vec<SettingsFile> = Vec::new();
        for values in matched {
            let environment = &values[of_environment[0]];
            let is_one = of_environment.iter().all(|at| values[*at] == *environment);
            if !is_one
                || environment.contains('.')
                || !is_environment_name(environment)
                || SHARED_NAMES.contains(&environment.as_str())
            {
                continue;
            }
            let mut next = 0..;
            let mut template = String::new();
            for c in path.chars() {
                match c {
                    ENVIRONMENT | UNKNOWN => {
                        let at = next.next().unwrap_or_default();
                        if of_environment.contains(&at) {
                            template.push_str("{env}");
                        } else {
                            template.push_str(&escape_braces(&values[at]));
                        }
                    }
                    c => template.push_str(&escape_braces(c.encode_utf8(&mut [0; 4]))),
                }
            }
            let template = self.path_for_stack(Utf8Path::new(&template));
            let entry = environment.clone();
            match files.iter_mut().find(|other| other.template == template) {
                Some(other) => {
                    other.environments.insert(entry);
                }
                None => files.push(SettingsFile { template, environments: [entry].into(), script: None }),
            }
        }
        files
    }

    /// Returns the file of a literal path, with those of other environments beside it.
    fn literal(&self, path: &Utf8Path) -> Option<SettingsFile> {
        if !self.all.contains(path) {
            return None;
        }
        let below = self.path_for_stack(path);
        let named = |template: String, environments| SettingsFile { template, environments, script: None };
        let Some((template, environment)) = template_of_path(Utf8Path::new(&below)) else {
            return Some(named(escape_braces(&below), BTreeSet::new()));
        };
        let signs = normalised(&self.stack.join(template.replace("{env}", &ENVIRONMENT.to_string())));
        let beside = self.captures(&unescaped(signs.as_str())).into_iter().filter_map(|values| {
            let other = values.first()?;
            let is_one = values.iter().all(|value| value == other) && role_of_name(other).is_some();
            is_one.then(|| other.clone())
        });
        Some(named(template, beside.chain([environment]).collect()))
    }

    /// Returns the text for each sign of a path, for each file that matches it.
    fn captures(&self, path: &str) -> Vec<Vec<String>> {
        let mut pattern = String::from("^");
        for c in path.chars() {
            match c {
                ENVIRONMENT => pattern.push_str("([^/.]+)"),
                UNKNOWN => pattern.push_str("([^/]+)"),
                c => pattern.push_str(&regex::escape(c.encode_utf8(&mut [0; 4]))),
            }
        }
        pattern.push('$');
        let Ok(pattern) = Regex::new(&pattern) else { return Vec::new() };
        let of = |file: &'_ Utf8PathBuf| {
            let captures = pattern.captures(file.as_str())?;
            let text = |at: usize| captures.get(at).map_or("", |found| found.as_str()).to_owned();
            Some((1..captures.len()).map(text).collect::<Vec<_>>())
        };
        let fixed = path.split([ENVIRONMENT, UNKNOWN]).next().unwrap_or_default();
        let from = self.all.range(Utf8PathBuf::from(fixed)..);
        // Paths are ordered by their folders: those of one beginning need not follow each other.
        let near = from
            .take_while(|file| file.as_str().starts_with(fixed.rsplit_once('/').map_or("", |(dir, _)| dir)));
        near.filter_map(of).collect()
    }

    /// Returns a path of the repository as a path from the stack's folder.
    fn path_for_stack(&self, path: &Utf8Path) -> String {
        relative_path(self.stack, path).into_string()
    }
}

fn unescaped(text: &str) -> String {
    text.replace("{{", "{").replace("}}", "}")
}

/// Returns a path of a script as a template for the user; `None` if it has parts that no template can express.
fn shown_template(path: &str) -> Option<String> {
    let is_text = |c: char| c == ENVIRONMENT || !c.is_control() && !"<>()$`|*".contains(c);
    let is_plain = path.chars().all(is_text);
    let template = escape_braces(path).replace(ENVIRONMENT, "{env}");
    (is_plain && !path.starts_with('/') && template != "{env}").then_some(template)
}

#[cfg(test)]
mod tests {
    use super::{super::reader::read_commands, *};
    use crate::scaffold::evidence::ScriptFact;

    /// Returns the var files of a stack that scripts name, with their environments.
    fn var_files(files: &[&str], scripts: &[(&str, &str)], stack: &str, stacks: &[&str]) -> Vec<String> {
        let all = files.iter().map(Utf8PathBuf::from).collect();
        let stacks: Vec<&Utf8Path> = stacks.iter().map(Utf8Path::new).collect();
        let files = StackFiles { all: &all, stack: Utf8Path::new(stack), stacks: &stacks };
        let commands: Vec<ScriptCommand> =
            scripts.iter().flat_map(|(script, text)| read_commands(Utf8Path::new(script), text)).collect();
        let named = files.named_by(commands.iter().filter_map(|command| match &command.fact {
            ScriptFact::VarFile(file) => Some((command, file.as_str())),
            _ => None,
        }));
        let shown = |file: SettingsFile| {
            let environments: Vec<String> = file.environments.into_iter().collect();
            format!("{} {}", file.template, environments.join(","))
        };
        named.found.into_iter().map(shown).collect()
    }

    #[test]
    fn a_variable_stands_for_the_environments_that_have_a_file() {
        let files = ["tf/env/dev/x.tfvars", "tf/env/sbox/x.tfvars", "tf/env/common.tfvars"];
        let script = [(
            "tf/plan.sh",
            "env=$2\nterraform plan -var-file=env/common.tfvars -var-file=\"./env/$env/x.tfvars\"\n",
        )];
        assert_eq!(
            var_files(&files, &script, "tf", &["tf", "b"]),
            ["env/common.tfvars ", "env/{env}/x.tfvars dev,sbox"]
        );
        let script = [("Makefile", "plan:\n\tterraform -chdir=tf plan -var-file=env/$(NAME)/x.tfvars\n")];
        assert_eq!(var_files(&files, &script, "tf", &["tf"]), ["env/{env}/x.tfvars dev,sbox"]);
        assert!(var_files(&files, &script, "b", &["tf", "b"]).is_empty());
    }

    #[test]
    fn literal_paths_of_one_shape_are_one_template() {
        let files = ["env-dev/main.tfvars", "env-prod/main.tfvars", "env-old/main.tfvars"];
        let script = [("Makefile", "dev:\n\tterraform plan -var-file=env-dev/main.tfvars\n")];
        assert_eq!(var_files(&files, &script, "", &[""]), ["env-{env}/main.tfvars dev,prod"]);
    }

    #[test]
    fn a_second_variable_makes_candidates() {
        let files = ["s/dev.blue.tfvars", "s/dev.green.tfvars"];
        let script = [("s/run.sh", "terraform plan -var-file=$ENV.$STACKNAME.tfvars\n")];
        assert_eq!(
            var_files(&files, &script, "s", &["s"]),
            ["{env}.blue.tfvars dev", "{env}.green.tfvars dev"]
        );
    }

    #[test]
    fn the_closest_script_wins_and_paths_may_leave_the_stack() {
        let files = ["a/dev.tfvars", "config/dev.tfvars"];
        let scripts = [
            ("scripts/all.sh", "terraform plan -var-file=$ENV.tfvars\n"),
            (
                ".github/workflows/x.yml",
                "- run: terraform plan -var-file=../config/$ENV.tfvars\n  working-directory: a\n",
            ),
        ];
        assert_eq!(var_files(&files, &scripts, "a", &["a", "b"]), ["../config/{env}.tfvars dev"]);
        assert_eq!(var_files(&files, &scripts[..1], "a", &["a", "b"]), ["{env}.tfvars dev"]);
    }
}
