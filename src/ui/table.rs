//! Tables without lines: columns separated by two spaces, as wide as their content, within the terminal's width.

use comfy_table::{CellAlignment, ColumnConstraint, ContentArrangement, presets};

/// Narrowest width in columns at which words are wrapped; below it wrapping would break them into letters.
const LEGIBLE: u16 = 20;
/// Spaces between two columns.
const GAP: u16 = 2;
/// Indentation of text that is printed below its row.
const INDENT: u16 = 4;

/// Alignment of a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Align {
    /// Left, for words.
    Left,
    /// Right, for numbers.
    Right,
}

/// Table with headings and rows.
pub struct Table {
    inner: comfy_table::Table,
    aligns: Vec<Align>,
    /// Last cell of each line, including the heading.
    last: Vec<String>,
}

impl Table {
    /// Makes a table from headings and the alignment of their columns.
    pub fn new(headings: &[(&str, Align)]) -> Self {
        let mut inner = comfy_table::Table::new();
        inner.load_style(presets::NOTHING);
        inner.set_header(headings.iter().map(|(text, _)| *text));
        let last = headings.last().map(|(text, _)| (*text).to_owned()).into_iter().collect();
        Self { inner, aligns: headings.iter().map(|(_, align)| *align).collect(), last }
    }

    /// Adds a row; cells may contain colour codes.
    pub fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        let cells: Vec<String> = cells.into_iter().collect();
        self.last.push(cells.last().cloned().unwrap_or_default());
        self.inner.add_row(cells);
    }

    /// Returns true if a terminal of this width leaves the last column less than its content needs, and little space
    /// for words.
    pub fn is_cramped(&self, width: usize) -> bool {
        let left = u16::try_from(width).map_or(u16::MAX, |width| self.left_over(width));
        left < self.inner.column_max_content_widths().last().map_or(0, |needed| (*needed).min(2 * LEGIBLE))
    }

    /// Returns the width that remains for the last column.
    fn left_over(&self, width: u16) -> u16 {
        let widths = self.inner.column_max_content_widths();
        let others: u16 = widths.iter().rev().skip(1).map(|w| w.saturating_add(GAP)).sum();
        width.saturating_sub(others)
    }

    /// Returns true if the last column is better printed below each row: its words do not fit beside the other
    /// columns, and the line below has more space.
    fn is_better_below(&self, width: u16) -> bool {
        let needed = self.inner.column_max_content_widths().last().copied().unwrap_or_default();
        let left = self.left_over(width);
        let are_words = self.aligns.len() > 1 && self.aligns.last() == Some(&Align::Left);
        are_words && left < LEGIBLE && left < needed && width >= INDENT + LEGIBLE
    }

    /// Formats the table, each line ended by a line feed. With a width, the last column is wrapped: beside the other
    /// columns if there is space for words, else below each row.
    pub fn render(mut self, width: Option<usize>) -> String {
        let width = width.and_then(|w| u16::try_from(w).ok());
        let below = width.filter(|width| self.is_better_below(*width));
        let width = width.filter(|w| below.is_none() && self.left_over(*w) >= LEGIBLE);
        if let Some(width) = width {
            self.inner.set_content_arrangement(ContentArrangement::Dynamic);
            self.inner.set_width(width);
        }
        for (index, align) in self.aligns.iter().enumerate() {
            if let Some(column) = self.inner.column_mut(index) {
                column.set_padding((0, GAP));
                // Names, ids and numbers are never broken; only the last column is wrapped.
                if index + 1 < self.aligns.len() {
                    column.set_constraint(ColumnConstraint::ContentWidth);
                }
                if below.is_some() && index + 1 == self.aligns.len() {
                    column.set_constraint(ColumnConstraint::Hidden);
                }
                if *align == Align::Right {
                    column.set_cell_alignment(CellAlignment::Right);
                }
            }
        }
        let mut text = String::new();
        for (line, last) in self.inner.lines().zip(self.last.iter().map(Some).chain(std::iter::repeat(None)))
        {
            text.push_str(line.trim_end());
            text.push('\n');
            if let (Some(width), Some(last)) = (below, last) {
                push_wrapped(&mut text, last, width);
            }
        }
        text
    }
}

/// Adds indented words below a row, wrapped to a width.
fn push_wrapped(text: &mut String, words: &str, width: u16) {
    if words.is_empty() {
        return;
    }
    let mut inner = comfy_table::Table::new();
    inner.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Dynamic);
    inner.set_width(width - INDENT).add_row([words]);
    if let Some(column) = inner.column_mut(0) {
        column.set_padding((0, 0));
    }
    for line in inner.lines() {
        text.extend(std::iter::repeat_n(' ', usize::from(INDENT)));
        text.push_str(line.trim_end());
        text.push('\n');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_line_up_and_numbers_lean_right() {
        let mut table = Table::new(&[("STACK", Align::Left), ("+", Align::Right)]);
        table.row(["network".to_owned(), "3".to_owned()]);
        table.row(["a".to_owned(), "12".to_owned()]);
        assert_eq!(table.render(None), "STACK     +\nnetwork   3\na        12\n");
    }

    #[test]
    fn only_the_last_column_gives_way_to_a_narrow_terminal() {
        let mut table = Table::new(&[("RUN", Align::Left), ("RESULT", Align::Left)]);
        table.row(["01M7XSV525AYB0K136".to_owned(), "failed: no such file".to_owned()]);
        assert!(table.is_cramped(39) && !table.is_cramped(40));
        let text = table.render(Some(40));
        assert!(text.contains("01M7XSV525AYB0K136"), "{text}");
        assert!(text.lines().count() > 2, "{text}");
    }

    #[test]
    fn words_without_room_beside_their_row_stand_below_it_and_are_not_broken() {
        let mut table = Table::new(&[("STACK", Align::Left), ("PATH", Align::Left), ("WHY", Align::Left)]);
        table.row(
            ["network", "environments/network", "changed setting: vars.name=network in staging"]
                .map(str::to_owned),
        );
        table.row(["app", "environments/app", ""].map(str::to_owned));
        assert_eq!(
            table.render(Some(40)),
            "STACK    PATH\n    WHY\nnetwork  environments/network\n    changed setting: vars.name=network\n    \
             in staging\napp      environments/app\n"
        );
    }

    #[test]
    fn no_column_is_made_so_narrow_that_words_break_into_letters() {
        let mut table = Table::new(&[("RUN", Align::Left), ("CHANGES", Align::Right)]);
        table.row(["01M7XSV525AYB0K136".to_owned(), "26".to_owned()]);
        assert_eq!(table.render(Some(24)), "RUN                 CHANGES\n01M7XSV525AYB0K136       26\n");
    }
}
