use std::collections::BTreeMap;

use super::{super::sample::Sample, *};

/// Reads a repository of these files in a folder named `shop`.
fn draft_of(files: &[(&str, &str)]) -> InitDraft {
    let files: Vec<(String, &str)> =
        files.iter().map(|(path, text)| (format!("shop/{path}"), *text)).collect();
    let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (path.as_str(), *text)).collect();
    InitDraft::read(&Sample::new(&files).root().join("shop"), &BTreeMap::new()).unwrap()
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
        text.contains("backend.s3 = { key = \"books/{env}/terraform.tfstate\" } # as in scripts/plan\n"),
        "{text}"
    );
    assert!(!text.contains("workspace ="), "{text}");
}

#[test]
fn backend_files_are_written_by_name() {
    let open = "terraform {\n  backend \"s3\" {}\n}\n";
    let draft = draft_of(&[
        ("main.tf", open),
        ("backend/dev.hcl", "bucket = \"acme-dev\"\nkey = \"state\"\nregion = \"eu-west-1\"\n"),
        ("backend/prod.hcl", "bucket = \"acme-prod\"\nkey = \"state\"\nregion = \"us-east-1\"\n"),
    ]);
    let lines = lines(&draft);
    assert!(lines.contains(&"backend_files = [\"backend/{env}.hcl\"]".to_owned()), "{lines:?}");
    assert!(!lines.iter().any(|line| line.contains("workspace") || line.contains("bucket")), "{lines:?}");
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
    assert_eq!(
        draft.warnings,
        [
            "`network` and `app` read each other's states: `network` has `reads = [\"app\"]`, and does not wait for it"
        ]
    );
    let written = lines(&draft);
    let links = |name: &str| {
        let at = written.iter().position(|line| line == &format!("[stacks.{name}]")).unwrap();
        written[at + 2].clone()
    };
    assert_eq!(
        (links("app"), links("network")),
        ("needs = [\"network\"]".into(), "reads = [\"app\"]".into())
    );
}

#[test]
fn a_state_that_one_environment_reads_is_a_need_of_it_alone() {
    let app = backend("prod/app") + &reads("prod/core") + &reads("prod/logs").replace("\"x\"", "\"y\"");
    let draft = draft_of(&[
        ("live/dev/app/main.tf", &(backend("dev/app") + &reads("dev/core"))),
        ("live/dev/core/main.tf", &backend("dev/core")),
        ("live/prod/app/main.tf", &app),
        ("live/prod/core/main.tf", &backend("prod/core")),
        ("live/prod/logs/main.tf", &backend("prod/logs")),
    ]);
    let written = lines(&draft).join("\n");
    let app = "[stacks.app]\npath = \"live/{env}/app\"\nneeds = [\"core\"]\n[stacks.app.in.prod]\nneeds = [\"core\", \"logs\"]";
    assert!(written.contains(app), "{written}");
}

#[test]
fn units_of_stack_files_are_discovered_without_those_of_the_catalog() {
    let file = "unit \"net\" {\n  source = \"../../catalog/units/net\"\n  path = \"net\"\n}\n";
    let draft = draft_of(&[
        ("live/dev/terragrunt.stack.hcl", file),
        ("live/prod/terragrunt.stack.hcl", file),
        (
            "catalog/units/net/terragrunt.hcl",
            "terraform {\n  source = \"git::https://example.com/m.git\"\n}\n",
        ),
    ]);
    let written = lines(&draft);
    assert!(written.contains(&"paths = [\"live/{env}/.terragrunt-stack/<unit>\"]".to_owned()), "{written:?}");
    assert!(!written.iter().any(|line| line.starts_with("[stacks")), "{written:?}");
    assert!(draft.toml.as_ref().unwrap().contains("# to decide: `terragrunt stack generate` makes the units of live/dev/terragrunt.stack.hcl, live/prod/terragrunt.stack.hcl"));
    assert!(draft.notes.iter().any(|note| note.contains("live/prod/terragrunt.stack.hcl")), "{draft:?}");
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
    assert_eq!(draft.warnings, ["`infra` cannot be driven: envctl does not support `cloud` blocks yet"]);
    let remote = "terraform {\n  backend \"remote\" {}\n}\n";
    let draft = draft_of(&[("a/main.tf", remote), ("b/main.tf", remote)]);
    assert_eq!(draft.warnings.len(), 1, "{:?}", draft.warnings);
    assert!(
        draft.warnings[0].starts_with("`a`, `b` cannot be driven: the backend `remote` keeps no saved plans")
    );
}

