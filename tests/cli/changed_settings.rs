//! `--changed`: settings of stacks in environments.toml, and stacks that were removed.

use serde_json::json;

use crate::{
    changed::{shop, why},
    support::{Shop, script},
};

const NONE: [&str; 0] = [];

/// Makes a project with an uncommitted change of environments.toml.
#[track_caller]
fn edited(from: &str, to: &str) -> Shop {
    let shop = shop();
    shop.project.edit("environments.toml", from, to);
    shop
}

#[test]
fn a_key_touches_only_the_stacks_that_resolve_to_it() {
    let shop = edited("[stacks.app]\n", "[stacks.app]\nvars = { size = 2 }\n");
    assert_eq!(why(&shop, &["--changed"]), ["app: changed setting: vars.size"]);
    shop.append("environments.toml", "\n[stacks.mail.in.production]\nenv.X = \"1\"\n");
    assert_eq!(why(&shop, &["--changed"]), ["app: changed setting: vars.size"]);
    let list = shop.run(["list", "production", "--changed", "--json"]).exits(0).json();
    let stacks: Vec<_> = list["instances"].as_array().unwrap().iter().map(|i| i["stack"].clone()).collect();
    assert_eq!(stacks, ["app", "mail"]);
}

#[test]
fn a_key_of_an_environment_touches_its_stacks_unless_they_say_otherwise() {
    let shop = shop();
    shop.append("environments.toml", "\n[stacks.mail.in.staging]\nparallelism = 3\n");
    shop.project.commit("Give the mail its own");
    shop.project.git(["branch", "--quiet", "--force", "main"]);
    shop.project.edit(
        "environments.toml",
        "[environments.staging]\n",
        "[environments.staging]\nparallelism = 5\n",
    );
    assert_eq!(
        why(&shop, &["--changed"]),
        ["network: changed setting: parallelism", "app: changed setting: parallelism"]
    );
    let list = shop.run(["list", "production", "--changed", "--json"]).exits(0).json();
    assert_eq!(list["instances"], json!([]));
}

#[test]
fn what_nothing_is_planned_from_touches_nothing() {
    let shop = edited("confirm = true\n", "confirm = true\ndescription = \"live\"\nguards.max_deletes = 1\n");
    shop.append("environments.toml", "# a comment\n");
    assert_eq!(why(&shop, &["--changed"]), NONE);
    let list = shop.run(["list", "--changed", "--json"]).exits(0).json();
    assert_eq!(list["instances"], json!([]));
}

#[test]
fn a_program_of_the_repository_touches_the_stacks_that_it_plans() {
    let shop = shop();
    shop.append("environments.toml", "\n[tofu]\nprogram = \"tools/tofu\"\n");
    shop.project.write("tools/other", "#!/bin/sh\n");
    script(shop.project.path("tools/tofu"), "#!/bin/sh\n");
    shop.project.commit("Bring programs");
    shop.project.git(["branch", "--quiet", "--force", "main"]);
    shop.append("tools/other", "true\n");
    assert_eq!(why(&shop, &["--changed"]), NONE);
    shop.append("tools/tofu", "true\n");
    let changed = "changed program of the engine: tools/tofu";
    assert_eq!(why(&shop, &["--changed", "mail"]), [format!("mail: named; {changed}")]);
}

#[test]
fn an_engines_settings_touch_the_stacks_that_it_plans() {
    let shop = edited(
        "[environments.staging]\n",
        "[tofu]\nplan_args = [\"-compact-warnings\"]\n\n[environments.staging]\n",
    );
    assert_eq!(why(&shop, &["--changed", "mail"]), ["mail: named; changed setting: tofu.plan_args"]);
    let shop = edited(
        "[environments.staging]\n",
        "[terraform]\nplan_args = [\"-compact-warnings\"]\n\n[environments.staging]\n",
    );
    assert_eq!(why(&shop, &["--changed"]), NONE);
}

#[test]
fn a_var_file_touches_the_stacks_that_read_it_there_or_not() {
    let shop = edited(
        "[environments.staging]\n",
        "[environments.staging]\nvar_files = [\"../{env}.tfvars\", \"?own.tfvars\"]\n",
    );
    shop.project.write("staging.tfvars", "");
    shop.project.write("app/own.tfvars", "");
    shop.project.write("production.tfvars", "");
    shop.project.commit("Add var files");
    std::fs::remove_file(shop.project.path("app/own.tfvars")).unwrap();
    shop.append("production.tfvars", "# more\n");
    assert_eq!(why(&shop, &["--changed=HEAD"]), ["app: changed: app/own.tfvars"]);
    shop.append("staging.tfvars", "# more\n");
    let taken = why(&shop, &["--changed=HEAD"]);
    assert_eq!(taken.len(), 3);
    assert_eq!(taken[0], "network: changed var file: staging.tfvars");
}

