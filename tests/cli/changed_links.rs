//! `--changed`: symbolic links, followed through chains.

use std::{fs, os::unix::fs::symlink};

use crate::{
    changed::why,
    changed_files::{call, with},
    support::Shop,
};

const NONE: [&str; 0] = [];
const SINCE: [&str; 1] = ["--changed=HEAD"];

/// Makes a symbolic link at a path and replaces an existing file.
fn link(shop: &Shop, place: &str, target: &str) {
    let path = shop.project.path(place);
    if fs::symlink_metadata(&path).is_ok() {
        fs::remove_file(&path).unwrap();
    }
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    symlink(target, path).unwrap();
}

#[test]
fn every_link_of_a_chain_counts() {
    let shop = with(&[
        ("app/call.tf", &call("../l1")),
        ("mail/text.tf", "locals {\n  x = file(\"../t1\")\n}\n"),
        ("r1/main.tf", ""),
        ("r2/main.tf", ""),
        ("x.txt", "one\n"),
        ("y.txt", "one\n"),
        ("deep/links/none", ""),
    ]);
    link(&shop, "l1", "deep/links/../l2/");
    link(&shop, "deep/l2", "l3");
    link(&shop, "deep/l3", "../r1");
    link(&shop, "network/data", "../deep/l2");
    link(&shop, "t1", "t2");
    link(&shop, "t2", "x.txt");
    shop.project.commit("Link");
    assert_eq!(why(&shop, &SINCE), NONE);
    link(&shop, "deep/l3", "../r2");
    assert_eq!(why(&shop, &SINCE), ["network: changed: deep/l3", "app: changed module: deep/l3"]);
    shop.project.git(["checkout", "--quiet", "."]);
    link(&shop, "t2", "y.txt");
    assert_eq!(why(&shop, &SINCE), ["mail: changed file that HCL names: t2"]);
    shop.project.git(["checkout", "--quiet", "."]);
    shop.append("r1/main.tf", "# more\n");
    shop.append("x.txt", "two\n");
    assert_eq!(
        why(&shop, &SINCE),
        [
            "network: changed: r1/main.tf",
            "app: changed module: r1/main.tf",
            "mail: changed file that HCL names: x.txt"
        ]
    );
}

#[test]
fn links_that_lead_in_a_circle_end() {
    let shop = with(&[("app/call.tf", &call("../a"))]);
    link(&shop, "a", "b");
    link(&shop, "b", "a");
    link(&shop, "mail/self", "../mail/self");
    shop.project.commit("Link");
    assert_eq!(why(&shop, &SINCE), NONE);
}

#[test]
fn a_pattern_of_files_means_what_links_lead_to() {
    let shop = with(&[("data/a.json", "one\n"), ("data/b.json", "one\n"), ("src/own.json", "one\n")]);
    shop.project.edit("environments.toml", "[stacks.app]\n", "[stacks.app]\nfiles = [\"../src/*.json\"]\n");
    link(&shop, "src/a.json", "../more/a.json");
    link(&shop, "more", "data");
    link(&shop, "src/b.txt", "../data/b.json");
    shop.project.commit("Link");
    shop.append("data/b.json", "two\n");
    assert_eq!(why(&shop, &SINCE), NONE);
    shop.append("data/a.json", "two\n");
    assert_eq!(why(&shop, &SINCE), ["app: changed file of `files`: data/a.json"]);
}

#[test]
fn a_changed_link_to_environments_toml_changes_every_stack() {
    let all = ["network", "app", "mail"]
        .map(|stack| format!("{stack}: changed setting: environments.toml, which cannot be compared"));
    for chain in [false, true] {
        let shop = with(&[("envs/none", "")]);
        let text = shop.project.read("environments.toml");
        shop.project.write("envs/a.toml", &text);
        shop.project.write(
            "envs/b.toml",
            &text.replace("[environments.staging]\n", "[environments.staging]\nparallelism = 7\n"),
        );
        if chain {
            link(&shop, "envs/now", "a.toml");
        }
        let (place, first) =
            if chain { ("envs/now", "envs/now") } else { ("environments.toml", "envs/a.toml") };
        link(&shop, "environments.toml", first);
        shop.project.commit("Keep several");
        assert_eq!(why(&shop, &SINCE), NONE);
        link(&shop, place, if chain { "b.toml" } else { "envs/b.toml" });
        assert_eq!(why(&shop, &SINCE), all);
        shop.project.git(["checkout", "--quiet", "."]);
        // The linked file itself is compared.
        let edited = text.replace("[stacks.mail]\n", "[stacks.mail]\nvars = { size = 2 }\n");
        shop.project.write("envs/a.toml", &edited);
        assert_eq!(why(&shop, &SINCE), ["mail: changed setting: vars.size"]);
    }
}
