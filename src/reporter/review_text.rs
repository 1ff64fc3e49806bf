//! Text of the review: the table, the engines' diffs, the losses by address, and the command to type.

use std::{borrow::Cow, fmt::Write as _};

use super::{
    diff_frame::{LEGEND_TITLE, diff_body, plan_legend},
    stack_table::review_table,
    step_text,
};
use crate::{
    model::{Action, Blocked, StackId, StackNote, TentativeReason, tentative_reasons},
    plans::{
        Review, ReviewStack,
        guards::{Loss, LossKind},
    },
    process::MASK,
    ui::{Role, Styles, shell_word, wrapped},
};

/// Number of lines that a diff is cut to; `runs show RUN STACK` prints the whole diff.
const MOST_LINES: usize = 120;

/// Masks that diffs hold in place of secret values: the engine's, and envctl's.
const MASKS: [&str; 2] = ["(sensitive value)", MASK];

/// Formats the review of a run, ended by a line feed. `show` is the command that shows the run, `last_line` holds commit,
/// digest and the command to type.
pub fn review_text(
    review: &Review,
    (losses, blocked): (&[(&StackId, Loss<'_>)], &[Blocked]),
    show: &str,
    last_line: &str,
    styles: Styles,
    width: Option<usize>,
) -> String {
    let mut text = review_table(&review.stacks, styles, width);
    let shown = || review.changed_stacks().filter(|stack| !stack.diff.trim().is_empty());
    let legend = plan_legend(shown().map(|stack| stack.diff.as_str()));
    if !legend.is_empty() {
        text.push('\n');
        text.push_str(&wrapped_within(LEGEND_TITLE, width));
        text.push('\n');
        for line in legend {
            text.push_str(&painted_line(line, styles));
            text.push('\n');
        }
    }
    for stack in shown() {
        let name = styles.paint(Role::Heading, &stack.stack);
        let heading = format!("{name}{}", tentative_remark(stack, styles));
        text.push('\n');
        text.push_str(&wrapped_within(&heading, width));
        text.push('\n');
        text.push_str(&shortened_diff(&diff_body(&stack.diff), stack.stack.as_str(), show, styles));
    }
    if review.changed_stacks().any(|stack| MASKS.iter().any(|mask| stack.diff.contains(mask))) {
        let word = styles.paint(Role::Heading, "note:");
        let note = format!(
            "\n{word} masked values are not told apart: with other ones behind the masks this review has the same digest\n"
        );
        text.push_str(&wrapped_within(&note, width));
    }
    for stack in &review.stacks {
        for note in &stack.notes {
            if let StackNote::Warning(warning) = StackNote::parse(note) {
                let word = styles.paint(Role::Warning, "warning:");
                text.push_str(&wrapped_within(&format!("\n{word} {}: {warning}\n", stack.stack), width));
            }
        }
    }
    let actions = |stack: &'_ ReviewStack| {
        stack.outcome.changes().map(|changes| changes.actions.clone()).unwrap_or_default()
    };
    if review.changed_stacks().any(|stack| !actions(stack).is_empty()) {
        // Writing to a String cannot fail.
        let _ = write!(text, "\n{}\n", styles.paint(Role::Update, "Actions to invoke:"));
        for stack in review.changed_stacks() {
            for action in actions(stack) {
                // Writing to a String cannot fail.
                let _ = writeln!(text, "  {}: {action}", stack.stack);
            }
        }
    }
    if !losses.is_empty() {
        // Writing to a String cannot fail.
        let _ = write!(text, "\n{}\n", styles.paint(Role::Delete, "Would be lost:"));
        for (stack, Loss { address, kind }) in losses {
            let to = match kind {
                LossKind::MoveOutOfProtection { to } => format!(" to {to}"),
                LossKind::Action(_) => String::new(),
            };
            // Writing to a String cannot fail.
            let _ =
                writeln!(text, "  {} {stack}: {address}{to}", styles.paint(Role::Delete, loss_words(*kind)));
        }
    }
    if !blocked.is_empty() {
        // Writing to a String cannot fail.
        let _ = write!(text, "\n{}\n", styles.paint(Role::Error, "Refused by guards:"));
        for Blocked { stack, block } in blocked {
            let stack = stack.as_ref().map_or(String::new(), |stack| format!(" {stack}"));
            let allow = block
                .allow
                .as_ref()
                .map_or(String::new(), |allow| format!("  (--allow {})", shell_word(allow)));
            let guard = styles.paint(Role::Error, &block.guard);
            let line = format!("  {guard}{stack}: {}{}\n", block.message, styles.paint(Role::Dim, allow));
            text.push_str(&wrapped_within(&line, width));
        }
    }
    if !text.is_empty() {
        text.push('\n');
    }
    text.push_str(&wrapped_within(last_line, width));
    text.push('\n');
    text
}

/// Returns the words for a loss, those of the engines where they differ from the report's.
fn loss_words(kind: LossKind<'_>) -> &'static str {
    match kind {
        LossKind::Action(Action::Forget) => "remove from state",
        LossKind::Action(Action::ForgetAndCreate) => "remove from state and create",
        kind => kind.as_str(),
    }
}

/// Returns a text wrapped to a width, if there is one.
fn wrapped_within(text: &str, width: Option<usize>) -> Cow<'_, str> {
    width.map_or(Cow::Borrowed(text), |width| wrapped(text, width))
}

/// Returns the remark after a stack's name if its diff is tentative.
fn tentative_remark(stack: &ReviewStack, styles: Styles) -> String {
    if !stack.tentative {
        return String::new();
    }
    let reason = tentative_reasons(&stack.notes).next();
    let why = reason.map_or_else(|| TentativeReason::Unspecified.to_string(), step_text::tentative_line);
    format!("  {}", styles.paint(Role::Warning, format_args!("({why})")))
}

fn shortened_diff(diff: &str, stack: &str, show: &str, styles: Styles) -> String {
    let lines: Vec<&str> = diff.trim_matches('\n').lines().collect();
    let mut text = String::new();
    for line in lines.iter().take(MOST_LINES) {
        text.push_str(&painted_line(line, styles));
        text.push('\n');
    }
    if lines.len() > MOST_LINES {
        let rest = lines.len() - MOST_LINES;
        // Writing to a String cannot fail.
        let _ = writeln!(text, "  … {rest} more lines: `{show} {}`", shell_word(stack));
    }
    text
}

/// Colours a line of an engine's diff by its sign.
fn painted_line(line: &str, styles: Styles) -> String {
    let sign = line.trim_start();
    let role = if sign.starts_with("-/+") || sign.starts_with("+/-") || sign.starts_with("- ") {
        Role::Delete
    } else if sign.starts_with("+ ") {
        Role::Create
    } else if sign.starts_with("~ ") {
        Role::Update
    } else {
        return line.to_owned();
    };
    styles.paint(role, line)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        config::Guards,
        model::{Block, Changes, Guard, Outcome, ResourceChange},
        plans::{ReviewStack, guards::losses_of_review},
    };

    fn stack(name: &str, outcome: Outcome) -> ReviewStack {
        ReviewStack::new(name.parse().unwrap(), outcome)
    }

    #[test]
    fn what_would_be_lost_is_listed_by_address() {
        let changes = Changes {
            resources: vec![ResourceChange::new("aws_sqs_queue.old".parse().unwrap(), Action::Delete)],
            ..Changes::default()
        };
        let review = Review {
            environment: "staging".parse().unwrap(),
            destroy: false,
            stacks: vec![stack("app", Outcome::Changed(changes))],
        };
        let block = Block {
            allow: Some("delete:aws_sqs_queue.old".to_owned()),
            ..Block::new(Guard::Protect, "it is")
        };
        let blocked = [Blocked { stack: Some("app".parse().unwrap()), block }];
        let losses = losses_of_review(&review, &Guards::default());
        let text = review_text(&review, (&losses, &blocked), "R", "last", Styles::new(false), None);
        assert!(text.contains("Would be lost:\n  delete app: aws_sqs_queue.old\n"), "{text}");
        let refused = "Refused by guards:\n  protect app: it is  (--allow delete:aws_sqs_queue.old)\n";
        assert!(text.contains(refused), "{text}");
        assert!(text.ends_with("\nlast\n"));
    }

    #[test]
    fn a_diff_with_masked_values_says_that_they_are_not_told_apart() {
        let said = |diff: &str| {
            let stacks = vec![ReviewStack {
                diff: diff.to_owned(),
                ..stack("app", Outcome::Changed(Changes::default()))
            }];
            let review = Review { environment: "staging".parse().unwrap(), destroy: false, stacks };
            review_text(&review, (&[], &[]), "R", "last", Styles::new(false), None).contains("not told apart")
        };
        assert!(said("~ password = (sensitive value)") && said("~ input = \"(redacted)\""));
        assert!(!said("~ input = \"(known after apply)\""));
    }

    #[test]
    fn a_long_diff_is_folded_and_says_where_the_whole_is() {
        let diff = "+ line\n".repeat(MOST_LINES + 3);
        let text = shortened_diff(&diff, "app", "envctl runs show 01J", Styles::new(false));
        assert!(text.ends_with("  … 3 more lines: `envctl runs show 01J app`\n"), "{text}");
    }
}
