//! 1. The plan you saw is the plan that is applied: with the fetched modules that it was made with.

use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
};

use crate::support::{Driven, ENVIRONMENTS, Env, Project, Shop, app_unit, plain};

/// Makes a git repository beside the project, with a module in `sub` that reads a script above it.
fn package(project: &Project) -> String {
    let dir = project.around().join("package");
    fs::create_dir_all(dir.join("sub")).unwrap();
    fs::write(
        dir.join("sub/main.tf"),
        "output \"text\" {\n  value = file(\"${path.module}/../run.sh\")\n}\n",
    )
    .unwrap();
    fs::write(dir.join("run.sh"), "one\n").unwrap();
    let dir = dir.to_str().unwrap().to_owned();
    project.git(["init", "--quiet", "--initial-branch=main", &dir]);
    committed(project, &dir);
    dir
}

fn committed(project: &Project, dir: &str) {
    project.git(["-C", dir, "add", "--all"]);
    project.git(["-C", dir, "commit", "--quiet", "--message", "Next"]);
}

/// Makes a project whose stack calls the module of that repository.
fn shop(engine: &Driven) -> (Shop, String) {
    let shop = Shop::driven_by(engine, ENVIRONMENTS);
    let dir = package(&shop.project);
    shop.stack("app", &[], &plain("app"));
    let source = format!("git::file://{dir}//sub?ref=main");
    shop.append(
        "app/main.tf",
        &format!(
            "module \"m\" {{\n  source = \"{source}\"\n}}\noutput \"text\" {{\n  value = module.m.text\n}}\n"
        ),
    );
    shop.project.commit("Begin");
    (shop.with_env(Env::with_system), dir)
}

/// Returns a file of this name in a folder, other than the repository's own.
fn copy_of(dir: &Path, name: &str) -> PathBuf {
    let mut open = vec![dir.to_owned()];
    while let Some(dir) = open.pop() {
        for entry in fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() && !path.is_symlink() {
                open.push(path);
            } else if path.file_name().is_some_and(|own| own == name) {
                return path;
            }
        }
    }
    panic!("{} holds no `{name}`", dir.display());
}

#[test(engines(tofu, terraform))]
fn a_fetched_module_is_bound_with_all_of_its_package(engine: &Driven) {
    let (shop, _) = shop(engine);
    shop.run(["plan", "staging"]).exits(0);
    let script = copy_of(&shop.project.root(), "run.sh");
    let told = "`fetched module m` is not what it was when it was planned: then sha256 ";
    fs::write(&script, "two\n").unwrap();
    shop.run(["apply", "last", "--yes"]).exits(3).tells(told);
    fs::write(&script, "one\n").unwrap();
    fs::set_permissions(&script, fs::Permissions::from_mode(0o755)).unwrap();
    shop.run(["apply", "last", "--yes"]).exits(3).tells(told);
    fs::set_permissions(&script, fs::Permissions::from_mode(0o644)).unwrap();
    let module = script.parent().unwrap().join("sub/new.txt");
    fs::write(&module, "new\n").unwrap();
    shop.run(["apply", "last", "--yes"]).exits(3).tells(told);
    fs::remove_file(&module).unwrap();
    assert_eq!(shop.deployed_value("app", "staging"), None, "{}", engine.name());
    shop.run(["apply", "last", "--yes"]).exits(0);
    assert_eq!(shop.deployed_value("app", "staging").as_deref(), Some("first"), "{}", engine.name());

    shop.run(["plan", "staging"]).exits(0);
    let is_reused =
        || shop.run(["plan", "staging", "--reuse", "--json"]).json()["stacks"][0]["reused"] == true;
    assert!(is_reused(), "{}", engine.name());
    fs::write(&script, "two\n").unwrap();
    assert!(!is_reused(), "{}", engine.name());
}

#[test(engines(tofu, terraform))]
fn a_module_that_was_fetched_anew_is_compared_by_its_content(engine: &Driven) {
    let (shop, dir) = shop(engine);
    shop.run(["plan", "staging"]).exits(0);
    let run = shop.newest_run().rsplit('/').next().unwrap().to_owned();
    let forget = || {
        for folder in [".envctl/data", ".envctl/instances", "app/.terraform"] {
            if shop.project.path(folder).exists() {
                fs::remove_dir_all(shop.project.path(folder)).unwrap();
            }
        }
    };
    // The branch has moved on, and a new checkout fetches its head.
    fs::write(Path::new(&dir).join("run.sh"), "two\n").unwrap();
    committed(&shop.project, &dir);
    forget();
    shop.run(["apply", &run, "--yes"]).exits(3).tells("`fetched module m` is not what it was");
    // The branch has another commit with the original content.
    fs::write(Path::new(&dir).join("run.sh"), "one\n").unwrap();
    committed(&shop.project, &dir);
    forget();
    shop.run(["apply", &run, "--yes"]).exits(0);
    assert_eq!(shop.deployed_value("app", "staging").as_deref(), Some("first"), "{}", engine.name());
}

#[test(engines(tofu, terraform))]
fn a_module_by_a_file_url_is_local(engine: &Driven) {
    let shop = Shop::driven_by(engine, ENVIRONMENTS);
    shop.stack("app", &[], &plain("app"));
    shop.project.write("modules/m/main.tf", "locals {\n  a = 1\n}\n");
    let source = shop.project.path("modules/m");
    shop.append("app/main.tf", &format!("module \"m\" {{\n  source = \"file://{}\"\n}}\n", source.display()));
    shop.project.commit("Begin");
    shop.run(["plan", "staging"]).exits(0);
    shop.append("modules/m/main.tf", "# more\n");
    shop.run(["apply", "last", "--yes"]).exits(3).tells("`file modules/m/main.tf` is not what it was");
    let list = shop.run(["list", "staging", "--changed=HEAD", "--json", "--why"]).exits(0).json();
    assert_eq!(list["instances"][0]["why"][0], "changed module: modules/m/main.tf", "{}", engine.name());
}

#[test(engines(terragrunt))]
fn the_copy_that_terragrunt_makes_of_a_source_is_bound() {
    let (project, env) = app_unit("app");
    let env = env.with_system();
    let dir = package(&project);
    let unit = format!(
        "terraform {{\n  source = \"git::file://{dir}//sub?ref=main\"\n}}\n\
         generate \"more\" {{\n  path      = \"more.tf\"\n  if_exists = \"overwrite\"\n  contents  = \"locals {{}}\\n\"\n}}\n"
    );
    project.write("app/terragrunt.hcl", &unit);
    env.run(["plan", "dev"]).exits(0);
    let script = copy_of(&project.path("app/.terragrunt-cache"), "run.sh");
    fs::write(&script, "two\n").unwrap();
    env.run(["apply", "last", "--yes"]).exits(3).tells("`fetched unit source` is not what it was");
    fs::write(&script, "one\n").unwrap();
    env.run(["apply", "last", "--yes"]).exits(0);
}
