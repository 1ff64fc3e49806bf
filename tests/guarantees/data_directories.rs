//! 3. The wrong environment is impossible, or refused: environments share only installed modules and providers of a folder.

use std::fs;

use crate::support::{Env, Fetched, Live};

#[test(engines(tofu, terraform))]
fn the_users_own_init_and_workspace_in_a_folder_are_their_own(fetched: &Fetched) {
    fetched.bare(["init", "-input=false", "-backend-config=path=mine.tfstate"]).exits(0);
    fetched.bare(["workspace", "new", "mine"]).exits(0);
    let own = ["terraform.tfstate", "environment"].map(|name| format!("app/.terraform/{name}"));
    let before = own.each_ref().map(|file| fetched.project.read(file));

    fetched.env.run(["deploy", "dev", "--yes"]).exits(0);

    assert_eq!(own.each_ref().map(|file| fetched.project.read(file)), before);
    assert!(fetched.state("dev").contains("terraform_data"));
    assert!(!fetched.project.path("app/terraform.tfstate.d/mine/terraform.tfstate").exists());

    fetched.bare(["workspace", "select", "default"]).exits(0);
    fetched.bare(["init", "-input=false", "-reconfigure", "-backend-config=path=other.tfstate"]).exits(0);
    let before = fetched.project.read(&own[0]);
    fetched.env.run(["plan", "dev", "--detailed-exitcode"]).exits(0);
    assert_eq!(fetched.project.read(&own[0]), before);
    assert!(!fetched.project.path("app/other.tfstate").exists());
}

#[test(engines(tofu, terraform), needs(provider_mirror))]
fn environments_of_one_folder_are_initialised_and_planned_side_by_side(mut fetched: Fetched) {
    fetched.env = fetched.env.with_providers();
    // One plan per environment at a time: engines refuse a second one if it meets the lock of a local state.
    for round in 0..6 {
        for folder in ["app/.terraform", ".envctl"] {
            fs::remove_dir_all(fetched.project.path(folder)).unwrap_or_default();
        }
        let running = ["dev", "prod"].map(|environment| fetched.env.spawn(["plan", environment]));
        for run in running {
            run.wait().exits(0).prints("app          2        ·         ·        ·        ·  changes");
        }
        assert!(fetched.project.path("app/.terraform/modules/m/main.tf").exists(), "round {round}");
    }
    let upgrade = ["exec", "dev", "app", "--yes", "--", "init", "-upgrade", "-input=false"];
    for _ in 0..6 {
        let mut running = vec![fetched.env.spawn(upgrade)];
        running.extend(["dev", "prod"].map(|environment| fetched.env.spawn(["plan", environment])));
        for run in running {
            run.wait().exits(0);
        }
    }
}

/// Makes one unit of two environments; a variable of the environment determines the path of the state.
fn shared_unit() -> (Live, Env) {
    let live = Live::new();
    let states = live.project.around().join("states");
    live.project.write(
        "live/root.hcl",
        &format!(
            "remote_state {{\n  backend = \"local\"\n  generate = {{\n    path = \"backend.tf\"\n    if_exists = \"overwrite\"\n  }}\n  \
             config = {{\n    path = \"{}/${{get_env(\"WHERE\")}}.tfstate\"\n  }}\n}}\n",
            states.display()
        ),
    );
    live.project.write(
        "live/app/terragrunt.hcl",
        "include \"root\" {\n  path = find_in_parent_folders(\"root.hcl\")\n}\ninputs = {\n  where = get_env(\"WHERE\")\n}\n",
    );
    live.project.write(
        "live/app/main.tf",
        "variable \"where\" {}\nresource \"terraform_data\" \"r\" {\n  input = var.where\n}\n",
    );
    live.project.write(
        "environments.toml",
        "[project]\nname = \"shop\"\n\n[environments.dev]\nenv.WHERE = \"dev\"\n\n[environments.prod]\nenv.WHERE = \"prod\"\n\n\
         [stacks.app]\npath = \"live/app\"\nengine = \"terragrunt\"\n",
    );
    let env = live.env.clone();
    (live, env)
}

#[test(engines(terragrunt))]
fn a_unit_of_two_environments_is_planned_for_both_at_once() {
    let (live, env) = shared_unit();
    for environment in ["dev", "prod"] {
        env.run(["deploy", environment, "--yes"]).exits(0);
        assert_eq!(live.deployed_value(environment), environment);
    }
    for _ in 0..4 {
        let running =
            ["dev", "prod"].map(|environment| env.spawn(["plan", environment, "--detailed-exitcode"]));
        for run in running {
            run.wait().exits(0);
        }
    }
    assert!(!live.project.path("live/app/.terragrunt-cache").exists());
    for environment in ["dev", "prod"] {
        let own = live.project.path(&format!(".envctl/data/{environment}/app/terragrunt"));
        assert!(own.is_dir(), "{}", own.display());
    }
}

#[test(engines(terragrunt))]
fn a_unit_of_one_environment_keeps_terragrunts_own_folders() {
    let (live, env) = shared_unit();
    live.project.edit(
        "environments.toml",
        "engine = \"terragrunt\"\n",
        "engine = \"terragrunt\"\nenvironments = [\"dev\"]\n",
    );
    env.run(["deploy", "dev", "--yes"]).exits(0);
    assert_eq!(live.deployed_value("dev"), "dev");
    assert!(live.project.path("live/app/.terragrunt-cache").is_dir());
    assert!(!live.project.path(".envctl/data/dev/app/terragrunt").exists());
}
