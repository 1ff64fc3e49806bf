//! JSON report of a run.

use serde_json::Value;

use super::Run;

/// Report of format 1 whose exit code is the run's own.
pub(crate) struct Report(Value);

impl Run {
    /// Parses standard output as the report of a run.
    #[track_caller]
    pub(crate) fn report(&self) -> Report {
        let value = self.json();
        assert_eq!(value["format"], 1, "not a report of format 1\n{self}");
        assert_eq!(value["exit_code"], self.code(), "the report has another exit code\n{self}");
        Report(value)
    }
}

impl Report {
    /// Returns the result of the run.
    #[track_caller]
    pub(crate) fn result(&self) -> &str {
        self.text("result")
    }

    /// Returns the digest of the review.
    #[track_caller]
    pub(crate) fn digest(&self) -> &str {
        self.text("digest")
    }

    /// Returns the value of a key.
    #[track_caller]
    pub(crate) fn whole(&self, key: &str) -> &Value {
        &self.0[key]
    }

    /// Returns the words of the next command, without `envctl`.
    #[track_caller]
    pub(crate) fn next(&self) -> Vec<&str> {
        let (program, words) = self.text("next").split_once(' ').expect("a command has words");
        assert_eq!(program, "envctl");
        words.split(' ').collect()
    }

    /// Returns the stacks in their order, each with its result: `network clean`.
    pub(crate) fn stacks(&self) -> Vec<String> {
        self.all().map(|stack| format!("{} {}", word(&stack["stack"]), word(&stack["result"]))).collect()
    }

    /// Returns the changed resources of a stack, sorted: `create terraform_data.a`.
    #[track_caller]
    pub(crate) fn actions(&self, stack: &str) -> Vec<String> {
        let resources = self.stack(stack)["resources"].as_array().into_iter().flatten();
        let mut actions: Vec<String> = resources
            .map(|resource| format!("{} {}", word(&resource["action"]), word(&resource["address"])))
            .collect();
        actions.sort();
        actions
    }

    /// Returns the number of changes of one kind over all stacks.
    #[track_caller]
    pub(crate) fn total(&self, kind: &str) -> u64 {
        self.0["totals"][kind].as_u64().unwrap_or_else(|| panic!("no total `{kind}` in {:#}", self.0))
    }

    /// Returns the part of one stack.
    #[track_caller]
    pub(crate) fn stack(&self, name: &str) -> &Value {
        self.all()
            .find(|stack| stack["stack"] == name)
            .unwrap_or_else(|| panic!("no stack `{name}` in {:#}", self.0))
    }

    fn all(&self) -> impl Iterator<Item = &Value> {
        self.0["stacks"].as_array().into_iter().flatten()
    }

    #[track_caller]
    fn text(&self, key: &str) -> &str {
        self.0[key].as_str().unwrap_or_else(|| panic!("no `{key}` in {:#}", self.0))
    }
}

fn word(value: &Value) -> &str {
    value.as_str().unwrap_or("?")
}
