//! State addresses of many instances, with the errors and notes about their backends.

use std::{
    collections::{BTreeMap, HashMap},
    fs,
    os::unix::fs::MetadataExt as _,
    sync::Arc,
};

use camino::Utf8Path;

use super::{
    EffectiveBackend, InstanceAddress, StateAddress, computed::backend_values_as_text, effective_backend,
    instance_variable, state_address,
};
use crate::{
    diagnostic::{Diagnostics, SourceFile},
    engine::layout::unit_file,
    files,
    inventory::{Instance, Modules},
    model::InstanceId,
};

/// State addresses of many instances.
#[derive(Debug, Clone, Default)]
pub struct Addresses {
    /// Addresses of the instances, in the order of the instances.
    pub by_instance: Vec<InstanceAddress>,
    /// Backends by instance, for instances whose files declare a valid backend.
    pub backends: HashMap<InstanceId, EffectiveBackend>,
    /// Owners of states: instances by the addresses of their states, as far as these are known. Local paths are absolute,
    /// with symbolic links resolved.
    pub owners: BTreeMap<String, InstanceId>,
    /// Errors and notes about backends, by instance.
    pub findings: Vec<(InstanceId, Diagnostics)>,
    /// Indexes into `by_instance`, by the names of the instances.
    indexes: HashMap<InstanceId, usize>,
}

impl Addresses {
    /// Computes the addresses of these instances from their root modules.
    ///
    /// `toml` is environments.toml; `own` looks up an environment variable of envctl's own process.
    pub fn compute<'a>(
        instances: impl IntoIterator<Item = &'a Instance>,
        modules: &Modules,
        toml: &Arc<SourceFile>,
        own: &dyn Fn(&str) -> Option<String>,
    ) -> Self {
        let mut addresses = Self::default();
        // Nearly all instances share one project folder.
        let mut real_roots = HashMap::new();
        for instance in instances {
            let root = instance.root();
            let real_root = real_roots.entry(root).or_insert_with(|| files::resolve_links(root));
            addresses.add((instance, real_root), modules, toml, own);
        }
        addresses
    }

    /// Computes and adds the address of one instance.
    fn add(
        &mut self,
        (instance, real_root): (&Instance, &Utf8Path),
        modules: &Modules,
        toml: &Arc<SourceFile>,
        own: &dyn Fn(&str) -> Option<String>,
    ) {
        let id = &instance.id;
        let unknown = |because: &str| StateAddress::Unknown { because: because.to_owned() };
        let (mut header_span, mut hard_link, mut evaluated_from) = (None, None, None);
        let address = if unit_file(instance.engine).is_some() {
            unknown("Terragrunt makes the backend")
        } else if let Some(module) = modules.root(instance) {
            match effective_backend(instance, module, toml) {
                Err(diagnostics) => {
                    self.findings.push((id.clone(), diagnostics));
                    unknown("its backend is wrong")
                }
                Ok((backend, notes)) => {
                    if !notes.0.is_empty() {
                        self.findings.push((id.clone(), notes));
                    }
                    let variable = |name: &str| instance_variable(&instance.settings, own, name);
                    let address = state_address(&backend, instance.workspace(), &instance.dir, &variable);
                    hard_link = address.local_path().and_then(hard_link_of);
                    if let StateAddress::Known(known) = &address {
                        self.owners.insert(known.clone(), id.clone());
                    }
                    let address = address.relative_to_project(real_root);
                    header_span.clone_from(&backend.header_span);
                    evaluated_from = backend_values_as_text(instance, module, &backend);
                    self.backends.insert(id.clone(), backend);
                    address
                }
            }
        } else {
            unknown("its files could not be read")
        };
        self.indexes.insert(id.clone(), self.by_instance.len());
        self.by_instance.push(InstanceAddress {
            id: id.clone(),
            address,
            header_span,
            hard_link,
            evaluated_from,
        });
    }

    /// Returns the address of one instance.
    pub fn get(&self, id: &InstanceId) -> Option<&StateAddress> {
        self.indexes.get(id).map(|index| &self.by_instance[*index].address)
    }
}

