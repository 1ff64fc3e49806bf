//! `--changed`: stacks that differ from the merge base of HEAD and a base, and the handling of git.

use serde_json::json;

use crate::support::Shop;

/// Makes a project with three stacks on `main`, of which `app` needs `network`; HEAD is on `topic`.
pub(crate) fn shop() -> Shop {
    let shop = Shop::of(&["network", "app: network", "mail"]);
    shop.project.git(["switch", "--quiet", "--create", "topic"]);
    shop
}

/// Returns the selected stacks of staging, each with the reasons: `mail: changed: mail/x.tf`.
#[track_caller]
pub(crate) fn why(shop: &Shop, flags: &[&str]) -> Vec<String> {
    let args = [&["list", "staging", "--json", "--why"], flags].concat();
    let document = shop.env.run_args(&args).exits(0).json();
    let instances = document["instances"].as_array().unwrap();
    let why = |instance: &serde_json::Value| {
        let why: Vec<&str> =
            instance["why"].as_array().unwrap().iter().filter_map(|why| why.as_str()).collect();
        format!("{}: {}", instance["stack"].as_str().unwrap(), why.join("; "))
    };
    instances.iter().map(why).collect()
}

#[test]
fn stacks_are_compared_with_the_merge_base_of_the_default_branch() {
    let shop = shop();
    assert_eq!(why(&shop, &["--changed"]), [""; 0]);
    shop.change("app", "second");
    shop.project.commit("Change the app");
    assert_eq!(why(&shop, &["--changed"]), ["app: changed: app/fake-engine.json and 1 more"]);
    shop.run(["list", "staging", "--changed"]).exits(0).tells("HEAD left `main` (");

    let report = shop.run(["plan", "staging", "--changed", "--json"]).exits(0).json();
    assert_eq!(report["stacks"].as_array().unwrap().len(), 1);
    assert_eq!(report["stacks"][0]["stack"], "app");
    assert_eq!(report["stacks"][0]["why"][0], "changed: app/fake-engine.json and 1 more");
}

#[test]
fn uncommitted_and_untracked_files_count_and_ignored_ones_do_not() {
    let shop = shop();
    shop.append("network/main.tf", "# more\n");
    shop.project.write("mail/new.tf", "# new\n");
    shop.project.write("app/x.marker", "ignored\n");
    assert_eq!(
        why(&shop, &["--changed"]),
        ["network: changed: network/main.tf", "mail: changed: mail/new.tf"]
    );
    shop.project.git(["add", "network/main.tf"]);
    assert_eq!(why(&shop, &["--changed"]).len(), 2);
}

#[test]
fn a_branch_behind_its_base_has_only_its_own_changes() {
    let shop = shop();
    shop.change("app", "second");
    shop.project.commit("Change the app");
    shop.project.git(["switch", "--quiet", "main"]);
    shop.change("network", "second");
    shop.project.commit("Change the network");
    shop.project.git(["switch", "--quiet", "topic"]);
    assert_eq!(why(&shop, &["--changed=main"]), ["app: changed: app/fake-engine.json and 1 more"]);
    // `git diff main` lists the files of `network`, too.
    assert_eq!(shop.project.git(["diff", "--name-only", "main", "--", "network"]).lines().count(), 2);
}

#[test]
fn a_detached_head_is_compared_as_a_branch_is() {
    let shop = shop();
    shop.change("app", "second");
    shop.project.commit("Change the app");
    shop.project.git(["switch", "--quiet", "--detach"]);
    assert_eq!(why(&shop, &["--changed"]).len(), 1);
}

#[test]
fn names_and_tags_are_narrowed_and_neighbours_are_added() {
    let shop = shop();
    shop.change("network", "second");
    shop.change("mail", "second");
    let changed = |name: &str| format!("{name}: changed: {name}/fake-engine.json and 1 more");
    let named = |name: &str| format!("{name}: named; changed: {name}/fake-engine.json and 1 more");
    assert_eq!(why(&shop, &["--changed", "network", "app"]), [named("network")]);
    assert_eq!(why(&shop, &["--changed", "--exclude", "mail"]), [changed("network")]);
    assert_eq!(
        why(&shop, &["--changed", "--with-dependents"]),
        [changed("network"), "app: dependent of network".to_owned(), changed("mail")]
    );
}

