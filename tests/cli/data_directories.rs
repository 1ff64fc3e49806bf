//! Data directories: modules and providers are those that the engine installs in the stack's folder.

use std::{fs, path::PathBuf};

use serde_json::Value;

use crate::support::{Fetched, resource, script};

/// Configuration with a provider beside the module.
const PROVIDER: &str = "terraform {\n  required_providers {\n    local = {\n      source = \"hashicorp/local\"\n    }\n  }\n}\n\
                        resource \"local_file\" \"f\" {\n  filename = \"${path.module}/made.txt\"\n  content  = \"x\"\n}\n";

/// Returns the folders in the module manifest of the stack's own `.terraform`.
fn folders(fetched: &Fetched) -> Vec<String> {
    folders_in(fetched, "app/.terraform")
}

/// Returns the folders in the module manifest below a data directory.
fn folders_in(fetched: &Fetched, data_dir: &str) -> Vec<String> {
    let manifest: Value =
        serde_json::from_str(&fetched.project.read(&format!("{data_dir}/modules/modules.json"))).unwrap();
    let modules = manifest["Modules"].as_array().unwrap();
    modules.iter().map(|module| module["Dir"].as_str().unwrap().to_owned()).collect()
}

/// Writes a CLI configuration with a mirror that lists the provider, but whose package is invalid: each init asks the
/// mirror, and installing fails.
fn mirror_of_nothing(fetched: &Fetched) -> PathBuf {
    let mirror = fetched.project.around().join("home/mirror");
    for registry in ["registry.opentofu.org", "registry.terraform.io"] {
        let folder = mirror.join(registry).join("hashicorp/local");
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("terraform-provider-local_2.9.0_linux_amd64.zip"), "no package").unwrap();
    }
    let config = mirror.with_extension("tfrc");
    let text = format!(
        "provider_installation {{\n  filesystem_mirror {{\n    path = \"{}\"\n  }}\n}}\n",
        mirror.display()
    );
    fs::write(&config, text).unwrap();
    config
}

#[test(engines(tofu, terraform), needs(provider_mirror))]
fn what_the_bare_engine_installed_is_not_fetched_again(mut fetched: Fetched) {
    fetched.env = fetched.env.with_providers();
    fetched.project.write("app/provider.tf", PROVIDER);
    fetched.bare(["init", "-input=false", "-backend-config=path=dev.tfstate"]).exits(0);
    fetched.bare(["apply", "-input=false", "-auto-approve"]).exits(0);
    assert!(fetched.state("dev").contains(".terraform/modules/m.inner/inner 1"));
    let own = fetched.project.read("app/.terraform/terraform.tfstate");
    fetched.without_repository();
    let env = fetched.env.clone().var("TF_CLI_CONFIG_FILE", mirror_of_nothing(&fetched));

    env.run(["plan", "dev", "--detailed-exitcode"]).exits(0);

    let copy = fetched.copied();
    env.clone().in_folder(&copy).run(["plan", "dev", "--detailed-exitcode"]).exits(0);
    assert_eq!(fetched.project.read("app/.terraform/terraform.tfstate"), own);
}

#[test(engines(tofu, terraform), needs(provider_mirror))]
fn environments_of_one_folder_share_modules_and_providers(mut fetched: Fetched) {
    fetched.env = fetched.env.with_providers();
    fetched.project.write("app/provider.tf", PROVIDER);
    fetched.project.edit(
        "environments.toml",
        "[environments.prod]\n",
        "[environments.prod]\n[environments.stage]\n",
    );
    for environment in ["dev", "stage", "prod"] {
        fetched.env.run(["deploy", environment, "--yes"]).exits(0);
        for name in ["modules", "providers"] {
            assert_eq!(fetched.kind(environment, name), "link", "{environment} {name}");
        }
        assert!(fetched.state(environment).contains("\".terraform/modules/m 1\""));
        assert!(fetched.state(environment).contains("\".terraform/modules/m.inner/inner 1\""));
    }
    assert_eq!(folders(&fetched), [".", ".terraform/modules/m", ".terraform/modules/m.inner/inner"]);
    // The engine itself needs no further init.
    fetched.without_repository();
    fetched.bare(["init", "-input=false", "-backend-config=path=dev.tfstate"]).exits(0);
    fetched.bare(["plan", "-input=false", "-detailed-exitcode"]).exits(0);
}

