//! Values that a run stores for its continuation, and their removal.

use std::{fs, os::unix::fs::PermissionsExt as _, path::Path};

use crate::support::{Driven, ENVIRONMENTS, Shop};

const TOKEN: &str = "a-token-that-nobody-shows";

fn main_tf(input: &str) -> String {
    format!(
        "variable \"token\" {{\n  type = string\n  default = \"\"\n  sensitive = true\n}}\n\n\
         resource \"terraform_data\" \"a\" {{\n  input = \"{input}\"\n}}\n"
    )
}

/// Returns the files in `.envctl` that hold the token.
fn holding(shop: &Shop) -> Vec<String> {
    fn look(folder: &Path, found: &mut Vec<String>) {
        for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
            if entry.file_type().unwrap().is_dir() {
                look(&entry.path(), found);
            } else if entry.file_type().unwrap().is_file()
                && fs::read(entry.path()).unwrap().windows(TOKEN.len()).any(|w| w == TOKEN.as_bytes())
            {
                found.push(entry.file_name().to_string_lossy().into_owned());
            }
        }
    }
    let mut found = Vec::new();
    look(shop.project.path(".envctl").as_ref(), &mut found);
    found.sort();
    found
}

fn shop(engine: &crate::support::Driven) -> Shop {
    let files = [("app/main.tf", &*main_tf("first"))];
    Shop::driven_by(engine, ENVIRONMENTS).with_folder("app", "app").with_files(&files).committed()
}

#[test(engines(tofu, terraform))]
fn values_of_a_run_that_is_over_are_removed_from_its_folder(engine: &Driven) {
    let given = format!("token={TOKEN}");
    let set = format!("vars.token={TOKEN}");
    let shop = shop(engine);
    shop.run(["deploy", "staging", "--yes", "--var", &given]).exits(0);
    assert_eq!(holding(&shop), [""; 0], "{}: applied", engine.name());
    shop.run(["plan", "staging", "--var", &given]).exits(0).prints("no changes");
    shop.run(["plan", "staging", "--set", &set]).exits(0).prints("no changes");
    assert_eq!(holding(&shop), [""; 0], "{}: clean", engine.name());
    let over = shop.run(["apply", "last", "--yes"]).exits(3);
    over.tells("is over, and the values that it was given are removed");

    shop.project.write("app/main.tf", &main_tf("second"));
    shop.run(["plan", "staging", "--var", &given]).exits(0);
    assert_eq!(holding(&shop), ["app.tfvars.json", "request.json"], "{}: to be applied", engine.name());
    shop.run(["apply", "last", "--yes"]).exits(0);
    assert_eq!(holding(&shop), [""; 0], "{}: the run of the plan too", engine.name());

    shop.project.write("app/main.tf", "resource {");
    shop.run(["plan", "staging", "--var", &given]).exits(4);
    assert_eq!(holding(&shop), [""; 0], "{}: failed", engine.name());
}

#[test(engines(tofu, terraform))]
fn an_expression_of_a_flag_is_private_and_removed_with_its_run(engine: &Driven) {
    let given = format!("token=[for x in [\"{TOKEN}\"] : x]");
    let shop = shop(engine);
    shop.project.edit("app/main.tf", "type = string", "type = any");
    let failing = shop.project.read("app/main.tf")
        + "\nresource \"terraform_data\" \"b\" {\n  triggers_replace = nonsensitive(var.token)\n  provisioner \"local-exec\" {\n    command = \"test -e ready\"\n  }\n}\n";
    shop.project.write("app/main.tf", &failing);
    shop.project.commit("Fail");
    shop.run(["deploy", "staging", "--yes", "--var", &given]).exits(1);
    let kept = holding(&shop);
    assert!(kept.contains(&"app.0.tfvars".to_owned()), "{}: {kept:?}", engine.name());
    let file = shop.project.path(&format!("{}/inputs/app.0.tfvars", shop.newest_run()));
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(fs::read_to_string(&file).unwrap(), format!("token = ([for x in [\"{TOKEN}\"] : x]\n)\n"));

    shop.project.write("app/ready", "");
    shop.run(["runs", "resume", "--yes"]).exits(0);

    let state = shop.state("app", "staging").unwrap().to_string();
    assert!(state.contains(TOKEN), "{}: resumed without the value: {state}", engine.name());
    let inputs: Vec<String> = holding(&shop).into_iter().filter(|file| file != "app.0.tfvars").collect();
    assert_eq!(holding(&shop), inputs, "{}: a file stays", engine.name());
}

#[test(engines(tofu, terraform))]
fn values_of_a_failed_run_stay_until_it_was_resumed(engine: &Driven) {
    let given = format!("token={TOKEN}");
    let shop = shop(engine);
    let failing = main_tf("first")
        + "\nresource \"terraform_data\" \"b\" {\n  provisioner \"local-exec\" {\n    command = \"test -e ready\"\n  }\n}\n";
    shop.project.write("app/main.tf", &failing);
    shop.project.commit("Fail");
    shop.run(["deploy", "staging", "--yes", "--var", &given]).exits(1);
    assert!(holding(&shop).contains(&"request.json".to_owned()), "{}", engine.name());
    shop.project.write("app/ready", "");
    shop.run(["runs", "resume", "--yes"]).exits(0);
    assert_eq!(holding(&shop), [""; 0], "{}: the failed run too", engine.name());
}
