//! Loads the instances of a project from environments.toml, ready for engines.

use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet},
    ffi::{OsStr, OsString},
};

use camino::{Utf8Path, Utf8PathBuf};

use super::{Context, Stopped, Usage, started_programs::StartedPrograms};
use crate::{
    assurance::{OfflineChecks, ValueErrors, check_offline},
    config::{Config, EnvSource, Environment, VerbClass},
    diagnostic::{Diagnostic, Diagnostics, closest},
    engine::{
        Engines, clean_environment,
        layout::UNIT_ENGINE,
        syntax_check,
        terragrunt::stack_files::{generate_args, logged_errors},
        value_from,
    },
    event::EventKind,
    executor::engines,
    inventory::{
        self, Instance, Inventory, Modules, Probe, SyntaxChecker,
        stack_files::{LEFTOVER_CODE, OUTDATED_CODE, StackGenerator, StackGeneratorError},
        units::{self, UnitFinder, UnitFinderError},
    },
    journal::RunStore,
    model::{EngineName, ExitStatus},
    process::{CommandLine, Runner},
};

/// Returns a text with the engines of the newest run of this checkout that used OpenTofu or Terraform.
fn earlier_engines(store: &RunStore) -> Option<String> {
    let runs = store.list().ok()?;
    runs.iter().find_map(|run| {
        let events = run.events().ok()?.events;
        let stacks = events.iter().find_map(|event| match &event.kind {
            EventKind::RunStarted { stacks, .. } => Some(stacks),
            _ => None,
        })?;
        let engines: BTreeSet<EngineName> =
            stacks.iter().map(|stack| stack.engine).filter(|engine| *engine != UNIT_ENGINE).collect();
        let engines: Vec<String> = engines.iter().map(|engine| format!("`{engine}`")).collect();
        (!engines.is_empty())
            .then(|| format!("run {} of this checkout used {}", run.id, engines.join(" and ")))
    })
}

/// Programs that run while the files of a project are read: Terragrunt for its list of units if that is not cached and for
/// the units of Terragrunt Stacks, and any engine for a file that envctl cannot parse.
struct EnginePrograms<'a> {
    context: &'a Context,
    config: &'a Config,
    engines: &'a Engines,
    /// Engine that Terragrunt runs; `None` if environments.toml does not name it.
    driven_engine: Option<EngineName>,
    /// Folders in which units were generated.
    generated: RefCell<BTreeSet<Utf8PathBuf>>,
}

impl UnitFinder for EnginePrograms<'_> {
    fn find(&self, dir: &Utf8Path) -> Result<String, UnitFinderError> {
        self.with_terragrunt(|terragrunt| terragrunt.find(dir))
    }

    fn render(&self, dir: &Utf8Path) -> Result<String, UnitFinderError> {
        self.with_terragrunt(|terragrunt| terragrunt.render(dir))
    }
}

impl EnginePrograms<'_> {
    fn with_terragrunt(
        &self,
        ask: impl FnOnce(&units::TerragruntFinder<'_>) -> Result<String, UnitFinderError>,
    ) -> Result<String, UnitFinderError> {
        let program = self
            .engines
            .program(UNIT_ENGINE)
            .map_err(|error| UnitFinderError(format!("{error}; {}", error.help())))?;
        let (env, _) = clean_environment(self.context.env.clone());
        let runner = Runner::new();
        ask(&units::TerragruntFinder { runner: &runner, program: program.into_string().into(), env })
    }
}

impl StackGenerator for EnginePrograms<'_> {
    fn generate(&self, environment: &Environment, dir: &Utf8Path) -> Result<(), StackGeneratorError> {
        if !self.generated.borrow_mut().insert(dir.to_owned()) {
            return Ok(());
        }
        let program = self.engines.program(UNIT_ENGINE);
        let program = program.map_err(|error| StackGeneratorError(format!("{error}; {}", error.help())))?;
        let command =
            CommandLine::new(program.as_str(), dir, self.environment_of(environment)).args(generate_args());
        let captured =
            Runner::new().capture(&command).map_err(|error| StackGeneratorError(error.to_string()))?;
        if captured.exit.is_success() {
            return Ok(());
        }
        let errors = logged_errors(&String::from_utf8_lossy(&captured.stderr));
        Err(StackGeneratorError(match errors.as_str() {
            "" => format!("`terragrunt stack generate` ended with {}", captured.exit),
            errors => errors.to_owned(),
        }))
    }
}