#[test(engines(tofu, terraform))]
fn a_module_inside_an_installed_one_is_a_source(fetched: &Fetched) {
    let source = fetched.source();
    let inner = "module \"part\" {\n  source = \"./.terraform/modules/m/inner\"\n}\n";
    fetched.main(&format!("module \"m\" {{\n  source = \"{source}\"\n}}\n{inner}"));

    fetched.env.run(["deploy", "dev", "--yes"]).exits(0);

    assert!(fetched.state("dev").contains("\".terraform/modules/m/inner 1\""));
}

#[test(engines(tofu, terraform))]
fn an_upgrade_that_is_typed_changes_the_modules_of_all_environments(fetched: &Fetched) {
    for environment in ["dev", "prod"] {
        fetched.env.run(["deploy", environment, "--yes"]).exits(0);
    }
    fetched.module("inner/main.tf", &resource("2"));
    fetched.env.run(["plan", "dev", "--detailed-exitcode"]).exits(0);

    fetched.env.run(["exec", "dev", "app", "--yes", "--", "init", "-upgrade", "-input=false"]).exits(0);

    assert_eq!(folders(fetched), [".", ".terraform/modules/m", ".terraform/modules/m.inner/inner"]);
    for environment in ["dev", "prod"] {
        fetched.env.run(["deploy", environment, "--yes"]).exits(0);
        assert!(fetched.state(environment).contains("\".terraform/modules/m.inner/inner 2\""));
    }
    assert_eq!(fetched.kind("dev", "modules"), "link");
    fetched.module("inner/main.tf", &resource("3"));
    fetched.env.run(["exec", "dev", "app", "--yes", "--", "get", "-update"]).exits(0);
    assert_eq!(folders(fetched), [".", ".terraform/modules/m", ".terraform/modules/m.inner/inner"]);
    fetched.env.run(["plan", "prod", "--detailed-exitcode"]).exits(2);
}

#[test(engines(tofu, terraform))]
fn an_upgrade_in_a_shell_leaves_no_other_paths_behind(fetched: &Fetched) {
    for environment in ["dev", "prod"] {
        fetched.env.run(["deploy", environment, "--yes"]).exits(0);
    }
    let shell = fetched.project.around().join("bin/upgrade");
    let typed = "init -upgrade -input=false -backend-config=path=dev.tfstate";
    script(&shell, &format!("#!/bin/sh\nexec {} {typed}\n", fetched.engine.name));
    fetched.env.clone().var("SHELL", &shell).run(["shell", "dev", "app"]).exits(0);
    assert!(folders(fetched)[1].starts_with("../.envctl"), "{:?}", folders(fetched));

    fetched.env.run(["plan", "prod", "--detailed-exitcode"]).exits(0);

    assert_eq!(folders(fetched), [".", ".terraform/modules/m", ".terraform/modules/m.inner/inner"]);
    fetched.env.run(["plan", "dev", "--detailed-exitcode"]).exits(0);
}

#[test(engines(tofu, terraform))]
fn a_data_directory_of_an_older_envctl_is_taken_over(fetched: &Fetched) {
    fetched.env.run(["deploy", "dev", "--yes"]).exits(0);
    let data = fetched.project.path(".envctl/data/dev/app");
    for name in ["modules", "providers"] {
        fs::remove_file(data.join(name)).unwrap();
        fs::create_dir_all(data.join(name).join("old")).unwrap();
    }
    fs::remove_dir_all(fetched.project.path("app/.terraform")).unwrap();
    fs::write(fetched.project.path(".envctl/instances/dev/app/init"), "older").unwrap();

    fetched.env.run(["plan", "dev", "--detailed-exitcode"]).exits(0);

    assert_eq!([fetched.kind("dev", "modules"), fetched.kind("dev", "providers")], ["link", "link"]);
    assert!(!data.join("modules/old").exists());
}

#[test(engines(tofu, terraform))]
fn an_installed_folder_that_the_user_removed_is_made_again(fetched: &Fetched) {
    fetched.env.run(["deploy", "dev", "--yes"]).exits(0);
    fs::remove_dir_all(fetched.project.path("app/.terraform")).unwrap();

    fetched.env.run(["plan", "dev", "--detailed-exitcode"]).exits(0);

    assert_eq!(folders(fetched), [".", ".terraform/modules/m", ".terraform/modules/m.inner/inner"]);
}

