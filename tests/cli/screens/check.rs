//! Screens of `check` and `doctor`.

use super::{on_60_columns, project};
use crate::support::Shop;

/// Makes a stack with a missing variable, an unknown value, and a missing module.
fn faulty() -> Shop {
    let shop = project().with_keys("vars = { sizee = 2 }");
    shop.project.write(
        "app/more.tf",
        "variable \"size\" {}\n\nmodule \"queue\" {\n  source = \"../modules/queue\"\n}\n",
    );
    shop.project.write("mail/broken.tf", "resource \"terraform_data\" \"mail\" {\n  input = \n}\n");
    shop.committed()
}

#[test]
fn a_check_without_findings() {
    insta::assert_snapshot!(project().run(["check"]).exits(0).snapshot());
}

#[test]
fn a_check_of_one_environment_offline() {
    insta::assert_snapshot!(project().run(["check", "production", "--offline"]).exits(0).snapshot());
}

#[test]
fn a_check_with_findings() {
    insta::assert_snapshot!(faulty().run(["check", "staging"]).exits(4).snapshot());
}

#[test]
fn a_check_with_findings_in_60_columns() {
    insta::assert_snapshot!(on_60_columns(&faulty(), ["check", "staging"]));
}

#[test]
fn a_healthy_machine() {
    insta::assert_snapshot!(project().run(["doctor"]).snapshot());
}

#[test]
fn a_machine_without_an_engine() {
    let shop = project();
    std::fs::remove_file(shop.project.around().join("bin/tofu")).unwrap();
    insta::assert_snapshot!(shop.run(["doctor"]).snapshot());
}
