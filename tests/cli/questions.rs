//! Questions on a terminal: only a line that is typed after a question answers it.

use crate::support::{IdleTerminal, Shop, Streams, Terminal};

/// Kind of question: its project, the command that asks it, and the end of its text.
struct Question {
    shop: fn() -> Shop,
    args: [&'static str; 7],
    ends: &'static str,
    /// Answer that means yes.
    yes: &'static str,
}

const DISCARDED: &str = "input that was typed before the question was discarded";

const CHECKLIST: &str = "[project]\nname = \"shop\"\n\n[environments.staging]\n\
    checklist.on-call = \"somebody is on call\"\nchecklist.told = \"the customers were told\"\n";

const ASKING: &str = "[project]\nname = \"shop\"\n\n[environments.staging]\nworkspace = \"qa\"\n";

fn fresh() -> Shop {
    Shop::of(&["network"])
}

fn deployed() -> Shop {
    let shop = fresh();
    for environment in ["staging", "production"] {
        shop.run(["deploy", environment, "--confirm"]).exits(0);
    }
    shop.forget_calls();
    shop
}

const REMOVE: [&str; 4] = ["--", "state", "rm", "terraform_data.network"];

const fn remove(environment: &'static str) -> [&'static str; 7] {
    ["exec", environment, "network", REMOVE[0], REMOVE[1], REMOVE[2], REMOVE[3]]
}

const fn deploy(environment: &'static str) -> [&'static str; 7] {
    ["deploy", environment, "network", "--jobs", "1", "--color", "never"]
}

const QUESTIONS: [Question; 7] = [
    Question {
        shop: fresh,
        args: deploy("staging"),
        ends: "Apply these changes to staging? [y/N] ",
        yes: "y",
    },
    Question {
        shop: fresh,
        args: deploy("production"),
        ends: "Type `production` to apply: ",
        yes: "production",
    },
    Question {
        shop: || Shop::with(CHECKLIST).with_stacks(&["network"]),
        args: deploy("staging"),
        ends: "on-call: somebody is on call? [y/N] ",
        yes: "y",
    },
    Question {
        shop: || Shop::with(ASKING).with_stacks(&["network"]),
        args: deploy("staging"),
        ends: "Create workspace `qa` for stack `network`? [y/N] ",
        yes: "y",
    },
    Question { shop: deployed, args: remove("staging"), ends: "Run it? [y/N] ", yes: "y" },
    Question {
        shop: deployed,
        args: remove("production"),
        ends: "Type `production` to run it: ",
        yes: "production",
    },
    Question {
        shop: || Shop::with(ASKING).with_stacks(&["network"]),
        args: ["exec", "staging", "network", "--yes", "--", "untaint", "terraform_data.network"],
        ends: "Create workspace `qa` for stack `network`? [y/N] ",
        yes: "y",
    },
];

impl Question {
    #[track_caller]
    fn asked(&self, shop: &Shop, early: &str) -> Terminal {
        shop.env.on_terminal(IdleTerminal::open().typed(early), Streams::All, self.args).shows(self.ends)
    }

