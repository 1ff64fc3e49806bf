//! Which stacks a command line asks for, and why each of them is in.

use std::collections::BTreeSet;

use super::{Since, StackGraph, Touched, Why, pattern::Pattern};
use crate::{diagnostic::closest, model::StackId};

/// This many tags are told where one is unknown.
const TOLD_TAGS: usize = 12;

/// What a command line asks for. Nothing asked for means everything.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Selection {
    /// Names and globs; a stack that any of them or of the tags selects is in.
    pub patterns: Vec<String>,
    /// Tags.
    pub tags: Vec<String>,
    /// Only those of them that have changed since then.
    pub changed: Option<Since>,
    /// Names and globs of stacks that stay out, whatever else brings them in.
    pub exclude: Vec<String>,
    /// Whether all that the selected stacks need comes too.
    pub with_dependencies: bool,
    /// Whether all that needs the selected stacks comes too.
    pub with_dependents: bool,
}

/// One selected stack.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Selected {
    /// The stack.
    pub stack: StackId,
    /// Why it is in; never empty.
    pub why: Vec<Why>,
}

/// Why a selection makes no sense; nothing may run then.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SelectionError {
    /// No stack has this name.
    #[error("no stack is called `{name}`")]
    UnknownStack {
        /// The name as typed.
        name: String,
        /// What was probably meant, ready to type.
        suggestion: Option<String>,
    },
    /// A glob that matches no stack.
    #[error("no stack matches `{0}`")]
    EmptyGlob(String),
    /// A glob that cannot be read.
    #[error("`{glob}` is not a glob: {reason}")]
    BadGlob {
        /// The glob as typed.
        glob: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A tag that no stack has.
    #[error("no stack has the tag `{tag}`")]
    UnknownTag {
        /// The tag as typed.
        tag: String,
        /// What was probably meant.
        suggestion: Option<String>,
        /// The tags that there are.
        there: BTreeSet<String>,
    },
    /// `--exclude` leaves nothing over.
    #[error("every selected stack is excluded")]
    NothingLeft,
}

impl SelectionError {
    /// The error for a name that no stack has, with what was probably meant: a stack, a tag, or a folder of stacks.
    pub(super) fn unknown(word: &str, graph: &StackGraph) -> Self {
        let is_digest = (16..=64).contains(&word.len()) && word.bytes().all(|byte| byte.is_ascii_hexdigit());
        let suggestion = if is_digest {
            Some(format!("--confirm={word}"))
        } else if graph.tags.iter().flatten().any(|tag| tag == word) {
            Some(format!("--tag {word}"))
        } else if graph.names.iter().any(|name| name.as_str().starts_with(&format!("{word}/"))) {
            Some(format!("{word}/**"))
        } else if let Some(name) =
            graph.names.iter().find(|name| name.as_str().ends_with(&format!("/{word}")))
        {
            Some(name.to_string())
        } else {
            closest(word, graph.names.iter().map(StackId::as_str)).map(str::to_owned)
        };
        Self::UnknownStack { name: word.to_owned(), suggestion }
    }

    /// What was probably meant, ready to type.
    pub fn suggestion(&self) -> Option<&str> {
        match self {
            Self::UnknownStack { suggestion, .. } | Self::UnknownTag { suggestion, .. } => {
                suggestion.as_deref()
            }
            Self::EmptyGlob(_) | Self::BadGlob { .. } | Self::NothingLeft => None,
        }
    }

    /// What there is to choose from.
    pub fn choice(&self) -> String {
        let Self::UnknownTag { there, .. } = self else { return "`envctl list` shows the stacks".to_owned() };
        if there.is_empty() {
            return "no stack has any tag".to_owned();
        }
        let told: Vec<String> = there.iter().take(TOLD_TAGS).map(|tag| format!("`{tag}`")).collect();
        let rest = there.len() - told.len();
        let more =
            if rest > 0 { format!(" and {rest} more, which `envctl list` shows") } else { String::new() };
        format!("the tags are {}{more}", told.join(", "))
    }
}

impl StackGraph {
    /// Whether every name and glob of a selection is one of its stacks, or of some.
    pub fn know(&self, selection: &Selection) -> Result<(), SelectionError> {
        selection.patterns.iter().try_for_each(|word| self.pattern(word, selection).map(|_| ()))
    }

    /// What a word means. One behind a space may be meant for the flag before it.
    fn pattern(&self, word: &str, selection: &Selection) -> Result<Pattern, SelectionError> {
        Pattern::new(word, self).map_err(|error| match error {
            SelectionError::UnknownStack { name, suggestion: None }
                if selection.changed == Some(Since::Default) =>
            {
                let suggestion = Some(format!("--changed={name}"));
                SelectionError::UnknownStack { name, suggestion }
            }
            other => other,
        })
    }