impl EnginePrograms<'_> {
    /// Returns the variables for an engine that runs for a whole environment: envctl's own, and those of environments.toml
    /// that are no secrets.
    fn environment_of(&self, environment: &Environment) -> BTreeMap<OsString, OsString> {
        let own = &self.context.env;
        let (mut variables, _) = clean_environment(own.clone());
        for (name, variable) in self.config.environment_variables(environment) {
            let is_set = |other: &String| own.contains_key(OsStr::new(other));
            if let EnvSource::Plain(text) = variable.value.source
                && !variable.value.unless.iter().any(is_set)
            {
                let value = value_from(self.config.root(), &name, text);
                variables.insert(name.into(), value.into());
            }
        }
        variables
    }
}

impl SyntaxChecker for EnginePrograms<'_> {
    fn can_parse(&self, engine: EngineName, file: &Utf8Path) -> Result<bool, String> {
        let program = |name| self.engines.program(name).map_err(|error| error.to_string());
        let Some((reader, name)) =
            syntax_check::reader(engine, file, self.driven_engine, &|name| program(name).is_ok())
        else {
            return Err("no engine here reads files of this name".to_owned());
        };
        let (env, _) = clean_environment(self.context.env.clone());
        let program = program(name)?;
        syntax_check::can_parse(reader, program.as_str(), env, file, &Runner::new())
    }
}

/// Instances of an environment without mistakes that can be found before an engine starts.
pub(crate) struct ValidatedInventory {
    /// Instances of the environment, with their graph.
    pub(crate) inventory: Inventory,
    /// Parsed modules of the instances.
    pub(crate) modules: Modules,
}

