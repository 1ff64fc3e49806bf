//! `--changed`: modules in a submodule of git.

use crate::{
    changed::{shop, why},
    support::Shop,
};

const NONE: [&str; 0] = [];

/// Makes a project whose `app` and `mail` each call a module of a submodule.
fn with_submodule() -> Shop {
    let shop = shop();
    let library = shop.project.around().join("library");
    let library = library.to_str().unwrap();
    shop.project.git(["init", "--quiet", "--initial-branch=main", library]);
    for name in ["app", "mail"] {
        shop.project.write(&format!("../library/{name}/main.tf"), "variable \"x\" {}\n");
        let call = format!("module \"called\" {{\n  source = \"../modules/{name}\"\n}}\n");
        shop.project.write(&format!("{name}/call.tf"), &call);
    }
    shop.project.git(["-C", library, "add", "--all"]);
    shop.project.git(["-C", library, "commit", "--quiet", "--message", "Begin"]);
    let local = "protocol.file.allow=always";
    shop.project.git(["-c", local, "submodule", "--quiet", "add", library, "modules"]);
    shop.project.commit("Take in the library");
    shop
}

#[test]
fn in_a_submodule_only_the_modules_that_differ_touch_their_stacks() {
    let shop = with_submodule();
    assert_eq!(why(&shop, &["--changed=HEAD"]), NONE);
    // Uncommitted in the submodule.
    shop.append("modules/app/main.tf", "# more\n");
    assert_eq!(why(&shop, &["--changed=HEAD"]), ["app: changed module: modules/app/main.tf"]);
    shop.project.write("modules/mail/new.tf", "");
    assert_eq!(why(&shop, &["--changed=HEAD"]).len(), 2);
    // Committed in the submodule alone.
    shop.project.git(["-C", "modules", "checkout", "--quiet", "app"]);
    shop.project.git(["-C", "modules", "add", "--all"]);
    shop.project.git(["-C", "modules", "commit", "--quiet", "--message", "More"]);
    assert_eq!(why(&shop, &["--changed=HEAD"]), ["mail: changed module: modules/mail/new.tf"]);
    // Committed in both repositories.
    shop.project.commit("Take in more");
    assert_eq!(why(&shop, &["--changed=HEAD~1"]), ["mail: changed module: modules/mail/new.tf"]);
    assert_eq!(why(&shop, &["--changed=HEAD"]), NONE);
}

#[test]
fn a_submodule_of_which_nobody_knows_what_differs_counts_as_a_whole() {
    let shop = with_submodule();
    let other = shop.project.git(["-C", "modules", "commit-tree", "-m", "Lost", "HEAD^{tree}"]);
    let entry = format!("160000,{},modules", other.trim());
    shop.project.git(["update-index", "--cacheinfo", &entry]);
    shop.project.git(["commit", "--quiet", "--message", "Take in what is lost"]);
    std::fs::remove_file(shop.project.path(&format!(
        ".git/modules/modules/objects/{}/{}",
        &other[..2],
        &other[2..].trim()
    )))
    .unwrap();
    assert_eq!(
        why(&shop, &["--changed=HEAD"]),
        ["app: changed module: modules", "mail: changed module: modules"]
    );
}

#[test]
fn what_git_does_not_look_at_in_a_submodule_and_links_in_it_count() {
    let shop = with_submodule();
    shop.project.git(["-C", "modules", "update-index", "--assume-unchanged", "app/main.tf"]);
    shop.append("modules/app/main.tf", "# more\n");
    assert_eq!(why(&shop, &["--changed=HEAD"]), ["app: changed module: modules/app/main.tf"]);

    let shop = with_submodule();
    shop.project.write("modules/data/x.json", "one\n");
    std::os::unix::fs::symlink("../data", shop.project.path("modules/mail/linked")).unwrap();
    shop.project.git(["-C", "modules", "add", "--all"]);
    shop.project.git(["-C", "modules", "commit", "--quiet", "--message", "Link"]);
    shop.project.commit("Take in a link");
    assert_eq!(why(&shop, &["--changed=HEAD"]), NONE);
    shop.append("modules/data/x.json", "two\n");
    assert_eq!(why(&shop, &["--changed=HEAD"]), ["mail: changed module: modules/data/x.json"]);
}
