//! Markdown summary of a run, for the step summary of a CI job.

use std::{fmt::Write as _, iter};

use crate::{
    model::{
        ChangedSince, ErrorDocument, GoneStack, Report, RunResult, StackReport, StackResult,
        earlier_apply_note, tentative_reasons,
    },
    plans::Review,
    ui::{Count, seconds, visible},
};

/// Length in bytes up to which diffs are added to a summary; GitHub accepts 1 MiB per step.
const MOST_BYTES: usize = 200_000;

/// Prefix of the first line of every summary.
const HEADING: &str = "### `envctl ";

/// Returns true if a text contains a summary.
pub fn is_summary(text: &str) -> bool {
    text.lines().any(|line| line.starts_with(HEADING))
}

/// Formats the summary of a run, with the diffs of its review; `show` is the command that shows the run.
pub fn summary(report: &Report, review: &Review, show: &str) -> String {
    let mut text = format!(
        "{HEADING}{} {}`: {}\n\n",
        report.command,
        report.environment,
        report.result.map_or("unfinished", headline)
    );
    let remarks = report.changed_since.as_ref().map(|since| remarks(since, report.stacks.is_empty()));
    let remarks = remarks.unwrap_or_default();
    for remark in &remarks {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "* {}", escaped_html(remark));
    }
    if report.stacks.is_empty() {
        return visible(&text).into_owned();
    }
    if !remarks.is_empty() {
        text.push('\n');
    }
    text.push_str("| stack | create | update | replace | delete | outputs | result | time |\n");
    text.push_str("|---|--:|--:|--:|--:|--:|---|--:|\n");
    for stack in &report.stacks {
        let c = &stack.changes;
        // Writing to a String cannot fail.
        let _ = writeln!(
            text,
            "| {} | {} | {} | {} | {} | {} | {} | {} |",
            escaped_cell(stack.stack.as_str()),
            c.create,
            c.update,
            c.replace,
            c.delete + c.forget,
            c.outputs,
            escaped_cell(&result_text(stack)),
            seconds(stack.duration)
        );
    }
    let why = report.stacks.iter().flat_map(|stack| {
        tentative_reasons(&stack.notes).map(|why| format!("`{}` is tentative: {why}", stack.stack))
    });
    for (n, why) in why.enumerate() {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{}* {}", if n == 0 { "\n" } else { "" }, escaped_html(&why));
    }
    if let Some(digest) = &report.digest {
        let commit =
            report.commit.as_deref().map_or(String::new(), |c| format!(", commit `{}`", first_bytes(c, 12)));
        let round = report.round.filter(|round| *round > 1);
        let of_round = round.map_or(String::new(), |round| format!(" of round {round}"));
        let _ =
            write!(text, "\nReview `{}`{of_round}{commit}, run `{}`.\n", first_bytes(digest, 16), report.run);
        if let (Some(round), Some(next)) = (round, &report.next) {
            let _ = write!(text, "\nRound {round} waits for a confirmation: `{next}`\n");
        }
    }
    for stack in review.changed_stacks().filter(|s| !s.diff.trim().is_empty()) {
        if text.len() + stack.diff.len() > MOST_BYTES {
            let _ = write!(text, "\nMore diffs: `{show}`.\n");
            break;
        }
        let fence = fence(&stack.diff);
        let _ = write!(
            text,
            "\n<details><summary>{}</summary>\n\n{fence}diff\n{}\n{fence}\n\n</details>\n",
            escaped_html(&format!("{}{}", stack.stack, if stack.tentative { " (tentative)" } else { "" })),
            stack.diff.trim_matches('\n')
        );
    }
    visible(&text).into_owned()
}

/// Formats the summary of a command that failed before its run had a report.
pub fn failure_summary(command: &str, document: &ErrorDocument) -> String {
    let ErrorDocument { result, exit_code, error, .. } = document;
    let place = match (&error.file, error.line) {
        (Some(file), Some(line)) => format!(" ({file}:{line})"),
        (Some(file), None) => format!(" ({file})"),
        (None, _) => String::new(),
    };
    let summary = escaped_html(&error.summary.replace('\n', " "));
    let text = format!(
        "{HEADING}{command}`: {}\n\n{summary}{}, exit code {exit_code}\n",
        headline(*result),
        escaped_html(&place)
    );
    visible(&text).into_owned()
}

/// Returns remarks on a run that covers only changed stacks: the base, and stacks that were removed.
fn remarks(since: &ChangedSince, is_empty: bool) -> Vec<String> {
    let what = format!("only what has changed since HEAD left {}", since.base_label());
    let gone = since.gone.iter().map(|GoneStack { environment, stack, path }| {
        format!("stack `{stack}` (`{path}`) of `{environment}` is gone since then, its resources still exist")
    });
    iter::once(if is_empty { since.no_changes_message() } else { what }).chain(gone).collect()
}

fn headline(result: RunResult) -> &'static str {
    match result {
        RunResult::Clean => "✔ no changes",
        RunResult::Changes => "changes",
        RunResult::Applied => "✔ applied",
        RunResult::Failed => "✘ failed",
        RunResult::Refused => "✘ refused",
        RunResult::Locked => "✘ locked",
        RunResult::Interrupted => "interrupted",
    }
}

fn result_text(stack: &StackReport) -> String {
    let word = match stack.result {
        None => "unfinished",
        Some(StackResult::Clean) => earlier_apply_note(&stack.notes).unwrap_or("no changes"),
        Some(StackResult::Changes) => "changes",
        Some(StackResult::Applied) => "applied",
        Some(StackResult::Failed) => "**failed**",
        Some(StackResult::Skipped) => "skipped",
        Some(StackResult::Deferred) => "deferred",
        Some(StackResult::Refused) => "refused",
        Some(StackResult::Interrupted) => "interrupted",
    };
    let word = match stack.changes.actions {
        0 => word.to_owned(),
        actions => format!("{word}, {}", Count(actions, "action")),
    };
    let word = if stack.reused { format!("{word}, reused") } else { word };
    let word = if stack.tentative { format!("{word}, tentative") } else { word };
    match (&stack.error, &stack.because) {
        (Some(error), _) => format!("{word}: {}", error.summary),
        (None, Some(because)) => format!("{word}: {because}"),
        (None, None) => word,
    }
}

fn first_bytes(text: &str, length: usize) -> &str {
    text.get(..length).unwrap_or(text)
}

/// Escapes a text for a cell of a Markdown table.
fn escaped_cell(text: &str) -> String {
    escaped_html(&text.replace('\\', "\\\\").replace('|', "\\|").replace('\n', " "))
}

fn escaped_html(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// Returns a code fence longer than any run of backticks in the text.
fn fence(text: &str) -> String {
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    "`".repeat(longest.max(2) + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_diff_cannot_close_its_fence() {
        assert_eq!(fence("a ```` b"), "`````");
        assert_eq!(fence("plain"), "```");
    }

    #[test]
    fn a_cell_cannot_break_the_table() {
        assert_eq!(escaped_cell("a|b\n<c>"), "a\\|b &lt;c&gt;");
    }
}
