//! Frame around an engine's diff of a plan: the legend of its symbols and the totals, which a review of several stacks shows
//! once.

/// Title of the legend in a review.
pub(super) const LEGEND_TITLE: &str = "Resource actions are indicated with the following symbols:";

/// End of the engine's sentence above its legend, which it wraps to its own width.
const LEGEND_SENTENCE_END: &str = "following symbols:";

/// Returns the lines of the legends in these diffs, each once.
pub(super) fn plan_legend<'d>(diffs: impl Iterator<Item = &'d str>) -> Vec<&'d str> {
    let mut legend: Vec<&str> = Vec::new();
    for line in diffs.filter_map(legend_of).flat_map(|found| found.symbols) {
        if !legend.contains(&line) {
            legend.push(line);
        }
    }
    legend
}

/// Returns a diff without its legend, the sentence above the changes, and the totals, which the table of the review has.
pub(super) fn diff_body(diff: &str) -> String {
    let lines: Vec<&str> = diff.lines().collect();
    let found = legend_of(diff);
    let is_frame = |at: usize| found.as_ref().is_some_and(|found| found.lines.contains(&at));
    let mut body: Vec<&str> = Vec::new();
    let mut is_behind_cut = false;
    for (at, line) in lines.into_iter().enumerate() {
        if is_frame(at) || is_totals(line) || is_title(line) {
            is_behind_cut = true;
            continue;
        }
        // One empty line remains where a part is left out.
        if is_behind_cut && line.is_empty() && body.last().is_none_or(|last| last.is_empty()) {
            continue;
        }
        is_behind_cut = false;
        body.push(line);
    }
    body.join("\n").trim_matches('\n').to_owned()
}

/// Legend in a diff.
struct DiffLegend<'d> {
    /// Lines of the sentence and of the symbols.
    lines: std::ops::Range<usize>,
    /// Lines of the symbols.
    symbols: Vec<&'d str>,
}

/// Finds the legend of a diff: the engine's sentence about its symbols and the indented lines behind it. `None` if there is
/// no such sentence.
fn legend_of(diff: &str) -> Option<DiffLegend<'_>> {
    let lines: Vec<&str> = diff.lines().collect();
    let end = lines.iter().position(|line| line.ends_with(LEGEND_SENTENCE_END))?;
    let start = lines[..=end].iter().rposition(|line| line.contains(" used the selected providers "))?;
    let symbols: Vec<&str> =
        lines[end + 1..].iter().copied().take_while(|line| line.starts_with(' ')).collect();
    Some(DiffLegend { lines: start..end + 1 + symbols.len(), symbols })
}

/// Returns true for the engine's line above the changes.
fn is_title(line: &str) -> bool {
    !line.starts_with(' ') && line.ends_with(" will perform the following actions:")
}

/// Returns true for the engine's line with the totals of a plan.
fn is_totals(line: &str) -> bool {
    line.starts_with("Plan: ") && line.ends_with('.') && line.contains(" to add, ")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Diff as OpenTofu 1.12.6 prints it; Terraform 1.11.4 differs in its name and in the width of the sentence.
    const DIFF: &str = "\
OpenTofu used the selected providers to generate the following execution
plan. Resource actions are indicated with the following symbols:
  + create
  ~ update in-place

OpenTofu will perform the following actions:

  # terraform_data.a will be created
  + resource \"terraform_data\" \"a\" {
      + id = (known after apply)
    }

Plan: 1 to add, 1 to change, 0 to destroy.

Changes to Outputs:
  + o = 1";

    #[test]
    fn the_frame_of_a_diff_is_left_out_and_the_changes_remain() {
        let body = "  # terraform_data.a will be created\n  + resource \"terraform_data\" \"a\" {\n      + id = (known after apply)\n    }\n\nChanges to Outputs:\n  + o = 1";
        assert_eq!(diff_body(DIFF), body);
        assert_eq!(diff_body(body), body);
        let drift = format!("Note: Objects have changed\n\n{DIFF}");
        assert_eq!(diff_body(&drift), format!("Note: Objects have changed\n\n{body}"));
        for other in ["Plan: a text of mine", "following symbols:", "  + create"] {
            assert_eq!(diff_body(other), other, "not of the engine");
        }
    }

    #[test]
    fn each_symbol_of_several_diffs_is_explained_once() {
        let destroying = DIFF.replace("  + create\n", "  - destroy\n");
        let legend = plan_legend([DIFF, &destroying, "+ a"].into_iter());
        assert_eq!(legend, ["  + create", "  ~ update in-place", "  - destroy"]);
    }
}
