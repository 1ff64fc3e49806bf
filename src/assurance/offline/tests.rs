use super::*;
use crate::{inventory::fixture::Project, model::EngineName};

/// Returns the items of an environment, one line each, with errors and warnings indented.
fn checked(project: &Project, environment: &str, own: &[(&str, &str)]) -> String {
    let config = project.config();
    let cache_dir = project.root().join(".envctl/cache");
    let probe = Probe {
        on_path: &|engine| engine == EngineName::Tofu,
        earlier_engines: &|| None,
        units: Some(project),
        syntax: Some(project),
        stack_generator: None,
        cache_dir: &cache_dir,
    };
    let own = |name: &str| own.iter().find(|(n, _)| *n == name).map(|(_, value)| (*value).to_owned());
    let environments = [config.environment(environment).unwrap()];
    let items = check_offline(&config, &environments, &probe, &own, &[VerbClass::Check]).items;
    let mut text = String::new();
    for item in items {
        let of = item.environment.as_ref().map_or(String::new(), |name| format!(" of {name}"));
        text += &[&format!("{:?} {}{of}: {}", item.status, item.name, item.message), "\n"].concat();
        for diagnostic in &item.diagnostics.0 {
            text += &["  ", &diagnostic.to_string(), "\n"].concat();
        }
    }
    text
}

const TOML: &str = r#"
[defaults]
var_files = ["{env}.tfvars", "?local.tfvars"]
backend.s3 = { key = "{env}/{stack}" }
[environments.dev]
[environments.prod]
workspace = "prod"
secrets.password = { env = "PASSWORD" }
vars = { size = 2 }
[stacks.network]
path = "network"
[stacks.app]
path = "app"
needs = ["network"]
"#;

const S3: &str =
    "terraform {\n  backend \"s3\" {\n    bucket = \"b\"\n    region = \"r\"\n  }\n}\nvariable \"size\" {}\n";

fn files() -> Vec<(&'static str, &'static str)> {
    let tfvars = ["network/dev.tfvars", "network/prod.tfvars", "app/dev.tfvars", "app/prod.tfvars"];
    let mut files = vec![("network/main.tf", S3), ("app/main.tf", S3)];
    files.extend(tfvars.map(|name| (name, "size = 1\n")));
    files
}

