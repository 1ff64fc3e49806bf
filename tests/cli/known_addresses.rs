//! Addresses of `--target`, `--without` and `--replace`: one that no selected stack can have is wrong usage, any
//! other is passed to the engine.

use crate::support::{Driven, Shop, real_engines};

const MAIN: &str = "resource \"terraform_data\" \"queue\" {
  count = 1
}
module \"part\" {
  source = \"./part\"
}
";

fn project(engine: &Driven) -> Shop {
    let toml = "[project]\nname = \"p\"\n\n[environments.dev]\n\n[stacks.app]\npath = \"app\"\n";
    let shop = Shop::driven_by(engine, toml);
    shop.project.write("app/main.tf", MAIN);
    shop.project.write("app/part/main.tf", "resource \"terraform_data\" \"inner\" {}\n");
    shop
}

#[test]
fn an_address_that_no_selected_stack_has_is_64_with_the_one_that_was_meant() {
    for engine in real_engines() {
        let shop = project(&engine);
        for (flag, address, meant) in [
            ("--target", "terraform_data.qeue[0]", "terraform_data.queue"),
            ("--replace", "terraform_data.queue2", "terraform_data.queue"),
            ("--target", "module.pat", "module.part"),
            ("--target", "module.part.terraform_data.iner", "module.part.terraform_data.inner"),
        ] {
            let run = shop.run(["plan", "dev", flag, address]).exits(64);

            let told =
                format!("no selected stack has `{address}`, which `{flag}` names; did you mean `{meant}`?");
            run.tells(&told);
            shop.run(["deploy", "dev", "--yes", flag, address]).exits(64).tells(&told);
        }
        assert!(!shop.project.path("app/.terraform").exists(), "no engine was started");
        for address in ["terraform_data.queue[0]", "module.part", "module.part.terraform_data.inner"] {
            shop.run(["plan", "dev", "--target", address]).exits(0).prints("create");
        }
    }
}

#[test]
fn an_address_to_plan_without_has_to_be_one_of_a_selected_stack() {
    let Some(engine) = real_engines().into_iter().find(|engine| engine.name() == "tofu") else { return };
    let shop = project(&engine);
    for (address, meant) in [
        ("terraform_data.qeue[0]", "terraform_data.queue"),
        ("module.part.terraform_data.iner", "module.part.terraform_data.inner"),
    ] {
        let told =
            format!("no selected stack has `{address}`, which `--without` names; did you mean `{meant}`?");
        shop.run(["plan", "dev", "--without", address]).exits(64).tells(&told);
        shop.run(["destroy", "dev", "--yes", "--without", address]).exits(64).tells(&told);
        // A valid address beside it does not make it valid.
        shop.run(["plan", "dev", "--without", "module.part", "--without", address]).exits(64).tells(&told);
    }
    assert!(!shop.project.path("app/.terraform").exists(), "no engine was started");
    shop.run(["plan", "dev", "--without", "module.part"]).exits(0).prints("create");
}

#[test]
fn an_address_that_only_the_local_state_has_is_taken() {
    for engine in real_engines() {
        let shop = project(&engine);
        shop.run(["deploy", "dev", "--yes"]).exits(0);
        shop.project.write("app/main.tf", "output \"x\" {\n  value = 1\n}\n");

        for address in ["terraform_data.queue", "module.part", "module.part.terraform_data.inner"] {
            shop.run(["plan", "dev", "--target", address]).exits(0).prints("delete");
        }
        shop.run(["plan", "dev", "--target", "terraform_data.other"]).exits(64);
    }
}

#[test]
fn an_address_that_a_stack_may_have_is_left_to_the_engine() {
    let shop = Shop::of(&["network"]);
    shop.append("network/main.tf", "module \"far\" {\n  source = \"example/far/cloud\"\n}\n");
    shop.run(["plan", "staging", "--target", "module.far.terraform_data.x"]).exits(0);
    shop.run(["plan", "staging", "--target", "action.a.b"]).exits(0);
    shop.run(["plan", "staging", "--target", "module.near.terraform_data.x"]).exits(64);

    shop.append("environments.toml", "hooks.before_plan = [[\"true\"]]\n");
    let hooked = shop.run(["plan", "staging", "--target", "module.near.terraform_data.x"]);
    hooked.hides("no selected stack has");

    let shop = Shop::new();
    let mut script = crate::support::plain("network");
    script["backend"] = "s3".into();
    shop.stack("network", &[], &script);
    shop.append("environments.toml", "backend.s3 = { bucket = \"b\", key = \"k\" }\n");
    shop.project.commit("Begin");
    let run =
        shop.run(["plan", "staging", "--target", "terraform_data.other"]).hides("no selected stack has");
    assert_ne!(run.code(), 64);
}
