//! Stack in the folder of environments.toml, beside other stacks: its name, its messages and its changes.

use crate::{
    changed::why,
    support::{Shop, plain},
};

/// Makes a project with the stack `root` in its own folder and the stack `infra/app`, both discovered.
#[track_caller]
fn shop() -> Shop {
    let environments =
        "[project]\nname = \"shop\"\n[environments.staging]\n[discover]\npaths = [\".\", \"infra/<unit>\"]\n";
    let shop = Shop::with(environments);
    shop.script(".", &plain("root"));
    shop.script("infra/app", &plain("app"));
    let shop = shop.with_files(&[
        ("README.md", "# shop\n"),
        (".github/workflows/ci.yml", "on: push\n"),
        ("docs/more/notes.md", ""),
        ("texts/named.txt", "one\n"),
        ("modules/m/main.tf", ""),
        ("outputs.tf", "output \"text\" {\n  value = file(\"${path.module}/texts/named.txt\")\n}\nmodule \"m\" {\n  source = \"./modules/m\"\n}\n"),
        (".terraform.lock.hcl", "# locked\n"),
    ]);
    let shop = shop.committed();
    shop.project.git(["switch", "--quiet", "--create", "topic"]);
    shop
}

#[test]
fn a_stack_in_the_root_has_a_name_and_a_path() {
    let shop = shop();

    let listed = shop.run(["list", "staging", "--json"]).exits(0).json();

    let instances = listed["instances"].as_array().unwrap().iter();
    let named: Vec<String> = instances.map(|i| format!("{} in {}", i["stack"], i["path"])).collect();
    assert_eq!(named, ["\"root\" in \".\"", "\"app\" in \"infra/app\""]);
    shop.run(["check", "--offline"]).exits(0);
    let run = shop.run(["deploy", "staging", "--yes"]).exits(0);
    assert!(!run.stderr.contains("``"), "{run}");
}

#[test]
fn only_configuration_and_what_it_names_changes_a_stack_in_the_root() {
    let shop = shop();
    for unrelated in ["README.md", ".github/workflows/ci.yml", "docs/more/notes.md", "infra/app/main.tf"] {
        shop.append(unrelated, "# more\n");
    }
    assert_eq!(why(&shop, &["--changed"]), ["app: changed: infra/app/main.tf"]);

    for (file, reason) in [
        ("texts/named.txt", "changed file that HCL names: texts/named.txt"),
        ("modules/m/main.tf", "changed module: modules/m/main.tf"),
        (".terraform.lock.hcl", "changed lockfile: .terraform.lock.hcl"),
        ("outputs.tf", "changed: outputs.tf"),
        ("terraform.tfvars", "changed: terraform.tfvars"),
    ] {
        let before = std::fs::read_to_string(shop.project.path(file)).unwrap_or_default();
        shop.project.write(file, &format!("{before}# more\n"));
        let root = why(&shop, &["--changed"]).into_iter().find(|line| line.starts_with("root: "));
        assert_eq!(root.as_deref(), Some(&*format!("root: {reason}")));
        if before.is_empty() {
            std::fs::remove_file(shop.project.path(file)).unwrap();
        } else {
            shop.project.write(file, &before);
        }
    }
}

#[test]
fn a_stack_in_the_root_that_lists_its_whole_folder_is_changed_by_any_file() {
    let shop = shop();
    shop.project.write("list.tf", "output \"all\" {\n  value = fileset(path.module, \"**\")\n}\n");
    shop.project.commit("List all files");
    shop.project.git(["switch", "--quiet", "--create", "later"]);

    shop.append("README.md", "more\n");

    let changed = why(&shop, &["--changed=topic"]);
    assert_eq!(changed.len(), 1, "{changed:?}");
    assert!(changed[0].starts_with("root: "), "{changed:?}");
}

#[test]
fn a_plan_of_a_stack_in_the_root_is_bound_to_its_configuration() {
    let shop = shop();
    shop.run(["plan", "staging", "root"]).exits(0);
    shop.append("README.md", "more\n");
    shop.append("infra/app/main.tf", "# more\n");
    shop.append("texts/named.txt", "two\n");

    let refused = shop.run(["apply", "last", "--yes"]).exits(3);

    refused.tells("`file texts/named.txt` is not what it was when it was planned");
    shop.project.git(["checkout", "--quiet", "texts/named.txt"]);
    shop.run(["apply", "last", "--yes"]).exits(0);
}
