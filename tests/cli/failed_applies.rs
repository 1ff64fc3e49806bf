//! Messages about an apply that failed in a provisioner.

use crate::support::{Driven, Shop};

const ENVIRONMENTS: &str = "[project]\nname = \"p\"\n\n[environments.dev]\n\n[stacks.app]\npath = \"app\"\n";

fn project(engine: &Driven, provisioner: &str) -> Shop {
    let shop = Shop::driven_by(engine, ENVIRONMENTS);
    let resource = format!("resource \"terraform_data\" \"x\" {{\n{provisioner}\n}}\n");
    shop.project.write("app/main.tf", &resource);
    shop
}

/// Returns a provisioner that prints a text and fails.
fn failing(more: &str, text: &str) -> String {
    format!("  provisioner \"local-exec\" {{\n    command = \"echo '{text}' >&2; exit 3\"\n{more}  }}")
}

const TAINTED: &str =
    "`terraform_data.x` was made and its provisioner failed: it is tainted, and the next plan replaces it";

#[test(engines(tofu, terraform))]
fn a_resource_whose_provisioner_failed_is_named_as_tainted(engine: &Driven) {
    let shop = project(engine, &failing("", "no"));

    let run = shop.run(["deploy", "dev", "--yes", "--json"]).exits(1);

    assert!(shop.project.read("app/terraform.tfstate").contains("\"status\": \"tainted\""));
    let error = run.json()["stacks"][0]["error"].to_string();
    assert!(error.contains(TAINTED), "{}: {error}", engine.name());
    assert!(error.contains("no other resource was done before it failed"), "{error}");
    shop.run(["plan", "dev"]).exits(0).prints("replace");

    // A replacement deletes the resource first.
    let again = shop.run(["deploy", "dev", "--yes"]).exits(1).tells(TAINTED);
    let again = again.tells("no other resource was done before it failed");
    assert_eq!(again.stderr.matches("Error running command").count(), 1, "{}", again.stderr);
}

#[test(engines(tofu, terraform))]
fn a_failed_provisioner_that_taints_nothing_is_not_named_as_one_that_does(engine: &Driven) {
    let shop = project(engine, &failing("    on_failure = continue\n", "no"));
    shop.run(["deploy", "dev", "--yes"]).exits(0).hides("tainted");

    let shop = project(engine, &failing("    when = destroy\n", "no"));
    shop.run(["deploy", "dev", "--yes"]).exits(0);
    let run = shop.run(["destroy", "dev", "--yes"]).exits(1).hides("tainted");
    run.tells("no resource was done before it failed");
}

#[test(engines(tofu, terraform))]
fn the_output_of_a_provisioner_does_not_make_the_class_of_its_failure(engine: &Driven) {
    for text in ["AccessDenied: StatusCode: 403", "Lock Info: ID: 7", "connection reset by peer", "SlowDown"]
    {
        let shop = project(engine, &failing("", text));

        let run = shop.run(["deploy", "dev", "--yes", "--json"]).exits(1);

        let error = run.json()["stacks"][0]["error"].clone();
        assert_eq!(error["kind"], "provider", "{}: {error}", engine.name());
        assert!(error["detail"].to_string().contains(text), "{error}");
    }
}

#[test(engines(tofu, terraform))]
fn a_failed_apply_names_the_few_resources_that_it_had_done(engine: &Driven) {
    let shop = project(engine, &format!("  depends_on = [terraform_data.a]\n{}", failing("", "no")));
    shop.append("app/main.tf", "resource \"terraform_data\" \"a\" {\n  input = 1\n}\n");

    let run = shop.run(["deploy", "dev", "--yes"]).exits(1).tells(TAINTED);

    run.tells("1 resource was done before it failed: `terraform_data.a`\n");
}
