//! `list` and `graph`, and the selection flags.

use crate::support::{Shop, plain};

fn shop() -> Shop {
    Shop::of(&["network", "app-api: network", "app-web: app-api", "mail"])
        .with_keys("tags = [\"side\"]")
        .with_stack("debug", &[], &plain("debug"))
        .with_keys("environments = [\"staging\"]\ntags = [\"side\"]")
}

/// Returns the stacks of staging that these flags select, in their order.
#[track_caller]
fn selected(shop: &Shop, flags: &[&str]) -> Vec<String> {
    let args = [&["list", "staging", "--json"], flags].concat();
    let document = shop.env.run_args(&args).exits(0).json();
    let instances = document["instances"].as_array().unwrap();
    instances.iter().map(|instance| instance["stack"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn instances_are_listed_in_dependency_order() {
    let shop = shop();
    insta::assert_snapshot!(shop.run(["list"]).snapshot(), @r#"
exit code 0
--- stdout
ENVIRONMENT  STACK    PATH     ENGINE  WORKSPACE   NEEDS    TAGS
staging      network  network  tofu    staging
staging      app-api  app-api  tofu    staging     network
staging      app-web  app-web  tofu    staging     app-api
staging      mail     mail     tofu    staging              side
staging      debug    debug    tofu    staging              side
production   network  network  tofu    production
production   app-api  app-api  tofu    production  network
production   app-web  app-web  tofu    production  app-api
production   mail     mail     tofu    production           side
"#);
}

#[test]
fn stacks_are_selected_by_name_glob_tag_and_neighbourhood() {
    let shop = shop();
    for (flags, stacks) in [
        (&["mail"][..], &["mail"][..]),
        (&["app-*"], &["app-api", "app-web"]),
        (&["--tag", "side"], &["debug", "mail"]),
        (&["--tag", "side", "--exclude", "debug"], &["mail"]),
        (&["app-api", "--with-dependencies"], &["network", "app-api"]),
        (&["app-api", "--with-dependents"], &["app-api", "app-web"]),
        (&["app-api", "--with-dependents", "--with-dependencies"], &["network", "app-api", "app-web"]),
        (&["app-web", "mail"], &["mail", "app-web"]),
    ] {
        let mut found = selected(&shop, flags);
        let mut wanted: Vec<String> = stacks.iter().map(|stack| (*stack).to_owned()).collect();
        found.sort();
        wanted.sort();
        assert_eq!(found, wanted, "{flags:?}");
    }
}

#[test]
fn list_previews_exactly_what_plan_takes() {
    let shop = shop();
    for flags in [vec!["app-*", "--with-dependencies"], vec!["--tag", "side"], vec!["--exclude", "app-*"]] {
        let listed = selected(&shop, &flags);
        let args = [vec!["plan", "staging", "--json"], flags].concat();
        let report = shop.env.run_args(&args).exits(0).report();
        let mut planned = report.stacks();
        let mut listed: Vec<String> = listed.iter().map(|stack| format!("{stack} changes")).collect();
        planned.sort();
        listed.sort();
        assert_eq!(planned, listed);
    }
}

#[test]
fn a_list_that_is_not_whole_is_an_error_document() {
    let shop = Shop::of(&["network", "mail"]);
    std::fs::remove_dir_all(shop.project.path("mail")).unwrap();

    for args in [["list", "--json"].as_slice(), &["list", "staging", "--json"]] {
        let run = shop.env.run_args(args);

        let document = run.json();
        assert_eq!((run.code(), &document["exit_code"]), (4, &serde_json::json!(4)), "{run}");
        assert_eq!(document["error"]["kind"], "config");
        let file = document["error"]["file"].as_str();
        assert_eq!(file, Some("environments.toml"), "{document}");
        run.tells("the folder of `staging/mail` does not exist: `mail`");
    }
    shop.run(["list", "staging"]).exits(4).prints("network");
}

#[test]
fn why_says_why_each_stack_is_in() {
    let shop = shop();
    let args = ["list", "staging", "app-*", "mail", "--with-dependencies", "--why"];
    insta::assert_snapshot!(shop.run(args).snapshot(), @r#"
exit code 0
--- stdout
STACK    PATH     ENGINE  WORKSPACE  NEEDS    TAGS  WHY
network  network  tofu    staging                   dependency of app-api
app-api  app-api  tofu    staging    network        glob app-*
app-web  app-web  tofu    staging    app-api        glob app-*
mail     mail     tofu    staging             side  named
"#);
}

#[test]
fn a_selection_of_nothing_is_64_and_says_what_was_not_found() {
    let shop = shop();
    for (flags, message) in [
        (vec!["--tag", "sied"], "error: no stack has the tag `sied`\nhint: did you mean `side`?"),
        (vec!["db-*"], "error: no stack matches `db-*`"),
        (vec!["aap-api"], "error: no stack is called `aap-api`\nhint: did you mean `app-api`?"),
        (vec!["--exclude", "db-*"], "error: no stack matches `db-*`"),
    ] {
        for verb in ["list", "plan", "graph"] {
            let args = [vec![verb, "staging"], flags.clone()].concat();
            shop.env.run_args(&args).exits(64).tells(message);
        }
    }
    // `debug` is a stack of another environment.
    shop.run(["plan", "production", "debug"]).exits(64).tells("`debug`");
    assert_eq!(shop.calls(), [""; 0]);
}

#[test]
fn a_graph_is_drawn_in_four_forms() {
    let shop = shop();
    let mut drawn = String::new();
    for format in ["tree", "dot", "mermaid", "json"] {
        let run = shop.run(["graph", "staging", "--exclude", "debug", "--format", format]).exits(0);
        drawn.push_str(&format!("# {format}\n{}", run.stdout));
    }
    insta::assert_snapshot!(drawn, @r#"
# tree
app-web
└── app-api
    └── network
mail
# dot
digraph stacks {
  rankdir = "RL";
  node [shape = "box"];
  "network";
  "app-api";
  "app-api" -> "network";
  "app-web";
  "app-web" -> "app-api";
  "mail";
}
# mermaid
flowchart RL
  s0["network"]
  s1["app-api"]
  s1 --> s0
  s2["app-web"]
  s2 --> s1
  s3["mail"]
# json
{
  "format": 1,
  "environment": "staging",
  "stacks": [
    {
      "stack": "network",
      "needs": [],
      "tags": []
    },
    {
      "stack": "app-api",
      "needs": [
        "network"
      ],
      "tags": []
    },
    {
      "stack": "app-web",
      "needs": [
        "app-api"
      ],
      "tags": []
    },
    {
      "stack": "mail",
      "needs": [],
      "tags": [
        "side"
      ]
    }
  ]
}
"#);
    shop.run(["graph", "staging", "--format", "svg"])
        .exits(64)
        .tells("[possible values: tree, dot, mermaid, json]");
}
