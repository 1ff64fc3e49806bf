//! Automation of the system `workspaces`: its GitHub Actions workflow and the scripts of package.json.

use crate::{
    support::{Env, Program, Project, Run, programs},
    workspaces::{BUCKET, KeepsSecrets, PRODUCTION, STAGING, begin},
};

const WORKFLOW: &str = ".github/workflows/infrastructure.yml";

/// Actions that install programs or log in, which the tests do not need.
const STUBBED: [&str; 3] =
    ["opentofu/setup-opentofu@v1", "taiki-e/install-action@v2", "aws-actions/configure-aws-credentials@v4"];

const STUB: &str = "name: stub\ndescription: does nothing\nruns:\n  using: composite\n  steps:\n    - run: 'true'\n      shell: sh\n";

/// Runs the workflow for an event on this machine, without containers.
fn act(act: &Program, env: &Env, project: &Project, event: &str) -> Run {
    project.write("../stub/action.yml", STUB);
    let stub = project.path("../stub");
    let mut args = vec![event.to_owned(), "-P".to_owned(), "ubuntu-latest=-self-hosted".to_owned()];
    args.push("--no-cache-server".to_owned());
    for action in STUBBED {
        args.push("--local-repository".to_owned());
        args.push(format!("{action}={}", stub.display()));
    }
    let key = project.read("age-test-key.txt");
    let key = key.lines().last().expect("a key in the key file");
    args.extend(["-s".to_owned(), format!("SOPS_AGE_KEY={key}")]);
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    // The secret of the workflow, not the key file, must decrypt the secrets.
    env.clone().without("SOPS_AGE_KEY_FILE").run_program(act, &args)
}

#[test(needs(actionlint))]
fn the_workflow_is_what_github_accepts() {
    let [actionlint] = programs(["actionlint"]);
    let project = Project::from_fixture("systems/workspaces");
    let run =
        Env::new(&project).run_program(&actionlint, &["-no-color", "-shellcheck=", "-pyflakes=", WORKFLOW]);
    run.exits(0);

    // actionlint does not check that a running deployment is never cancelled and the next one waits.
    let text = project.read(WORKFLOW);
    assert_eq!(text.matches("cancel-in-progress: false").count(), 1);
    assert!(!text.contains("cancel-in-progress: true"));
}

#[test(engines(tofu), needs(moto_server, sops, act))]
fn a_pull_request_plans_staging_and_a_merge_deploys_production() {
    let [tofu, moto, sops, act_program] = programs(["tofu", "moto_server", "sops", "act"]);
    let (project, server, env) = begin(&tofu, &moto, &sops);
    env.run(["deploy", "staging", "--yes", "--create-workspace"]).exits(0);
    env.run(["deploy", "production", "--confirm", "--create-workspace"]).exits(0);
    let (staging, production) = (server.state(BUCKET, STAGING), server.state(BUCKET, PRODUCTION));
    let github = env.with_envctl().with_system();

    for environment in ["staging", "production"] {
        project.edit(
            &format!("terraform/environments/{environment}.tfvars"),
            "retention_days = ",
            "retention_days = 1",
        );
    }
    project.commit("Keep files for longer");

    let run = act(&act_program, &github, &project, "pull_request").exits(0).keeps_secrets();
    run.prints("Job succeeded").prints("Summary").prints("terraform_data.media_bucket");
    assert_eq!(server.state(BUCKET, STAGING), staging, "a pull request changes nothing");

    act(&act_program, &github, &project, "push")
        .exits(0)
        .keeps_secrets()
        .prints("Job succeeded")
        .prints("Summary");
    let state = server.state(BUCKET, PRODUCTION);
    assert_eq!(state.input("terraform_data.media_bucket")["retention_days"], 190);
    assert!(state.serial() > production.serial());
    assert_eq!(server.state(BUCKET, STAGING), staging, "a merge deploys production alone");
}

#[test(engines(tofu), needs(moto_server, sops, npm, node))]
fn npm_runs_the_scripts_of_package_json() {
    let [tofu, moto, sops, npm, node] = programs(["tofu", "moto_server", "sops", "npm", "node"]);
    let (project, server, env) = begin(&tofu, &moto, &sops);
    let env = env.with(&node).with_envctl().with_system().var("npm_config_update_notifier", "false");
    let script = |args: &[&str]| {
        let args: Vec<&str> = ["run", "--silent"].iter().chain(args).copied().collect();
        env.run_program(&npm, &args)
    };

    script(&["deploy:staging", "--", "--yes", "--create-workspace"]).exits(0).keeps_secrets();
    assert_eq!(server.state(BUCKET, STAGING).output("bucket"), "stag-media-downloader-files");
    let report = script(&["plan:staging", "--", "--json"]).exits(0).report();
    assert_eq!(report.result(), "clean");

    project.edit("terraform/environments/staging.tfvars", "workers        = 1", "workers        = 2");
    script(&["plan:staging", "--", "--detailed-exitcode"]).exits(2).prints("terraform_data.worker[1]");

    script(&["deploy:production", "--", "--create-workspace"]).exits(3).tells("--confirm");
    assert!(server.state(BUCKET, PRODUCTION).addresses().is_empty());
    script(&["deploy:production", "--", "--confirm"]).exits(0).keeps_secrets();
    assert_eq!(server.state(BUCKET, PRODUCTION).addresses().len(), 5);
    let report = script(&["plan:production", "--", "--json"]).exits(0).report();
    assert_eq!(report.result(), "clean");
}
