//! Two envctl processes at the same time, on two environments of one project.

use crate::{
    support::Shop,
    support::{Env, Project, State, programs},
};

const TOML: &str = "[project]
name = \"p\"

[defaults]
create_workspace = \"always\"
var_files = [\"{env}.tfvars\"]

[environments.staging]
workspace = \"staging\"

[environments.production]
workspace = \"production\"

[stacks.app]
path = \"app\"
";

#[test(engines(tofu))]
fn two_environments_of_one_directory_go_at_the_same_time_on_a_real_engine() {
    let [tofu] = programs(["tofu"]);
    let project = Project::without_files();
    project.write("environments.toml", TOML);
    project.write("app/staging.tfvars", "name = \"of-staging\"\n");
    project.write("app/production.tfvars", "name = \"of-production\"\n");
    project.write(
        "app/main.tf",
        "variable \"name\" {}\n\nresource \"terraform_data\" \"a\" {\n  input = \"${var.name}-${terraform.workspace}\"\n}\n",
    );
    let env = Env::new(&project).with(&tofu);
    for args in [["plan", "staging", "--json"], ["deploy", "staging", "--yes"]] {
        let production = args.map(|word| if word == "staging" { "production" } else { word });
        let (one, other) = (env.spawn(args), env.spawn(production));
        one.wait().exits(0);
        other.wait().exits(0);
    }
    for environment in ["staging", "production"] {
        let state = project.read(&format!("app/terraform.tfstate.d/{environment}/terraform.tfstate"));
        let state = State::parse(&state);
        assert_eq!(state.addresses(), ["terraform_data.a"]);
        assert_eq!(state.input("terraform_data.a"), &*format!("of-{environment}-{environment}"));
        assert_eq!(state.serial(), 1, "written once, by its own process");
    }
    assert!(!project.path("app/terraform.tfstate").exists());
}

#[test]
fn two_environments_really_overlap_and_touch_only_their_states() {
    let shop = Shop::of(&["network"]);
    // An init that may install modules waits for the plans in its folder.
    for environment in ["staging", "production"] {
        shop.run(["plan", environment]).exits(0);
    }
    // Each plan waits until both run.
    let both = shop.marker("both.marker");
    shop.behave("network", &serde_json::json!({ "plan": { "wait_for": both } }));
    let mut staging = shop.env.spawn(["deploy", "staging", "--yes"]);
    let production = shop.env.spawn(["deploy", "production", "--confirm"]);
    staging.wait_until("both plan", || shop.folders("plan").len() == 4);
    std::fs::write(&both, "").unwrap();

    staging.wait().exits(0);
    production.wait().exits(0);

    for environment in ["staging", "production"] {
        assert_eq!(shop.deployed_value("network", environment).as_deref(), Some("first"));
    }
    for line in shop.log().iter().filter(|line| line["workspace"].is_string()) {
        let workspace = line["workspace"].as_str().unwrap();
        assert!(line["data_dir"].as_str().unwrap().contains(&format!("/{workspace}/")), "{line}");
        assert!(!line["argv"].to_string().contains(if workspace == "staging" {
            "production"
        } else {
            "staging"
        }));
    }
    assert!(!shop.project.path("network/terraform.tfstate").exists());
}
