//! Table of a run's stacks with their planned or applied changes.

use super::{outcome_line, step_text::tentative_line};
use crate::{
    event::StepKind,
    model::{
        ChangeCounts, Changes, Outcome, Report, StackNote, StackReport, StackResult, TentativeReason,
        earlier_apply_note, tentative_reasons,
    },
    plans::ReviewStack,
    ui::{Align, Count, Role, Styles, Table},
};

/// Formats the table of a finished run.
pub fn report_table(report: &Report, styles: Styles, width: Option<usize>) -> String {
    render(report.stacks.iter().map(|s| reported_row(s, styles)).collect(), styles, width)
}

/// Formats the table of a review.
pub(super) fn review_table(stacks: &[ReviewStack], styles: Styles, width: Option<usize>) -> String {
    render(stacks.iter().map(|s| reviewed_row(s, styles)).collect(), styles, width)
}

/// Row of one stack.
struct StackRow {
    stack: String,
    /// Planned or applied changes; `None` leaves the cells empty.
    counts: Option<ChangeCounts>,
    /// Text of the column `RESULT`.
    note: String,
    /// Sort key: failures first, stacks without changes last.
    rank: u8,
}

fn reviewed_row(stack: &ReviewStack, styles: Styles) -> StackRow {
    let earlier = earlier_apply_note(&stack.notes).filter(|_| stack.outcome == Outcome::Clean);
    let mut note = vec![match &stack.outcome {
        Outcome::Changed(_) => "changes".to_owned(),
        Outcome::Clean if let Some(earlier) = earlier => earlier.to_owned(),
        other => outcome_line::outcome_words(other, &[], StepKind::Plan, styles).1,
    }];
    // A note with the reason, if there is one, makes the general one superfluous.
    if stack.tentative && tentative_reasons(&stack.notes).next().is_none() {
        note.push(styles.paint(Role::Warning, TentativeReason::Unspecified));
    }
    let notes: Vec<StackNote> = stack.notes.iter().map(|note| StackNote::parse(note)).collect();
    // Warnings are printed in full below the table.
    let warnings = notes.iter().filter(|note| matches!(note, StackNote::Warning(_))).count();
    if warnings > 0 {
        note.push(styles.paint(Role::Warning, Count(warnings as u64, "warning")));
    }
    // Reasons of refusals, failures and deferrals are printed in full when the step ends.
    if !matches!(stack.outcome, Outcome::Refused(_) | Outcome::Failed(_)) && !stack.outcome.is_excluded() {
        note.extend(notes.iter().filter_map(|note| match note {
            StackNote::Warning(_) | StackNote::Deferred(_) => None,
            StackNote::Tentative(reason) => Some(tentative_line(reason)),
            note => Some(note.to_string()).filter(|note| Some(note.as_str()) != earlier),
        }));
    }
    let rank = match &stack.outcome {
        Outcome::Failed(_) => 0,
        Outcome::Refused(_) => 1,
        Outcome::Interrupted => 2,
        Outcome::Skipped { .. } => 3,
        Outcome::Deferred { .. } => 4,
        Outcome::Changed(_) | Outcome::Applied(_) => 5,
        Outcome::Clean => 6,
    };
    let counts = stack.outcome.changes().map(Changes::counts);
    StackRow { stack: stack.stack.to_string(), counts, note: note.join("; "), rank }
}

fn reported_row(stack: &StackReport, styles: Styles) -> StackRow {
    let (rank, role, word) = match stack.result {
        Some(StackResult::Failed) => (0, Role::Error, "failed"),
        Some(StackResult::Refused) => (1, Role::Error, "refused"),
        Some(StackResult::Interrupted) => (2, Role::Warning, "interrupted"),
        None => (2, Role::Warning, "unfinished"),
        Some(StackResult::Skipped) => (3, Role::Dim, "skipped"),
        Some(StackResult::Deferred) => (4, Role::Warning, "deferred"),
        Some(StackResult::Changes) => (5, Role::Update, "changes"),
        Some(StackResult::Applied) => (5, Role::Success, "applied"),
        Some(StackResult::Clean) => {
            (6, Role::Success, earlier_apply_note(&stack.notes).unwrap_or("no changes"))
        }
    };
    let mut note = styles.paint(role, word);
    for (is, what) in [(stack.reused, "reused"), (stack.tentative, "tentative")] {
        if is && matches!(stack.result, Some(StackResult::Clean | StackResult::Changes)) {
            note = format!("{note}, {}", styles.paint(Role::Warning, what));
        }
    }
    if let Some(error) = &stack.error {
        note = format!("{note}: {}", outcome_line::first_line(&error.summary));
    } else if let Some(block) = stack.blocked.first() {
        note = format!("{note}: {}", outcome_line::first_line(&block.message));
    } else if let Some(because) = &stack.because {
        note = format!("{note}: because of {because}");
    } else if let (Some(StackResult::Interrupted), Some(extent)) = (stack.result, stack.notes.last()) {
        note = format!("{note}: {extent}");
    } else if let Some(left_out) =
        stack.notes.iter().find(|note| matches!(StackNote::parse(note), StackNote::LeftOut(_)))
    {
        note.clone_from(left_out);
    }
    let counts = (!stack.changes.is_empty()).then_some(stack.changes);
    StackRow { stack: stack.stack.to_string(), counts, note, rank }
}