/// Returns the lines of a stack's table.
fn stack_lines(draft: &InitDraft, stack: &str) -> Vec<String> {
    let all = lines(draft);
    let from = all.iter().position(|line| line == &format!("[stacks.{stack}]")).unwrap();
    all[from + 1..].iter().take_while(|line| !line.starts_with('[')).cloned().collect()
}

#[test]
fn a_stack_with_a_state_of_its_own_leaves_the_workspaces_of_others() {
    let draft = draft_of(&[
        ("app/main.tf", &backend("app")),
        ("app/staging.tfvars", ""),
        ("app/prod.tfvars", ""),
        ("app/plan.sh", "terraform workspace select $ENV\n"),
        ("dns/staging/main.tf", &backend("dns/staging")),
        ("dns/prod/main.tf", &backend("dns/prod")),
    ]);
    assert!(stack_lines(&draft, "dns").contains(&"unset = [\"workspace\"]".to_owned()), "{draft:?}");
    assert!(!stack_lines(&draft, "app").iter().any(|line| line.starts_with("unset")), "{draft:?}");
    let text = draft.toml.unwrap();
    assert!(text.contains("workspace = \"{env}\" # as in app/plan.sh\n"), "{text}");
}

#[test]
fn workspaces_that_nobody_names_are_left_to_be_named() {
    let main = backend("app") + "locals {\n  name = terraform.workspace\n}\n";
    let text = draft_of(&[("main.tf", &main)]).toml.unwrap();
    assert!(
        text.contains(
            "workspace = \"\" # to decide: its name, or \"default\"; the root folder speaks of its workspace"
        ),
        "{text}"
    );
    let text = draft_of(&[("main.tf", &backend("app")), ("run.sh", "terraform workspace select \"$1\"\n")]);
    assert!(text.toml.unwrap().contains("workspace = \"\" # to decide"));
    let broken = [("app/main.tf", "terraform {\n"), ("app/dev.tfvars", ""), ("app/prod.tfvars", "")];
    let text = draft_of(&broken).toml.unwrap();
    assert!(
        text.contains("workspace = \"\" # to decide: its name, or \"default\"; app has a file that cannot"),
        "{text}"
    );
}

#[test]
fn workspaces_that_nothing_selects_are_a_proposal() {
    let text = draft_of(&[("main.tf", &backend("app")), ("env/dev.tfvars", ""), ("env/prod.tfvars", "")]);
    let proposal = "workspace = \"{env}\" # proposal: nothing selects a workspace; env/dev.tfvars is there\n";
    assert!(text.toml.as_deref().unwrap().contains(proposal), "{text:?}");
    let one = draft_of(&[("main.tf", &backend("app")), ("env/dev.tfvars", "")]);
    assert!(!one.toml.as_deref().unwrap().contains("workspace"), "{one:?}");
}

#[test]
fn of_two_var_files_for_an_environment_none_is_chosen() {
    let main = backend("app") + "variable \"size\" {}\n";
    let draft = draft_of(&[
        ("main.tf", &main),
        ("dev.tfvars", "size = 1\n"),
        ("env/dev.tfvars", "size = 2\n"),
        ("env/prod.tfvars", "size = 3\n"),
    ]);
    let text = draft.toml.as_deref().unwrap();
    let both = "# to decide: one of these is meant for dev, prod\n# var_files = [\"env/{env}.tfvars\"]\n# var_files = [\"{env}.tfvars\"]\n";
    assert!(text.contains(both), "{text}");
    assert!(!lines(&draft).iter().any(|line| line.starts_with("var_files")), "{text}");
}

