//! 1. The plan you saw is the plan that is applied: with states on servers, and for Terragrunt units.

use crate::support::{
    Driven, ENVIRONMENTS, Env, Postgres, Program, Run, S3Server, Shop, app_unit, plain, programs,
    remote_state,
};

/// Makes a project whose only stack has its state in a backend of this type.
#[track_caller]
fn shop(engine: &crate::support::Driven, kind: &str, pairs: &str) -> Shop {
    let mut script = plain("app");
    script["backend"] = kind.into();
    Shop::driven_by(engine, &format!("{ENVIRONMENTS}\n{pairs}")).with_stack("app", &[], &script).committed()
}

/// Plans, asserts that the plan is refused in the other environment, and applies it in its own.
#[track_caller]
fn only_where_it_was_planned(env: &Env, elsewhere: &Env, item: &str) -> Run {
    env.run(["plan", "staging"]).exits(0);
    elsewhere.run(["apply", "last", "--yes"]).exits(3).tells(item);
    // The refused run has stored no plan: `last` is still the same run.
    env.run(["apply", "last", "--yes"]).exits(0)
}

#[test(engines(tofu, terraform), needs(moto_server))]
fn a_plan_on_one_s3_server_is_not_applied_on_another(engine: &Driven) {
    let [moto] = programs(["moto_server"]);
    let (server, other) = (S3Server::start(&moto), S3Server::start(&moto));
    for server in [&server, &other] {
        server.make_backend("eu-west-1", "states", "locks");
    }
    let pairs = "[defaults.backend.s3]\nbucket = \"states\"\nkey = \"{env}/app\"\nregion = \"eu-west-1\"\nuse_path_style = true\nskip_credentials_validation = true\nskip_requesting_account_id = true\nskip_metadata_api_check = true\nskip_region_validation = true\n";
    let shop = shop(engine, "s3", pairs);
    let (env, elsewhere) =
        (shop.env.clone().vars(server.variables()), shop.env.clone().vars(other.variables()));
    only_where_it_was_planned(&env, &elsewhere, "`variable AWS_ENDPOINT_URL_");
    assert!(!server.keys("states").is_empty(), "{}", engine.name());
    assert!(other.keys("states").is_empty(), "{}", engine.name());
}

#[test(engines(tofu, terraform), needs(initdb, pg_ctl, psql))]
fn a_plan_on_one_database_is_not_applied_on_another(engine: &Driven) {
    let [initdb, pg_ctl, psql] = programs(["initdb", "pg_ctl", "psql"]);
    let servers: [&Program; 3] = [&initdb, &pg_ctl, &psql];
    let (database, other) = (Postgres::start(servers), Postgres::start(servers));
    let shop = shop(engine, "pg", "");
    let env = |database: &Postgres| shop.env.clone().var("PG_CONN_STR", database.connection());
    only_where_it_was_planned(&env(&database), &env(&other), "`variable PG_CONN_STR`");
    assert_eq!(database.state("staging").addresses(), ["terraform_data.app"], "{}", engine.name());
    assert!(other.workspaces().is_empty(), "{}", engine.name());
}

#[test(engines(terragrunt))]
fn the_plan_of_a_unit_is_bound_to_what_it_includes_and_to_its_module() {
    let (project, env) = app_unit("live/app");
    let state = project.around().join("app.tfstate");
    let root = remote_state(&state.display().to_string());
    project.write("live/root.hcl", &root);
    project.write(
        "live/app/terragrunt.hcl",
        "include \"root\" {\n  path = find_in_parent_folders(\"root.hcl\")\n}\nterraform {\n  source = \"../../modules//app\"\n}\n",
    );
    project.write("modules/app/main.tf", "resource \"terraform_data\" \"a\" {\n  input = 1\n}\n");
    project.commit("Begin");
    env.run(["plan", "dev"]).exits(0);
    let newest = || {
        let runs = project.path(".envctl/runs").read_dir().expect("runs");
        let names = runs.map(|run| run.expect("a run").file_name().into_string().expect("an id"));
        names.max().expect("a run")
    };
    let run = newest();
    for file in ["live/root.hcl", "live/app/terragrunt.hcl", "modules/app/main.tf"] {
        let text = project.read(file);
        project.write(file, &format!("{text}# edited\n"));
        env.run(["apply", &run, "--yes"]).exits(3).tells(&format!("`file {file}`"));
        project.write(file, &text);
        assert!(!state.exists(), "nothing was applied");
    }
    env.run(["apply", &run, "--yes"]).exits(0);
    assert!(state.exists());
    env.run(["apply", &run, "--yes"]).exits(3).tells("at most once");
}
