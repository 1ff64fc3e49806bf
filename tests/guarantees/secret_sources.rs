//! 9. Secrets stay secret: they are read only for commands that need them.

use serde_json::json;

use crate::support::{Driven, Env, Shop, plain, programs};

/// Removes the source of a secret, so that reading it fails.
fn close_the_vault(shop: &Shop) {
    std::fs::remove_file(shop.project.path("vault")).unwrap();
}

#[test(engines(fake, tofu, terraform))]
fn commands_that_evaluate_no_variable_need_no_secret(engine: &Driven) {
    let shop = Shop::driven_by(engine, "[project]\nname = \"shop\"\n[environments.staging]\n")
        .with_env(Env::with_system);
    let mut script = plain("app");
    script["variables"] = json!(["token"]);
    shop.stack("app", &[], &script);
    shop.append("environments.toml", "secrets.token = { command = [\"cat\", \"vault\"] }\n");
    shop.project.write("vault", "s3ntinel-token\n");
    shop.run(["deploy", "staging", "--yes"]).exits(0);
    close_the_vault(&shop);
    // A checkout without an init needs no secret either.
    std::fs::remove_dir_all(shop.project.path(".envctl/data")).unwrap();

    shop.run(["output", "staging", "app", "id"]).exits(0).prints("app-1");
    for command in ["state list", "output", "version", "fmt"] {
        let words: Vec<&str> =
            ["exec", "staging", "app", "--yes", "--"].into_iter().chain(command.split_whitespace()).collect();
        // The fake engine has no such verbs.
        if !engine.is_fake() {
            shop.env.run_args(&words).exits(0);
        }
    }
    for command in ["plan", "console", "refresh"] {
        let words = ["exec", "staging", "app", "--yes", "--", command];
        shop.run(words).exits(4).tells("secret `token` comes from the command `cat`, which failed");
    }
    shop.run(["plan", "staging"]).exits(4);
}

#[test(engines(tofu, terraform))]
fn a_value_at_hand_is_masked_in_output_without_a_program(engine: &Driven) {
    let mut shop = Shop::driven_by(engine, "[project]\nname = \"shop\"\n[environments.staging]\n");
    shop.env = shop.env.with_system().var("TOKEN", "s3ntinel-token");
    shop.stack("app", &[], &json!({}));
    let main = "variable \"token\" {}\nvariable \"other\" {}\noutput \"shown\" {\n  value = var.token\n}\n";
    shop.project.write("app/main.tf", main);
    let sources = "secrets.token = { env = \"TOKEN\" }\n\
                   secrets.other = { command = [\"sh\", \"-c\", \"echo asked >> asked; echo other-value\"] }\n";
    shop.append("environments.toml", sources);
    shop.run(["deploy", "staging", "--yes"]).exits(0);
    shop.project.write("asked", "");

    let shown = shop.run(["output", "staging"]).exits(0).hides("s3ntinel-token");

    shown.prints("shown = (sensitive)");
    assert_eq!(shop.project.read("asked"), "", "no program was started for a secret");
}

#[test(engines(tofu))]
fn opentofu_has_the_secrets_that_its_backend_or_encryption_uses(engine: &Driven) {
    let encryption = "encryption {\n    key_provider \"pbkdf2\" \"p\" {\n      passphrase = var.token\n    }\n    \
                      method \"aes_gcm\" \"m\" {\n      keys = key_provider.pbkdf2.p\n    }\n    \
                      state {\n      method = method.aes_gcm.m\n    }\n  }";
    for inside in ["backend \"local\" {\n    path = \"${var.token}.tfstate\"\n  }", encryption] {
        let shop = Shop::driven_by(engine, "[project]\nname = \"shop\"\n[environments.staging]\n")
            .with_env(Env::with_system);
        shop.stack("app", &[], &json!({}));
        let main = format!(
            "terraform {{\n  {inside}\n}}\nvariable \"token\" {{}}\noutput \"id\" {{\n  value = \"app-1\"\n}}\n"
        );
        shop.project.write("app/main.tf", &main);
        shop.append("environments.toml", "secrets.token = { command = [\"cat\", \"vault\"] }\n");
        shop.project.write("vault", "s3ntinel-token-of-16-bytes\n");
        shop.run(["deploy", "staging", "--yes"]).exits(0);
        shop.run(["output", "staging", "app", "id"]).exits(0).prints("app-1");
        close_the_vault(&shop);

        let refused = shop.run(["output", "staging", "app", "id"]).exits(4);

        refused.tells("secret `token` comes from the command `cat`, which failed (exit status 1)");
    }
}

