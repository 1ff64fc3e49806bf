//! Numbers of outputs, printed with the digits that the engine has.

use serde_json::json;

use crate::support::{Driven, Shop};

const DEV: &str = "[project]\nname = \"p\"\nengine = \"tofu\"\n[environments.dev]\n";

#[test(engines(tofu, terraform))]
fn an_output_is_printed_with_every_digit_of_its_numbers(engine: &Driven) {
    let Driven::Real(program) = engine else { panic!("a real engine") };
    let shop = Shop::driven_by(engine, &DEV.replace("tofu", program.name));
    shop.stack("app", &[], &json!({}));
    let long = "1".repeat(60);
    shop.project.write(
        "app/main.tf",
        &format!(
            "output \"exact\" {{\n  value = 12345678901234567890.5\n}}\noutput \"whole\" {{\n  value = {long}\n}}\n\
             output \"deep\" {{\n  value = [{{ n = 3.14159265358979323846, t = \"1.50 <\" }}]\n}}\n\
             "
        ),
    );
    shop.run(["deploy", "dev", "--yes"]).exits(0);
    let value = |name: &str| shop.run(["output", "dev", "app", name]).exits(0).stdout;
    assert_eq!(value("exact"), "12345678901234567890.5\n");
    assert_eq!(value("whole"), format!("{long}\n"));
    assert_eq!(value("deep"), "[{\"n\":3.14159265358979323846,\"t\":\"1.50 <\"}]\n");
    let all = shop.run(["output", "dev"]).exits(0).prints("  exact = 12345678901234567890.5\n");
    drop(all.prints("  deep = [{\"n\":3.14159265358979323846,\"t\":\"1.50 <\"}]\n"));
    let json = shop.run(["output", "dev", "--json"]).exits(0);
    drop(json.prints("\"value\": 12345678901234567890.5\n").prints("\"n\": 3.14159265358979323846,\n"));
}

#[test(engines(tofu, terraform))]
fn an_input_whose_planned_value_has_too_many_digits_is_refused_at_once(engine: &Driven) {
    let Driven::Real(program) = engine else { panic!("a real engine") };
    let shop = Shop::driven_by(engine, &DEV.replace("tofu", program.name));
    shop.append(
        "environments.toml",
        "[stacks.network]\npath = \"network\"\n[stacks.app]\npath = \"app\"\ninputs = { n = \"network.n\" }\n",
    );
    let network =
        |n: &str| shop.project.write("network/main.tf", &format!("output \"n\" {{\n  value = {n}\n}}\n"));
    network("0.30000000000000004");
    shop.project.write("app/main.tf", "variable \"n\" {}\noutput \"o\" {\n  value = var.n\n}\n");
    shop.run(["deploy", "dev", "--yes"]).exits(0);
    shop.run(["output", "dev", "app", "o"]).exits(0).prints("0.30000000000000004\n");

    network("0.1234567890123456789");
    let run = shop.run(["deploy", "dev", "--yes"]);
    run.tells("`n` takes `network.n`, which holds a number of too many digits");
    shop.run(["output", "dev", "network", "n"]).exits(0).prints("0.30000000000000004\n");
    shop.run(["output", "dev", "app", "o"]).exits(0).prints("0.30000000000000004\n");
}

#[test(engines(tofu, terraform))]
fn a_number_that_is_a_secret_is_masked_with_all_its_digits(engine: &Driven) {
    let Driven::Real(program) = engine else { panic!("a real engine") };
    let shop = Shop::driven_by(engine, &DEV.replace("tofu", program.name));
    shop.stack("app", &[], &json!({}));
    let pin = "31415926535897932384.6";
    shop.project.write("app/main.tf", &format!("output \"o\" {{\n  value = {pin}\n}}\n"));
    shop.run(["deploy", "dev", "--yes"]).exits(0);
    shop.append("environments.toml", "secrets.pin = { env = \"PIN\" }\n");

    let env = shop.env.clone().var("PIN", pin);
    env.run(["output", "dev", "app", "o"]).exits(3).tells("output `o` is sensitive").hides(pin);
    env.run(["output", "dev", "app", "--json"]).exits(0).hides(pin).hides("3141592653589793");
}
