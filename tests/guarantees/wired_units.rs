//! 2. One review, one confirmation, then no surprise: Terragrunt units get the values of their `inputs`.

use std::fmt::Write as _;

use crate::{
    support::Live,
    wired_values::{STACKS, value},
};

/// Makes the eight stacks as units: the value of each is its name with the values of its inputs.
fn estate(mocks: bool) -> Live {
    let live = Live::new();
    for (name, takes) in STACKS {
        let mut main: String = takes.iter().map(|from| format!("variable \"{from}\" {{}}\n")).collect();
        let taken: Vec<String> = takes.iter().map(|from| format!("${{var.{from}}}")).collect();
        let value = format!("{name}({})", taken.join(","));
        // Writing to a String cannot fail.
        let _ = write!(
            main,
            "resource \"terraform_data\" \"{name}\" {{\n  input = \"{value}\"\n}}\noutput \"v\" {{\n  value = terraform_data.{name}.output\n}}\n"
        );
        let inputs: Vec<String> = takes.iter().map(|from| format!("{from} = \"{from}.v\"")).collect();
        let mut stack = format!("inputs = {{ {} }}\n", inputs.join(", "));
        for from in takes.iter().filter(|_| mocks) {
            let _ = writeln!(stack, "mocks.{from} = {{ v = \"MOCK-OF-{from}\" }}");
        }
        live.unit(name, "", &main, &stack);
    }
    live.project.commit("Begin");
    live
}

#[test(engines(terragrunt))]
fn new_units_with_inputs_deploy_in_one_run_and_no_state_has_a_mock() {
    for mocks in [false, true] {
        let live = estate(mocks);
        live.env.run(["deploy", "dev", "--yes"]).exits(0);
        for (name, _) in STACKS {
            assert_eq!(live.deployed_value(name), value(name), "{name}, mocks: {mocks}");
            assert!(!live.state(name).to_string().contains("MOCK"), "{name}");
        }
        live.env.run(["plan", "dev", "--detailed-exitcode"]).exits(0);
    }
}
