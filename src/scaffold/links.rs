//! Needs of stacks, derived from the states that their `terraform_remote_state` reads.

use std::collections::{BTreeMap, BTreeSet};

use camino::Utf8Path;
use indexmap::IndexMap;
use serde_json::Value;

use super::{roots::RootModules, stack::DraftStack, tree::RepositoryTree, variables};
use crate::{
    hcl::{Expr, Module, Reference, RemoteState},
    inventory::address::{EffectiveBackend, EnvValue, Setting, state_address},
};

/// Sets the needs of each stack, and returns warnings about cycles; the need that would close a cycle is left out.
pub(super) fn find_needs(
    tree: &RepositoryTree,
    roots: &RootModules,
    project: &str,
    stacks: &mut [DraftStack],
) -> Vec<String> {
    let mut needs: BTreeMap<usize, BTreeSet<usize>> = BTreeMap::new();
    let environments: BTreeSet<String> = stacks.iter().flat_map(|stack| stack.dirs.keys().cloned()).collect();
    for environment in &environments {
        let views: Vec<(usize, StackView<'_>)> = stacks
            .iter()
            .enumerate()
            .filter_map(|(index, stack)| {
                Some((index, StackView::new(tree, roots, project, stack, environment)?))
            })
            .collect();
        let mut by_address = BTreeMap::new();
        for (index, view) in &views {
            by_address.extend(view.address().map(|address| (address, *index)));
        }
        for (index, view) in &views {
            let read = view.module.remote_states.values().filter_map(|link| view.linked_address(link));
            let others =
                read.filter_map(|address| by_address.get(&address).copied()).filter(|other| other != index);
            needs.entry(*index).or_default().extend(others);
        }
    }
    let mut acyclic: BTreeMap<usize, BTreeSet<usize>> = BTreeMap::new();
    let mut warnings = Vec::new();
    for (from, to) in needs.into_iter().flat_map(|(from, all)| all.into_iter().map(move |to| (from, to))) {
        if reaches(&acyclic, to, from) {
            warnings
                .push(format!("`{}` and `{}` read each other's states", stacks[from].name, stacks[to].name));
        } else {
            acyclic.entry(from).or_default().insert(to);
        }
    }
    for (from, all) in acyclic {
        stacks[from].needs = all.into_iter().map(|to| stacks[to].name.clone()).collect();
    }
    warnings
}

/// Returns true if the stack at index `from` needs the one at index `to`, directly or not.
fn reaches(needs: &BTreeMap<usize, BTreeSet<usize>>, from: usize, to: usize) -> bool {
    from == to || needs.get(&from).into_iter().flatten().any(|next| reaches(needs, *next, to))
}

/// Stack in one environment, with the values of its variables.
struct StackView<'a> {
    module: &'a Module,
    stack: &'a DraftStack,
    environment: &'a str,
    project: &'a str,
    dir: &'a Utf8Path,
    values: BTreeMap<String, Value>,
}

impl<'a> StackView<'a> {
    /// Returns the view of a stack in one environment; `None` if the environment lacks the stack.
    fn new(
        tree: &RepositoryTree,
        roots: &'a RootModules,
        project: &'a str,
        stack: &'a DraftStack,
        environment: &'a str,
    ) -> Option<Self> {
        let dir = stack.dirs.get(environment)?;
        let module = &roots.all.iter().find(|root| root.dir == *dir)?.module;
        let values = variables::literal_values(tree, module, dir, &stack.var_files.paths, environment);
        Some(Self { module, stack, environment, project, dir, values })
    }

    fn workspace(&self) -> Option<&str> {
        self.stack.workspace.is_per_environment().then_some(self.environment)
    }

    fn lookup(&self, reference: Reference<'_>) -> Option<Value> {
        match reference {
            Reference::Variable(name) => self.values.get(name).cloned(),
            Reference::Workspace => Some(Value::from(self.workspace().unwrap_or("default"))),
            // Only links of the stack itself are read: both folders are the one that relative paths start from.
            Reference::Folder(_) => Some(Value::from(".")),
        }
    }

    /// Returns the value of a backend's setting, if the files determine it.
    fn setting(&self, value: &Expr) -> Setting {
        let unknown = || Setting::Unknown("it is an expression".to_owned());
        value.evaluate(&|reference| self.lookup(reference)).map_or_else(unknown, Setting::Known)
    }

    /// Returns the address of the stack's own state.
    fn address(&self) -> Option<String> {
        let block = self.module.backend.as_ref()?;
        let mut values: IndexMap<String, Setting> =
            block.attributes.iter().map(|(key, value)| (key.clone(), self.setting(&value.value))).collect();
        for (key, value) in self.stack.backend_settings(self.environment) {
            let text = value.as_str().map(|text| {
                text.replace("{env}", self.environment)
                    .replace("{project}", self.project)
                    .replace("{stack}", &self.stack.name)
            });
            values.insert(key.to_owned(), Setting::Known(text.map_or_else(|| value.clone(), Value::from)));
        }
        self.address_of(&block.backend_type, values, self.workspace())
    }

    /// Returns the address of the state that a `terraform_remote_state` reads.
    fn linked_address(&self, link: &RemoteState) -> Option<String> {
        let text =
            |value: &Expr| value.evaluate(&|reference| self.lookup(reference))?.as_str().map(str::to_owned);
        let backend_type = text(&link.backend_type.as_ref()?.value)?;
        let workspace = match &link.workspace {
            Some(workspace) => Some(text(&workspace.value)?),
            None => None,
        };
        let values =
            link.config.as_ref()?.iter().map(|(key, value)| (key.clone(), self.setting(value))).collect();
        self.address_of(&backend_type, values, workspace.as_deref())
    }

    /// Returns the address of the state in a backend with these settings; `None` when only an engine can compute it.
    fn address_of(
        &self,
        backend_type: &str,
        values: IndexMap<String, Setting>,
        workspace: Option<&str>,
    ) -> Option<String> {
        let backend = EffectiveBackend {
            backend_type: backend_type.to_owned(),
            values,
            overrides: IndexMap::new(),
            unread: None,
            header_span: None,
        };
        state_address(&backend, workspace, self.dir, &|_| EnvValue::Unset).canonical_text().map(str::to_owned)
    }
}
