//! `--changed`: files that git does not report, since they lie outside the repository or git is configured to skip
//! them.

use std::{fs, os::unix::fs::symlink};

use crate::{
    changed::{shop, why},
    changed_files::{call, with},
};

const NONE: [&str; 0] = [];

#[test]
fn what_lies_outside_of_the_repository_counts_as_changed_and_says_so() {
    let cases: [(&str, &str, &str); 6] = [
        ("module", "", "ext"),
        ("module of a module", "", "ext"),
        ("var file", "var_files = [\"../../ext/x.tfvars\"]", "ext/x.tfvars"),
        ("files", "files = [\"../../ext/**/*.json\"]", "ext"),
        ("secret", "secrets.pw = { file = \"../ext/pw\" }", "ext/pw"),
        ("variable", "env.TOKEN = { sops = \"../ext/x.yaml\", key = \"a\" }", "ext/x.yaml"),
    ];
    for (what, keys, place) in cases {
        let shop = shop();
        let outside = shop.project.around().join("ext");
        fs::create_dir_all(&outside).unwrap();
        for file in ["main.tf", "x.tfvars", "a.json", "pw", "x.yaml"] {
            fs::write(outside.join(file), "").unwrap();
        }
        match what {
            "module" => shop.project.write("app/call.tf", &call("../../ext")),
            "module of a module" => {
                shop.project.write("app/call.tf", &call("../mods/a"));
                shop.project.write("mods/a/main.tf", &call("../../../ext"));
            }
            _ => {
                shop.project.edit("environments.toml", "[stacks.app]\n", &format!("[stacks.app]\n{keys}\n"));
            }
        }
        shop.project.commit("Lead outside");
        let place = shop.project.around().canonicalize().unwrap().join(place);
        let expected = [format!("app: not in the repository: {}", place.display())];
        assert_eq!(why(&shop, &["--changed=HEAD"]), expected, "{what}");
        shop.project.write("unrelated.txt", "");
        assert_eq!(why(&shop, &["--changed=HEAD"]), expected, "{what}, something changed");
    }
}

#[test]
fn a_link_that_leads_outside_of_the_repository_counts_as_what_lies_there() {
    for place in ["app/linked", "mods/a/linked"] {
        let shop = with(&[("app/call.tf", &call("../mods/a")), ("mods/a/main.tf", "")]);
        let outside = shop.project.around().join("ext");
        fs::create_dir(&outside).unwrap();
        symlink(&outside, shop.project.path(place)).unwrap();
        shop.project.commit("Link");
        let outside = outside.canonicalize().unwrap();
        let expected = [format!("app: not in the repository: {}", outside.display())];
        assert_eq!(why(&shop, &["--changed=HEAD"]), expected, "{place}");
    }
}

#[test]
fn a_file_that_hcl_merely_names_outside_of_the_repository_is_not_seen() {
    let shop = with(&[("app/text.tf", "locals {\n  x = fileexists(\"/bin/sh\")\n  y = \"../../ext\"\n}\n")]);
    fs::create_dir(shop.project.around().join("ext")).unwrap();
    assert_eq!(why(&shop, &["--changed=HEAD"]), NONE);
}

#[test]
fn a_deleted_assume_unchanged_file_counts_and_a_sparse_one_does_not() {
    for flag in ["--assume-unchanged", "--skip-worktree"] {
        let shop = with(&[
            ("app/extra.tf", ""),
            ("mail/text.tf", "locals {\n  x = file(\"../x.txt\")\n}\n"),
            ("x.txt", ""),
        ]);
        shop.project.git(["update-index", flag, "app/extra.tf", "x.txt"]);
        fs::remove_file(shop.project.path("app/extra.tf")).unwrap();
        fs::remove_file(shop.project.path("x.txt")).unwrap();
        assert_eq!(
            why(&shop, &["--changed=HEAD"]),
            ["app: changed: app/extra.tf", "mail: changed file that HCL names: x.txt"],
            "{flag}"
        );
    }
    let shop = with(&[("elsewhere/x.txt", ""), ("app/more/x.txt", ""), ("app/quiet.tf", "")]);
    shop.project.git(["sparse-checkout", "set", "--no-cone", "/*", "!/elsewhere/", "!/app/more/"]);
    assert!(!shop.project.path("app/more/x.txt").exists());
    assert_eq!(why(&shop, &["--changed=HEAD"]), NONE);
    shop.project.git(["update-index", "--assume-unchanged", "app/quiet.tf"]);
    fs::remove_file(shop.project.path("app/quiet.tf")).unwrap();
    assert_eq!(why(&shop, &["--changed=HEAD"]), ["app: changed: app/quiet.tf"]);
}