/// Findings that a verb has printed for some environments: a mistake in one place is printed for the first one only.
#[derive(Debug, Default)]
pub(crate) struct ShownFindings(BTreeSet<(&'static str, String, usize)>);

impl ShownFindings {
    /// Returns the findings whose place was not printed yet with the same code, and records them.
    fn without_shown(&mut self, findings: Diagnostics) -> Diagnostics {
        let is_new = |finding: &Diagnostic| {
            finding.labels.first().is_none_or(|label| {
                self.0.insert((finding.code, label.source.path().to_string(), label.span.start))
            })
        };
        Diagnostics(findings.0.into_iter().filter(is_new).collect())
    }
}

impl Context {
    /// Returns the instances of an environment, as far as they could be loaded, and the findings about them.
    pub(crate) fn inventory_and_findings(
        &self,
        config: &Config,
        environment: &Environment,
    ) -> anyhow::Result<(Inventory, Diagnostics)> {
        Ok(self.with_probe(config, |probe| {
            inventory::load(config, environment, &Probe { stack_generator: None, ..*probe })
        })?)
    }

    /// Returns the instances of an environment for a verb that shows them, and the exit status of their findings.
    ///
    /// The text output shows the instances that could be loaded, together with the findings. A JSON document is complete
    /// or an error: an incomplete one would look like a complete one.
    pub(crate) fn inventory_for_display(
        &self,
        config: &Config,
        environment: &Environment,
        as_document: bool,
        shown: &mut ShownFindings,
    ) -> anyhow::Result<(Inventory, ExitStatus)> {
        let (inventory, findings) = self.inventory_and_findings(config, environment)?;
        if as_document && findings.has_errors() {
            return Err(findings.into());
        }
        let status = if findings.has_errors() { ExitStatus::Configuration } else { ExitStatus::Success };
        self.print_findings(&shown.without_shown(findings));
        Ok((inventory, status))
    }

    /// Returns the instances of an environment for a verb that passes them to engines, with the parsed modules.
    ///
    /// Returns an error for any mistake that can be found without an engine, in the whole
    /// configuration and all environments.
    pub(crate) fn validated_inventory(
        &self,
        config: &Config,
        environment: &Environment,
        classes: &[VerbClass],
    ) -> anyhow::Result<ValidatedInventory> {
        let programs = StartedPrograms::Queries;
        Ok(self.validated_inventory_and_values(config, environment, classes, programs)?.0)
    }

    /// Reads the project as `validated_inventory` does, and also returns the variables without a value by stack: errors for a
    /// run that plans the stack.
    pub(super) fn validated_inventory_and_values(
        &self,
        config: &Config,
        environment: &Environment,
        classes: &[VerbClass],
        programs: StartedPrograms,
    ) -> anyhow::Result<(ValidatedInventory, ValueErrors)> {
        let mut offline = self.check_offline(config, &[environment], classes, programs);
        let errors = offline.errors();
        match offline.inventories.pop() {
            Some(inventory) if !errors.has_errors() => {
                self.print_findings(&offline.warnings_of(&[LEFTOVER_CODE, OUTDATED_CODE]));
                if inventory.graph().is_empty() {
                    return Err(Stopped::configuration(format!("`{}` has no stacks", environment.name))
                        .hint("declare one as `[stacks.NAME]`, or many with `[discover]`")
                        .into());
                }
                let project = offline.project;
                let modules = project.modules.with_state_owners(project.addresses.owners);
                Ok((ValidatedInventory { inventory, modules }, offline.value_errors))
            }
            _ => Err(errors.into()),
        }
    }

    /// Returns the checklist of these environments from the files, and from what Terragrunt lists or generates if
    /// programs may be started.
    pub(crate) fn check_offline(
        &self,
        config: &Config,
        environments: &[&Environment],
        classes: &[VerbClass],
        programs: StartedPrograms,
    ) -> OfflineChecks {
        let own = |name: &str| {
            // Engines accept an empty value of these.
            let value = self.env.get(OsStr::new(name)).map(|value| value.to_string_lossy().into_owned());
            if name.starts_with("TF_VAR_") { value } else { self.variable(name).map(str::to_owned) }
        };
        self.with_probe(config, |probe| {
            let units = probe.units.filter(|_| programs != StartedPrograms::None);
            let syntax = probe.syntax.filter(|_| programs != StartedPrograms::None);
            let stack_generator = probe.stack_generator.filter(|_| programs == StartedPrograms::Generation);
            let probe = Probe { units, syntax, stack_generator, ..*probe };
            check_offline(config, environments, &probe, &own, classes)
        })
    }

    fn with_probe<T>(&self, config: &Config, look: impl FnOnce(&Probe<'_>) -> T) -> T {
        let store = RunStore::new(config.root());
        let (env, _) = clean_environment(self.env.clone());
        let engines = engines(config, store.home(), &env);
        // Each engine is looked up once: a PATH may have many folders.
        let known = RefCell::new(Vec::new());
        let on_path = |name: EngineName| {
            if let Some((_, there)) = known.borrow().iter().find(|(n, _)| *n == name) {
                return *there;
            }
            let there = engines.program(name).is_ok();
            known.borrow_mut().push((name, there));
            there
        };
        let cache_dir = store.home().join("cache");
        let drives = config.engine(UNIT_ENGINE).drives;
        let programs = EnginePrograms {
            context: self,
            config,
            engines: &engines,
            driven_engine: drives,
            generated: RefCell::default(),
        };
        let earlier_engines = || earlier_engines(&store);
        look(&Probe {
            on_path: &on_path,
            earlier_engines: &earlier_engines,
            units: Some(&programs),
            syntax: Some(&programs),
            stack_generator: Some(&programs),
            cache_dir: &cache_dir,
        })
    }

    /// Returns the instance of a stack by name.
    pub fn instance<'i>(
        &self,
        inventory: &'i Inventory,
        environment: &Environment,
        name: &str,
    ) -> Result<&'i Instance, Usage> {
        inventory.get(name).ok_or_else(|| Usage::UnknownStack {
            name: name.to_owned(),
            environment: environment.name.to_string(),
            suggestion: self
                .stack_of_folder(inventory, name)
                .or_else(|| closest(name, inventory.instances().map(|i| i.id.stack.as_str())))
                .map(str::to_owned),
        })
    }
}
