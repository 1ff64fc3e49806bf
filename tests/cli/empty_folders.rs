//! Stacks whose folder has no configuration: an error, since an engine would plan to destroy nothing.

use crate::support::{Driven, ENVIRONMENTS, Live, Shop};

const TOLD: &str = "the folder of `staging/mail` holds no configuration of ";

fn empty(shop: &Shop, stack: &str) {
    for file in ["main.tf", "fake-engine.json"] {
        std::fs::remove_file(shop.project.path(&format!("{stack}/{file}"))).unwrap();
    }
    shop.project.write(&format!("{stack}/README.md"), "Moved.\n");
}

#[test(engines(tofu, terraform))]
fn a_folder_without_configuration_is_refused_before_any_engine(engine: &Driven) {
    let shop = Shop::driven_by(engine, ENVIRONMENTS).with_stacks(&["network", "mail: network"]);
    shop.run(["deploy", "staging", "--yes"]).exits(0);
    let states = [shop.state("network", "staging"), shop.state("mail", "staging")];
    empty(&shop, "mail");
    // A fresh clone has no record of the lineage.
    std::fs::remove_dir_all(shop.project.path(".envctl")).unwrap();

    for args in [
        ["plan", "staging", "--detailed-exitcode"],
        ["deploy", "staging", "--yes"],
        ["destroy", "staging", "--yes"],
    ] {
        let run = shop.run(args).exits(4);
        run.tells(TOLD).tells("environments.toml:").tells("git log -- mail");
    }
    shop.run(["destroy", "staging", "mail", "--yes"]).exits(4).tells(TOLD);
    shop.run(["check", "staging"]).exits(4).tells(TOLD);
    shop.run(["check", "staging", "--offline"]).exits(4).tells(TOLD);
    assert_eq!([shop.state("network", "staging"), shop.state("mail", "staging")], states);
    assert!(states.iter().all(Option::is_some), "{}", engine.name());
}

#[test(engines(tofu, terraform))]
fn files_of_opentofu_alone_are_no_configuration_of_terraform(engine: &Driven) {
    let shop = Shop::driven_by(engine, ENVIRONMENTS).with_stacks(&["mail"]);
    shop.append("environments.toml", &format!("engine = \"{}\"\n", engine.name()));
    empty(&shop, "mail");
    shop.project.write("mail/main.tofu", "resource \"terraform_data\" \"a\" {}\n");
    let run = shop.run(["plan", "staging"]);
    if engine.name() == "terraform" {
        run.exits(4).tells(TOLD);
    } else {
        run.exits(0).prints("create");
    }
}

#[test(engines(tofu, terraform))]
fn a_hook_may_write_the_configuration_and_one_that_does_not_fails(engine: &Driven) {
    let shop = Shop::driven_by(engine, ENVIRONMENTS).with_stacks(&["mail"]);
    shop.run(["deploy", "staging", "--yes"]).exits(0);
    let state = shop.state("mail", "staging");
    std::fs::rename(shop.project.path("mail/main.tf"), shop.marker("kept.tf")).unwrap();
    std::fs::remove_dir_all(shop.project.path(".envctl")).unwrap();
    let before = shop.project.read("environments.toml");
    shop.append("environments.toml", "hooks.before_plan = [[\"/bin/true\"]]\n");
    let run = shop.run(["destroy", "staging", "--yes"]).exits(4);
    run.prints("the stack's folder holds no configuration of ");
    assert_eq!(shop.state("mail", "staging"), state);

    let kept = shop.marker("kept.tf");
    let copy =
        format!("hooks.before_plan = [[\"/bin/cp\", {:?}, \"mail/main.tf\"]]\n", kept.display().to_string());
    shop.project.write("environments.toml", &(before + &copy));
    shop.run(["plan", "staging"]).exits(0).hides("no configuration");
}

#[test(engines(terragrunt))]
fn a_folder_without_the_file_of_a_unit_is_refused() {
    let live = Live::new();
    live.unit("vpc", "", "output \"x\" {\n  value = 1\n}\n", "");
    live.env.run(["plan", "dev"]).exits(0);
    std::fs::remove_file(live.project.path("live/vpc/terragrunt.hcl")).unwrap();
    live.env
        .run(["destroy", "dev", "--yes"])
        .exits(4)
        .tells("holds no configuration of Terragrunt: `live/vpc`");
}