#[test(engines(tofu, terraform))]
fn an_installed_folder_that_is_a_link_is_followed_and_a_file_is_refused(fetched: &Fetched) {
    let (own, elsewhere) =
        (fetched.project.path("app/.terraform"), fetched.project.around().join("elsewhere"));
    fs::create_dir(&elsewhere).unwrap();
    std::os::unix::fs::symlink(&elsewhere, &own).unwrap();
    fetched.env.run(["deploy", "dev", "--yes"]).exits(0);
    assert!(elsewhere.join("modules/m/main.tf").exists());

    fs::remove_dir(&elsewhere).unwrap_err();
    fs::remove_dir_all(&elsewhere).unwrap();
    fetched.env.run(["plan", "prod"]).exits(4).tells("`app/.terraform` is a link that leads to no folder");
    fs::remove_file(&own).unwrap();
    fs::write(&own, "mine").unwrap();
    fetched.env.run(["plan", "prod"]).exits(4).tells("`app/.terraform` is a file");
    assert_eq!(fs::read_to_string(&own).unwrap(), "mine");
}

#[test(engines(tofu))]
fn sources_that_differ_between_environments_have_modules_of_their_own(fetched: &Fetched) {
    // Terraform 1.11 allows no variables in module sources.
    let source = fetched.source();
    fetched.module("other/main.tf", &resource("other"));
    fetched.main(&format!(
        "variable \"part\" {{}}\nmodule \"m\" {{\n  source = \"{source}//${{var.part}}\"\n}}\n"
    ));
    for (environment, part) in [("dev", "inner"), ("prod", "other")] {
        let table = format!("[environments.{environment}]\n");
        fetched.project.edit(
            "environments.toml",
            &table,
            &format!("{table}vars = {{ part = \"{part}\" }}\n"),
        );
    }

    let running = ["dev", "prod"].map(|environment| fetched.env.spawn(["deploy", environment, "--yes"]));
    for run in running {
        run.wait().exits(0);
    }

    assert!(fetched.state("dev").contains("../.envctl/data/dev/app/modules/m/inner 1"));
    assert!(fetched.state("prod").contains("../.envctl/data/prod/app/modules/m/other other"));
    for environment in ["dev", "prod"] {
        assert_eq!(fetched.kind(environment, "modules"), "folder");
        fetched.env.run(["plan", environment, "--detailed-exitcode"]).exits(0);
    }
}

#[test(engines(tofu, terraform))]
fn a_stack_of_local_modules_alone_is_initialised_by_one_process(fetched: &Fetched) {
    fetched.project.write("parts/a/main.tf", "module \"b\" {\n  source = \"../b\"\n}\n");
    fetched.project.write("parts/b/main.tf", &resource("1"));
    fetched.main("module \"a\" {\n  source = \"../parts/a\"\n}\n");
    for environment in ["dev", "prod"] {
        let processes = |report: Value| report["stacks"][0]["processes"].clone();
        let plan = || processes(fetched.env.run(["plan", environment, "--json"]).json());
        // `init`, `plan`, and `show` for actions and for the diff.
        assert_eq!(plan(), 4, "{environment}");
        assert_eq!(plan(), 3, "{environment}");
        fetched.env.run(["deploy", environment, "--yes"]).exits(0);
        // `.terraform` beside the stack, which the user's own engine fills, may be missing, new or broken.
        assert_eq!(plan(), 1, "{environment}");
        fetched.bare(["init", "-backend=false"]).exits(0);
        assert_eq!(plan(), 1, "{environment}");
        fetched.project.write("app/.terraform/modules/modules.json", "{\"Modules\":[{");
        assert_eq!(plan(), 1, "{environment}");
        fs::remove_dir_all(fetched.project.path("app/.terraform")).unwrap();
        assert_eq!(plan(), 1, "{environment}");
        let found = folders_in(fetched, &format!(".envctl/data/{environment}/app"));
        assert_eq!(found, [".", "../parts/a", "../parts/b"]);
        assert!(!fetched.project.path("app/.terraform").exists());
    }
}