#[test]
fn a_plan_of_nothing_is_a_clean_one() {
    let shop = shop();
    let report = shop.run(["plan", "staging", "--changed", "--json"]).exits(0).json();
    assert_eq!((&report["result"], &report["stacks"]), (&"clean".into(), &serde_json::json!([])));
    assert_eq!(shop.calls(), [""; 0]);
    shop.run(["plan", "staging", "--changed"]).exits(0).tells("only what is not committed counts as changed");
    shop.run(["deploy", "staging", "--changed", "--yes", "--var", "size=2"]).exits(0);
    shop.run(["graph", "staging", "--changed"]).exits(0);
    assert_eq!(shop.calls(), [""; 0]);
}

#[test]
fn the_default_base_comes_from_the_ci_job_or_the_remotes_default_branch() {
    let shop = shop();
    shop.change("app", "second");
    shop.project.commit("Change the app");
    shop.project.git(["update-ref", "refs/remotes/origin/trunk", "main"]);
    shop.project.git(["symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/trunk"]);
    shop.run(["list", "staging", "--changed"]).exits(0).tells("HEAD left `origin/trunk`");
    shop.project.git(["update-ref", "refs/remotes/origin/release/1", "HEAD"]);
    let in_job = shop.env.clone().var("GITHUB_BASE_REF", "release/1");
    in_job.run(["list", "staging", "--changed"]).exits(0).tells("`origin/release/1`");
    let in_job = shop.env.clone().var("GITHUB_BASE_REF", "main");
    in_job
        .run(["list", "staging", "--changed"])
        .exits(64)
        .tells("there is no commit `origin/main` to compare with")
        .tells("hint: `git fetch origin +refs/heads/main:refs/remotes/origin/main` fetches it");
}

#[test]
fn a_base_that_does_not_exist_is_64_and_says_what_was_meant() {
    let shop = shop();
    shop.project.git(["update-ref", "refs/remotes/origin/release", "main"]);
    for (flag, message) in [
        ("--changed=relaese", "there is no commit `relaese` to compare with"),
        ("--changed=release", "hint: did you mean `origin/release`?"),
        ("--changed=", "it is empty; `--changed` alone compares with the default branch"),
        ("--changed=--output=x", "it is no branch, tag or commit"),
    ] {
        shop.run(["plan", "staging", flag]).exits(64).tells(message);
    }
    shop.project.git(["switch", "--quiet", "--orphan", "other"]);
    shop.project.git(["restore", "--source=main", "."]);
    shop.run(["plan", "staging", "--changed=main"]).exits(64).tells("nothing is committed yet");
    shop.project.commit("Begin again");
    shop.run(["plan", "staging", "--changed=main"])
        .exits(64)
        .tells("HEAD and `main` have no commit in common");
    assert_eq!(shop.calls(), [""; 0]);
}

#[test]
fn outside_of_git_nobody_can_tell_what_has_changed() {
    let shop = shop();
    std::fs::remove_dir_all(shop.project.path(".git")).unwrap();
    shop.run(["plan", "staging", "--changed"])
        .exits(64)
        .tells("`--changed` needs a git repository: there is none in")
        .tells("hint: `--changed` needs git; name the stacks instead");
}

#[test]
fn a_shallow_clone_says_the_command_that_makes_it_whole() {
    let shop = shop();
    shop.project.git(["switch", "--quiet", "main"]);
    shop.change("mail", "second");
    shop.project.commit("Change the mail");
    shop.project.git(["switch", "--quiet", "topic"]);
    shop.change("app", "second");
    shop.project.commit("Change the app");
    shop.append("app/main.tf", "# more\n");
    shop.project.commit("Change the app again");
    let remote = shop.project.around().join("remote.git");
    let remote = remote.to_str().unwrap();
    shop.project.git(["clone", "--quiet", "--bare", ".", remote]);
    // A CI job checks out one commit of one branch.
    let url = format!("file://{remote}");
    std::fs::remove_dir_all(shop.project.root()).unwrap();
    std::fs::create_dir(shop.project.root()).unwrap();
    shop.project.git(["clone", "--quiet", "--depth=1", "--branch=topic", &url, "."]);
    let in_job = shop.env.clone().var("GITHUB_BASE_REF", "main");
    in_job.run(["plan", "staging", "--changed=HEAD~1"]).exits(64).tells("`git fetch --unshallow` fetches");
    let fetch = ["fetch", "--unshallow", "origin", "+refs/heads/main:refs/remotes/origin/main"];
    let hint = format!("`git {}` fetches it", fetch.join(" "));
    in_job.run(["plan", "staging", "--changed"]).exits(64).tells("no commit `origin/main`").tells(&hint);
    shop.project.git([
        "fetch",
        "--quiet",
        "--depth=1",
        "origin",
        "+refs/heads/main:refs/remotes/origin/main",
    ]);
    in_job
        .run(["plan", "staging", "--changed"])
        .exits(64)
        .tells("this clone is shallow: it does not reach the commit where HEAD left `origin/main`")
        .tells(&format!("`git {}` fetches the rest", fetch.join(" ")));
    shop.project.git(fetch);
    let in_job = Shop { env: in_job, ..shop };
    assert_eq!(why(&in_job, &["--changed"]), ["app: changed: app/fake-engine.json and 1 more"]);
}

