//! `--changed`: files that only supply values, and the engine's own settings.

use std::path::Path;

use crate::{
    changed::{shop, why},
    support::Shop,
};

const NONE: [&str; 0] = [];

/// Makes a project with these keys of `app` and these files, both committed.
fn having(keys: &str, files: &[&str]) -> Shop {
    let shop = shop();
    shop.project.edit("environments.toml", "[stacks.app]\n", &format!("[stacks.app]\n{keys}\n"));
    for file in files {
        shop.project.write(file, "one\n");
    }
    shop.project.commit("Name files");
    shop
}

#[test]
fn a_file_of_a_secret_or_variable_changes_the_stacks_with_its_value() {
    let sources = [
        ("secrets.pw = { file = \"secrets/pw\" }", "secrets/pw"),
        ("secrets.pw = { file = \"secrets/{env}\" }", "secrets/staging"),
        ("secrets.pw = { sops = \"secrets.enc.yaml\", key = \"a.b\" }", "secrets.enc.yaml"),
        ("secrets.pw = { command = [\"./tools/tell\", \"pw\"] }", "tools/tell"),
        ("secrets.pw = { command = [\"sh\", \"-c\", \"cat secrets/pw | rev\"] }", "secrets/pw"),
        ("secrets.pw = { command = [\"tell\", \"--from=secrets/all\"] }", "secrets/all/x"),
        ("env.TOKEN = { file = \"secrets/token\" }", "secrets/token"),
        ("env.TOKEN = { sops = \"secrets.enc.json\", key = \"a\", unless = [\"X\"] }", "secrets.enc.json"),
    ];
    for (source, file) in sources {
        let shop = having(source, &[file, "secrets/other"]);
        shop.append("secrets/other", "two\n");
        assert_eq!(why(&shop, &["--changed=HEAD"]), NONE, "{source}");
        shop.append(file, "two\n");
        let expected = [format!("app: changed file of a secret: {file}")];
        assert_eq!(why(&shop, &["--changed=HEAD"]), expected, "{source}");
        std::fs::remove_file(shop.project.path(file)).unwrap();
        assert_eq!(why(&shop, &["--changed=HEAD"]), expected, "{source}, gone");
    }
}

#[test]
fn a_secret_of_every_stack_touches_every_stack() {
    let shop = shop();
    shop.append("environments.toml", "\n[defaults.secrets]\npw = { file = \"pw\" }\n");
    shop.project.write("pw", "one\n");
    shop.project.commit("Take a secret");
    assert_eq!(why(&shop, &["--changed=HEAD"]), NONE);
    shop.append("pw", "two\n");
    let touched = |stack: &str| format!("{stack}: changed file of a secret: pw");
    assert_eq!(why(&shop, &["--changed=HEAD"]), ["network", "app", "mail"].map(touched));
}

#[test]
fn a_settings_file_of_the_engine_touches_the_stacks_that_it_is_named_for() {
    for name in ["TF_CLI_CONFIG_FILE", "TERRAFORM_CONFIG"] {
        let shop = having(&format!("env.{name} = \"ci.tfrc\""), &["ci.tfrc", "other.tfrc"]);
        shop.append("other.tfrc", "# more\n");
        assert_eq!(why(&shop, &["--changed=HEAD"]), NONE, "{name}");
        shop.append("ci.tfrc", "# more\n");
        assert_eq!(why(&shop, &["--changed=HEAD"]), ["app: changed CLI config: ci.tfrc"], "{name}");
        std::fs::remove_file(shop.project.path("ci.tfrc")).unwrap();
        assert_eq!(why(&shop, &["--changed=HEAD"]), ["app: changed CLI config: ci.tfrc"], "{name}, gone");
    }
}

#[test]
fn a_cli_config_of_the_environment_changes_stacks_without_their_own() {
    let shop = having("env.TF_CLI_CONFIG_FILE = \"ci.tfrc\"", &["ci.tfrc", "all.tfrc", "home/.tofurc"]);
    shop.append("all.tfrc", "# more\n");
    let env = shop.env.clone().var("TF_CLI_CONFIG_FILE", shop.project.path("all.tfrc").to_str().unwrap());
    let home = shop.project.path("home");
    let shop = Shop { env, ..shop };
    let all = |file: &str| ["network", "mail"].map(|stack| format!("{stack}: changed CLI config: {file}"));
    assert_eq!(why(&shop, &["--changed=HEAD"]), all("all.tfrc"));
    shop.project.git(["checkout", "--quiet", "."]);
    assert_eq!(why(&shop, &["--changed=HEAD"]), NONE);
    let shop = Shop { env: in_home(&shop, &home), ..shop };
    shop.append("home/.tofurc", "# more\n");
    assert_eq!(why(&shop, &["--changed=HEAD"]), all("home/.tofurc"));
}

fn in_home(shop: &Shop, home: &Path) -> crate::support::Env {
    shop.env.clone().var("TF_CLI_CONFIG_FILE", "").var("HOME", home.to_str().unwrap())
}

#[test]
fn a_file_that_tells_the_engine_or_its_version_touches_the_stacks_below() {
    for name in [".opentofu-version", ".terraform-version", ".tool-versions"] {
        let shop = having("", &[]);
        shop.project.write(&format!("infra/{name}"), "1.9.0\n");
        shop.project.write("infra/web/main.tf", "");
        shop.append("environments.toml", "\n[stacks.web]\npath = \"infra/web\"\n");
        shop.project.commit("Say a version");
        shop.project.write(&format!("elsewhere/{name}"), "1.9.0\n");
        assert_eq!(why(&shop, &["--changed=HEAD"]), NONE, "{name}");
        std::fs::remove_file(shop.project.path(&format!("infra/{name}"))).unwrap();
        assert_eq!(why(&shop, &["--changed=HEAD"]), [format!("web: changed version file: infra/{name}")]);
        shop.project.git(["checkout", "--quiet", "."]);
        shop.project.write(name, "1.9.0\n");
        assert_eq!(why(&shop, &["--changed=HEAD"]).len(), 4, "{name}");
    }
}

#[test]
fn a_program_that_runs_before_a_plan_touches_its_stack() {
    let shop = having(
        "hooks.before_plan = [[\"sh\", \"tools/make.sh\", \"{env}\"]]",
        &["tools/make.sh", "tools/x.sh"],
    );
    shop.append("tools/x.sh", "two\n");
    assert_eq!(why(&shop, &["--changed=HEAD"]), NONE);
    shop.append("tools/make.sh", "two\n");
    assert_eq!(why(&shop, &["--changed=HEAD"]), ["app: changed file of a hook: tools/make.sh"]);
}

#[test]
fn a_shared_file_of_a_cloud_touches_the_stacks_that_name_it() {
    let shop = having("env.AWS_CONFIG_FILE = \"../aws/config\"", &["aws/config", "aws/other"]);
    shop.append("aws/other", "two\n");
    assert_eq!(why(&shop, &["--changed=HEAD"]), NONE);
    shop.append("aws/config", "two\n");
    assert_eq!(why(&shop, &["--changed=HEAD"]), ["app: changed account settings: aws/config"]);
}
