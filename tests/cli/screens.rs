//! Main screens of each verb, as snapshots: in a file and on a terminal of 60 columns, on the fake engine.
//!
//! `cargo insta review`, or `INSTA_UPDATE=always` for the tests `screens`, takes a screen as it is now.

mod answers;
mod check;
mod help;
mod listing;
mod plan;
mod record;
mod refusals;
mod review;

use serde_json::{Value, json};

use crate::support::{Env, IdleTerminal, Shop, Streams, plain};

/// Makes stacks `network`, `database`, `app` and `mail`, which are planned and applied one at a time.
fn project() -> Shop {
    let stacks = ["network", "database: network", "app: network database", "mail"];
    Shop::of(&stacks).with_env(one_at_a_time)
}

/// Plans and applies one stack at a time, so that the order of the lines is known.
fn one_at_a_time(env: Env) -> Env {
    env.var("ENVCTL_JOBS", "1")
}

/// Returns the screen of a terminal with 60 columns on which envctl runs to its end.
#[track_caller]
fn on_60_columns<const N: usize>(shop: &Shop, args: [&str; N]) -> String {
    on_columns(60, shop, args)
}

/// Returns the screen of a terminal of this width on which envctl runs to its end.
#[track_caller]
fn on_columns<const N: usize>(columns: u16, shop: &Shop, args: [&str; N]) -> String {
    shop.env.on_terminal(IdleTerminal::open().columns(columns), Streams::All, args).wait().snapshot()
}

/// Returns a script with these resources, whose output is that of [`plain`].
fn with_resources(name: &str, resources: &Value) -> Value {
    let mut script = plain(name);
    script["resources"] = resources.clone();
    script
}

/// Makes stacks `network` with three resources, `database`, `app` and `mail`.
fn several() -> Shop {
    let network = json!({
        "terraform_data.vpc": "10.0.0.0/16", "terraform_data.subnet": "a", "terraform_data.gateway": "g",
    });
    Shop::new()
        .with_env(one_at_a_time)
        .with_stack("network", &[], &with_resources("network", &network))
        .with_stack("database", &["network"], &plain("database"))
        .with_stack("app", &["database"], &plain("app"))
        .with_stack("mail", &[], &plain("mail"))
        .committed()
}

/// Changes the stacks of [`several`]: `network` by each kind of change, `database` by one, and an output of `app`.
fn change(shop: &Shop) {
    let network = json!({
        "terraform_data.vpc": "10.1.0.0/16", "terraform_data.subnet": "b", "terraform_data.route": "r",
    });
    let mut script = with_resources("network", &network);
    script["replaced"] = json!(["terraform_data.subnet"]);
    shop.script("network", &script);
    shop.change("database", "second");
    let mut app = plain("app");
    app["outputs"] = json!({ "id": "app-1", "url": "https://app.example.com" });
    shop.script("app", &app);
}

/// Deploys the stacks of [`several`] in staging and changes them.
fn changed() -> Shop {
    let shop = several().deployed();
    change(&shop);
    shop
}