    /// The stacks that are asked for, needs first, each with every reason for which it is in; `touched` are the stacks that
    /// have changed, where only those are asked for.
    pub fn select(
        &self,
        selection: &Selection,
        touched: Option<&Touched>,
    ) -> Result<Vec<Selected>, SelectionError> {
        let mut why: Vec<Vec<Why>> = vec![Vec::new(); self.names.len()];
        if selection.patterns.is_empty() && selection.tags.is_empty() {
            for reasons in &mut why {
                reasons.push(Why::All);
            }
        }
        for word in &selection.patterns {
            let pattern = self.pattern(word, selection)?;
            let reason = match pattern {
                Pattern::Name(_) => Why::Named,
                Pattern::Glob(_) => Why::Glob(word.clone()),
            };
            for place in pattern.places(self) {
                why[place].push(reason.clone());
            }
        }
        for tag in &selection.tags {
            for place in self.tagged(tag)? {
                why[place].push(Why::Tag(tag.clone()));
            }
        }
        if let Some(touched) = touched {
            self.narrow(touched, &mut why);
        }
        self.follow(selection, &mut why);
        let asked = why.iter().any(|reasons| !reasons.is_empty());
        for word in &selection.exclude {
            for place in Pattern::new(word, self)?.places(self) {
                why[place].clear();
            }
        }
        let mut selected = Vec::new();
        for place in &self.order {
            let mut reasons = std::mem::take(&mut why[*place]);
            reasons.dedup();
            if !reasons.is_empty() {
                selected.push(Selected { stack: self.names[*place].clone(), why: reasons });
            }
        }
        // Of what has changed nothing may be left: that is no slip of the hand.
        let is_slip = asked && selected.is_empty() && touched.is_none();
        if is_slip { Err(SelectionError::NothingLeft) } else { Ok(selected) }
    }

    /// Leaves only what has changed, and says what of it.
    fn narrow(&self, touched: &Touched, why: &mut [Vec<Why>]) {
        for (name, reasons) in self.names.iter().zip(why) {
            match touched.get(name) {
                Some(changes) if !reasons.is_empty() => {
                    reasons.retain(|reason| *reason != Why::All);
                    reasons.extend(changes.iter().cloned().map(Why::Changed));
                }
                _ => reasons.clear(),
            }
        }
    }

    /// Adds what the stacks selected so far need, and what needs them.
    fn follow(&self, selection: &Selection, why: &mut [Vec<Why>]) {
        let seeds: Vec<usize> = (0..why.len()).filter(|place| !why[*place].is_empty()).collect();
        if seeds.len() == why.len() {
            return;
        }
        let mut add = |direction, reason: fn(StackId) -> Why| {
            for (place, seed) in self.reach(&seeds, direction).into_iter().enumerate() {
                let is_seed = seeds.binary_search(&place).is_ok();
                if let (Some(seed), false) = (seed, is_seed) {
                    why[place].push(reason(self.names[seed].clone()));
                }
            }
        };
        if selection.with_dependencies {
            add(petgraph::Outgoing, Why::DependencyOf);
        }
        if selection.with_dependents {
            add(petgraph::Incoming, Why::DependentOf);
        }
    }

