//! Choice of the settings files of a stack among those that were found; of candidates for one purpose none is chosen.

use std::collections::BTreeSet;

use camino::{Utf8Path, Utf8PathBuf};

use super::{file_template::SettingsFile, settings_contents::SettingsContents};

/// Settings files of one kind that a stack gets, in the order in which they are passed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct SettingsChoice {
    /// Chosen files.
    pub(super) files: Vec<SettingsFile>,
    /// Groups of files of which only a person can choose one.
    pub(super) candidates: Vec<Vec<SettingsFile>>,
    /// Files that scripts pass and that are not there, with the scripts.
    pub(super) absent: Vec<(String, Utf8PathBuf)>,
}

impl SettingsChoice {
    /// Chooses all files that do not compete: two compete if both set the same names in an environment, and no script passes
    /// both as two arguments.
    pub(super) fn new(found: Vec<SettingsFile>, stack: &Utf8Path, contents: &SettingsContents) -> Self {
        let mut groups: Vec<Vec<SettingsFile>> = Vec::new();
        for file in found {
            let rivals = groups
                .iter_mut()
                .find(|group| group.iter().any(|other| compete(&file, other, stack, contents)));
            match rivals {
                Some(group) => group.push(file),
                None => groups.push(vec![file]),
            }
        }
        let mut choice = Self::default();
        for group in groups {
            match <[SettingsFile; 1]>::try_from(group) {
                Ok([file]) => choice.files.push(file),
                Err(group) => choice.candidates.push(group),
            }
        }
        choice
    }

    /// Returns the environments that have a file of their own.
    pub(super) fn environments(&self) -> BTreeSet<String> {
        let all = self.files.iter().chain(self.candidates.iter().flatten());
        all.flat_map(|file| file.environments.iter().cloned()).collect()
    }

    /// Returns the paths as they are written, and the environments that lack all of them; `?` is before a path that some lack unless a script
    /// passes it.
    pub(super) fn written(&self, environments: &BTreeSet<String>) -> (Vec<String>, BTreeSet<String>) {
        let own: Vec<&SettingsFile> =
            self.files.iter().filter(|file| !file.environments.is_empty()).collect();
        let lacks_all = |name: &&String| !own.is_empty() && !own.iter().any(|file| file.is_in(name));
        let lacking = environments.iter().filter(lacks_all).cloned().collect();
        let path = |file: &SettingsFile| {
            let is_everywhere = environments.iter().all(|name| file.is_in(name));
            let optional = if is_everywhere || file.script.is_some() { "" } else { "?" };
            format!("{optional}{}", file.template)
        };
        (self.files.iter().map(path).collect(), lacking)
    }

    /// Returns the paths of the chosen files in an environment, relative to the repository.
    pub(super) fn paths_in(&self, stack: &Utf8Path, environment: &str) -> Vec<Utf8PathBuf> {
        let files = self.files.iter().filter(|file| file.is_in(environment));
        files.map(|file| file.path_in(stack, environment)).collect()
    }

    /// Returns a script that passes one of the chosen files.
    pub(super) fn script(&self) -> Option<&Utf8Path> {
        self.files.iter().find_map(|file| Some(file.script.as_ref()?.0.as_path()))
    }
}

/// Returns true if only one of two files can be meant.
fn compete(one: &SettingsFile, other: &SettingsFile, stack: &Utf8Path, contents: &SettingsContents) -> bool {
    let is_passed_too =
        one.script.iter().zip(&other.script).any(|(one, other)| one.0 == other.0 && one.1 != other.1);
    if is_passed_too || one.environments.is_empty() || other.environments.is_empty() {
        return false;
    }
    let mut shared = one.environments.intersection(&other.environments);
    shared.any(|environment| {
        let (one, other) = (one.path_in(stack, environment), other.path_in(stack, environment));
        match (contents.keys(&one), contents.keys(&other)) {
            (Some(keys), Some(others)) => !keys.is_disjoint(&others),
            _ => true,
        }
    })
}

#[cfg(test)]
mod tests {
    use super::{
        super::{sample::Sample, tree::RepositoryTree},
        *,
    };

    #[test]
    fn files_that_set_the_same_names_compete() {
        let sample = Sample::new(&[
            ("dev.tfvars", "size = 1\n"),
            ("env/dev.tfvars", "size = 2\n"),
            ("more/dev.tfvars", "count = 2\n"),
            ("more/prod.tfvars", "count = 2\n"),
        ]);
        let contents = SettingsContents::read(&RepositoryTree::read(sample.root()).unwrap());
        let file = |template: &str, environments: &[&str]| SettingsFile {
            template: template.to_owned(),
            environments: environments.iter().map(|name| (*name).to_owned()).collect(),
            script: None,
        };
        let found = vec![
            file("{env}.tfvars", &["dev"]),
            file("env/{env}.tfvars", &["dev"]),
            file("more/{env}.tfvars", &["dev", "prod"]),
        ];
        let choice = SettingsChoice::new(found, Utf8Path::new(""), &contents);
        assert_eq!(choice.files.len(), 1);
        assert_eq!(choice.candidates[0].len(), 2);
        let all = BTreeSet::from(["dev".to_owned(), "prod".to_owned(), "qa".to_owned()]);
        let (written, lacking) = choice.written(&all);
        assert_eq!(written, ["?more/{env}.tfvars"]);
        assert_eq!(lacking.into_iter().collect::<Vec<_>>(), ["qa"]);
        assert_eq!(choice.environments().len(), 2);
    }
}
