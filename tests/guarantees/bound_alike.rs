//! 1. The plan you saw is the plan that is applied: binding, `--reuse` and `--changed` agree on its inputs.

use std::{collections::BTreeSet, fs, os::unix::fs::PermissionsExt as _};

use serde_json::Value;

use crate::support::{Env, Shop, plain, registry::NamedRow};

/// Input of a plan, and a change of it.
struct Row {
    what: &'static str,
    change: Change,
    /// Reason that `--changed` reports.
    why: &'static str,
    /// Item that refuses the stored plan; absent if only a new plan shows the change.
    item: Option<&'static str>,
    /// Stacks that depend on the input.
    stacks: &'static [&'static str],
}

impl NamedRow for Row {
    fn name(&self) -> String {
        self.what.to_owned()
    }
}

const ALL: &[&str] = &["apart", "app", "base"];

enum Change {
    /// Appends text to a file, which may be new.
    Append(&'static str, &'static str),
    Remove(&'static str),
    /// Replaces a text in a file.
    Edit(&'static str, &'static str, &'static str),
    /// Adds keys to the stack's own table of environments.toml.
    Key(&'static str),
    /// Makes a file executable for its owner.
    Execute(&'static str),
}

use Change::{Append, Edit, Execute, Key, Remove};

const fn row(what: &'static str, change: Change, why: &'static str, item: &'static str) -> Row {
    Row { what, change, why, item: Some(item), stacks: &["app"] }
}

const fn everywhere(row: Row) -> Row {
    Row { stacks: ALL, ..row }
}

const ROWS: &[Row] = &[
    row("a file of the stack", Append("app/main.tf", "# more\n"), "changed: app/main.tf", "file app/main.tf"),
    row("a new file of the stack", Append("app/new.tf", ""), "changed: app/new.tf", "file app/new.tf"),
    row("the mode of a script", Execute("app/run.sh"), "changed: app/run.sh", "file app/run.sh"),
    row(
        "a file that is called as the project's own",
        Append("app/conf/environments.toml", "more\n"),
        "changed: app/conf/environments.toml",
        "file app/conf/environments.toml",
    ),
    row(
        "a file that is called as an editor's copy",
        Append("app/run.sh~", "more\n"),
        "changed: app/run.sh~",
        "file app/run.sh~",
    ),
    row(
        "a lockfile that is not the stack's",
        Append("modules/outer/.terraform.lock.hcl", "# more\n"),
        "changed module: modules/outer/.terraform.lock.hcl",
        "file modules/outer/.terraform.lock.hcl",
    ),
    row("a file that is gone", Remove("app/gone.txt"), "changed: app/gone.txt", "file app/gone.txt"),
    row(
        "a var file",
        Append("values/all.tfvars", "# more\n"),
        "changed var file: values/all.tfvars",
        "var file values/all.tfvars",
    ),
    row(
        "a backend file",
        Append("backends/local.hcl", "# more\n"),
        "changed backend file: backends/local.hcl",
        "backend file backends/local.hcl",
    ),
    row(
        "a module",
        Append("modules/outer/main.tf", "# more\n"),
        "changed module: modules/outer/main.tf",
        "file modules/outer/main.tf",
    ),
    row(
        "a module of a module",
        Append("modules/inner/main.tf", "# more\n"),
        "changed module: modules/inner/main.tf",
        "file modules/inner/main.tf",
    ),
    row(
        "a named file",
        Append("texts/named.txt", "more\n"),
        "changed file that HCL names: texts/named.txt",
        "file texts/named.txt",
    ),
    row(
        "a named file that is gone",
        Remove("texts/maybe.txt"),
        "changed file that HCL names: texts/maybe.txt",
        "file texts/maybe.txt",
    ),
    row(
        "a file that functions and locals name",
        Append("data/x.json", "\n"),
        "changed file that HCL names: data/x.json",
        "file data/x.json",
    ),
    row(
        "a file of a named folder",
        Append("folder/new/x.json", "\n"),
        "changed file that HCL names: folder/new/x.json",
        "file folder/new/x.json",
    ),
    row(
        "a file that a module reads by a variable",
        Append("texts/passed.txt", "more\n"),
        "changed file that HCL names: texts/passed.txt",
        "file texts/passed.txt",
    ),
    row(
        "a file of `files`",
        Append("policies/new.json", "{}\n"),
        "changed file of `files`: policies/new.json",
        "file policies/new.json",
    ),
    row(
        "the lockfile",
        Append("app/.terraform.lock.hcl", "# more\n"),
        "changed lockfile: app/.terraform.lock.hcl",
        "lockfile",
    ),
    row(
        "a settings file of the engine",
        Append("ci.tfrc", "# more\n"),
        "changed CLI config: ci.tfrc",
        "CLI config",
    ),
    row(
        "a secret's file",
        Append("secrets/pw", "two\n"),
        "changed file of a secret: secrets/pw",
        "variable TF_VAR_pw",
    ),
    row(
        "a file of the environment",
        Append("secrets/token", "two\n"),
        "changed file of a secret: secrets/token",
        "variable TOKEN",
    ),
    row(
        "a value",
        Edit("environments.toml", "vars.more = 1", "vars.more = 2"),
        "changed setting: vars.more",
        "value more",
    ),
    row("a variable", Key("env.COLOUR = \"red\""), "changed setting: env.COLOUR", "variable COLOUR"),
    row(
        "the order of var files",
        Edit(
            "environments.toml",
            "\"../values/all.tfvars\", \"../values/last.tfvars\"",
            "\"../values/last.tfvars\", \"../values/all.tfvars\"",
        ),
        "changed setting: var_files",
        "order of var files",
    ),
    everywhere(row(
        "the workspace",
        Edit("environments.toml", "workspace = \"{env}\"", "workspace = \"{env}-2\""),
        "changed setting: workspace",
        "workspace",
    )),
    row(
        "what it needs",
        Edit("environments.toml", "needs = [\"base\"]", "needs = []"),
        "changed setting: needs",
        "upstream base",
    ),
    everywhere(row(
        "flags of the engine",
        Edit("environments.toml", "plan_args = [\"-compact-warnings\"]", "plan_args = []"),
        "changed setting: tofu.plan_args",
        "flags",
    )),
    row(
        "the version of the engine",
        Edit("app/.opentofu-version", "1.12.6", "1.12.10"),
        "changed: app/.opentofu-version",
        "file app/.opentofu-version",
    ),
    everywhere(row(
        "the version of the engine above the stack",
        Append(".tool-versions", "opentofu 1.12.10\n"),
        "changed version file: .tool-versions",
        "file .tool-versions",
    )),
    Row {
        what: "the program of a hook",
        change: Append("tools/make.sh", "echo two > app/made.marker\n"),
        why: "changed file of a hook: tools/make.sh",
        // The file that the hook made for this plan is unchanged.
        item: None,
        stacks: &["app"],
    },
];

/// Items of the binding that no file of the repository determines, each with its source.
const ELSEWHERE: &[(&str, &str)] = &[
    ("environment", "the command"),
    ("stack", "a stack of another name is another stack"),
    ("confirmation", "a guard: it makes no other plan"),
    ("state address", "the backend"),
    ("backend", "the stack's own files, settings and environment"),
    ("backend pairs", "the settings"),
    ("AWS credentials", "the environment of the process"),
    ("plugin cache", "the settings and the environment of the process"),
    ("engine", "the settings"),
    ("engine version", "the program"),
    ("engine program", "the program, which lies elsewhere: `changed_settings.rs` has one of the repository"),
    ("mode", "the command"),
    ("targets", "the command"),
    ("replace", "the command"),
    ("state lineage", "the state"),
    ("state serial", "the state"),
    ("plan file", "the run"),
];

const FILES: &[(&str, &str)] = &[
    (
        "app/more.tf",
        "variable \"pw\" {}\nvariable \"more\" {\n  default = 0\n}\n\
         locals {\n  up = dirname(abspath(path.module))\n  data = join(\"/\", [local.up, \"data\"])\n}\n\
         module \"outer\" {\n  source = \"../modules/outer\"\n  path = \"../texts/passed.txt\"\n}\n\
         output \"named\" {\n  value = file(\"${path.module}/../texts/named.txt\")\n}\n\
         output \"maybe\" {\n  value = fileexists(\"../texts/maybe.txt\")\n}\n\
         output \"x\" {\n  value = file(\"${local.data}/x.json\")\n}\n\
         output \"folder\" {\n  value = fileset(\"${path.module}/..\", \"folder/**/*.json\")\n}\n",
    ),
    ("app/gone.txt", ""),
    ("app/run.sh", ""),
    ("app/run.sh~", ""),
    ("app/conf/environments.toml", ""),
    ("modules/outer/.terraform.lock.hcl", ""),
    ("app/.terraform.lock.hcl", "# locked\n"),
    ("app/.opentofu-version", "1.12.6\n"),
    (".tool-versions", "# versions\n"),
    ("values/all.tfvars", "size = 1\n"),
    ("values/last.tfvars", "size = 2\n"),
    (
        "modules/outer/main.tf",
        "variable \"path\" {}\nmodule \"inner\" {\n  source = \"../inner\"\n}\noutput \"text\" {\n  value = file(var.path)\n}\n",
    ),
    ("modules/inner/main.tf", ""),
    ("texts/named.txt", ""),
    ("texts/maybe.txt", ""),
    ("texts/passed.txt", ""),
    ("data/x.json", "{}"),
    ("folder/one.json", "{}"),
    ("policies/one.json", "{}"),
    ("backends/local.hcl", "workspace_dir = \"terraform.tfstate.d\"\n"),
    ("ci.tfrc", ""),
    ("secrets/pw", "one\n"),
    ("secrets/token", "one\n"),
    ("tools/make.sh", "echo one > app/made.marker\n"),
    ("apart/x.txt", ""),
];

const KEYS: &str = "vars.more = 1\n\
    files = [\"../policies/*.json\"]\n\
    var_files = [\"../values/all.tfvars\", \"../values/last.tfvars\"]\n\
    backend_files = [\"../backends/local.hcl\"]\n\
    hooks.before_plan = [[\"sh\", \"tools/make.sh\"]]\n\
    secrets.pw = { file = \"secrets/pw\" }\n\
    env.TOKEN = { file = \"secrets/token\" }\n\
    env.TF_CLI_CONFIG_FILE = \"ci.tfrc\"\n";

/// Makes `app`, which depends on every input, and `base` and `apart`, which do not; deployed in staging and clean,
/// never in dev.
fn shop() -> Shop {
    let environments = "[project]\nname = \"shop\"\n\n[defaults]\nworkspace = \"{env}\"\ncreate_workspace = \"always\"\n\n\
                        [environments.staging]\n\n[environments.dev]\n\n\
                        [tofu]\nplan_args = [\"-compact-warnings\"]\n";
    let mut app = plain("app");
    app["backend"] = "local".into();
    let shop = Shop::with(environments)
        .with_stack("base", &[], &plain("base"))
        .with_stack("apart", &[], &plain("apart"))
        .with_stack("app", &["base"], &app)
        .with_keys(KEYS)
        .with_files(FILES)
        .with_env(Env::with_system);
    shop.run(["deploy", "staging", "--yes"]).exits(0);
    let shop = shop.committed();
    shop.run(["plan", "staging"]).exits(0);
    shop
}

fn change(shop: &Shop, change: &Change) {
    match change {
        Append(file, text) => {
            let before = fs::read_to_string(shop.project.path(file)).unwrap_or_default();
            shop.project.write(file, &(before + text));
        }
        Remove(file) => fs::remove_file(shop.project.path(file)).unwrap(),
        Edit(file, from, to) => shop.project.edit(file, from, to),
        Execute(file) => {
            fs::set_permissions(shop.project.path(file), fs::Permissions::from_mode(0o755)).unwrap();
        }
        Key(line) => shop.append("environments.toml", &format!("{line}\n")),
    }
}

/// Returns the stacks that `--changed` selects, each with the reasons.
fn taken(shop: &Shop) -> Vec<String> {
    let document = shop.run(["list", "staging", "--changed=HEAD", "--json", "--why"]).exits(0).json();
    let told = |instance: &Value| format!("{}: {}", instance["stack"].as_str().unwrap(), instance["why"]);
    let mut taken: Vec<String> = document["instances"].as_array().unwrap().iter().map(told).collect();
    taken.sort();
    taken
}

/// Returns the stacks whose clean plans are not reused, whatever their result is.
fn not_reused(shop: &Shop) -> Vec<String> {
    let report = shop.run(["plan", "staging", "--reuse", "--json"]).json();
    let stacks = report["stacks"].as_array().unwrap().iter();
    let planned = stacks.filter(|stack| stack["reused"] == false);
    let mut names: Vec<String> = planned.map(|stack| stack["stack"].as_str().unwrap().to_owned()).collect();
    names.sort();
    names
}

/// Returns the kind of an item: `file`, `value`, `lockfile`.
fn kind(item: &str) -> &str {
    ["var file ", "backend file ", "file ", "value ", "variable ", "upstream "]
        .iter()
        .find_map(|kind| item.starts_with(kind).then(|| kind.trim_end()))
        .unwrap_or(item)
}

#[test(rows(ROWS))]
fn a_changed_input_is_seen_by_changed_reuse_and_apply(row: &Row) {
    let shop = shop();
    shop.run(["plan", "dev", "app"]).exits(0);
    let run = shop.newest_run().rsplit('/').next().unwrap().to_owned();
    assert_eq!(taken(&shop), [""; 0], "before");
    assert_eq!(not_reused(&shop), [""; 0], "before");

    change(&shop, &row.change);

    let expected: Vec<String> =
        row.stacks.iter().map(|stack| format!("{stack}: [\"{}\"]", row.why)).collect();
    assert_eq!(taken(&shop), expected, "--changed");
    if let Some(item) = row.item {
        let refused = shop.run(["apply", &run, "--yes"]).exits(3);
        refused.tells(&format!("`{item}` is not what it was when it was planned"));
    }
    assert_eq!(not_reused(&shop), row.stacks, "--reuse");
}

#[test]
fn each_item_of_a_plan_has_a_row_or_a_source_elsewhere() {
    let shop = shop();
    shop.run(["plan", "dev", "app"]).exits(0);
    let manifest = format!("{}/plans/app.manifest.json", shop.newest_run());
    let manifest: Value = serde_json::from_str(&shop.project.read(&manifest)).unwrap();
    let items = manifest.pointer("/content/items").or_else(|| manifest.get("items")).unwrap();
    let items = items.as_array().unwrap().iter().map(|item| item["item"].as_str().unwrap());
    let bound: BTreeSet<&str> = items.map(kind).collect();
    let changed = ROWS.iter().filter_map(|row| row.item).map(kind);
    let known: BTreeSet<&str> = changed.chain(ELSEWHERE.iter().map(|(item, _)| *item)).collect();
    assert_eq!(bound, known);
}
