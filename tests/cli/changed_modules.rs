//! `--changed`: modules whose source is an expression that only the engine evaluates.

use std::{
    fs::File,
    time::{Duration, SystemTime},
};

use serde_json::json;

use crate::{
    changed::why,
    changed_files::{call, with},
    support::Shop,
};

const NONE: [&str; 0] = [];
const SINCE: [&str; 1] = ["--changed=HEAD"];
const TOLD: &str = "app: a module's source is an expression, which only an init works out: ";

/// Makes a project whose `app` calls a module by an expression.
fn shop(source: &str) -> Shop {
    with(&[
        ("app/call.tf", &call(source)),
        ("app/root.auto.tfvars", "root = \"../modules\"\n"),
        ("modules/net/main.tf", &call("../deep")),
        ("modules/deep/main.tf", ""),
        ("modules/other/main.tf", ""),
    ])
}

/// Writes the module manifest of an init, dated a minute after the other files.
fn initialised(shop: &Shop, modules: &[&str]) {
    let file = ".envctl/data/staging/app/modules/modules.json";
    let modules: Vec<_> =
        modules.iter().map(|dir| json!({ "Key": dir, "Source": dir, "Dir": dir })).collect();
    shop.project.write(file, &json!({ "Modules": modules }).to_string());
    let later = SystemTime::now() + Duration::from_mins(1);
    File::options().write(true).open(shop.project.path(file)).unwrap().set_modified(later).unwrap();
}

#[test]
fn nobody_can_tell_whether_a_module_has_changed_before_an_init_found_it() {
    for source in ["${var.root}/net", "../${var.modules}/net", "./${local.x}"] {
        let shop = shop(source);
        assert_eq!(why(&shop, &SINCE), NONE, "{source}");
        shop.append("modules/net/main.tf", "# more\n");
        assert_eq!(why(&shop, &SINCE), [format!("{TOLD}app/call.tf")], "{source}");
    }
    let shop = shop("../modules/other");
    shop.project.write("modules/other/main.tf", "module \"called\" {\n  source = var.source\n}\n");
    shop.project.commit("Call by an expression");
    shop.append("modules/net/main.tf", "# more\n");
    assert_eq!(why(&shop, &SINCE), [format!("{TOLD}modules/other/main.tf")]);
}

#[test]
fn an_expression_that_begins_as_no_local_path_leads_to_no_file() {
    let shop = shop("git::https://example.com/${var.name}.git");
    shop.append("modules/net/main.tf", "# more\n");
    assert_eq!(why(&shop, &SINCE), NONE);
}

#[test]
fn the_modules_that_an_init_found_are_followed() {
    let shop = shop("${var.root}/net");
    initialised(&shop, &[".", "../modules/net", "../modules/deep"]);
    shop.append("modules/other/main.tf", "# more\n");
    assert_eq!(why(&shop, &SINCE), NONE);
    shop.append("modules/deep/main.tf", "# more\n");
    assert_eq!(why(&shop, &SINCE), ["app: changed module: modules/deep/main.tf"]);
}

#[test]
fn what_an_init_found_does_not_count_when_a_file_is_newer() {
    for file in ["app/root.auto.tfvars", "environments.toml", "modules/net/main.tf"] {
        let shop = shop("${var.root}/net");
        initialised(&shop, &[".", "../modules/net", "../modules/deep"]);
        let newer = SystemTime::now() + Duration::from_mins(2);
        let touched = File::options().write(true).open(shop.project.path(file)).unwrap();
        touched.set_modified(newer).unwrap();
        shop.append("modules/other/main.tf", "# more\n");
        assert_eq!(why(&shop, &SINCE), [format!("{TOLD}app/call.tf")], "{file}");
        // Changes in the modules that the init found count, too.
        shop.append("modules/deep/main.tf", "# more\n");
        assert_eq!(why(&shop, &SINCE), ["app: changed module: modules/deep/main.tf"], "{file}");
    }
}