#[test]
fn a_run_whose_changed_stacks_are_all_excluded_plans_nothing_and_ends_0() {
    let shop = shop();
    shop.change("app", "second");
    shop.run(["plan", "staging", "--changed", "--exclude", "app"]).exits(0);
    assert_eq!(shop.calls(), [""; 0]);
    shop.run(["plan", "staging", "app", "--exclude", "app"])
        .exits(64)
        .tells("every selected stack is excluded");
}

#[test]
fn a_summary_of_a_part_says_since_when_and_what_is_gone() {
    let shop = shop();
    shop.change("app", "second");
    let text = shop.project.read("environments.toml");
    let (kept, _) = text.split_once("\n[stacks.mail]").unwrap();
    shop.project.write("environments.toml", kept);
    let summary = shop.marker("summary.md");
    let file = summary.to_str().unwrap();
    let report = shop.run(["plan", "staging", "--changed", "--summary", file, "--json"]).exits(0).json();
    let since = json!({
        "base": "main",
        "commit": shop.project.git(["rev-parse", "main"]).trim(),
        "gone": [{ "environment": "staging", "stack": "mail", "path": "mail" }],
    });
    assert_eq!(report["changed_since"], since);
    assert_eq!(shop.run(["runs", "show", "last", "--json"]).exits(0).json()["changed_since"], since);
    let text = std::fs::read_to_string(&summary).unwrap();
    assert!(text.contains("* only what has changed since HEAD left `main` ("), "{text}");
    assert!(
        text.contains(
            "* stack `mail` (`mail`) of `staging` is gone since then, its resources still exist\n\n| stack |"
        ),
        "{text}"
    );
    assert!(text.contains("| app | 1 |"), "{text}");
}

#[test]
fn where_nothing_has_changed_that_is_what_is_said() {
    let shop = shop();
    let summary = shop.marker("summary.md");
    let file = summary.to_str().unwrap();
    let run = shop.run(["plan", "staging", "--changed", "--summary", file]).exits(0);
    assert!(run.stdout.starts_with("staging  commit "), "{run}");
    run.prints("no stack that is asked for has changed since HEAD left `main` (");
    let text = std::fs::read_to_string(&summary).unwrap();
    assert!(
        text.ends_with(")\n")
            && text.contains("* no stack that is asked for has changed since HEAD left `main` ("),
        "{text}"
    );
    let list = shop.run(["list", "staging", "--changed"]).exits(0);
    assert_eq!(list.stdout, "");
    list.tells("no stack that is asked for has changed since HEAD left `main` (");
    let base = shop.run(["list", "staging", "--changed=HEAD"]).exits(0);
    base.tells("note: only what is not committed counts as changed\n");
}

#[test]
fn a_base_behind_a_space_is_pointed_at_before_anything_is_said_of_another() {
    let shop = shop();
    let run = shop.run(["list", "staging", "--changed", "HEAD~1"]).exits(64);
    assert!(!run.stderr.contains("main"), "{run}");
    run.tells("hint: did you mean `--changed=HEAD~1`?");
    shop.run(["list", "staging", "--changed", "netwrok"]).exits(64).tells("did you mean `network`?");
    shop.run(["plan", "staging", "--reuse", "1h"]).exits(64).tells("hint: did you mean `--reuse=1h`?");
    shop.run(["plan", "staging", "1h"]).exits(64).tells("no stack is called `1h`");
    assert_eq!(shop.calls(), [""; 0]);
}
