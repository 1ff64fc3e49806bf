//! Guards over the git repository: branch, commits pushed since, uncommitted files.

use serde_json::json;

use crate::support::{Run, Shop};

/// Makes a project with `production`, which needs a confirmation and has these guards, and `staging`, which has none.
fn shop(guards: &str) -> Shop {
    let text = "[project]\nname = \"shop\"\n\n[environments.staging]\n\n[environments.production]\nconfirm = true\n\
                workspace = \"production\"\ncreate_workspace = \"always\"\n";
    Shop::with(text).with_guards("production", guards).with_stacks(&["network"])
}

fn deploy(shop: &Shop, flags: &[&str]) -> Run {
    shop.env.run_args(&[&["deploy", "production", "--confirm"], flags].concat())
}

#[test]
fn head_is_on_the_branch_that_is_asked_for() {
    let shop = shop("branch = [\"main\"]");
    shop.project.git(["switch", "--quiet", "--create", "topic"]);
    deploy(&shop, &[]).exits(3).tells("branch: HEAD is `topic`, not `main`").tells("--allow branch");
    assert_eq!(shop.folders("apply"), [""; 0]);
    shop.run(["deploy", "staging", "--yes"]).exits(0);

    shop.project.git(["switch", "--quiet", "--detach", "main"]);
    deploy(&shop, &[]).exits(3).tells("HEAD is detached, and not in the remote head of `main`");

    // A CI job checks out a detached HEAD.
    shop.project.git(["update-ref", "refs/remotes/origin/main", "main"]);
    deploy(&shop, &[]).exits(0);
    shop.project.git(["switch", "--quiet", "main"]);
    shop.change("network", "second");
    deploy(&shop, &[]).exits(0);
}

#[test]
fn the_head_of_another_remote_makes_nothing_a_branch() {
    let shop = shop("branch = [\"main\"]");
    for remote in ["origin", "fork"] {
        shop.project.git(["remote", "add", remote, "https://example.com/x.git"]);
    }
    shop.project.git(["update-ref", "refs/remotes/origin/main", "main"]);
    shop.project.git(["switch", "--quiet", "--create", "topic"]);
    shop.change("network", "second");
    shop.project.commit("Change the network");
    // Result of `git push fork topic:main`.
    shop.project.git(["update-ref", "refs/remotes/fork/main", "HEAD"]);
    deploy(&shop, &[]).exits(3).tells("branch: HEAD is `topic`, not `main`");
    assert_eq!(shop.folders("apply"), [""; 0]);

    shop.project.git(["config", "branch.main.remote", "fork"]);
    deploy(&shop, &[]).exits(0);
}

#[test]
fn head_is_not_behind_its_remote() {
    let shop = shop("branch = [\"main\"]\nup_to_date = true");
    deploy(&shop, &[])
        .exits(3)
        .tells("up_to_date: nobody can tell whether HEAD is behind: it has no upstream");
    // A local branch as upstream does not show what others have pushed.
    shop.project.git(["branch", "other"]);
    shop.project.git(["branch", "--quiet", "--set-upstream-to=other"]);
    deploy(&shop, &[]).exits(3).tells("up_to_date: nobody can tell whether HEAD is behind");
    let remote = shop.project.around().join("remote.git");
    let remote = remote.to_str().unwrap();
    shop.project.git(["clone", "--quiet", "--bare", ".", remote]);
    shop.project.git(["remote", "add", "origin", remote]);
    shop.project.git(["push", "--quiet", "--set-upstream", "origin", "main"]);
    deploy(&shop, &[]).exits(0);

    shop.change("network", "second");
    shop.project.commit("Change the network");
    shop.project.git(["push", "--quiet"]);
    shop.project.git(["reset", "--quiet", "--hard", "HEAD~1"]);
    shop.project.write(
        "network/fake-engine.json",
        &json!({ "resources": { "terraform_data.other": "x" } }).to_string(),
    );
    deploy(&shop, &[]).exits(3).tells("up_to_date: `main` is 1 commit behind `origin/main`");
    deploy(&shop, &["--allow", "behind"]).exits(0);
}

#[test]
fn what_is_not_committed_in_the_stacks_files_is_refused() {
    let shop = shop("clean_tree = true");
    shop.project.write("modules/label/main.tf", "variable \"name\" {}\n");
    shop.project.write("notes.txt", "nothing that a plan is made of\n");
    let call = "module \"label\" {\n  source = \"../modules/label\"\n  name = \"x\"\n}\n";
    shop.project.write("network/label.tf", call);
    shop.project.commit("Call a module");
    shop.project.write("notes.txt", "changed\n");
    deploy(&shop, &[]).exits(0);

    for file in ["network/extra.tf", "modules/label/main.tf", "environments.toml"] {
        shop.change("network", file);
        shop.project.commit("Change the network");
        let before = std::fs::read_to_string(shop.project.path(file)).unwrap_or_default();
        shop.project.write(file, &(before + "# more\n"));
        deploy(&shop, &[]).exits(3).tells("clean_tree: not committed: ").tells(file);
        shop.project.commit("Add a line");
        deploy(&shop, &[]).exits(0);
    }
}
