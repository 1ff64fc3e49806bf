use super::{super::sample::Sample, *};

/// Reads a repository of these files in a folder named `shop`.
fn draft_of(files: &[(&str, &str)]) -> InitDraft {
    let files: Vec<(String, &str)> =
        files.iter().map(|(path, text)| (format!("shop/{path}"), *text)).collect();
    let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (path.as_str(), *text)).collect();
    InitDraft::read(&Sample::new(&files).root().join("shop")).unwrap()
}

/// Returns the lines of the written file that are neither empty nor comments.
fn lines(draft: &InitDraft) -> Vec<String> {
    let text = draft.toml.as_deref().unwrap();
    let table: Result<toml::Table, _> = text.parse();
    assert!(table.is_ok(), "{text}\n{table:?}");
    let bare = text.lines().map(|line| line.split(" # ").next().unwrap_or_default());
    bare.filter(|line| !line.is_empty() && !line.starts_with('#')).map(str::to_owned).collect()
}

fn backend(key: &str) -> String {
    format!("terraform {{\n  backend \"s3\" {{\n    bucket = \"b\"\n    key = \"{key}\"\n  }}\n}}\n")
}

fn reads(key: &str) -> String {
    format!(
        "data \"terraform_remote_state\" \"x\" {{\n  backend = \"s3\"\n  config = {{\n    bucket = \"b\"\n    key = \"{key}\"\n  }}\n}}\n"
    )
}

#[test]
fn workspaces_are_known_from_scripts_alone() {
    let draft = draft_of(&[
        ("terraform/main.tf", &backend("shop")),
        ("bin/plan-staging.sh", "tofu workspace select staging\n"),
        ("bin/plan-production.sh", "tofu workspace select production\n"),
    ]);
    assert_eq!(
        lines(&draft),
        [
            "[project]",
            "name = \"shop\"",
            "engine = \"tofu\"",
            "[defaults]",
            "workspace = \"{env}\"",
            "[environments.staging]",
            "aliases = [\"stag\"]",
            "[environments.production]",
            "aliases = [\"prod\"]",
            "after = [\"staging\"]",
            "confirm = true",
            "[stacks.shop]",
            "path = \"terraform\"",
        ]
    );
}

#[test]
fn a_workspace_of_another_name_than_its_var_file_is_written_down() {
    let draft = draft_of(&[
        ("main.tf", &backend("shop")),
        ("envs/stage.tfvars", ""),
        ("envs/prod.tfvars", ""),
        ("Makefile", "prod:\n\tterraform workspace select production\n"),
    ]);
    let lines = lines(&draft);
    assert!(lines.contains(&"workspace = \"stage\"".to_owned()), "{lines:?}");
    assert!(lines.contains(&"workspace = \"production\"".to_owned()), "{lines:?}");
    assert!(lines.contains(&"path = \".\"".to_owned()), "{lines:?}");
}

#[test]
fn a_key_that_scripts_pass_is_taken_over() {
    let script = "PROJECT=books\nterraform init -reconfigure -backend-config=\"key=$PROJECT/$ENV/terraform.tfstate\"\n";
    let draft = draft_of(&[
        ("infra/main.tf", "terraform {\n  backend \"s3\" {\n    bucket = \"b\"\n  }\n}\n"),
        ("infra/envs/staging.tfvars", ""),
        ("infra/envs/production.tfvars", ""),
        ("scripts/plan", script),
    ]);
    let text = draft.toml.as_deref().unwrap();
    assert!(
        text.contains("# As in scripts/plan.\nbackend.s3 = { key = \"books/{env}/terraform.tfstate\" }\n"),
        "{text}"
    );
    assert!(!text.contains("workspace ="), "{text}");
}

