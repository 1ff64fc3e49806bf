//! `generate` and `--help`: completions, manuals and help.

use std::{fs, os::unix::fs::symlink};

use rustix::fs::{CWD, FileType, Mode, mknodat};

use crate::{support::Program, support::Shop};

const VERBS: [&str; 15] = [
    "check", "config", "deploy", "destroy", "doctor", "exec", "generate", "graph", "init", "list", "output",
    "plan", "runs", "shell", "status",
];

#[test]
fn completions_are_made_for_bash_zsh_and_fish() {
    let shop = Shop::new();
    for shell in ["bash", "zsh", "fish"] {
        let script = shop.run(["generate", "completions", shell]).exits(0);
        assert!(script.stdout.contains("envctl") && script.stdout.contains("COMPLETE"), "{script}");
        assert_eq!(script.stderr, "");
    }
    shop.run(["generate", "completions", "tcsh"]).exits(64).tells("possible values: bash");
}

#[test]
fn environments_and_stacks_complete_from_the_file() {
    let shop = Shop::of(&["network", "app: network"]);
    let bash = Program { name: "bash", path: "/bin/bash".into() };
    let script = "source <(envctl generate completions bash); COMP_WORDS=(envctl plan \"\"); COMP_CWORD=2; \
                  COMP_LINE='envctl plan '; COMP_POINT=12; COMP_TYPE=9; _clap_complete_envctl envctl '' plan; \
                  printf '%s\\n' \"${COMPREPLY[@]}\"";
    let run = shop.env.clone().with_envctl().run_program(&bash, &["-c", script]).exits(0);
    let words: Vec<&str> = run.stdout.lines().map(str::trim).collect();
    assert!(words.contains(&"staging") && words.contains(&"production"), "{run}");
    assert_eq!(shop.calls(), [""; 0]);
}

#[test]
fn man_pages_are_written_one_a_verb() {
    let shop = Shop::new();
    shop.run(["generate", "man"]).exits(0).prints(".TH envctl 1");
    shop.run(["generate", "man", "man1"]).exits(0);
    let pages: Vec<String> = fs::read_dir(shop.project.path("man1"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    assert!(pages.contains(&"envctl.1".to_owned()));
    for verb in VERBS {
        assert!(pages.contains(&format!("envctl-{verb}.1")), "{verb}: {pages:?}");
        let page = shop.project.read(&format!("man1/envctl-{verb}.1"));
        assert!(page.contains(".SH NAME") && page.contains(".SH SYNOPSIS"), "{page}");
    }
}

#[test]
fn man_pages_replace_links_and_fifos_and_never_what_a_link_names() {
    let shop = Shop::new();
    let config = shop.project.read("environments.toml");
    let pages = shop.project.path("man1");
    fs::create_dir(&pages).unwrap();
    symlink("../environments.toml", pages.join("envctl-plan.1")).unwrap();
    mknodat(CWD, pages.join("envctl-check.1"), FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();
    shop.run(["generate", "man", "man1"]).exits(0);
    assert_eq!(shop.project.read("environments.toml"), config);
    for page in ["envctl-plan.1", "envctl-check.1"] {
        assert!(fs::symlink_metadata(pages.join(page)).unwrap().is_file(), "{page}");
        assert!(shop.project.read(&format!("man1/{page}")).contains(".SH SYNOPSIS"), "{page}");
    }
}

#[test]
fn every_verb_has_a_help_with_examples() {
    let shop = Shop::new();
    let all = shop.run(["--help"]).exits(0);
    for verb in VERBS {
        assert!(all.stdout.contains(&format!("\n  {verb} ")), "{verb} is not in\n{all}");
        let help = shop.run([verb, "--help"]).exits(0).prints("Usage: envctl");
        assert_eq!(help.stderr, "");
        // `generate` and `runs` have verbs of their own, and `doctor` needs no example.
        if !["generate", "runs", "doctor"].contains(&verb) {
            help.prints(&format!("Examples:\n  envctl {verb}"));
        }
    }
    all.prints("Exit codes:");
}

#[test]
fn a_typo_in_a_verb_is_64_with_a_suggestion() {
    let shop = Shop::new();
    let typo = shop.run(["plna", "staging"]).exits(64);
    typo.tells("error: there is no verb `plna`; did you mean `plan`?")
        .tells("hint: `envctl --help` lists the verbs");
    let flag = shop.run(["plan", "staging", "--confrim"]).exits(64);
    flag.tells("error: unknown flag `--confrim`").tells("hint: `envctl plan --help` explains the arguments");
    shop.run([]).exits(64).tells("Usage: envctl");
}

#[test]
fn the_version_is_one_line() {
    let shop = Shop::new();
    let run = shop.run(["--version"]).exits(0);
    assert_eq!(run.stdout, format!("envctl {}\n", env!("CARGO_PKG_VERSION")));
}
