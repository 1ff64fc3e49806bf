//! Planned changes: every kind of change that real engines have.

use std::fs;

use crate::{
    bench::{Bench, Stack, actions},
    under_test::UnderTest,
};

#[test(engines(tofu, terraform))]
fn moves_replacements_forgets_imports_and_reads_are_told_apart(engine: UnderTest) {
    let bench = Bench::new(engine);
    let base = "resource \"terraform_data\" \"moved\" {}\nresource \"terraform_data\" \"forgotten\" {}\n\
                resource \"terraform_data\" \"replaced\" {\n  triggers_replace = 1\n}\n\
                resource \"terraform_data\" \"first\" {\n  triggers_replace = 1\n  lifecycle {\n    create_before_destroy = true\n  }\n}\n";
    bench.write(&Stack { hcl: base, ..Stack::default() });
    let target = bench.target("default");
    bench.deploy(&target);
    let next = "moved {\n  from = terraform_data.moved\n  to   = terraform_data.kept\n}\n\
                resource \"terraform_data\" \"kept\" {}\n\
                removed {\n  from = terraform_data.forgotten\n  lifecycle {\n    destroy = false\n  }\n}\n\
                resource \"terraform_data\" \"replaced\" {\n  triggers_replace = 2\n}\n\
                resource \"terraform_data\" \"first\" {\n  triggers_replace = 2\n  lifecycle {\n    create_before_destroy = true\n  }\n}\n\
                import {\n  to = terraform_data.imported\n  id = \"an-id\"\n}\nresource \"terraform_data\" \"imported\" {}\n";
    bench.write(&Stack { hcl: next, ..Stack::default() });
    let planned = bench.plan(&target).unwrap();
    assert_eq!(
        actions(&planned),
        [
            "terraform_data.first replace",
            "terraform_data.forgotten forget",
            "terraform_data.imported no-op",
            "terraform_data.kept no-op",
            "terraform_data.replaced replace",
        ]
    );
    let resources = &planned.changes.resources;
    assert_eq!(resources[3].previous_address.as_ref().unwrap().as_str(), "terraform_data.moved");
    assert!(resources[2].importing && !resources[3].importing);
    assert!(resources[0].attributes.contains(&"triggers_replace".to_owned()), "{:?}", resources[0]);
    let counts = planned.changes.counts();
    assert_eq!((counts.replace, counts.forget, counts.import, counts.moved), (2, 1, 1, 1));
    bench.apply(&target).unwrap();
    fs::write(bench.dir().join("moved.tf"), "").unwrap();
    assert_eq!(bench.plan(&target).unwrap().exit_code, 0);
}

#[test(engines(fake_tofu, fake_terraform, tofu, terraform))]
fn a_change_of_outputs_alone_is_a_change(engine: UnderTest) {
    let bench = Bench::new(engine);
    bench.write(&Stack { outputs: vec![("o", "\"one\"")], ..Stack::default() });
    let target = bench.target("default");
    bench.deploy(&target);
    bench.write(&Stack { outputs: vec![("o", "\"two\""), ("p", "\"new\"")], ..Stack::default() });
    let planned = bench.plan(&target).unwrap();
    assert!(planned.changes.resources.is_empty());
    let outputs: Vec<_> =
        planned.changes.outputs.iter().map(|o| format!("{} {}", o.name, o.action.as_str())).collect();
    assert_eq!(outputs, ["o update", "p create"]);
}

#[test(engines(tofu, terraform))]
fn an_unchanged_stack_with_unknown_words_in_its_plan_stays_clean(engine: UnderTest) {
    let bench = Bench::new(engine);
    let hcl = "resource \"terraform_data\" \"a\" {\n  input = 2\n}\ncheck \"c\" {\n  assert {\n    condition     = terraform_data.a.input == 1\n    error_message = \"no\"\n  }\n}\n";
    bench.write(&Stack { hcl, outputs: vec![("o", "\"x\"")], ..Stack::default() });
    let target = bench.target("default");
    bench.deploy(&target);
    assert_eq!(bench.plan(&target).unwrap().exit_code, 0);
    assert!(fs::read_to_string(bench.log()).unwrap().contains("Warning: Check block assertion failed"));
}
