use crate::{
    inventory::{Instance, fixture::Project},
    model::EngineName,
};

fn described(instances: &[Instance]) -> Vec<String> {
    let line = |i: &Instance| {
        let needs: Vec<&str> = i.needs.iter().map(crate::model::StackId::as_str).collect();
        format!("{} in {} needs [{}] tags {:?}", i.id, i.path, needs.join(" "), i.tags)
    };
    instances.iter().map(line).collect()
}

const NAMED: &str = r#"
[environments.dev]
[environments.prod]
[stacks.app]
path = "environments/{env}/app"
needs = ["network"]
[stacks.network]
path = "environments/{env}/network"
tags = ["base"]
[stacks.extra]
path = "extra"
environments = ["prod"]
"#;

const NAMED_FILES: &[(&str, &str)] = &[
    ("environments/dev/app/main.tf", ""),
    ("environments/dev/network/main.tofu", ""),
    ("environments/prod/network/main.tf", ""),
    ("extra/main.tf", ""),
    ("extra/.terraform-version", "1.7"),
];

#[test]
fn named_stacks_come_needs_first_with_their_paths_in_the_environment() {
    let instances = Project::new(NAMED, NAMED_FILES).instances("dev");
    assert_eq!(
        described(&instances),
        [
            "dev/network in environments/dev/network needs [] tags [\"base\"]",
            "dev/app in environments/dev/app needs [network] tags []"
        ]
    );
}

#[test]
fn a_missing_folder_is_reported_with_its_place_and_others_are_listed() {
    let project = Project::new(NAMED, NAMED_FILES);
    assert_eq!(
        project.problems("prod").lines().next(),
        Some("environments.toml:5:8: the folder of `prod/app` does not exist: `environments/prod/app`")
    );
}

#[test]
fn each_stack_has_the_engine_that_its_files_point_at() {
    let project = Project::new(NAMED, NAMED_FILES);
    project.write("environments/prod/app/main.tf", "");
    let engines: Vec<EngineName> = project.instances("prod").iter().map(|i| i.engine).collect();
    assert_eq!(engines, [EngineName::Tofu, EngineName::Tofu, EngineName::Terraform]);
}

#[test]
fn a_need_that_is_not_deployed_here_is_told() {
    let toml = "[environments.dev]\n[stacks.a]\npath = \"a\"\nneeds = [\"b\"]\n[stacks.b]\npath = \"b\"\nenvironments = []\n";
    let project = Project::new(toml, &[("a/main.tf", ""), ("b/main.tf", "")]);
    assert_eq!(
        project.problems("dev"),
        "environments.toml:4:10: stack `a` needs `b`, which is not deployed in `dev`"
    );
}

#[test]
fn a_cycle_is_told_with_its_whole_path() {
    let toml = "[environments.dev]\n[stacks.a]\npath = \"a\"\nneeds = [\"b\"]\n[stacks.b]\npath = \"b\"\nneeds = [\"a\"]\n";
    let project = Project::new(toml, &[("a/main.tf", ""), ("b/main.tf", "")]);
    assert_eq!(project.problems("dev"), "environments.toml:4:10: stacks need each other: a → b → a");
}

const DISCOVER: &str = r#"
[environments.dev]
[environments.prod]
[discover]
paths = ["live/{env}/<region>/<unit>"]
exclude = ["**/old"]
[stacks."eu/app"]
tags = ["front"]
environments = ["dev"]
"#;

const LIVE: &[(&str, &str)] = &[
    ("live/root.hcl", ""),
    ("live/dev/eu/app/terragrunt.hcl", ""),
    ("live/dev/eu/vpc/terragrunt.hcl", ""),
    ("live/dev/eu/old/terragrunt.hcl", ""),
    ("live/prod/eu/app/terragrunt.hcl", ""),
    ("live/prod/eu/vpc/terragrunt.hcl", ""),
];

