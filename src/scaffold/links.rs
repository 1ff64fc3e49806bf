//! Links between stacks, derived from the states that their `terraform_remote_state` reads.

use std::collections::{BTreeMap, BTreeSet};

use camino::Utf8Path;
use indexmap::IndexMap;
use serde_json::Value;

use super::{
    roots::RootModules,
    stack::{DraftStack, StackLinks},
    tree::RepositoryTree,
    variables,
};
use crate::{
    hcl::{Expr, Module, Reference, RemoteState},
    inventory::address::{EffectiveBackend, EnvValue, Setting, state_address},
};

/// Environments of each link, by the indexes of the stack that reads and of the stack whose state it reads.
type LinkEnvironments<'a> = BTreeMap<(usize, usize), BTreeSet<&'a str>>;

/// Findings about the states of stacks that are no links.
pub(super) struct LinkFindings {
    /// Messages about links that would close a cycle.
    pub(super) messages: Vec<String>,
    /// Instances with the same state as one of the stack's own, by the stack's name.
    pub(super) shared_states: BTreeMap<String, BTreeSet<String>>,
}

/// Sets the links of each stack, and returns a message for each that would close a cycle: it becomes `reads`. States that several instances
/// have are returned too.
pub(super) fn find_needs(
    tree: &RepositoryTree,
    roots: &RootModules,
    project: &str,
    stacks: &mut [DraftStack],
) -> LinkFindings {
    let environments: BTreeSet<String> = stacks.iter().flat_map(|stack| stack.dirs.keys().cloned()).collect();
    let mut links = LinkEnvironments::new();
    let mut users: BTreeMap<String, BTreeSet<(usize, &str)>> = BTreeMap::new();
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
            if let Some(address) = view.address() {
                users.entry(address.clone()).or_default().insert((*index, environment));
                by_address.insert(address, *index);
            }
        }
        for (index, view) in &views {
            let read = view.module.remote_states.values().filter_map(|link| view.linked_address(link));
            for other in read.filter_map(|address| by_address.get(&address).copied()) {
                if other != *index {
                    links.entry((*index, other)).or_default().insert(environment);
                }
            }
        }
    }
    let mut acyclic: BTreeMap<usize, BTreeSet<usize>> = BTreeMap::new();
    let mut messages = Vec::new();
    for (from, to) in links.keys().copied() {
        if reaches(&acyclic, to, from) {
            let (from, to) = (&stacks[from].name, &stacks[to].name);
            messages.push(format!(
                "`{from}` and `{to}` read each other's states: `{from}` has `reads = [\"{to}\"]`, and does not wait for it"
            ));
        } else {
            acyclic.entry(from).or_default().insert(to);
        }
    }
    let mut shared_states: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for of_state in users.values().filter(|users| users.len() > 1) {
        for (index, environment) in of_state {
            let others = of_state.iter().filter(|other| **other != (*index, *environment));
            let others = others.map(|(other, environment)| format!("{environment}/{}", stacks[*other].name));
            shared_states.entry(stacks[*index].name.clone()).or_default().extend(others);
        }
    }
    let names: Vec<String> = stacks.iter().map(|stack| stack.name.clone()).collect();
    let mut by_stack: BTreeMap<usize, Vec<(usize, BTreeSet<&str>)>> = BTreeMap::new();
    for ((from, to), of_link) in links {
        by_stack.entry(from).or_default().push((to, of_link));
    }
    for (from, of_stack) in by_stack {
        let is_need = |to: usize| acyclic.get(&from).is_some_and(|needs| needs.contains(&to));
        let stack = &mut stacks[from];
        let links_in = |is_wanted: &dyn Fn(&BTreeSet<&str>) -> bool| {
            let mut found = StackLinks::default();
            for (to, _) in of_stack.iter().filter(|(_, environments)| is_wanted(environments)) {
                let list = if is_need(*to) { &mut found.needs } else { &mut found.reads };
                list.push(names[*to].clone());
            }
            found
        };
        let everywhere = links_in(&|environments| environments.len() == stack.dirs.len());
        for environment in stack.dirs.keys() {
            let own = links_in(&|environments| environments.contains(environment.as_str()));
            if own != everywhere {
                stack.links_by_environment.insert(environment.clone(), own);
            }
        }
        (stack.needs, stack.reads) = (everywhere.needs, everywhere.reads);
    }
    LinkFindings { messages, shared_states }
}

/// Returns true if the stack at index `from` needs the one at index `to`, directly or not.
fn reaches(needs: &BTreeMap<usize, BTreeSet<usize>>, from: usize, to: usize) -> bool {
    let (mut open, mut visited) = (vec![from], BTreeSet::from([from]));
    while let Some(next) = open.pop() {
        if next == to {
            return true;
        }
        open.extend(needs.get(&next).into_iter().flatten().filter(|need| visited.insert(**need)));
    }
    false
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
        let module = &roots.in_folder(dir)?.module;
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
