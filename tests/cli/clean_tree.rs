//! Guard `clean_tree`: an uncommitted file that a plan depends on is found, even if git is configured to hide it.

use crate::support::{Run, Shop};

/// Makes a committed project with the guard `clean_tree`, and a stack to deploy.
#[track_caller]
fn shop() -> Shop {
    let text = "[project]\nname = \"shop\"\n\n[environments.production]\nconfirm = true\n";
    let shop = Shop::with(text)
        .with_guards("production", "clean_tree = true")
        .with_stacks(&["network"])
        .with_keys("var_files = [\"?local/values.tfvars\"]")
        .with_files(&[("shared/s.txt", "text\n"), ("other/s.txt", "text\n")]);
    let output = "output \"named\" {\n  value = fileset(\"${path.module}/../shared\", \"*\")\n}\n";
    shop.append("network/main.tf", output);
    shop.committed()
}

fn deploy(shop: &Shop) -> Run {
    shop.run(["deploy", "production", "--confirm"])
}

#[track_caller]
fn refused(shop: &Shop, file: &str) {
    deploy(shop).exits(3).tells("clean_tree: not committed: ").tells(file);
    assert_eq!(shop.folders("apply"), [""; 0]);
}

#[test]
fn gits_own_variables_hide_nothing() {
    let mut shop = shop();
    shop.append("network/main.tf", "# edited\n");
    let base = shop.env.clone();
    let excludes = shop.marker("excludes");
    std::fs::write(&excludes, "*.tf\n").unwrap();
    let excludes = excludes.to_str().unwrap().to_owned();
    for variables in [
        &[("GIT_LITERAL_PATHSPECS", "1")] as &[(&'static str, &str)],
        &[("GIT_NOGLOB_PATHSPECS", "1"), ("GIT_ICASE_PATHSPECS", "1")],
        &[("GIT_DIR", "/nowhere")],
        &[
            ("GIT_CONFIG_COUNT", "2"),
            ("GIT_CONFIG_KEY_0", "core.excludesFile"),
            ("GIT_CONFIG_VALUE_0", &excludes),
            ("GIT_CONFIG_KEY_1", "core.worktree"),
            ("GIT_CONFIG_VALUE_1", "/nowhere"),
        ],
    ] {
        shop.env = base.clone().vars(variables.iter().map(|(name, value)| (*name, (*value).to_owned())));
        refused(&shop, "`network/main.tf`");
    }
}

#[test]
fn a_file_that_git_was_told_not_to_look_at_counts_as_uncommitted() {
    for (flag, back) in
        [("--assume-unchanged", "--no-assume-unchanged"), ("--skip-worktree", "--no-skip-worktree")]
    {
        let shop = shop();
        for file in ["network/main.tf", "shared/s.txt"] {
            shop.project.git(["update-index", flag, file]);
            shop.append(file, "# edited\n");
            refused(&shop, &format!("`{file}`"));
            shop.project.git(["update-index", back, file]);
            shop.project.git(["checkout", "--quiet", "--", file]);
        }
        shop.project.git(["update-index", flag, "other/s.txt"]);
        shop.append("other/s.txt", "edited\n");
        deploy(&shop).exits(0);
    }
}

#[test]
fn configuration_and_values_that_git_ignores_count_as_uncommitted() {
    for (file, text) in [
        ("network/new.tf", "# nothing\n"),
        ("network/new.tofu", "# nothing\n"),
        ("network/new.tf.json", "{}\n"),
        ("network/z.auto.tfvars", "# nothing\n"),
        ("network/terraform.tfvars.json", "{}\n"),
        ("network/local/values.tfvars", "# nothing\n"),
    ] {
        let shop = shop();
        shop.project.write(".git/info/exclude", "new.*\n*.tfvars*\n*.zip\n");
        shop.project.write("network/build.zip", "made by a build\n");
        shop.project.write("network/unused.tfvars", "x = 1\n");
        shop.project.write(file, text);
        refused(&shop, &format!("`{file}`"));
        std::fs::remove_file(shop.project.path(file)).unwrap();
        deploy(&shop).exits(0);
    }
}

#[test]
fn what_a_stack_reads_from_elsewhere_counts() {
    let shop = shop();
    shop.project.write("other/s.txt", "edited\n");
    for (file, told) in [("shared/s.txt", "`shared/s.txt`"), ("shared/new.txt", "`shared/new.txt`")] {
        shop.project.write(file, "edited\n");
        refused(&shop, told);
        shop.project.commit("Edit");
    }
    std::fs::remove_file(shop.project.path("shared/new.txt")).unwrap();
    refused(&shop, "`shared/new.txt`");
    shop.project.commit("Remove");
    deploy(&shop).exits(0);
}