#[test]
fn pairs_that_differ_are_written_for_each_environment() {
    let open = "terraform {\n  backend \"s3\" {}\n}\n";
    let draft = draft_of(&[
        ("main.tf", open),
        ("backend/dev.hcl", "bucket = \"acme-dev\"\nkey = \"state\"\nregion = \"eu-west-1\"\n"),
        ("backend/prod.hcl", "bucket = \"acme-prod\"\nkey = \"state\"\nregion = \"us-east-1\"\n"),
    ]);
    let lines = lines(&draft);
    let position = |text: &str| lines.iter().position(|line| line == text);
    assert!(
        lines.contains(&"backend.s3 = { bucket = \"acme-{env}\", key = \"state\" }".to_owned()),
        "{lines:?}"
    );
    let production = position("backend.s3 = { region = \"us-east-1\" }").unwrap();
    assert!(production > position("[environments.prod]").unwrap(), "{lines:?}");
}

#[test]
fn a_stack_that_some_environments_lack_says_which_have_it() {
    let draft = draft_of(&[
        ("environments/dev/app/main.tf", &backend("dev/app")),
        ("environments/prod/app/main.tf", &backend("prod/app")),
        ("environments/prod/cdn/main.tf", &backend("prod/cdn")),
        ("bootstrap/main.tf", &backend("bootstrap")),
    ]);
    let lines = lines(&draft);
    let at = |stack: &str| {
        let at = lines.iter().position(|line| line == &format!("[stacks.{stack}]")).unwrap();
        lines[at + 1..at + 3].join(" ")
    };
    assert_eq!(at("app"), "path = \"environments/{env}/app\" environments = [\"dev\", \"prod\"]");
    assert_eq!(at("cdn"), "path = \"environments/{env}/cdn\" environments = [\"prod\"]");
    assert_eq!(at("bootstrap"), "path = \"bootstrap\" environments = [\"shared\"]");
}

#[test]
fn the_states_that_a_stack_reads_are_its_needs_and_a_circle_is_told() {
    let network = backend("network") + &reads("app");
    let app = backend("app") + &reads("network");
    let draft =
        draft_of(&[("network/main.tf", &network), ("app/main.tf", &app), ("dns/main.tf", &backend("dns"))]);
    assert_eq!(lines(&draft).iter().filter(|line| line.starts_with("needs")).count(), 1);
    assert_eq!(draft.warnings, ["`network` and `app` read each other's states"]);
}

#[test]
fn a_key_made_of_variables_is_followed_through_var_files() {
    let app = "variable \"env\" {}\n".to_owned() + &backend("app") + &reads("${var.env}/network");
    let draft = draft_of(&[
        ("live/dev/network/main.tf", &backend("dev/network")),
        ("live/dev/app/main.tf", &app),
        ("live/dev/app/terraform.tfvars", "env = \"dev\"\n"),
    ]);
    assert!(lines(&draft).contains(&"needs = [\"network\"]".to_owned()), "{draft:?}");
}

#[test]
fn one_root_without_environments_gets_one() {
    let draft = draft_of(&[("infra/main.tf", &backend("x"))]);
    assert_eq!(
        lines(&draft)[2..],
        ["[environments.default]", "confirm = true", "[stacks.shop]", "path = \"infra\""]
    );
    assert!(draft.notes[0].contains("belongs to no environment"), "{:?}", draft.notes);
}

#[test]
fn what_the_file_cannot_say_right_is_told() {
    let cloud = "terraform {\n  cloud {\n    organization = \"o\"\n  }\n}\n";
    let draft = draft_of(&[("infra/main.tf", cloud)]);
    assert!(draft.warnings[0].contains("envctl refuses it"), "{:?}", draft.warnings);
    let draft = draft_of(&[
        ("app/main.tf", &backend("app")),
        ("app/staging.tfvars", ""),
        ("dns/staging/main.tf", &backend("dns")),
    ]);
    assert!(draft.warnings[0].contains("`dns` has no workspaces today"), "{:?}", draft.warnings);
}

#[test]
fn nothing_found_is_no_file() {
    let draft = draft_of(&[("README.md", "terraform plan"), ("modules/a/main.tf", "")]);
    assert_eq!(draft.toml, None);
}

#[test]
fn a_second_survey_says_the_same() {
    let files = [("b/prod/main.tf", ""), ("a/dev/main.tf", ""), ("a/prod/main.tf", ""), ("c/x.tf", "")];
    assert_eq!(draft_of(&files), draft_of(&files));
}
