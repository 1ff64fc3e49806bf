//! Groups of findings that report one problem of several instances.

use std::collections::{HashMap, HashSet};

use super::CheckItem;
use crate::{
    diagnostic::{Diagnostic, Severity},
    model::InstanceId,
};

/// Number of instances or places that a group names.
const NAMED: usize = 3;

/// Maximum number of characters of a line with names.
const LINE: usize = 100;

/// Codes of findings whose messages name a file of each instance in place of a common one.
const FILE_CODES: [&str; 2] = ["values::missing-var-file", "backend::missing-file"];

/// Names of instances, by which messages about several instances are recognised as one problem.
pub struct InstanceNames(HashSet<String>);

impl InstanceNames {
    /// Collects the names of instances.
    pub fn new<'i>(ids: impl Iterator<Item = &'i InstanceId>) -> Self {
        Self(ids.map(ToString::to_string).collect())
    }

    /// Replaces the instances in a text by placeholders, and returns the text with the first instance. Of further instances
    /// the stack stays.
    fn without_instances(&self, text: &str) -> (String, Option<String>) {
        let mut first = None;
        let parts = text.split('`').enumerate().map(|(index, part)| {
            let (true, Some((_, stack))) = (index % 2 == 1 && self.0.contains(part), part.split_once('/'))
            else {
                return part.to_owned();
            };
            if first.as_deref().is_some_and(|first| first != part) {
                return format!("*/{stack}");
            }
            first = Some(part.to_owned());
            "*".to_owned()
        });
        let text = parts.collect::<Vec<_>>().join("`");
        (text, first)
    }
}

/// Identity of a problem: its code, its severity, and its message, label and help without names of instances.
type ProblemKey = (&'static str, Severity, String);

/// Findings that report one problem.
pub struct FindingGroup<'a> {
    /// Index of the item that has the first finding.
    pub item: usize,
    /// First finding.
    first: &'a Diagnostic,
    /// Instances that have the problem, or its places if the message names no instance.
    subjects: Vec<String>,
}

/// Groups the findings of items in their order; a finding that is repeated counts once.
pub fn finding_groups<'a>(items: &[&'a CheckItem], names: &InstanceNames) -> Vec<FindingGroup<'a>> {
    let mut groups: Vec<FindingGroup<'a>> = Vec::new();
    let mut by_key: HashMap<ProblemKey, usize> = HashMap::new();
    for (item, finding) in
        items.iter().enumerate().flat_map(|(at, item)| item.diagnostics.0.iter().map(move |f| (at, f)))
    {
        let (key, subject) = key_and_subject(finding, names);
        let index = *by_key.entry(key).or_insert_with(|| {
            groups.push(FindingGroup { item, first: finding, subjects: Vec::new() });
            groups.len() - 1
        });
        if !groups[index].subjects.contains(&subject) {
            groups[index].subjects.push(subject);
        }
    }
    groups
}

/// Returns the number of problems among the errors of an item.
pub(super) fn problem_count(item: &CheckItem, names: &InstanceNames) -> u64 {
    let errors = item.diagnostics.0.iter().filter(|finding| finding.severity == Severity::Error);
    errors.map(|finding| key_and_subject(finding, names).0).collect::<HashSet<_>>().len() as u64
}

fn key_and_subject(finding: &Diagnostic, names: &InstanceNames) -> (ProblemKey, String) {
    let (message, instance) = names.without_instances(&finding.message);
    let place = finding.labels.first().map(|label| {
        let (line, _) = label.source.position(label.span.start);
        format!("{}:{line}", label.source.path())
    });
    if FILE_CODES.contains(&finding.code) {
        let file = finding.message.rsplit('`').nth(1).unwrap_or_default().to_owned();
        let message = message.replace(&file, "*");
        return ((finding.code, finding.severity, format!("{message}\n{}", place.unwrap_or_default())), file);
    }
    let help: Vec<String> = finding.help.iter().map(|line| names.without_instances(line).0).collect();
    // Two files that are missing in one place are two problems.
    let label =
        finding.labels.first().map(|label| names.without_instances(&label.text).0).unwrap_or_default();
    let text = format!("{message}\n{label}\n{}", help.join("\n"));
    let subject = instance.or(place).unwrap_or_default();
    ((finding.code, finding.severity, text), subject)
}

impl FindingGroup<'_> {
    /// Returns the finding for the whole group: the first one, with the number of subjects and the names of the first ones,
    /// or of all of them.
    pub fn summary(&self, names_all: bool) -> Diagnostic {
        let mut summary = self.first.clone();
        let count = self.subjects.len();
        if count < 2 {
            return summary;
        }
        summary.message.push_str(&format!(" (and {} more)", count - 1));
        let shown = if names_all { count } else { NAMED.min(count) };
        let mut lines = vec![format!("all {count}:")];
        for (index, subject) in self.subjects[..shown].iter().enumerate() {
            let comma = if index + 1 < shown { "," } else { "" };
            let word = format!("`{subject}`{comma}");
            match lines.last_mut() {
                Some(line) if line.chars().count() + word.chars().count() < LINE => {
                    line.push(' ');
                    line.push_str(&word);
                }
                _ => lines.push(word),
            }
        }
        if shown < count {
            lines.push(format!("and {} more: `--verbose` lists all", count - shown));
        }
        summary.help.splice(0..0, lines);
        summary
    }
}
