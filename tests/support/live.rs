//! Project of Terragrunt units, run by the real Terragrunt and OpenTofu or Terraform.

use serde_json::Value;

use super::{Env, Project, programs, registry::OnEngine};

/// Makes a project in git with this environments.toml and no unit, and an environment with a real Terragrunt and
/// OpenTofu.
#[track_caller]
pub(crate) fn unit_project(environments: &str) -> (Project, Env) {
    unit_project_over("tofu", environments)
}

/// Makes a project as [`unit_project`] does, with this engine as the only one on PATH.
#[track_caller]
fn unit_project_over(engine: &'static str, environments: &str) -> (Project, Env) {
    let [terragrunt, driven] = programs(["terragrunt", engine]);
    let project = Project::without_files();
    project.git(["init", "--quiet", "--initial-branch=main"]);
    project.write("environments.toml", environments);
    let env = Env::new(&project).with(&terragrunt).with(&driven);
    (project, env)
}

/// Makes a project as [`unit_project`] does, whose only stack `app` is the unit in a folder, in the environment
/// `dev`.
#[track_caller]
pub(crate) fn app_unit(folder: &str) -> (Project, Env) {
    unit_project(&format!(
        "[project]\nname = \"shop\"\n\n[environments.dev]\n\n[stacks.app]\npath = \"{folder}\"\nengine = \"terragrunt\"\n"
    ))
}

/// Returns the `remote_state` block of a unit with a local state; Terragrunt evaluates the path.
pub(crate) fn remote_state(path: &str) -> String {
    format!(
        "remote_state {{\n  backend = \"local\"\n  generate = {{\n    path = \"backend.tf\"\n    if_exists = \"overwrite\"\n  }}\n  \
         config = {{\n    path = \"{path}\"\n  }}\n}}\n"
    )
}

/// Engine that Terragrunt drives: `engines(terragrunt_tofu, terragrunt_terraform)`.
pub(crate) struct UnitEngine {
    pub(crate) name: &'static str,
}

impl OnEngine for UnitEngine {
    fn on(engine: &'static str) -> Self {
        Self { name: engine.trim_start_matches("terragrunt_") }
    }
}

/// Units in `live`, each with its module in its own folder and its state beside the project.
pub(crate) struct Live {
    pub(crate) project: Project,
    pub(crate) env: Env,
}

impl Live {
    /// Makes a project without units for OpenTofu.
    #[track_caller]
    pub(crate) fn new() -> Self {
        Self::over("tofu")
    }

    /// Makes a project without units for this engine.
    #[track_caller]
    pub(crate) fn over(engine: &'static str) -> Self {
        let environments = format!(
            "[project]\nname = \"shop\"\n\n[terragrunt]\ndrives = \"{engine}\"\n\n[environments.dev]\n\n[environments.prod]\nconfirm = true\n"
        );
        let (project, env) = unit_project_over(engine, &environments);
        let state = project.around().join("states/${path_relative_to_include()}.tfstate");
        project.write("live/root.hcl", &remote_state(&state.display().to_string()));
        Self { project, env: env.with_system() }
    }

    /// Adds a unit: `hcl` in its own file, `main` in its module, `stack` in its table of environments.toml.
    #[track_caller]
    pub(crate) fn unit(&self, name: &str, hcl: &str, main: &str, stack: &str) {
        let include = "include \"root\" {\n  path = find_in_parent_folders(\"root.hcl\")\n}\n";
        self.project.write(&format!("live/{name}/terragrunt.hcl"), &format!("{include}{hcl}"));
        self.project.write(&format!("live/{name}/main.tf"), main);
        let before = self.project.read("environments.toml");
        let stack = format!(
            "\n[stacks.{name}]\npath = \"live/{name}\"\nengine = \"terragrunt\"\nenvironments = [\"dev\"]\n{stack}"
        );
        self.project.write("environments.toml", &(before + &stack));
    }

    /// Returns the state of a unit.
    #[track_caller]
    pub(crate) fn state(&self, name: &str) -> Value {
        let path = self.project.around().join(format!("states/{name}.tfstate"));
        let state = std::fs::read(path).expect("the unit was applied");
        serde_json::from_slice(&state).expect("a state is JSON")
    }

    /// Returns the input of the first resource in the state of a unit.
    #[track_caller]
    pub(crate) fn deployed_value(&self, name: &str) -> Value {
        self.state(name)["resources"][0]["instances"][0]["attributes"]["input"]["value"].clone()
    }
}