#[test]
fn declared_files_touch_their_stack_whether_made_changed_or_gone() {
    let shop = edited("[stacks.app]\n", "[stacks.app]\nfiles = [\"../src/**/*.py\", \"../one.cfg\"]\n");
    for file in ["src/a/x.py", "src/a/x.md", "one.cfg"] {
        shop.project.write(file, "one\n");
    }
    shop.project.commit("Add sources");
    shop.append("src/a/x.md", "two\n");
    assert_eq!(why(&shop, &["--changed=HEAD"]), NONE);
    std::fs::remove_file(shop.project.path("src/a/x.py")).unwrap();
    assert_eq!(why(&shop, &["--changed=HEAD"]), ["app: changed file of `files`: src/a/x.py"]);
    shop.project.write("src/b/y.py", "new\n");
    shop.append("one.cfg", "two\n");
    assert_eq!(why(&shop, &["--changed=HEAD"]), ["app: changed file of `files`: one.cfg and 2 more"]);
}

#[test]
fn a_new_stack_and_a_new_file_are_new() {
    let shop = shop();
    shop.stack("extra", &[], &crate::support::plain("extra"));
    assert_eq!(
        why(&shop, &["--changed"]),
        ["extra: new: staging/extra; changed: extra/fake-engine.json and 1 more"]
    );
}

#[test]
fn a_base_whose_file_nobody_can_read_touches_everything() {
    let shop = shop();
    let good = shop.project.read("environments.toml");
    shop.project.write("environments.toml", "[broken");
    shop.project.commit("Break it");
    shop.project.write("environments.toml", &good);
    let taken = why(&shop, &["--changed=HEAD"]);
    assert_eq!(taken.len(), 3);
    assert_eq!(taken[2], "mail: changed setting: environments.toml, which cannot be compared");
}

#[test]
fn a_base_without_environments_toml_is_told_and_every_stack_is_new() {
    let shop = shop();
    let good = shop.project.read("environments.toml");
    std::fs::remove_file(shop.project.path("environments.toml")).unwrap();
    shop.project.commit("Without it");
    shop.project.git(["branch", "--quiet", "--force", "main"]);
    shop.project.write("environments.toml", &good);
    shop.project.commit("Adopt it");
    let note = " has no environments.toml: every stack counts as new\n";
    let run = shop.run(["list", "staging", "--changed"]).exits(0);
    run.tells(note).prints("network").prints("mail");
    shop.run(["list", "staging", "--changed=HEAD"]).exits(0).hides("has no environments.toml");
    assert_eq!(why(&shop, &["--changed=main"])[0], "network: new: staging/network");
}

#[test]
fn a_deleted_stack_is_told_with_what_to_do_about_what_it_made() {
    let shop = edited("\n[stacks.mail]\npath = \"mail\"\nneeds = []\n", "");
    std::fs::remove_dir_all(shop.project.path("mail")).unwrap();
    let base = shop.project.git(["rev-parse", "--short=12", "main"]);
    let base = base.trim();
    shop.run(["plan", "staging", "--changed"])
        .exits(0)
        .tells(&format!(
            "warning: stack `mail` (`mail`) of `staging` is gone since HEAD left `main` ({base})"
        ))
        .tells(&format!("`git restore --source={base} -- :/mail` brings its files back"))
        .tells(&format!(
            "`git show {base}:environments.toml` said of it written back, `envctl destroy staging mail`"
        ));
    let list = shop.run(["list", "--changed", "--json"]).exits(0).json();
    let gone = |environment: &str| json!({ "environment": environment, "stack": "mail", "path": "mail" });
    assert_eq!(list["deleted"], json!([gone("staging"), gone("production")]));
    assert_eq!(list["instances"], json!([]));
}

#[test]
fn a_stack_that_leaves_one_environment_is_gone_there() {
    let shop = edited("[stacks.mail]\n", "[stacks.mail]\nenvironments = [\"production\"]\n");
    let list = shop.run(["list", "--changed", "--json"]).exits(0).json();
    assert_eq!(list["deleted"], json!([{ "environment": "staging", "stack": "mail", "path": "mail" }]));
}

