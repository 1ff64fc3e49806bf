//! `--eta`: the estimated duration of a run, printed before its plans and in its review.

use crate::{
    model::Expected,
    ui::{Count, seconds},
};

/// Returns the line about an estimated duration; `doing` and `done` name the steps: `planning`, `planned`.
pub(super) fn eta_line(doing: &str, done: &str, expected: &Expected) -> String {
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
            eta_line("planning", "planned", &expected),
            "eta: planning 12 stacks: about 3m 04s, 4 at once"
        );
        assert_eq!(
            eta_line("applying up to", "applied", &Expected { without_history: 3, ..expected }),
            "eta: applying up to 12 stacks: about 3m 04s, 4 at once; 3 without history, taken for the one in the middle"
        );
        assert_eq!(
            eta_line("destroying", "destroyed", &Expected { seconds: None, steps: 1, ..expected }),
            "eta: destroying 1 stack: not known, no earlier run here has destroyed any"
        );
    }
}
