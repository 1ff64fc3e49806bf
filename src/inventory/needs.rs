//! Needs of each instance: declared needs, stacks that its inputs come from, and the dependencies of a Terragrunt unit.

use std::{
    collections::{HashMap, HashSet},
    ops::Range,
};

use camino::Utf8PathBuf;

use super::{
    Instance, InventoryError, Probe,
    units::{UnitEdges, unit_edges},
};
use crate::{
    config::{Config, Environment},
    diagnostic::{Diagnostic, Diagnostics, Severity},
    engine::layout::unit_file,
    model::StackId,
};

/// Resolves the needs of instances.
pub(super) struct NeedResolver<'a> {
    pub(super) config: &'a Config,
    pub(super) environment: &'a Environment,
    pub(super) probe: &'a Probe<'a>,
}

impl NeedResolver<'_> {
    /// Adds the needs to each instance; a need that is not deployed in the environment is an error.
    pub(super) fn resolve(
        &self,
        instances: &mut [Instance],
        found: &mut Diagnostics,
    ) -> Result<(), InventoryError> {
        let names: HashSet<StackId> = instances.iter().map(|i| i.id.stack.clone()).collect();
        for instance in instances.iter_mut() {
            let mut reported: Vec<StackId> = Vec::new();
            for (need, span) in declared_needs(instance) {
                if !names.contains(&need) {
                    // A stack that is deployed here and failed to load has a finding already.
                    if !self.is_deployed(&need) && !reported.contains(&need) {
                        reported.push(need.clone());
                        found.push(self.unmet_need_error((instance, "needs"), &need, span, names.iter()));
                    }
                } else if !instance.needs.contains(&need) {
                    instance.needs.push(need);
                }
            }
            for read in &instance.settings.reads {
                if !names.contains(&read.stack) && !self.is_deployed(&read.stack) {
                    let span = Some(read.span.clone());
                    found.push(self.unmet_need_error((instance, "reads"), &read.stack, span, names.iter()));
                }
            }
        }
        self.resolve_units(instances, found)
    }

    /// Returns true if environments.toml deploys a declared stack in this environment.
    fn is_deployed(&self, stack: &StackId) -> bool {
        self.config.stacks().get(stack).is_some_and(|declared| {
            declared.path.is_some()
                && declared.environments.as_ref().is_none_or(|names| names.contains(&self.environment.name))
        })
    }

    /// Returns the error for a stack that another one needs or reads (`verb`) and that the environment does not have.
    fn unmet_need_error<'a>(
        &self,
        (instance, verb): (&Instance, &str),
        need: &StackId,
        span: Option<Range<usize>>,
        names: impl Iterator<Item = &'a StackId>,
    ) -> Diagnostic {
        let environment = &self.environment.name;
        let stack = &instance.id.stack;
        let is_declared = self.config.stacks().contains_key(need);
        let problem = if is_declared {
            Diagnostic::error(
                "inventory::need-not-deployed",
                format!("stack `{stack}` {verb} `{need}`, which is not deployed in `{environment}`"),
            )
            .help(format!(
                "leave `{stack}` out of `{environment}` by `environments = […]`, or take `{need}` in"
            ))
        } else {
            Diagnostic::error(
                "inventory::unknown-need",
                format!("stack `{stack}` {verb} `{need}`, which does not exist in `{environment}`"),
            )
            .did_you_mean(need.as_str(), names.map(StackId::as_str))
        };
        match span {
            Some(span) => problem.at(self.config.source(), span, "not there"),
            None => problem,
        }
    }

    /// Adds the dependencies of Terragrunt units to the needs.
    fn resolve_units(
        &self,
        instances: &mut [Instance],
        found: &mut Diagnostics,
    ) -> Result<(), InventoryError> {
        let mut by_dir: HashMap<Utf8PathBuf, StackId> = HashMap::new();
        for instance in instances.iter().filter(|instance| unit_file(instance.engine).is_some()) {
            by_dir.entry(instance.dir.clone()).or_insert_with(|| instance.id.stack.clone());
        }
        if by_dir.is_empty() {
            return Ok(());
        }
        let dirs: Vec<Utf8PathBuf> = by_dir.keys().cloned().collect();
        let edges = unit_edges(&dirs, self.config.root(), self.probe.cache_dir, self.probe.units)?;
        for instance in instances.iter_mut() {
            for need in edges.needs.get(&instance.dir).into_iter().flatten().filter_map(|dir| by_dir.get(dir))
            {
                if !instance.needs.contains(need) {
                    instance.needs.push(need.clone());
                }
            }
        }
        self.report_units(&edges, &by_dir, found);
        Ok(())
    }

    /// Adds notes and warnings about Terragrunt's list of units.
    fn report_units(
        &self,
        edges: &UnitEdges,
        by_dir: &HashMap<Utf8PathBuf, StackId>,
        found: &mut Diagnostics,
    ) {
        let note =
            |code, message| Diagnostic { severity: Severity::Note, ..Diagnostic::warning(code, message) };
        for (unit, need) in &edges.outside {
            if let Some(stack) = by_dir.get(unit) {
                let need = need.strip_prefix(self.config.root()).unwrap_or(need);
                let environment = &self.environment.name;
                found.push(note(
                    "inventory::outside-unit",
                    format!("unit `{stack}` depends on `{need}`, which is no stack of `{environment}`"),
                ));
            }
        }
        for problem in &edges.unparsable {
            let problem = Diagnostic { severity: Severity::Warning, ..problem.clone() };
            found.push(problem.help("`envctl check` asks Terragrunt whether the file is valid"));
        }
        if let Some(because) = &edges.cache_error {
            found.push(note(
                "inventory::cache",
                format!("Terragrunt's list of units is not kept for the next time: {because}"),
            ));
        }
    }
}

/// Returns the stacks of `needs` and of `inputs`, with their spans.
fn declared_needs(instance: &Instance) -> Vec<(StackId, Option<Range<usize>>)> {
    let needs = instance.settings.needs.iter();
    let needs = needs.map(|need| (need.stack.clone(), Some(need.span.clone())));
    let inputs = instance.settings.inputs.values();
    needs.chain(inputs.map(|input| (input.value.stack.clone(), input.origin.span.clone()))).collect()
}
