//! Stacks in read-only folders: installed modules and providers are used, and no write is needed.

use std::fs;

use crate::support::{Fetched, Program, Run, programs, resource};

/// Gives all of a project but the stack's folder to another user, and returns a function that runs envctl as that
/// user. If the tests do not run as root, takes away the right to write from the folder instead.
fn without_right_to_write(fetched: &Fetched) -> impl Fn(&[&str]) -> Run {
    let app = fetched.project.path("app");
    let [sh] = programs(["sh"]);
    let shell = |script: &str| {
        let folders = [fetched.project.around(), &*app].map(|folder| folder.to_str().unwrap());
        fetched.env.run_program(&sh, &["-c", script, "sh", folders[0], folders[1]]).exits(0);
    };
    let envctl = fetched.project.around().join("envctl");
    fs::copy(env!("CARGO_BIN_EXE_envctl"), &envctl).unwrap();
    let mut start: Vec<String> = vec![];
    let mut program = Program { name: "envctl", path: envctl.clone() };
    if rustix::process::geteuid().is_root() {
        [program] = programs(["setpriv"]);
        let user = ["--reuid", "65534", "--regid", "65534", "--clear-groups"].map(str::to_owned);
        start = user.into_iter().chain([envctl.to_string_lossy().into_owned()]).collect();
        shell("chown -R 65534:65534 \"$1\" && chown -R 0:0 \"$2\"");
    }
    shell("chmod -R a+rX,a-w \"$2\"");
    let env = fetched
        .env
        .clone()
        .var("GIT_CONFIG_COUNT", "1")
        .var("GIT_CONFIG_KEY_0", "safe.directory")
        .var("GIT_CONFIG_VALUE_0", "*");
    move |args: &[&str]| {
        let args: Vec<&str> = start.iter().map(String::as_str).chain(args.iter().copied()).collect();
        env.run_program(&program, &args)
    }
}

#[test(engines(tofu, terraform), needs(sh, setpriv))]
fn an_unwritable_folder_is_planned_with_local_modules(fetched: &Fetched) {
    fetched.project.write("app/part/main.tf", &resource("1"));
    fetched.main("module \"a\" {\n  source = \"./part\"\n}\n");
    let text = fetched.project.read("environments.toml").replace("{env}.tfstate", "../{env}.tfstate");
    fetched.project.write("environments.toml", &text);
    let run = without_right_to_write(fetched);

    run(&["deploy", "dev", "--yes"]).exits(0);

    run(&["plan", "dev", "--detailed-exitcode"]).exits(0);
    assert!(!fetched.project.path("app/.terraform").exists());
}

#[test(engines(tofu, terraform), needs(sh, setpriv))]
fn an_unwritable_folder_is_planned_with_installed_modules(fetched: &Fetched) {
    let text = fetched.project.read("environments.toml").replace("{env}.tfstate", "../{env}.tfstate");
    fetched.project.write("environments.toml", &text);
    fetched.bare(["init", "-backend=false"]).exits(0);
    fetched.without_repository();
    let run = without_right_to_write(fetched);

    run(&["deploy", "dev", "--yes"]).exits(0);

    run(&["plan", "dev", "--detailed-exitcode"]).exits(0);
    assert!(fetched.project.read("dev.tfstate").contains("\".terraform/modules/m 1\""));
    // The engine reports a module that is not installed.
    let main = fetched.project.path("app/main.tf");
    let more = fs::read_to_string(&main).unwrap().replace("module \"m\"", "module \"n\"");
    fs::write(&main, more).unwrap();
    let missing = run(&["plan", "dev"]);
    assert_ne!(missing.code(), 0, "{missing}");
    missing.tells("Module not installed");
}
