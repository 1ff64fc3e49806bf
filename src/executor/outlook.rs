//! What the outputs of a stack will be when another one takes them, as far as its plan tells.

use std::sync::Arc;

use serde_json::Value;

use crate::{
    config::OutputPath,
    engine::{After, Output, PlannedOutput},
};

/// What a plan will make of a stack's outputs.
#[derive(Debug)]
pub(super) struct Coming {
    /// Those that it changes.
    pub(super) outputs: Vec<PlannedOutput>,
    /// Whether it rests on mocks itself, so that none of these is certain.
    pub(super) tentative: bool,
}

/// Where the outputs of a stack stand in a run.
#[derive(Debug, Clone)]
pub(super) enum Standing {
    /// It has a plan that is not applied yet, which makes these of them; absent where that is not known.
    Pending(Option<Arc<Coming>>),
    /// They are what they will be in this run.
    Settled,
    /// This run makes none: it is no part of it, or destroys.
    Elsewhere {
        /// True if it has a state.
        has_state: bool,
    },
}

impl Standing {
    /// Returns what a plan that is not applied yet will make of an output.
    pub(super) fn planned(&self, name: &str) -> Option<&PlannedOutput> {
        let Self::Pending(Some(coming)) = self else { return None };
        coming.outputs.iter().find(|output| output.name == name)
    }

    /// The same where no value that a plan tells is taken for certain.
    pub(super) fn doubted(self) -> Self {
        let Self::Pending(Some(coming)) = &self else { return self };
        let doubted = |output: &PlannedOutput| PlannedOutput {
            after: if output.after == After::Gone { After::Gone } else { After::Unknown },
            ..output.clone()
        };
        let outputs = coming.outputs.iter().map(doubted).collect();
        Self::Pending(Some(Arc::new(Coming { outputs, tentative: coming.tentative })))
    }
}

/// A value to plan with.
#[derive(Debug, PartialEq)]
pub(super) struct Seen<'o> {
    pub(super) value: &'o Value,
    pub(super) sensitive: bool,
    /// Whether only the plan of its stack tells it.
    pub(super) is_planned: bool,
    /// Why it may be another one once all is applied.
    pub(super) uncertain: Option<&'static str>,
}

/// Why there is no value.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Lack {
    /// One may come when the stack is applied.
    Yet(String),
    /// None will.
    Ever(String),
}

/// Whether an output is marked sensitive, or will be.
pub(super) fn is_sensitive(from: &OutputPath, there: &[Output], standing: &Standing) -> bool {
    let now = there.iter().any(|output| output.name == from.output() && output.sensitive);
    let Standing::Pending(Some(coming)) = standing else { return now };
    now || coming.outputs.iter().any(|output| output.name == from.output() && output.sensitive)
}

/// The value of an output, from those that there are and those that are to come.
pub(super) fn outlook<'o>(
    from: &OutputPath,
    there: &'o [Output],
    standing: &'o Standing,
) -> Result<Seen<'o>, Lack> {
    let now = there.iter().find(|output| output.name == from.output());
    let present = |output: &'o Output, uncertain| {
        let value = from.select(&output.value);
        value.map(|value| Seen { value, sensitive: output.sensitive, is_planned: false, uncertain })
    };
    let none = || format!("`{}` has no output `{}`", from.stack, from.output());
    let Standing::Pending(Some(coming)) = standing else {
        let seen = now.map_or_else(|| Err(none()), |output| present(output, None));
        let may_come = matches!(standing, Standing::Pending(None));
        return seen.map_err(if may_come { Lack::Yet } else { Lack::Ever });
    };
    // What a plan on mocks does not have may come with the plan after it.
    let lasting = if coming.tentative { Lack::Yet } else { Lack::Ever };
    let guessed = coming.tentative.then_some("rests on mocks");
    let planned = coming.outputs.iter().find(|output| output.name == from.output());
    match (planned.map(|output| (&output.after, output.sensitive)), now) {
        (Some((After::Gone, _)), _) => Err(lasting(format!("{} once its plan is applied", none()))),
        (Some((After::Known(value), _)), None) if from.select(value).is_err() => {
            Err(lasting(from.select(value).err().unwrap_or_default()))
        }
        // Whatever looks for the new thing by its name would not find it yet.
        (Some(_), None) => Err(Lack::Yet(format!("{} yet", none()))),
        (Some((After::Known(value), sensitive)), Some(_)) => {
            let value = from.select(value).map_err(lasting)?;
            Ok(Seen { value, sensitive, is_planned: true, uncertain: guessed })
        }
        (Some((After::Unknown, _)), Some(output)) => present(output, Some("will change")).map_err(Lack::Yet),
        (None, Some(output)) => present(output, guessed).map_err(lasting),
        (None, None) => Err(lasting(none())),
    }
}