#[test]
fn what_a_backend_lacks_is_said_by_name() {
    let main = "terraform {\n  backend \"s3\" {\n    key = \"app\"\n  }\n}\n";
    let text = draft_of(&[("main.tf", main)]).toml.unwrap();
    let comment = "# to decide: `bucket` of the backend: neither its block nor a file sets it\n# backend.s3 = { bucket = \"…\" }\n";
    assert!(text.contains(comment), "{text}");
    let script = ("init.sh", "terraform init -backend-config=\"bucket=$BUCKET\"\n");
    let text = draft_of(&[("main.tf", main), script]).toml.unwrap();
    assert!(
        text.contains("# to decide: `bucket` of the backend: init.sh takes it from elsewhere\n"),
        "{text}"
    );
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

#[test]
fn a_script_names_the_engine_of_the_stacks_that_are_no_units() {
    let draft = draft_of(&[
        ("live/dev/net/terragrunt.hcl", "terraform {\n  source = \"../m\"\n}\n"),
        ("dns/main.tf", &backend("dns")),
        ("Makefile", "plan:\n\tterraform plan\n"),
    ]);
    let lines = lines(&draft);
    assert!(!lines[2].starts_with("engine"), "{lines:?}");
    let at = lines.iter().position(|line| line == "[stacks.dns]").unwrap();
    assert_eq!(lines[at + 2], "engine = \"terraform\"");
}

#[test]
fn folders_that_the_user_names_are_environments() {
    let files = [
        ("live/blue/net/main.tf", backend("blue")),
        ("live/green/net/main.tf", backend("green")),
        ("live/x/net/main.tf", backend("x")),
    ];
    let files: Vec<(String, &str)> =
        files.iter().map(|(path, text)| (format!("shop/{path}"), text.as_str())).collect();
    let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (path.as_str(), *text)).collect();
    let sample = Sample::new(&files);
    let named = [("live/blue", "blue"), ("live/green", "green"), ("live/x", "production")];
    let named = named.map(|(folder, name)| (folder.into(), name.to_owned())).into();
    let written = lines(&InitDraft::read(&sample.root().join("shop"), &named).unwrap()).join("\n");
    for text in [
        "[environments.blue]",
        "path = \"live/{env}/net\"\nenvironments = [\"blue\", \"green\"]",
        "path = \"live/x/net\"\nenvironments = [\"production\"]",
    ] {
        assert!(written.contains(text), "{text}\n{written}");
    }
}

#[test]
fn a_state_that_two_stacks_have_is_to_be_decided() {
    let draft = draft_of(&[("a/main.tf", &backend("x")), ("b/main.tf", &backend("x"))]);
    let text = draft.toml.unwrap();
    assert!(text.contains("path = \"a\"\n# to decide: default/b has the same state today\n"), "{text}");
}

#[test]
fn lockfiles_of_units_tell_the_engine_that_terragrunt_drives() {
    let unit = "terraform {\n  source = \"../m\"\n}\n";
    let lock = |host: &str| format!("provider \"{host}/hashicorp/aws\" {{\n}}\n");
    let (terraform, tofu) = (lock("registry.terraform.io"), lock("registry.opentofu.org"));
    for (second, drives) in [(&terraform, true), (&tofu, false)] {
        let draft = draft_of(&[
            ("live/dev/a/terragrunt.hcl", unit),
            ("live/dev/a/.terraform.lock.hcl", &terraform),
            ("live/dev/b/terragrunt.hcl", unit),
            ("live/dev/b/.terraform.lock.hcl", second),
        ]);
        let written = lines(&draft).contains(&"drives = \"terraform\"".to_owned());
        assert_eq!(written, drives, "{draft:?}");
    }
}