    fn tagged(&self, tag: &str) -> Result<Vec<usize>, SelectionError> {
        let places: Vec<usize> =
            (0..self.tags.len()).filter(|p| self.tags[*p].iter().any(|t| t == tag)).collect();
        if !places.is_empty() {
            return Ok(places);
        }
        let all = || self.tags.iter().flatten().map(String::as_str);
        let value_of = |full: &&str| full.split_once('=').is_some_and(|(_, value)| value == tag);
        let suggestion = all().find(value_of).or_else(|| closest(tag, all())).map(str::to_owned);
        let there = all().map(str::to_owned).collect();
        Err(SelectionError::UnknownTag { tag: tag.to_owned(), suggestion, there })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::{Change, Part, stack_graph::tests::graph};

    fn stacks() -> StackGraph {
        graph(&[
            "app-web: network db",
            "app-api: db",
            "db: network #base",
            "network: #base #region=us-east-2",
            "eu/west/dns: network",
        ])
        .unwrap()
    }

    fn words(list: &[&str]) -> Vec<String> {
        list.iter().map(|word| (*word).to_owned()).collect()
    }

    fn chosen(selection: &Selection) -> Vec<String> {
        let selected = stacks().select(selection, None).unwrap();
        let line = |s: Selected| {
            let why: Vec<String> = s.why.iter().map(ToString::to_string).collect();
            format!("{}: {}", s.stack, why.join(", "))
        };
        selected.into_iter().map(line).collect()
    }

    fn refused(selection: &Selection) -> (String, Option<String>) {
        let error = stacks().select(selection, None).unwrap_err();
        (error.to_string(), error.suggestion().map(str::to_owned))
    }

    #[test]
    fn nothing_asked_for_means_everything_needs_first() {
        assert_eq!(
            chosen(&Selection::default()),
            ["network: all", "db: all", "app-web: all", "app-api: all", "eu/west/dns: all"]
        );
    }

    #[test]
    fn every_reason_is_told() {
        let selection = Selection {
            patterns: words(&["app-*", "app-web", "db"]),
            tags: words(&["base"]),
            ..Selection::default()
        };
        assert_eq!(
            chosen(&selection),
            ["network: tag base", "db: named, tag base", "app-web: glob app-*, named", "app-api: glob app-*"]
        );
    }

    #[test]
    fn what_comes_along_names_the_stack_that_it_comes_for() {
        let selection =
            Selection { patterns: words(&["app-api"]), with_dependencies: true, ..Selection::default() };
        assert_eq!(
            chosen(&selection),
            ["network: dependency of app-api", "db: dependency of app-api", "app-api: named"]
        );
        let selection = Selection {
            patterns: words(&["db"]),
            with_dependents: true,
            with_dependencies: true,
            ..Selection::default()
        };
        assert_eq!(
            chosen(&selection),
            [
                "network: dependency of db",
                "db: named",
                "app-web: dependent of db",
                "app-api: dependent of db"
            ]
        );
    }

    #[test]
    fn an_excluded_stack_stays_out_even_as_a_dependency() {
        let selection = Selection {
            patterns: words(&["app-api"]),
            exclude: words(&["d*"]),
            with_dependencies: true,
            ..Selection::default()
        };
        assert_eq!(chosen(&selection), ["network: dependency of app-api", "app-api: named"]);
        let all = Selection { exclude: words(&["**"]), ..Selection::default() };
        assert_eq!(refused(&all).0, "every selected stack is excluded");
    }

    #[test]
    fn of_what_is_asked_for_only_what_has_changed_is_taken_and_then_its_neighbours() {
        let change = Change { part: Part::File, path: "x.tf".to_owned(), more: 0 };
        let touched: Touched =
            ["db", "mail"].map(|name| (name.parse().unwrap(), vec![change.clone()])).into();
        let of = |selection: &Selection| {
            let selected = stacks().select(selection, Some(&touched)).unwrap();
            selected.into_iter().map(|s| format!("{}: {:?}", s.stack, s.why.len())).collect::<Vec<_>>()
        };
        assert_eq!(of(&Selection::default()), ["db: 1"]);
        assert_eq!(of(&Selection { patterns: words(&["app-*"]), ..Selection::default() }), [""; 0]);
        let named = Selection { patterns: words(&["**"]), with_dependents: true, ..Selection::default() };
        assert_eq!(of(&named), ["db: 2", "app-web: 1", "app-api: 1"]);
    }

    #[test]
    fn a_star_stays_between_slashes_and_two_pass_them() {
        let of = |glob: &str| Selection { patterns: words(&[glob]), ..Selection::default() };
        assert_eq!(chosen(&of("eu/**")), ["eu/west/dns: glob eu/**"]);
        assert_eq!(refused(&of("eu/*")).0, "no stack matches `eu/*`");
    }

    #[test]
    fn a_name_that_nothing_has_comes_with_what_was_meant() {
        let of = |word: &str| Selection { patterns: words(&[word]), ..Selection::default() };
        assert_eq!(
            refused(&of("netwrok")),
            ("no stack is called `netwrok`".to_owned(), Some("network".to_owned()))
        );
        assert_eq!(refused(&of("base")).1.as_deref(), Some("--tag base"));
        assert_eq!(refused(&of("eu/west")).1.as_deref(), Some("eu/west/**"));
        assert_eq!(refused(&of("zzzzzz")).1, None);
        let excluded = Selection { exclude: words(&["netwrok"]), ..Selection::default() };
        assert_eq!(refused(&excluded).1.as_deref(), Some("network"));
    }

    #[test]
    fn a_tag_that_nothing_has_comes_with_what_was_meant() {
        let of = |tag: &str| Selection { tags: words(&[tag]), ..Selection::default() };
        assert_eq!(refused(&of("bsae")), ("no stack has the tag `bsae`".to_owned(), Some("base".to_owned())));
        assert_eq!(refused(&of("us-east-2")).1.as_deref(), Some("region=us-east-2"));
    }

    #[test]
    fn a_broken_glob_says_what_is_wrong() {
        let selection = Selection { patterns: words(&["app-["]), ..Selection::default() };
        assert!(refused(&selection).0.starts_with("`app-[` is not a glob: "));
    }
}
