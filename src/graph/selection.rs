//! Selection of stacks by a command line, with the reasons for each selected stack.

use std::collections::BTreeSet;

use super::{ChangedStacks, SelectionReason, Since, StackGraph, pattern::Pattern};
use crate::{diagnostic::closest, model::StackId};

/// Maximum number of tags that an error lists.
const MAX_LISTED_TAGS: usize = 12;

/// Selection of stacks by the arguments of a verb. Without patterns and tags all stacks are selected.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Selection {
    /// Names and globs; combined with `tags` by "or".
    pub patterns: Vec<String>,
    /// Tags; combined with `patterns` by "or".
    pub tags: Vec<String>,
    /// Restricts the selection to stacks that have changed since a commit.
    pub changed_since: Option<Since>,
    /// Names and globs of stacks that are removed from the selection, also if a dependency brings them in.
    pub exclude: Vec<String>,
    /// True if the transitive dependencies of the selected stacks are added.
    pub with_dependencies: bool,
    /// True if the transitive dependents of the selected stacks are added.
    pub with_dependents: bool,
}

/// Selected stack, with the reasons for its selection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SelectedStack {
    /// Name of the stack.
    pub stack: StackId,
    /// Reasons for the selection; never empty.
    pub why: Vec<SelectionReason>,
}

/// Error of a selection; the command stops before it runs anything.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SelectionError {
    /// No stack has this name.
    #[error("no stack is called `{name}`")]
    UnknownStack {
        /// Name as the user typed it.
        name: String,
        /// Corrected argument, ready to type; `None` when no name is similar.
        suggestion: Option<String>,
    },
    /// The glob matches no stack.
    #[error("no stack matches `{0}`")]
    EmptyGlob(String),
    /// The glob has a syntax error.
    #[error("`{glob}` is not a glob: {reason}")]
    BadGlob {
        /// Glob as the user typed it.
        glob: String,
        /// Description of the syntax error.
        reason: String,
    },
    /// No stack has this tag.
    #[error("no stack has the tag `{tag}`")]
    UnknownTag {
        /// Tag as the user typed it.
        tag: String,
        /// Most similar tag; `None` when no tag is similar.
        suggestion: Option<String>,
        /// All tags of the graph.
        all_tags: BTreeSet<String>,
    },
    /// `--exclude` removes every selected stack.
    #[error("every selected stack is excluded")]
    AllExcluded,
}

impl SelectionError {
    /// Makes the error for an unknown name, with a suggestion: a stack, a tag, a folder of stacks, or `--confirm` for
    /// a digest.
    pub(super) fn unknown_stack(word: &str, graph: &StackGraph) -> Self {
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

    /// Returns the suggestion, ready to type.
    pub fn suggestion(&self) -> Option<&str> {
        match self {
            Self::UnknownStack { suggestion, .. } | Self::UnknownTag { suggestion, .. } => {
                suggestion.as_deref()
            }
            Self::EmptyGlob(_) | Self::BadGlob { .. } | Self::AllExcluded => None,
        }
    }

    /// Describes the available tags, or the command that lists the stacks (`list_command`).
    pub fn alternatives(&self, list_command: &str) -> String {
        let Self::UnknownTag { all_tags, .. } = self else {
            return format!("`{list_command}` shows the stacks");
        };
        if all_tags.is_empty() {
            return "no stack has any tag".to_owned();
        }
        let listed: Vec<String> =
            all_tags.iter().take(MAX_LISTED_TAGS).map(|tag| format!("`{tag}`")).collect();
        let rest = all_tags.len() - listed.len();
        let more =
            if rest > 0 { format!(" and {rest} more, which `{list_command}` shows") } else { String::new() };
        format!("the tags are {}{more}", listed.join(", "))
    }
}

impl StackGraph {
    /// Checks that every name of a selection is a stack and every glob matches one.
    pub fn check_patterns(&self, selection: &Selection) -> Result<(), SelectionError> {
        selection.patterns.iter().try_for_each(|word| self.parse_pattern(word, selection).map(|_| ()))
    }

    /// Parses a name or glob. An unknown name after `--changed` may be meant as the value of that flag, which needs `=`: the
    /// error suggests that.
    fn parse_pattern(&self, word: &str, selection: &Selection) -> Result<Pattern, SelectionError> {
        Pattern::new(word, self).map_err(|error| match error {
            SelectionError::UnknownStack { name, suggestion: None }
                if selection.changed_since == Some(Since::Default) =>
            {
                let suggestion = Some(format!("--changed={name}"));
                SelectionError::UnknownStack { name, suggestion }
            }
            other => other,
        })
    }

