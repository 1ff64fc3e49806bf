//! A project of Terragrunt units, driven by the real Terragrunt and the real OpenTofu.

use serde_json::Value;

use super::{Env, Project, programs};

/// Units in `live`, each with its module beside it, its state beside the project.
pub(crate) struct Live {
    pub(crate) project: Project,
    pub(crate) env: Env,
}

impl Live {
    /// A project without units, where there are a real Terragrunt and a real OpenTofu.
    #[track_caller]
    pub(crate) fn new() -> Option<Self> {
        let [terragrunt, tofu] = programs(["terragrunt", "tofu"])?;
        let project = Project::without_files();
        project.git(["init", "--quiet", "--initial-branch=main"]);
        project.write(
            "environments.toml",
            "[project]\nname = \"shop\"\n\n[environments.dev]\n\n[environments.prod]\nconfirm = true\n",
        );
        let state = project.around().join("states/${path_relative_to_include()}.tfstate");
        project.write(
            "live/root.hcl",
            &format!(
                "remote_state {{\n  backend = \"local\"\n  generate = {{\n    path = \"backend.tf\"\n    if_exists = \"overwrite\"\n  }}\n  \
                 config = {{\n    path = \"{}\"\n  }}\n}}\n",
                state.display()
            ),
        );
        let env = Env::new(&project).with(&terragrunt).with(&tofu).with_system();
        Some(Self { project, env })
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