#[test]
fn discovered_stacks_are_named_tagged_and_ordered_by_terragrunts_edges() {
    let answer = r#"[
          { "type": "unit", "path": "vpc" },
          { "type": "unit", "path": "app", "dependencies": ["vpc", "../../shared/dns"] } ]"#;
    let project = Project::new(DISCOVER, LIVE).with_units(answer);
    assert_eq!(
        described(&project.instances("dev")),
        [
            "dev/eu/vpc in live/dev/eu/vpc needs [] tags [\"region=eu\", \"unit=vpc\"]",
            "dev/eu/app in live/dev/eu/app needs [eu/vpc] tags [\"front\", \"region=eu\", \"unit=app\"]"
        ]
    );
    assert_eq!(
        project.problems("dev"),
        "unit `eu/app` depends on `live/shared/dns`, which is no stack of `dev`"
    );
    let names: Vec<String> = project.instances("prod").iter().map(|i| i.id.to_string()).collect();
    assert_eq!(names, ["prod/eu/vpc"], "a decorated stack exists where it says");
}

#[test]
fn a_part_of_a_folder_name_is_captured_beside_the_environment() {
    let toml = "[environments.dev]\n[environments.prod]\n[discover]\npaths = [\"accounts/<app>-{env}/<unit>\"]\n\
                    name = \"{app}/{unit}\"\n";
    let files = [
        ("accounts/shop-dev/vpc/terragrunt.hcl", ""),
        ("accounts/shop-prod/vpc/terragrunt.hcl", ""),
        ("accounts/blog-eu-dev/db/terragrunt.hcl", ""),
        ("accounts/legacy/db/terragrunt.hcl", ""),
    ];
    let project = Project::new(toml, &files);
    let shown_in = |environment| described(&project.instances(environment));
    assert_eq!(
        shown_in("dev"),
        [
            "dev/blog-eu/db in accounts/blog-eu-dev/db needs [] tags [\"app=blog-eu\", \"unit=db\"]",
            "dev/shop/vpc in accounts/shop-dev/vpc needs [] tags [\"app=shop\", \"unit=vpc\"]"
        ]
    );
    assert_eq!(
        shown_in("prod"),
        ["prod/shop/vpc in accounts/shop-prod/vpc needs [] tags [\"app=shop\", \"unit=vpc\"]"]
    );
}

#[test]
fn a_cycle_of_units_is_told_although_terragrunt_hides_it() {
    let files = [
        ("live/dev/eu/app/terragrunt.hcl", "dependency \"v\" {\n  config_path = \"../vpc\"\n}\n"),
        ("live/dev/eu/vpc/terragrunt.hcl", "dependency \"a\" {\n  config_path = \"../app\"\n}\n"),
    ];
    let project = Project::new(DISCOVER, &files);
    assert_eq!(project.problems("dev"), "stacks need each other: eu/app → eu/vpc → eu/app");
}

#[test]
fn a_decorated_stack_that_nothing_discovers_is_told() {
    let toml = format!("{DISCOVER}[stacks.\"eu/vcp\"]\ntags = [\"x\"]\n");
    let project = Project::new(&toml, LIVE);
    let (_, found) = project.load("dev").unwrap();
    let lost = found.0.iter().find(|d| d.code == "inventory::not-discovered").unwrap();
    assert_eq!(lost.message, "no stack `eu/vcp` is discovered");
    assert_eq!(lost.help, ["did you mean `eu/vpc`?"]);
    assert_eq!(found.0.iter().filter(|d| d.code == "inventory::not-discovered").count(), 1);
}

#[test]
fn a_named_stack_keeps_its_folder_from_being_discovered_again() {
    let toml = format!("{DISCOVER}[stacks.network]\npath = \"live/{{env}}/eu/vpc\"\n");
    let names: Vec<String> =
        Project::new(&toml, LIVE).instances("dev").iter().map(|i| i.id.to_string()).collect();
    assert_eq!(names, ["dev/network", "dev/eu/app"]);
}

#[test]
fn two_folders_of_one_name_are_told() {
    let toml = DISCOVER
        .replace("exclude", "name = \"{region}\"\nexclude")
        .replace("[stacks.\"eu/app\"]", "[stacks.eu]");
    let problems = Project::new(&toml, LIVE).problems("dev");
    assert!(
        problems.contains("`live/dev/eu/vpc` and `live/dev/eu/app` would both be called `eu`"),
        "{problems}"
    );
}