#[test]
fn a_project_in_which_all_fits_is_green() {
    insta::assert_snapshot!(checked(&Project::new(TOML, &files()), "prod", &[]), @r"
    Green config: read 4 instances
    Green isolation: every instance has a state of its own
    Green config of prod: 2 stacks, nothing wrong
    Green backend of prod: 2 stacks, each with a backend that can be used
    Green lockfiles of prod: lockfiles match the engines
    Green secrets of prod: no secret is set twice
    ");
}

#[test]
fn what_may_be_there_is_not_told() {
    let toml = TOML
        .replace("\"PASSWORD\"", "\"TF_VAR_password\"")
        .replace("vars = { size = 2 }", "vars = { elsewhere = 2 }");
    let project = Project::new(&toml, &files());
    project.write("app/.terraform.lock.hcl", "provider \"registry.opentofu.org/hashicorp/aws\" {\n}\n");
    let own = [("TF_VAR_password", "its own source"), ("TF_VAR_other", "nobody's")];
    assert!(!checked(&project, "prod", &own).contains("Red"));
}

#[test]
fn everything_that_the_files_can_tell_is_told_at_once() {
    let toml = TOML
        .replace("{env}/{stack}", "fixed")
        .replace("path = \"app\"", "path = \"app\"\nvars = { sise = 1 }")
        .replace("workspace = \"prod\"\n", "");
    let project = Project::new(&toml, &files());
    project.write("network/prod.tfvars", "size = 1\npassword = \"hush\"\n");
    std::fs::remove_file(project.root().join("app/prod.tfvars")).unwrap();
    project.write("network/.terraform.lock.hcl", "provider \"registry.terraform.io/hashicorp/aws\" {\n}\n");
    project.write("network/main.tofu", S3);
    let toml = toml.replace("[stacks.network]", "[stacks.network]\nengine = \"tofu\"");
    project.write("environments.toml", &format!("{toml}\n[project]\nname = \"x\"\n"));
    insta::assert_snapshot!(checked(&project, "prod", &[("TF_VAR_size", "9")]), @r"
    Green config: read 4 instances
    Red isolation: 1 problem
      network/main.tofu:2:3: `prod/network`, `prod/app`, `dev/network` and `dev/app` have the same state: s3://b/fixed
    Red config of prod: 2 problems
      environments.toml:3:13: the var file of `prod/app` does not exist: `app/prod.tfvars`
      environments.toml:14:17: `sise` is set for `prod/app`, which declares no such variable
    Green backend of prod: 2 stacks, each with a backend that can be used
    Red lockfiles of prod: 1 problem
      network/.terraform.lock.hcl:1:1: `prod/network` is run by `tofu`, and its lockfile is `terraform`'s
    Red secrets of prod: 2 problems
      network/prod.tfvars:2:12: `password` is a secret of `prod/network`, and a var file sets it too
      environments.toml:8:17: `TF_VAR_size` is set in your environment, and environments.toml sets `size`
    ");
}

#[test]
fn broken_files_are_told_at_their_place() {
    let project = Project::new(TOML, &files());
    project.write("app/broken.tf", "x {\n");
    project.write("app/dev.tfvars", "size =\n");
    insta::assert_snapshot!(checked(&project, "dev", &[]), @r"
    Red config: 1 problem
      app/broken.tf:1:4: `app/broken.tf` is not valid HCL
    Unknown isolation: 1 state address not known before init
      the files do not tell the state of `dev/app`: its files could not be read
    Red config of dev: 1 problem
      app/dev.tfvars:1:7: `app/dev.tfvars` is not valid HCL
    Unknown backend of dev: not known before init for 1 stack (files cannot be parsed); 1 stack with a backend that can be used
    Green lockfiles of dev: lockfiles match the engines
    Green secrets of dev: no secret is set twice
    ");
}

#[test]
fn a_file_that_the_engine_can_parse_is_a_warning_and_unknown() {
    let project = Project::new(TOML, &files());
    project.write("app/unusual.tf", "x {\n# unusual\n");
    project.write("app/dev.tfvars", "size =\n# unusual\n");
    insta::assert_snapshot!(checked(&project, "dev", &[]), @r"
    Green config: read 4 instances
      app/unusual.tf:2:10: envctl cannot parse `app/unusual.tf`, which tofu can: what it says is unknown here
    Unknown isolation: 1 state address not known before init
      the files do not tell the state of `dev/app`: its files could not be read
    Green config of dev: 2 stacks, nothing wrong
      app/dev.tfvars:1:7: envctl cannot parse `app/dev.tfvars`, which tofu can: what it says is unknown here
    Unknown backend of dev: not known before init for 1 stack (files cannot be parsed); 1 stack with a backend that can be used
    Green lockfiles of dev: lockfiles match the engines
    Green secrets of dev: no secret is set twice
    ");
}

#[test]
fn a_var_file_that_cannot_be_parsed_may_set_a_secret() {
    let project = Project::new(TOML, &files());
    project.write("app/prod.tfvars", "size =\n# unusual\n");
    let items = checked(&project, "prod", &[]);
    assert!(
        items.contains(
            "Unknown secrets of prod: not known for 1 stack whether a var file sets a secret\n  \
             var files of `prod/app` may set its secrets: one of them cannot be parsed here\n"
        ),
        "{items}"
    );
}

#[test]
fn what_needs_an_engine_is_listed_as_unknown() {
    let project = Project::new(TOML, &files());
    project.write("app/main.tf", &S3.replace("\"b\"", "var.bucket"));
    insta::assert_snapshot!(checked(&project, "dev", &[]), @r"
    Green config: read 4 instances
    Unknown isolation: 1 state address not known before init
      the files do not tell the state of `dev/app`: `bucket` at app/main.tf:3 is an expression
    Green config of dev: 2 stacks, nothing wrong
    Green backend of dev: 2 stacks, each with a backend that can be used
    Green lockfiles of dev: lockfiles match the engines
    Green secrets of dev: no secret is set twice
    ");
}

#[test]
fn backends_that_cannot_be_used_are_told() {
    let project = Project::new(TOML, &files());
    project.write("app/main.tf", "terraform {\n  cloud {}\n}\n");
    project.write("network/main.tf", "terraform {\n  backend \"local\" {}\n}\n");
    insta::assert_snapshot!(checked(&project, "dev", &[]), @r"
    Green config: read 4 instances
    Unknown isolation: 1 state address not known before init
      the files do not tell the state of `dev/app`: its backend is wrong
    Green config of dev: 2 stacks, nothing wrong
    Red backend of dev: 1 problem
      environments.toml:4:22: pairs for backend `s3` do not reach `dev/network`, whose backend is `local`
      app/main.tf:2:3: `dev/app` uses `cloud`, which envctl does not support yet
    Green lockfiles of dev: lockfiles match the engines
    Green secrets of dev: no secret is set twice
    ");
}
