//! Notes on the stacks of a run. Reports and journals hold each note as a text with a prefix for its kind.
//!
//! A plan is tentative if it rests on a value that is not known yet, such as a mock in place of an output of a stack that
//! is not applied: a plan made after that apply may differ. All reasons are in [`TentativeReason`](super::TentativeReason).

use std::fmt;

/// Note on a stack, by the kind that decides where reporters show it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StackNote<'n> {
    /// Warning of the engine.
    Warning(&'n str),
    /// Value that is not known yet and that the plan rests on: the reason why the plan is tentative.
    Tentative(&'n str),
    /// Reason why the stack cannot be planned before another one is applied.
    Deferred(&'n str),
    /// Reason why the stack's own files exclude it.
    LeftOut(&'n str),
    /// Id of the earlier run that applied the stack; the current run resumes that run.
    AppliedEarlier(&'n str),
    /// Id of the earlier run that destroyed the stack; the current run resumes that run.
    DestroyedEarlier(&'n str),
    /// No step of the stack was started before the run was interrupted.
    NotStarted,
    /// Text without one of the prefixes.
    Other(&'n str),
}

// Prefixes of the stored texts; journals and reports of other versions have them too.
const WARNING: &str = "warning: ";
const TENTATIVE: &str = "tentative: ";
const DEFERRED: &str = "deferred: ";
const LEFT_OUT: &str = "left out: ";
const APPLIED_EARLIER: &str = "applied earlier by run ";
const DESTROYED_EARLIER: &str = "destroyed earlier by run ";
const NOT_STARTED: &str = "not started";

impl<'n> StackNote<'n> {
    /// Reads the text of a note.
    pub fn parse(text: &'n str) -> Self {
        let after = |prefix| text.strip_prefix(prefix);
        if text == NOT_STARTED {
            return Self::NotStarted;
        }
        after(WARNING)
            .map(Self::Warning)
            .or_else(|| after(TENTATIVE).map(Self::Tentative))
            .or_else(|| after(DEFERRED).map(Self::Deferred))
            .or_else(|| after(LEFT_OUT).map(Self::LeftOut))
            .or_else(|| after(APPLIED_EARLIER).map(Self::AppliedEarlier))
            .or_else(|| after(DESTROYED_EARLIER).map(Self::DestroyedEarlier))
            .unwrap_or(Self::Other(text))
    }
}

impl fmt::Display for StackNote<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Warning(text) => write!(f, "{WARNING}{text}"),
            Self::Tentative(reason) => write!(f, "{TENTATIVE}{reason}"),
            Self::Deferred(reason) => write!(f, "{DEFERRED}{reason}"),
            Self::LeftOut(reason) => write!(f, "{LEFT_OUT}{reason}"),
            Self::AppliedEarlier(run) => write!(f, "{APPLIED_EARLIER}{run}"),
            Self::DestroyedEarlier(run) => write!(f, "{DESTROYED_EARLIER}{run}"),
            Self::NotStarted => f.write_str(NOT_STARTED),
            Self::Other(text) => f.write_str(text),
        }
    }
}

/// Returns the reasons among the notes why a plan is tentative.
pub fn tentative_reasons(notes: &[String]) -> impl Iterator<Item = &str> {
    notes.iter().filter_map(|note| match StackNote::parse(note) {
        StackNote::Tentative(reason) => Some(reason),
        _ => None,
    })
}

/// Returns the reason among the notes why a stack is deferred.
pub fn deferral_reason(notes: &[String]) -> Option<&str> {
    notes.iter().find_map(|note| match StackNote::parse(note) {
        StackNote::Deferred(reason) => Some(reason),
        _ => None,
    })
}

/// Returns the note that an earlier run, which the current run resumes, applied or destroyed the stack.
pub fn earlier_apply_note(notes: &[String]) -> Option<&str> {
    let is_earlier = |note: &&String| {
        matches!(StackNote::parse(note), StackNote::AppliedEarlier(_) | StackNote::DestroyedEarlier(_))
    };
    notes.iter().find(is_earlier).map(String::as_str)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_note_is_read_as_it_was_written() {
        for note in [
            StackNote::Warning("an old argument"),
            StackNote::Tentative("`network.id` is a mock"),
            StackNote::Deferred("`network` has no output `id` yet"),
            StackNote::LeftOut("its `exclude` block"),
            StackNote::AppliedEarlier("01J"),
            StackNote::DestroyedEarlier("01J"),
            StackNote::NotStarted,
            StackNote::Other("not started yet"),
            StackNote::Other("planned twice"),
        ] {
            assert_eq!(StackNote::parse(&note.to_string()), note);
        }
    }
}
