//! `--changed`: git's listing of the working tree in place of a walk misses no file.

use std::os::unix::ffi::OsStrExt as _;

use crate::{
    changed::{shop, why},
    changed_files::{call, with},
};

const NONE: [&str; 0] = [];

#[test]
fn a_file_that_git_ignores_leads_to_its_module_all_the_same() {
    let shop = with(&[("modules/service/main.tf", "variable \"name\" {}\n")]);
    shop.append(".gitignore", "*.generated.tf\n");
    shop.project.commit("Ignore what is generated");
    shop.project.git(["branch", "--quiet", "--force", "main"]);
    shop.project.write("app/x.generated.tf", &call("../modules/service"));
    assert_eq!(why(&shop, &["--changed"]), NONE);
    shop.append("modules/service/main.tf", "# more\n");
    assert_eq!(why(&shop, &["--changed"]), ["app: changed module: modules/service/main.tf"]);
}

#[test]
fn of_a_new_folder_every_file_counts_that_git_does_not_ignore() {
    let shop = with(&[("app/call.tf", &call("../modules/new/deep"))]);
    shop.project.write("modules/new/deep/x.marker", "ignored\n");
    assert_eq!(why(&shop, &["--changed"]), NONE);
    shop.project.write("modules/new/deep/main.tf", "variable \"name\" {}\n");
    // git would take this name for a pattern.
    shop.project.write(":!app", "new\n");
    shop.project.write("mail/new.tf", "variable \"name\" {}\n");
    let both = ["app: changed module: modules/new/deep/main.tf", "mail: changed: mail/new.tf"];
    assert_eq!(why(&shop, &["--changed"]), both);
    shop.project.write("app/new.tf", "variable \"name\" {}\n");
    assert_eq!(why(&shop, &["--changed"])[0], "app: changed: app/new.tf");
}

#[test]
fn a_new_file_counts_beside_more_than_anybody_would_name_one_by_one() {
    let shop = shop();
    for number in 0..150 {
        shop.project.write(&format!("mail/{number}.marker"), "ignored\n");
        shop.project.write(&format!("docs/{number}/page"), "new\n");
        shop.project.write(&format!("docs {number}"), "new\n");
    }
    assert_eq!(why(&shop, &["--changed"]), NONE);
    shop.project.write("app/new.tf", "variable \"name\" {}\n");
    assert_eq!(why(&shop, &["--changed"]), ["app: changed: app/new.tf"]);
}

#[test]
fn a_file_that_git_lists_and_that_is_gone_hides_no_other() {
    // OpenTofu reads x.tofu in place of x.tf if both exist.
    let shop = with(&[
        ("modules/service/main.tf", "variable \"name\" {}\n"),
        ("modules/between/x.tf", &call("../service")),
        ("app/call.tf", &call("../modules/between")),
    ]);
    shop.project.edit("environments.toml", "name = \"shop\"", "name = \"shop\"\nengine = \"tofu\"");
    shop.project.commit("Name the engine");
    shop.project.git(["branch", "--quiet", "--force", "main"]);
    shop.project.write("modules/between/x.tofu", "variable \"name\" {}\n");
    shop.project.git(["add", "modules/between/x.tofu"]);
    std::fs::remove_file(shop.project.path("modules/between/x.tofu")).unwrap();
    shop.append("modules/service/main.tf", "# more\n");
    assert_eq!(why(&shop, &["--changed"]), ["app: changed module: modules/service/main.tf"]);
}

#[test]
fn a_new_file_whose_name_is_no_text_counts() {
    let shop = shop();
    let name = std::ffi::OsStr::from_bytes(b"caf\xe9.tf");
    std::fs::write(shop.project.root().join("app").join(name), "variable \"name\" {}\n").unwrap();
    assert_eq!(why(&shop, &["--changed"]), ["app: changed: app/caf\u{fffd}.tf"]);
}