#[test]
fn a_discovered_stack_whose_folder_is_gone_is_told() {
    let shop = shop();
    shop.append(
        "environments.toml",
        "\n[discover]\npaths = [\"live/{env}/<region>/<unit>\"]\nexclude = [\"**/old\"]\nname = \"{region}-{unit}\"\n",
    );
    for folder in ["staging/eu/db", "staging/eu/web", "staging/eu/old", "production/eu/db"] {
        shop.project.write(&format!("live/{folder}/main.tf"), "");
        shop.project.write(&format!("live/{folder}/more.tf"), "");
    }
    shop.project.commit("Discover stacks");
    std::fs::remove_dir_all(shop.project.path("live/staging/eu/db")).unwrap();
    std::fs::remove_dir_all(shop.project.path("live/staging/eu/old")).unwrap();
    std::fs::remove_file(shop.project.path("live/staging/eu/web/more.tf")).unwrap();
    assert_eq!(why(&shop, &["--changed=HEAD"]), ["eu-web: changed: live/staging/eu/web/more.tf"]);
    let list = shop.run(["list", "--changed=HEAD", "--json"]).exits(0).json();
    assert_eq!(
        list["deleted"],
        json!([{ "environment": "staging", "stack": "eu-db", "path": "live/staging/eu/db" }])
    );
}

#[test]
fn a_stack_with_another_name_for_the_same_state_is_not_gone() {
    let shop = edited("[stacks.mail]\n", "[stacks.post]\n");
    let list = shop.run(["list", "staging", "--changed", "--json"]).exits(0).json();
    assert_eq!((&list["deleted"], &list["instances"][0]["stack"]), (&json!(null), &json!("post")));
    // If the state's address holds the stack's name, the renamed stack has another state.
    let shop = self::shop();
    shop.append("environments.toml", "\n[defaults]\nbackend.s3 = { bucket = \"b\", key = \"{stack}\" }\n");
    shop.project.commit("Keep states in a bucket");
    shop.project.edit("environments.toml", "[stacks.mail]\n", "[stacks.post]\n");
    let list = shop.run(["list", "staging", "--changed=HEAD", "--json"]).exits(0).json();
    assert_eq!(list["deleted"], json!([{ "environment": "staging", "stack": "mail", "path": "mail" }]));
}

#[test]
fn an_environment_that_is_gone_is_told_with_its_stacks() {
    let shop = shop();
    let before = shop.project.read("environments.toml");
    let (kept, rest) = before.split_once("[environments.production]").unwrap();
    let (_, stacks) = rest.split_once("\n[stacks").unwrap();
    shop.project.write("environments.toml", &format!("{kept}\n[stacks{stacks}"));
    let run = shop.run(["list", "--changed=HEAD", "--json"]).exits(0);
    let run =
        run.tells("warning: environment `production` is gone since").tells("with `network`, `app`, `mail`");
    let deleted = run.json()["deleted"].clone();
    let names: Vec<_> =
        deleted.as_array().unwrap().iter().map(|gone| (&gone["environment"], &gone["stack"])).collect();
    assert_eq!(names.len(), 3, "{deleted}");
    assert!(names.iter().all(|(environment, _)| **environment == "production"), "{deleted}");
}

#[test]
fn what_a_renamed_stack_made_is_not_destroyed_by_doing_as_told() {
    let shop = shop();
    // The folder is another one, so that settings alone do not show that the state is the same.
    let state = shop.marker("states");
    let backend = format!("\nbackend.local = {{ workspace_dir = \"{}\" }}\n", state.display());
    let table = "[stacks.mail]\npath = \"mail\"\nneeds = []\n";
    shop.project.edit("environments.toml", table, &format!("{table}environments = [\"staging\"]{backend}"));
    let mut script = crate::support::plain("mail");
    script["backend"] = json!("local");
    shop.script("mail", &script);
    shop.project.commit("Keep its state elsewhere");
    std::fs::rename(shop.project.path("mail"), shop.project.path("post")).unwrap();
    let now = shop.project.read("environments.toml");
    let moved = now.replace("[stacks.mail]\npath = \"mail\"", "[stacks.post]\npath = \"post\"");
    shop.project.write("environments.toml", &moved);
    let base = shop.project.git(["rev-parse", "--short=12", "HEAD"]);
    let restore = format!("git restore --source={} -- :/mail", base.trim());
    shop.run(["list", "staging", "--changed=HEAD"]).exits(0).tells(&restore);
    shop.project.git(["restore", "--source=HEAD", "--", ":/mail"]);
    let again = now.split_once("\n[stacks.mail]").unwrap().1;
    shop.project.write("environments.toml", &format!("{moved}\n[stacks.mail]{again}"));
    shop.run(["destroy", "staging", "mail", "--yes"]).exits(4).tells("have the same state");
}