/// Returns the device and inode of a file that has more than one hard link.
fn hard_link_of(path: &Utf8Path) -> Option<(u64, u64)> {
    let file = fs::metadata(path).ok().filter(|file| file.is_file() && file.nlink() > 1)?;
    Some((file.dev(), file.ino()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inventory::{address::Setting, fixture::Project};

    const S3: &str = "terraform {\n  backend \"s3\" {\n    bucket = \"b\"\n    key = \"k\"\n  }\n}\n";

    fn addresses(toml: &str, files: &[(&str, &str)]) -> Addresses {
        let project = Project::new(toml, files);
        let instances = project.instances("dev");
        let (modules, found) = Modules::read(&instances, &project.root());
        assert!(!found.has_errors(), "{found}");
        Addresses::compute(&instances, &modules, project.config().source(), &|_| None)
    }

    fn messages(toml: &str, files: &[(&str, &str)]) -> Vec<String> {
        let found = addresses(toml, files).findings;
        found.iter().flat_map(|(_, found)| found.0.iter().map(ToString::to_string)).collect()
    }

    #[test]
    fn pairs_lie_over_the_block_and_the_workspace_counts() {
        let toml = "[environments.dev]\nworkspace = \"w\"\nbackend.s3 = { key = \"{stack}\" }\n[stacks.a]\npath = \"a\"\n";
        let addresses = addresses(toml, &[("a/main.tf", S3)]);
        let id = &addresses.by_instance[0].id;
        assert_eq!(addresses.get(id).unwrap().to_string(), "s3://b/env:/w/a");
        assert_eq!(addresses.backends[id].overrides["key"], Setting::Known("a".into()));
    }

    #[test]
    fn backend_files_lie_over_the_block_and_pairs_over_them() {
        let toml = "[environments.dev]\nbackend_files = [\"{env}.hcl\", \"?none.hcl\", \"{root}/more.hcl.json\"]\n\
                    backend.s3 = { key = \"pair\" }\n[stacks.a]\npath = \"a\"\n";
        let files = [
            (
                "a/main.tf",
                "terraform {\n  backend \"s3\" {\n    bucket = \"block\"\n    key = \"block\"\n  }\n}\n",
            ),
            ("a/dev.hcl", "bucket = \"first\"\nkey = \"file\"\n"),
            ("more.hcl.json", "{\"bucket\": \"last\"}"),
        ];
        assert_eq!(addresses(toml, &files).by_instance[0].address.to_string(), "s3://last/pair");
    }

    #[test]
    fn a_backend_file_that_cannot_be_read_leaves_the_address_unknown() {
        let toml = "[environments.dev]\nbackend_files = [\"x.hcl\"]\n[stacks.a]\npath = \"a\"\n";
        let found = addresses(toml, &[("a/main.tf", S3), ("a/x.hcl", "bucket = \n")]);
        assert!(
            found.by_instance[0].address.canonical_text().is_none(),
            "{:?}",
            found.by_instance[0].address
        );
    }

    #[test]
    fn backend_files_without_a_backend_block_are_an_error() {
        let toml = "[environments.dev]\nbackend_files = [\"x.hcl\"]\n[stacks.a]\npath = \"a\"\n";
        assert_eq!(
            messages(toml, &[("a/main.tf", ""), ("a/x.hcl", "")]),
            ["`dev/a` has the backend file `a/x.hcl`, and no backend block in `a`"]
        );
    }

    #[test]
    fn a_plain_variable_for_the_engine_fills_a_gap_of_the_backend() {
        let toml = "[environments.dev]\nenv.PG_CONN_STR = \"postgres://u:p@h/d\"\n[stacks.a]\npath = \"a\"\n";
        let addresses = addresses(toml, &[("a/main.tf", "terraform {\n  backend \"pg\" {}\n}\n")]);
        assert_eq!(
            addresses.by_instance[0].address.to_string(),
            "pg://h:5432/d/terraform_remote_state/default"
        );
    }

    #[test]
    fn pairs_of_the_environment_for_another_type_are_dropped_with_a_note() {
        let toml = "[environments.dev]\nbackend.gcs = { bucket = \"x\" }\n[stacks.a]\npath = \"a\"\n";
        assert_eq!(
            messages(toml, &[("a/main.tf", S3)]),
            ["environments.toml:2:26: pairs for backend `gcs` do not reach `dev/a`, whose backend is `s3`"]
        );
    }

    #[test]
    fn pairs_of_the_stack_for_another_type_are_an_error() {
        let toml = "[environments.dev]\n[stacks.a]\npath = \"a\"\nbackend.gcs = { bucket = \"x\" }\n";
        assert_eq!(
            messages(toml, &[("a/main.tf", S3)]),
            ["environments.toml:4:26: `dev/a` has pairs for backend `gcs`, and its backend is `s3`"]
        );
    }

    #[test]
    fn pairs_without_a_backend_block_are_an_error() {
        let toml = "[environments.dev]\nbackend.s3 = { key = \"x\" }\n[stacks.a]\npath = \"a\"\n";
        assert_eq!(
            messages(toml, &[("a/main.tf", "")]),
            ["environments.toml:2:22: `dev/a` has pairs for backend `s3`, and no backend block in `a`"]
        );
    }
}