fn render(mut rows: Vec<StackRow>, styles: Styles, width: Option<usize>) -> String {
    if rows.is_empty() {
        return String::new();
    }
    let mut totals = ChangeCounts::default();
    for counts in rows.iter().filter_map(|row| row.counts) {
        totals += counts;
    }
    let columns: Vec<Column> =
        COLUMNS.into_iter().filter(|c| c.is_always_shown || (c.count)(&totals) > 0).collect();
    rows.sort_by_key(|row| row.rank);
    let table = filled_table(&rows, &totals, &columns, styles, |column| column.heading);
    match width {
        Some(width) if table.is_cramped(width) => {
            filled_table(&rows, &totals, &columns, styles, |column| column.sign).render(Some(width))
        }
        width => table.render(width),
    }
}

fn filled_table(
    rows: &[StackRow],
    totals: &ChangeCounts,
    columns: &[Column],
    styles: Styles,
    heading: fn(&Column) -> &'static str,
) -> Table {
    let mut headings = vec![("STACK", Align::Left)];
    headings.extend(columns.iter().map(|c| (heading(c), Align::Right)));
    headings.push(("RESULT", Align::Left));
    let mut table = Table::new(&headings);
    for row in rows {
        let mut cells = vec![row.stack.clone()];
        cells.extend(columns.iter().map(|c| row.counts.map_or(String::new(), |n| cell(c, &n, styles))));
        cells.push(row.note.clone());
        table.row(cells);
    }
    if rows.len() > 1 {
        let mut cells = vec![styles.paint(Role::Heading, "total")];
        cells.extend(columns.iter().map(|c| cell(c, totals, styles)));
        cells.push(String::new());
        table.row(cells);
    }
    table
}

/// Column with a number of changes.
#[derive(Clone, Copy)]
struct Column {
    heading: &'static str,
    /// Heading for a narrow terminal.
    sign: &'static str,
    role: Role,
    /// True if the column is shown also when no stack has such a change.
    is_always_shown: bool,
    count: fn(&ChangeCounts) -> u64,
}

const COLUMNS: [Column; 9] = [
    Column { heading: "+create", sign: "+", role: Role::Create, is_always_shown: true, count: |c| c.create },
    Column { heading: "~update", sign: "~", role: Role::Update, is_always_shown: true, count: |c| c.update },
    Column {
        heading: "±replace",
        sign: "±",
        role: Role::Delete,
        is_always_shown: true,
        count: |c| c.replace,
    },
    Column {
        heading: "−delete", sign: "−", role: Role::Delete, is_always_shown: true, count: |c| c.delete
    },
    Column {
        heading: "⊘forget", sign: "⊘", role: Role::Delete, is_always_shown: false, count: |c| c.forget
    },
    Column {
        heading: "↓import", sign: "↓", role: Role::Create, is_always_shown: false, count: |c| c.import
    },
    Column {
        heading: "→move", sign: "→", role: Role::Update, is_always_shown: false, count: |c| c.moved
    },
    Column {
        heading: "outputs",
        sign: "out",
        role: Role::Update,
        is_always_shown: true,
        count: |c| c.outputs,
    },
    Column {
        heading: "!actions",
        sign: "!",
        role: Role::Update,
        is_always_shown: false,
        count: |c| c.actions,
    },
];

fn cell(column: &Column, counts: &ChangeCounts, styles: Styles) -> String {
    match (column.count)(counts) {
        0 => styles.paint(Role::Dim, "·"),
        number => styles.paint(column.role, number),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Action, Failure, FailureKind, ResourceChange};

    fn stack(name: &str, outcome: Outcome) -> ReviewStack {
        ReviewStack::new(name.parse().unwrap(), outcome)
    }

    #[test]
    fn the_widest_problem_comes_first_and_totals_last() {
        let changes = Changes {
            resources: vec![ResourceChange::new("a.b".parse().unwrap(), Action::Delete)],
            ..Changes::default()
        };
        let stacks = [
            stack("clean", Outcome::Clean),
            stack("changed", Outcome::Changed(changes)),
            stack("broken", Outcome::Failed(Failure::new(FailureKind::Config, "no such file"))),
        ];
        let text = review_table(&stacks, Styles::new(false), None);
        let order: Vec<&str> = text.lines().map(|l| l.split_whitespace().next().unwrap()).collect();
        assert_eq!(order, ["STACK", "broken", "changed", "clean", "total"]);
        assert!(text.contains("plan failed (config): no such file"), "{text}");
    }

    #[test]
    fn a_narrow_terminal_gets_signs_for_headings_and_whole_words() {
        let stacks = [stack("network", Outcome::Changed(Changes::default())), stack("app", Outcome::Clean)];
        let text = review_table(&stacks, Styles::new(false), Some(60));
        let headings: Vec<&str> = text.lines().next().unwrap().split_whitespace().collect();
        assert_eq!(headings, ["STACK", "+", "~", "±", "−", "out", "RESULT"]);
        assert!(text.contains("changes\n") && text.contains("no changes\n"), "{text}");
        assert!(review_table(&stacks, Styles::new(false), Some(80)).contains("+create"));
    }
}