    /// Asserts that no state and no workspace was changed.
    #[track_caller]
    fn changed_nothing(&self, shop: &Shop) {
        for verb in ["apply", "state rm", "untaint"] {
            assert_eq!(shop.folders(verb), [""; 0], "{}", self.ends);
        }
        if self.ends.starts_with("Create workspace") {
            assert_eq!(shop.folders("workspace new"), [""; 0], "{}", self.ends);
        }
    }
}

#[test]
fn what_was_typed_before_a_question_answers_nothing() {
    for question in QUESTIONS {
        let shop = (question.shop)();
        let early = format!("{0}\n{0}\n{0}\n", question.yes);

        let run = question.asked(&shop, &early).types("\n").wait();

        assert_eq!(run.code(), 3, "{run}");
        assert_eq!(run.stderr.matches(DISCARDED).count(), 1, "{run}");
        question.changed_nothing(&shop);
    }
}

#[test]
fn half_a_line_that_was_typed_before_a_question_is_discarded() {
    for question in QUESTIONS {
        let shop = (question.shop)();

        let run = question.asked(&shop, question.yes).types("\n").wait().exits(3).tells(DISCARDED);

        question.changed_nothing(&shop);
        drop(run);
    }
}

#[test]
fn only_a_whole_yes_or_the_whole_name_is_a_yes() {
    for question in QUESTIONS {
        for answer in ["nay", "yy", "no\x7f\x7fnay", "prod", "Production", "", "y no", "\x04"] {
            let shop = (question.shop)();

            let run = question.asked(&shop, "").types(&format!("{answer}\n")).wait().exits(3);

            run.hides(DISCARDED);
            question.changed_nothing(&shop);
        }
    }
}

#[test]
fn a_review_that_was_not_confirmed_has_the_command_for_its_plans() {
    for (question, answer, flag) in [(&QUESTIONS[0], "n", "--yes"), (&QUESTIONS[1], "prod", "--confirm")] {
        let shop = (question.shop)();
        let run = question.asked(&shop, "").types(&format!("{answer}\n")).wait().exits(3);

        let command = run.stderr.split("the plans are kept: `envctl ").nth(1).unwrap_or_default();
        let command: Vec<&str> = command.split('`').next().unwrap_or_default().split_whitespace().collect();

        assert_eq!((command.first(), command.last()), (Some(&"apply"), Some(&flag)), "{run}");
        shop.env.run_args(&command).exits(0).tells("1 created");
    }
}

#[test]
fn a_terminal_that_is_closed_at_a_question_answers_nothing() {
    for question in QUESTIONS {
        let shop = (question.shop)();

        question.asked(&shop, "").close().exits(129);

        question.changed_nothing(&shop);
    }
}

#[test]
fn ctrl_c_at_a_question_answers_nothing() {
    for question in QUESTIONS {
        let shop = (question.shop)();

        question.asked(&shop, "").types("y\x03").wait().exits(130);

        question.changed_nothing(&shop);
    }
}

#[test]
fn y_and_yes_are_a_yes_and_the_answer_is_echoed() {
    let [gate, name, _, workspace, exec, ..] = &QUESTIONS;
    for answer in ["y", "YES", " yes "] {
        let shop = (gate.shop)();
        let run = gate.asked(&shop, "").types(&format!("{answer}\n")).wait().exits(0);
        run.tells(&format!("Apply these changes to staging? [y/N] {answer}\r\n"));
        assert_eq!(shop.deployed_value("network", "staging").as_deref(), Some("first"));
    }
    let shop = (name.shop)();
    let run = name.asked(&shop, "").types("prot\x7fduction\n").wait().exits(0);
    run.tells("duction\r\n");
    assert_eq!(shop.deployed_value("network", "production").as_deref(), Some("first"));
    let shop = (workspace.shop)();
    workspace
        .asked(&shop, "")
        .types("y\n")
        .shows("Apply these changes to staging? [y/N] ")
        .types("yes\n")
        .wait()
        .exits(0);
    assert_eq!(shop.deployed_value("network", "qa").as_deref(), Some("first"));
    let shop = (exec.shop)();
    exec.asked(&shop, "").types("Yes\n").wait().exits(0);
    assert_eq!(shop.deployed_value("network", "staging"), None);
}

#[test]
fn of_two_pasted_lines_the_second_answers_no_later_question() {
    let shop = Shop::with(CHECKLIST).with_stacks(&["network"]);
    let terminal = shop.env.on_terminal(IdleTerminal::open(), Streams::All, deploy("staging"));

    let asked = terminal.shows("somebody is on call? [y/N] ").types("y\ny\ny\n");
    let asked = asked.shows("the customers were told? [y/N] ").then().types("yes\nyes\n");
    let run = asked.shows("Apply these changes to staging? [y/N] ").types("\n").wait().exits(3);

    run.hides(DISCARDED);
    assert_eq!(shop.folders("apply"), [""; 0]);
}

#[test]
fn the_review_precedes_its_question_on_the_terminal_if_stdout_is_a_file() {
    let losing = || {
        let shop = deployed();
        shop.script("network", &serde_json::json!({ "resources": {}, "outputs": { "id": "network-1" } }));
        shop
    };
    let digest_of = |shop: &Shop, environment: &str| {
        shop.run(["plan", environment, "--json"]).exits(0).report().digest()[..16].to_owned()
    };
    for (environment, question) in [
        ("staging", "Apply these changes to staging? [y/N] "),
        ("production", "Type `production` to apply: "),
    ] {
        let shop = losing();
        let digest = digest_of(&shop, environment);
        let terminal = IdleTerminal::open();
        let asked =
            shop.env.on_terminal(terminal, Streams::AllButOutput, deploy(environment)).shows(question);
        let run = asked.types("\n").wait().exits(3);

        let before = run.stderr.split(question).next().expect("what stands before the question");
        for shown in ["STACK", "Would be lost:", "delete network: terraform_data.network", &*digest] {
            assert!(before.contains(shown), "`{shown}` is not on the terminal\n{run}");
            assert!(run.stdout.contains(shown), "`{shown}` is not in the file\n{run}");
        }
    }
}

#[test]
fn a_review_for_a_pipe_waits_until_the_question_is_answered() {
    // A pipe may end on the same terminal (`| tee`), where its reader would write the review behind the question.
    for (answer, code) in [("y\n", 0), ("n\n", 3)] {
        let shop = fresh();
        let question = "Apply these changes to staging? [y/N] ";
        let terminal = IdleTerminal::open();
        let asked = shop.env.on_terminal(terminal, Streams::AllButOutput, deploy("staging")).shows(question);

        assert_eq!(asked.output(), "");
        let run = asked.types(answer).wait().exits(code);
        assert_eq!(run.stdout.matches("1 stack to change").count(), 1, "{run}");
        assert_eq!(run.stderr.matches("1 stack to change").count(), 1, "{run}");
    }
}

#[test]
fn the_review_is_on_the_terminal_before_the_checklist_too() {
    let shop = Shop::with(CHECKLIST).with_stacks(&["network"]);
    let args = ["deploy", "staging", "--yes"];
    let question = "on-call: somebody is on call? [y/N] ";
    let asked = shop.env.on_terminal(IdleTerminal::open(), Streams::AllButOutput, args).shows(question);
    let run = asked.types("\n").wait().exits(3);
    let before = run.stderr.split(question).next().expect("what stands before the question");
    assert!(before.contains("1 stack to change"), "{run}");
}

#[test]
fn without_a_question_the_review_is_in_the_file_alone() {
    let shop = fresh();
    let args = ["deploy", "staging", "--yes"];
    let run = shop.env.on_terminal(IdleTerminal::open(), Streams::AllButOutput, args).wait().exits(0);
    assert!(run.stdout.contains("1 stack to change") && !run.stderr.contains("1 stack to change"), "{run}");
}

#[test]
fn the_environment_is_not_picked_by_what_was_typed_before() {
    let shop = fresh();
    let early = IdleTerminal::open().typed("\n\n");
    let asked = shop.env.on_terminal(early, Streams::All, ["deploy"]).shows("Which environment?");
    asked.types("q").wait().exits(64).tells(DISCARDED);
    assert_eq!(shop.calls(), [""; 0]);
}
