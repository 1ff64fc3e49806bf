//! `--eta`: the estimated duration of a run, printed before its plans and in its review.

use super::{Context, open::Opened};
use crate::{
    engine::PlanMode,
    event::StepKind,
    model::{Expected, StackId},
    ui::{Count, seconds},
};

impl Opened {
    /// Prints the estimated duration of planning these stacks, and of applying them unless the verb is `plan`.
    pub(super) fn say_eta(&mut self, context: &Context, stacks: &[StackId]) -> anyhow::Result<()> {
        if !self.eta {
            return Ok(());
        }
        if let Some(expected) = self.deployment.expected(StepKind::Plan, stacks)? {
            context.printer.say(line("planning", "planned", &expected));
        }
        if self.verb.may_change()
            && let Some(expected) = self.deployment.expected(StepKind::Apply, stacks)?
        {
            let (doing, done) = self.words();
            context.printer.say(line(&format!("{doing} up to"), done, &expected));
        }
        Ok(())
    }

    /// Returns the estimated duration of the apply of a review; absent without `--eta` or without changes.
    pub(super) fn eta_of_apply(&self) -> anyhow::Result<Option<String>> {
        if !self.eta {
            return Ok(None);
        }
        let (doing, done) = self.words();
        Ok(self.deployment.expected_apply()?.map(|expected| line(doing, done, &expected)))
    }

    fn words(&self) -> (&'static str, &'static str) {
        match self.mode {
            PlanMode::Destroy => ("destroying", "destroyed"),
            PlanMode::Normal | PlanMode::RefreshOnly => ("applying", "applied"),
        }
    }
}

fn line(doing: &str, done: &str, expected: &Expected) -> String {
    let stacks = Count(expected.steps as u64, "stack");
    let Some(known) = expected.seconds else {
        return format!("eta: {doing} {stacks}: not known, no earlier run here has {done} any");
    };
    let text = format!("eta: {doing} {stacks}: about {}, {} at once", seconds(known), expected.jobs);
    match expected.without_history {
        0 => text,
        new => format!("{text}; {new} without history, taken for the one in the middle"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_says_how_much_of_it_is_a_guess() {
        let expected = Expected { seconds: Some(184.0), steps: 12, without_history: 0, jobs: 4 };
        assert_eq!(
            line("planning", "planned", &expected),
            "eta: planning 12 stacks: about 3m 04s, 4 at once"
        );
        assert_eq!(
            line("applying up to", "applied", &Expected { without_history: 3, ..expected }),
            "eta: applying up to 12 stacks: about 3m 04s, 4 at once; 3 without history, taken for the one in the middle"
        );
        assert_eq!(
            line("destroying", "destroyed", &Expected { seconds: None, steps: 1, ..expected }),
            "eta: destroying 1 stack: not known, no earlier run here has destroyed any"
        );
    }
}