    /// Returns the selected stacks, dependencies first, each with all its reasons. With `changed_stacks`, only
    /// these stacks are selected.
    pub fn select(
        &self,
        selection: &Selection,
        changed_stacks: Option<&ChangedStacks>,
    ) -> Result<Vec<SelectedStack>, SelectionError> {
        let mut why: Vec<Vec<SelectionReason>> = vec![Vec::new(); self.names.len()];
        if selection.patterns.is_empty() && selection.tags.is_empty() {
            for reasons in &mut why {
                reasons.push(SelectionReason::All);
            }
        }
        for word in &selection.patterns {
            let pattern = self.parse_pattern(word, selection)?;
            let reason = match pattern {
                Pattern::Name(_) => SelectionReason::Named,
                Pattern::Glob(_) => SelectionReason::Glob(word.clone()),
            };
            for index in pattern.indices(self) {
                why[index].push(reason.clone());
            }
        }
        for tag in &selection.tags {
            for index in self.stacks_with_tag(tag)? {
                why[index].push(SelectionReason::Tag(tag.clone()));
            }
        }
        if let Some(changed_stacks) = changed_stacks {
            self.keep_changed(changed_stacks, &mut why);
        }
        self.add_dependencies_and_dependents(selection, &mut why);
        let any_selected = why.iter().any(|reasons| !reasons.is_empty());
        for word in &selection.exclude {
            for index in Pattern::new(word, self)?.indices(self) {
                why[index].clear();
            }
        }
        let mut selected = Vec::new();
        for index in &self.order {
            let mut reasons = std::mem::take(&mut why[*index]);
            reasons.dedup();
            if !reasons.is_empty() {
                selected.push(SelectedStack { stack: self.names[*index].clone(), why: reasons });
            }
        }
        // An empty result is an error only without `changed_stacks`: if no stack has changed, there is nothing to correct.
        let is_mistake = any_selected && selected.is_empty() && changed_stacks.is_none();
        if is_mistake { Err(SelectionError::AllExcluded) } else { Ok(selected) }
    }

    /// Removes stacks without changes, and adds the changes to the reasons of the others.
    fn keep_changed(&self, changed_stacks: &ChangedStacks, why: &mut [Vec<SelectionReason>]) {
        for (name, reasons) in self.names.iter().zip(why) {
            match changed_stacks.get(name) {
                Some(changes) if !reasons.is_empty() => {
                    reasons.retain(|reason| *reason != SelectionReason::All);
                    reasons.extend(changes.iter().cloned().map(SelectionReason::Changed));
                }
                _ => reasons.clear(),
            }
        }
    }

    /// Adds dependencies and dependents of the stacks selected so far.
    fn add_dependencies_and_dependents(&self, selection: &Selection, why: &mut [Vec<SelectionReason>]) {
        let seeds: Vec<usize> = (0..why.len()).filter(|index| !why[*index].is_empty()).collect();
        if seeds.len() == why.len() {
            return;
        }
        let mut add = |direction, reason: fn(StackId) -> SelectionReason| {
            for (index, seed) in self.nearest_seeds(&seeds, direction).into_iter().enumerate() {
                let is_seed = seeds.binary_search(&index).is_ok();
                if let (Some(seed), false) = (seed, is_seed) {
                    why[index].push(reason(self.names[seed].clone()));
                }
            }
        };
        if selection.with_dependencies {
            add(petgraph::Outgoing, SelectionReason::DependencyOf);
        }
        if selection.with_dependents {
            add(petgraph::Incoming, SelectionReason::DependentOf);
        }
    }

    /// Returns the indices of the stacks with a tag, or the error for a tag that no stack has.
    fn stacks_with_tag(&self, tag: &str) -> Result<Vec<usize>, SelectionError> {
        let indices: Vec<usize> =
            (0..self.tags.len()).filter(|p| self.tags[*p].iter().any(|t| t == tag)).collect();
        if !indices.is_empty() {
            return Ok(indices);
        }
        let all = || self.tags.iter().flatten().map(String::as_str);
        let value_of = |full: &&str| full.split_once('=').is_some_and(|(_, value)| value == tag);
        let suggestion = all().find(value_of).or_else(|| closest(tag, all())).map(str::to_owned);
        let all_tags = all().map(str::to_owned).collect();
        Err(SelectionError::UnknownTag { tag: tag.to_owned(), suggestion, all_tags })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::{Change, InputKind, stack_graph::tests::graph};

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
        let line = |s: SelectedStack| {
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
    fn changed_stacks_of_a_selection_are_taken_before_their_neighbours() {
        let change = Change { kind: InputKind::File, path: "x.tf".to_owned(), further_count: 0 };
        let changed_stacks: ChangedStacks =
            ["db", "mail"].map(|name| (name.parse().unwrap(), vec![change.clone()])).into();
        let of = |selection: &Selection| {
            let selected = stacks().select(selection, Some(&changed_stacks)).unwrap();
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