#[test(engines(tofu, terraform), needs(terragrunt))]
fn a_unit_without_its_secret_still_tells_its_outputs(engine: &Driven) {
    let [terragrunt] = programs(["terragrunt"]);
    let mut shop = Shop::driven_by(engine, "[project]\nname = \"shop\"\n[environments.staging]\n");
    shop.env = shop.env.with_system().with(&terragrunt);
    let drives = format!("[terragrunt]\ndrives = \"{}\"\n[stacks.app]\npath = \"app\"\n", engine.name());
    shop.append("environments.toml", &drives);
    shop.append("environments.toml", "secrets.token = { command = [\"cat\", \"vault\"] }\n");
    let state = shop.marker("unit.tfstate");
    let unit = format!(
        "remote_state {{\n  backend = \"local\"\n  generate = {{ path = \"backend.tf\", if_exists = \"overwrite\" }}\n  \
         config = {{ path = \"{}\" }}\n}}\n",
        state.display()
    );
    shop.project.write("app/terragrunt.hcl", &unit);
    let main = "variable \"token\" {}\noutput \"id\" {\n  value = \"app-1\"\n}\n";
    shop.project.write("app/main.tf", main);
    shop.project.write("vault", "s3ntinel-token\n");
    shop.run(["deploy", "staging", "--yes"]).exits(0);
    close_the_vault(&shop);

    let shown = shop.run(["output", "staging", "app", "id"]).exits(0).prints("app-1");

    shown.tells("secret `token` comes from the command `cat`, which failed (exit status 1); the engine runs without it");
}

#[test(engines(fake, tofu, terraform))]
fn the_output_of_a_failing_secret_command_shows_no_other_secret(engine: &Driven) {
    let failing = "{ command = [\"sh\", \"-c\", \"echo sealed, $ONE $(cat vault) >&2; exit 7\"] }";
    // The failing command comes before, between and after the others.
    for names in [["a", "b", "c"], ["b", "a", "c"], ["c", "a", "b"]] {
        let mut shop = Shop::driven_by(engine, "[project]\nname = \"shop\"\n[environments.staging]\n");
        shop.env = shop.env.with_system().var("ONE", "s3ntinel-one");
        let mut script = plain("app");
        script["variables"] = json!(["a", "b", "c"]);
        shop.stack("web", &[], &plain("web"));
        shop.stack("app", &["web"], &script);
        let [first, one, two] = names;
        let sources = format!(
            "secrets.{first} = {failing}\nsecrets.{one} = {{ env = \"ONE\" }}\n[stacks.web.secrets]\n{two} = {{ command = [\"cat\", \"vault\"] }}\n"
        );
        shop.append("environments.toml", &sources);
        shop.project.write("web/main.tf", &format!("variable \"{two}\" {{}}\n"));
        let declared = format!("variable \"{two}\" {{}}");
        shop.project.edit("app/main.tf", &declared, &declared.replace("{}", "{\n  default = 0\n}"));
        shop.project.write("vault", "s3ntinel-two\n");
        let line =
            1 + shop.project.read("environments.toml").lines().position(|l| l.contains("sealed")).unwrap();

        for comment in ["", "# s3ntinel-one\n"] {
            shop.append("environments.toml", comment);
            for args in [&["plan", "staging"][..], &["plan", "staging", "--json"]] {
                let run = shop.env.run_args(args).exits(4).hides("s3ntinel");
                let run =
                    run.tells("sealed, (redacted) (redacted)").tells(&format!("environments.toml:{line}:"));
                assert_eq!(run.stderr.contains("^^^^"), comment.is_empty(), "{run}");
            }
        }
    }
}