#[test(engines(tofu, terraform))]
fn a_module_that_is_fetched_no_more_or_from_now_on_changes_the_links(fetched: &Fetched) {
    fetched.project.write("parts/a/main.tf", &resource("1"));
    let before = fetched.project.read("app/main.tf");
    let local = "module \"m\" {\n  source = \"../parts/a\"\n}\n";
    fetched.env.run(["deploy", "dev", "--yes"]).exits(0);
    assert_eq!(fetched.kind("dev", "modules"), "link");

    fetched.main(local);
    fetched.env.run(["deploy", "dev", "--yes"]).exits(0);
    assert_eq!(fetched.kind("dev", "modules"), "folder");
    assert!(fetched.state("dev").contains("\"../parts/a 1\""));
    assert!(fetched.project.path("app/.terraform/modules/m/main.tf").exists(), "what a link led to stays");

    fetched.project.write("app/main.tf", &before);
    fetched.env.run(["deploy", "dev", "--yes"]).exits(0);
    assert_eq!(fetched.kind("dev", "modules"), "link");
    assert!(fetched.state("dev").contains("\".terraform/modules/m 1\""));
}

#[test(engines(tofu, terraform))]
fn a_torn_manifest_of_modules_is_removed_and_they_are_installed_anew(fetched: &Fetched) {
    fetched.env.run(["deploy", "dev", "--yes"]).exits(0);
    let manifest = "app/.terraform/modules/modules.json";
    let whole = fetched.project.read(manifest);
    for torn in ["", "{\"Modules\":[{\"Key\":\"\",\"Source\"", "<<<<<<< HEAD\n{}", "[]", "{\"Modules\":null}"]
    {
        // The second environment reads the manifest at its first init.
        for environment in ["dev", "prod"] {
            fetched.project.write(manifest, torn);
            fs::remove_dir_all(fetched.project.path(".envctl/data/prod")).unwrap_or_default();
            let said = "`app/.terraform/modules/modules.json` was no list of modules: removed, and they are installed anew";
            let run = fetched.env.run(["plan", environment]).exits(0).tells(said);
            assert_eq!(run.stderr.matches(said).count(), 1, "{run}");
            assert_eq!(folders(fetched), [".", ".terraform/modules/m", ".terraform/modules/m.inner/inner"]);
            fetched.env.run(["plan", environment]).exits(0).hides("no list of modules");
        }
    }
    assert_eq!(fetched.project.read(manifest), whole);
    fs::remove_file(fetched.project.path(manifest)).unwrap();
    fs::create_dir(fetched.project.path(manifest)).unwrap();
    for environment in ["dev", "prod"] {
        let run = fetched.env.run(["plan", environment]).exits(4);
        run.tells("cannot use `app/.terraform/modules/modules.json`");
    }
}

#[test(engines(tofu, terraform))]
fn a_fetched_module_whose_folder_is_gone_is_installed_anew(fetched: &Fetched) {
    fetched.env.run(["deploy", "dev", "--yes"]).exits(0);
    fetched.env.run(["deploy", "prod", "--confirm"]).exits(0);
    for environment in ["dev", "prod"] {
        fs::remove_dir_all(fetched.project.path("app/.terraform/modules/m")).unwrap();
        fetched.env.run(["plan", environment, "--detailed-exitcode"]).exits(0);
        assert!(fetched.project.path("app/.terraform/modules/m").is_dir());
    }
}

#[test(engines(tofu, terraform), needs(provider_mirror))]
fn modules_and_providers_come_through_a_plugin_cache(mut fetched: Fetched) {
    fetched.env = fetched.env.with_providers();
    fetched.project.write("app/provider.tf", PROVIDER);
    let text = fetched.project.read("environments.toml");
    let engine = fetched.engine.name;
    fetched.project.write("environments.toml", &format!("{text}\n[{engine}]\nplugin_cache = \"plugins\"\n"));

    let running = ["dev", "prod"].map(|environment| fetched.env.spawn(["plan", environment]));
    for run in running {
        run.wait().exits(0);
    }

    assert!(fetched.project.path("plugins").read_dir().unwrap().next().is_some());
    assert_eq!(fetched.kind("dev", "providers"), "link");
    fetched.env.run(["plan", "dev", "--detailed-exitcode"]).exits(2);
}
