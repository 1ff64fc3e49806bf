//! 11. Bad input gets a clear error, at its place: endless files and paths that are no regular files are refused.

use std::{
    fs,
    os::unix::{fs::symlink, net::UnixListener},
    path::Path,
};

use rustix::fs::{CWD, FileType, Mode, mknodat};

use crate::support::{Shop, unit_project};

fn fifo(path: &Path) {
    mknodat(CWD, path, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();
}

#[test]
fn what_is_no_regular_file_among_those_of_a_stack_is_named() {
    for name in
        ["pipe.tf", "pipe.tf.json", "override.tf", "x.auto.tfvars", "terraform.tfvars", ".terraform.lock.hcl"]
    {
        let shop = Shop::of(&["network"]);
        fifo(&shop.project.path(&format!("network/{name}")));
        for args in [&["check", "--offline"] as &[&str], &["check"], &["plan", "staging"]] {
            let run = shop.env.run_args(args).exits(4);
            let said = format!("{}{}", run.stdout, run.stderr);
            assert!(said.contains(&format!("network/{name}")), "{run}");
            assert!(said.contains("it is a fifo, not a regular file"), "{run}");
        }
        for verb in ["init", "plan"] {
            assert_eq!(shop.folders(verb), [""; 0], "{name}");
        }
    }
    let shop = Shop::of(&["network"]);
    symlink("/dev/zero", shop.project.path("network/zero.tf")).unwrap();
    shop.run(["plan", "staging"]).exits(4).tells("network/zero.tf").tells("it is a device");
    fs::remove_file(shop.project.path("network/zero.tf")).unwrap();
    let _socket = UnixListener::bind(shop.project.path("network/s.tf")).unwrap();
    shop.run(["plan", "staging"]).exits(4).tells("network/s.tf").tells("it is a socket");
}

#[test]
fn a_file_that_environments_toml_names_is_a_regular_one() {
    for (key, verb) in [
        ("var_files = [\"pipe\"]", "plan"),
        ("var_files = [\"?pipe\"]", "plan"),
        ("files = [\"pipe\"]", "plan"),
        ("files = [\"p*e\"]", "plan"),
        ("secrets.token = { file = \"network/pipe\" }", "plan"),
        ("secrets.token = { sops = \"network/pipe\", key = \"x\" }", "plan"),
    ] {
        let shop = Shop::of(&["network"]);
        shop.append("network/main.tf", "variable \"token\" {\n  default = \"\"\n}\n");
        fifo(&shop.project.path("network/pipe"));
        shop.append("environments.toml", &format!("{key}\n"));
        let run = shop.run([verb, "staging"]).exits(4);
        let said = format!("{}{}", run.stdout, run.stderr);
        assert!(said.contains("network/pipe"), "{key}\n{run}");
        assert!(said.contains("it is a fifo, not a regular file"), "{key}\n{run}");
        assert_eq!(shop.folders("plan"), [""; 0], "{key}");
    }
}

#[test]
fn a_file_that_hcl_names_is_a_regular_one() {
    let shop = Shop::of(&["network"]);
    shop.append("network/main.tf", "locals {\n  a = file(\"${path.module}/pipe\")\n}\n");
    fifo(&shop.project.path("network/pipe"));
    let run = shop.run(["plan", "staging"]).exits(4);
    run.tells("network/pipe").tells("it is a fifo, not a regular file");
    assert_eq!(shop.folders("plan"), [""; 0]);
}

#[test]
fn settings_of_an_engine_that_are_no_regular_file_are_named() {
    let shop = Shop::of(&["network"]);
    let (pipe, home) = (shop.project.around().join("pipe"), shop.project.around().join("home"));
    fifo(&pipe);
    let env = shop.env.clone().var("TF_CLI_CONFIG_FILE", &pipe);
    env.run(["plan", "staging"]).exits(4).tells("/pipe`: it is a fifo, not a regular file");
    fs::create_dir_all(&home).unwrap();
    fifo(&home.join(".terraformrc"));
    shop.run(["plan", "staging"]).exits(4).tells(".terraformrc`: it is a fifo, not a regular file");
    assert_eq!(shop.calls(), [""; 0]);
}

#[test]
fn environments_toml_itself_is_a_regular_file_of_a_size_that_people_write() {
    let shop = Shop::of(&["network"]);
    let file = shop.project.path("environments.toml");
    fs::OpenOptions::new().append(true).open(&file).unwrap().set_len(33 << 20).unwrap();
    shop.run(["list", "staging"]).exits(4).tells("environments.toml`: it is larger than 32 MiB");
    fs::remove_file(&file).unwrap();
    fifo(&file);
    for args in [["list", "staging"], ["plan", "staging"], ["check", "--offline"]] {
        shop.run(args).exits(4).tells("environments.toml`: it is a fifo, not a regular file");
    }
    fs::remove_file(&file).unwrap();
    symlink("/dev/zero", &file).unwrap();
    shop.run(["plan", "staging"]).exits(4).tells("environments.toml`: it is a device");
}

#[test(engines(terragrunt))]
fn a_unit_whose_files_are_fifos_is_named_before_terragrunt_is_asked() {
    let environments =
        "[project]\nname = \"shop\"\n[environments.dev]\n[discover]\npaths = [\"live/<unit>\"]\n";
    for name in ["live/app/terragrunt.hcl", "live/root.hcl"] {
        let (project, env) = unit_project(environments);
        project.write("live/app/terragrunt.hcl", "include \"root\" {\n  path = \"../root.hcl\"\n}\n");
        project.write("live/root.hcl", "");
        project.commit("Begin");
        fs::remove_file(project.path(name)).unwrap();
        fifo(&project.path(name));
        env.run(["plan", "dev"]).exits(4).tells(name).tells("it is a fifo, not a regular file");
    }
}

#[test]
fn a_fifo_in_place_of_a_file_of_envctls_own_stops_no_plan_for_ever() {
    let shop = Shop::of(&["network"]).deployed();
    shop.run(["plan", "staging"]).exits(0);
    let own = shop.project.path(".envctl");
    // The file of digests is written only after files have been unchanged for a while.
    fs::create_dir_all(own.join("cache")).unwrap();
    fs::write(own.join("cache/digests.json"), "{}").unwrap();
    let (mut files, mut folders) = (Vec::new(), vec![own.clone()]);
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
            let path = entry.path();
            if entry.file_type().unwrap().is_file() {
                files.push(path);
            } else if entry.file_type().unwrap().is_dir()
                && !["runs", "data"].iter().any(|name| path.ends_with(name))
            {
                folders.push(path);
            }
        }
    }
    assert!(files.len() > 3, "{files:?}");
    for file in files {
        // The plan before may have removed the file.
        let Ok(kept) = fs::read(&file) else { continue };
        fs::remove_file(&file).unwrap();
        fifo(&file);

        // A cache is written again; any other file is named in an error.
        let run = shop.run(["plan", "staging"]);

        if run.code() != 0 {
            run.tells(file.file_name().unwrap().to_str().unwrap());
        }
        if file.symlink_metadata().is_ok() {
            fs::remove_file(&file).unwrap();
        }
        fs::write(&file, kept).unwrap();
    }
}
