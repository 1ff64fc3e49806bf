//! A project of Terragrunt units, driven by the real Terragrunt and the real OpenTofu.

use serde_json::Value;

use super::{Env, Project, programs};

/// A project in git with this environments.toml and no unit, and a world with a real Terragrunt and a real OpenTofu; none where
/// this run of the tests does without them.
#[track_caller]
pub(crate) fn unit_project(environments: &str) -> Option<(Project, Env)> {
    let [terragrunt, tofu] = programs(["terragrunt", "tofu"])?;
    let project = Project::without_files();
    project.git(["init", "--quiet", "--initial-branch=main"]);
    project.write("environments.toml", environments);
    let env = Env::new(&project).with(&terragrunt).with(&tofu);
    Some((project, env))
}

/// A project as [`unit_project`] makes it, whose only stack `app` is the unit in a folder, in the environment `dev`.
#[track_caller]
pub(crate) fn app_unit(folder: &str) -> Option<(Project, Env)> {
    unit_project(&format!(
        "[project]\nname = \"shop\"\n\n[environments.dev]\n\n[stacks.app]\npath = \"{folder}\"\nengine = \"terragrunt\"\n"
    ))
}

/// The block of a unit that keeps its state in a local file, whose path Terragrunt works out.
pub(crate) fn remote_state(path: &str) -> String {
    format!(
        "remote_state {{\n  backend = \"local\"\n  generate = {{\n    path = \"backend.tf\"\n    if_exists = \"overwrite\"\n  }}\n  \
         config = {{\n    path = \"{path}\"\n  }}\n}}\n"
    )
}

/// Units in `live`, each with its module beside it, its state beside the project.
pub(crate) struct Live {
    pub(crate) project: Project,
    pub(crate) env: Env,
}

impl Live {
    /// A project without units, where there are a real Terragrunt and a real OpenTofu.
    #[track_caller]
    pub(crate) fn new() -> Option<Self> {
        let environments =
            "[project]\nname = \"shop\"\n\n[environments.dev]\n\n[environments.prod]\nconfirm = true\n";
        let (project, env) = unit_project(environments)?;
        let state = project.around().join("states/${path_relative_to_include()}.tfstate");
        project.write("live/root.hcl", &remote_state(&state.display().to_string()));
        Some(Self { project, env: env.with_system() })
    }

    /// Adds a unit with this in its own file, its module, and what environments.toml says of it.
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

    /// The state of a unit.
    #[track_caller]
    pub(crate) fn state(&self, name: &str) -> Value {
        let path = self.project.around().join(format!("states/{name}.tfstate"));
        let state = std::fs::read(path).expect("the unit was applied");
        serde_json::from_slice(&state).expect("a state is JSON")
    }

    /// What the first resource in the state of a unit was given.
    #[track_caller]
    pub(crate) fn deployed_value(&self, name: &str) -> Value {
        self.state(name)["resources"][0]["instances"][0]["attributes"]["input"]["value"].clone()
    }
}
