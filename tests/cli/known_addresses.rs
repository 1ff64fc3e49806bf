//! Addresses of `--target`, `--without` and `--replace`: one that no selected stack can have is wrong usage, any
//! other is passed to the engine.

use crate::support::{Driven, Shop};

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

#[test(engines(tofu, terraform))]
fn an_address_that_no_selected_stack_has_is_64_with_a_suggestion(engine: &Driven) {
    let shop = project(engine);
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

#[test(engines(tofu))]
fn an_address_to_plan_without_has_to_be_one_of_a_selected_stack(engine: &Driven) {
    let shop = project(engine);
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

#[test(engines(tofu, terraform))]
fn an_address_that_only_the_local_state_has_is_taken(engine: &Driven) {
    let shop = project(engine);
    shop.run(["deploy", "dev", "--yes"]).exits(0);
    shop.project.write("app/main.tf", "output \"x\" {\n  value = 1\n}\n");

    for address in ["terraform_data.queue", "module.part", "module.part.terraform_data.inner"] {
        shop.run(["plan", "dev", "--target", address]).exits(0).prints("delete");
    }
    shop.run(["plan", "dev", "--target", "terraform_data.other"]).exits(64);
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

#[test]
fn a_text_that_is_no_address_is_wrong_usage_before_any_engine() {
    let shop = Shop::of(&["network"]);
    let of_module = "is no address of a resource or a module, which";
    for (flag, text, says) in [
        ("--target", "", of_module),
        ("--target", "one", of_module),
        ("--target", "terraform_data.network[", of_module),
        ("--target", "terraform_data.network; rm", of_module),
        ("--target", "terraform_data.network[a]", of_module),
        ("--target", "terraform_data.network.id", of_module),
        ("--replace", "data.aws_ami", "is no address of a resource, which"),
        ("--replace", "module.part", "is no address of a resource, which"),
        ("--replace", "data.terraform_data.network", "is no address of a resource, which"),
        ("--without", "one", of_module),
        ("--without", "terraform_data.*", of_module),
    ] {
        for verb in [&["plan", "staging"] as &[&str], &["deploy", "staging", "--yes"]] {
            let run = shop.env.run_args(&[verb, &[&format!("{flag}={text}")]].concat()).exits(64);
            run.tells(&format!("`{text}` {says} `{flag}` takes"));
        }
        // One beside it that is known does not help, nor the unknown place of a state.
        shop.run(["plan", "staging", flag, "terraform_data.network", &format!("{flag}={text}")]).exits(64);
    }
    assert_eq!(shop.calls(), [""; 0]);
    shop.run(["plan", "staging", "--target", " terraform_data . network "]).exits(0);
}

#[test(engines(tofu, terraform))]
fn expressions_hide_no_address_of_the_root_module(engine: &Driven) {
    let toml = "[project]\nname = \"p\"\n\n[environments.dev]\n\n[stacks.app]\npath = \"app\"\nvars = { dir = \"s\", part = \"./part\" }\n";
    let shop = Shop::driven_by(engine, toml);
    let is_tofu = engine.name() == "tofu";
    let (path, source) = if is_tofu {
        ("\"${var.dir}/app.tfstate\"", "var.part")
    } else {
        ("\"s/app.tfstate\"", "\"./part\"")
    };
    let main = format!(
        "terraform {{\n  backend \"local\" {{\n    path = {path}\n  }}\n}}\nvariable \"dir\" {{}}\nvariable \"part\" {{}}\n\
         resource \"terraform_data\" \"queue\" {{}}\nmodule \"part\" {{\n  source = {source}\n}}\n"
    );
    shop.project.write("app/main.tf", &main);
    shop.project.write("app/part/main.tf", "resource \"terraform_data\" \"inner\" {}\n");
    let refuses = |flag: &str, address: &str, meant: &str| {
        let told = format!("no selected stack has `{address}`, which `{flag}` names{meant}");
        shop.run(["plan", "dev", flag, address]).exits(64).tells(&told);
    };
    for flag in ["--target", "--replace", "--without"].into_iter().take(if is_tofu { 3 } else { 2 }) {
        refuses(flag, "terraform_data.queu", "; did you mean `terraform_data.queue`?");
        refuses(flag, "aws_vpc.main", "");
    }
    refuses("--target", "module.parts", "; did you mean `module.part`?");
    assert!(!shop.project.path("app/.terraform").exists(), "no engine was started");
    for address in ["terraform_data.queue", "module.part", "module.part.terraform_data.inner"] {
        shop.run(["plan", "dev", "--target", address]).exits(0).prints("create");
    }

    // What only the state has is known from the state that this checkout has seen.
    shop.run(["deploy", "dev", "--yes"]).exits(0);
    shop.project.edit("app/main.tf", "\"queue\"", "\"queue2\"");
    shop.run(["plan", "dev", "--target", "terraform_data.queue"]).exits(0).prints("delete");
    refuses("--target", "terraform_data.queue3", "; did you mean `terraform_data.queue`?");
}
