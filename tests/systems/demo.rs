//! Demonstration of scripts/demo, on this repository's own environments.toml, with either engine.

use std::fs;

use serde_json::json;

use crate::support::{Env, Program, Project, State};

fn state(project: &Project, stack: &str, environment: &str) -> State {
    State::parse(&project.read(&format!("fixtures/projects/demo/{stack}/state/{environment}.tfstate")))
}

#[test(engines(tofu, terraform))]
fn the_demo_shows_what_it_says(engine: &Program) {
    let demo = "fixtures/projects/demo";
    let project = Project::from_repository([("environments.toml", "environments.toml"), (demo, demo)]);
    // A developer's run in this repository leaves states behind.
    for stack in ["network", "app"] {
        fs::remove_dir_all(project.path(&format!("{demo}/{stack}/state"))).unwrap_or_default();
    }
    let env = Env::new(&project).with(engine);

    env.run(["check"]).exits(0);
    let report = env.run(["plan", "staging", "--json"]).exits(0).report();
    assert_eq!(report.stacks(), ["network changes", "app changes"]);
    env.run(["deploy", "staging", "--yes"]).exits(0).prints("network").prints("app");
    let subnet = json!({ "name": "stag-subnet-a", "vpc": "stag-vpc", "cidr": "10.10.0.0/24" });
    assert_eq!(state(&project, "network", "staging").input("terraform_data.subnet[\"a\"]"), &subnet);
    assert_eq!(state(&project, "app", "staging").output("url"), "https://stag-app.example.com");
    assert_eq!(env.run(["plan", "staging", "--json"]).exits(0).report().result(), "clean");
    env.run(["deploy", "production"]).exits(3).tells("production").tells("--confirm");
    for stack in ["network", "app"] {
        assert!(!project.path(&format!("{demo}/{stack}/state/production.tfstate")).exists());
    }
    assert_eq!(
        project.git(["status", "--porcelain"]),
        "",
        "nothing is left that git would take for a change"
    );
}
