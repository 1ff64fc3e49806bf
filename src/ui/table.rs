//! Tables without lines: columns apart by two spaces, as wide as they need to be, within the terminal's width.

use comfy_table::{CellAlignment, ColumnConstraint, ContentArrangement, presets};

/// Words in a column that is narrower than this are broken into letters: nothing is wrapped then.
const LEGIBLE: u16 = 20;
/// What keeps two columns apart.
const GAP: u16 = 2;

/// To which side a column leans.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Align {
    /// Words.
    Left,
    /// Numbers.
    Right,
}

/// Rows under headings.
pub struct Table {
    inner: comfy_table::Table,
    aligns: Vec<Align>,
}

impl Table {
    /// A table by its headings, each with the side that its column leans to.
    pub fn new(headings: &[(&str, Align)]) -> Self {
        let mut inner = comfy_table::Table::new();
        inner.load_style(presets::NOTHING);
        inner.set_header(headings.iter().map(|(text, _)| *text));
        Self { inner, aligns: headings.iter().map(|(_, align)| *align).collect() }
    }

    /// Adds a row; cells may hold colour.
    pub fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        self.inner.add_row(cells);
    }

    /// Whether a terminal of this width leaves the last column less than it needs, and little room for words.
    pub fn is_cramped(&self, width: usize) -> bool {
        let left = u16::try_from(width).map_or(u16::MAX, |width| self.left_over(width));
        left < self.inner.column_max_content_widths().last().map_or(0, |needed| (*needed).min(2 * LEGIBLE))
    }

    /// What is left of a width for the last column.
    fn left_over(&self, width: u16) -> u16 {
        let widths = self.inner.column_max_content_widths();
        let others: u16 = widths.iter().rev().skip(1).map(|w| w.saturating_add(GAP)).sum();
        width.saturating_sub(others)
    }

    /// The table as text, each line ended, its last column wrapped to a width when there is one and room for words.
    pub fn render(mut self, width: Option<usize>) -> String {
        let width = width.and_then(|w| u16::try_from(w).ok()).filter(|w| self.left_over(*w) >= LEGIBLE);
        if let Some(width) = width {
            self.inner.set_content_arrangement(ContentArrangement::Dynamic);
            self.inner.set_width(width);
        }
        for (index, align) in self.aligns.iter().enumerate() {
            if let Some(column) = self.inner.column_mut(index) {
                column.set_padding((0, GAP));
                // Names, ids and numbers are never broken: what gives way is the last column.
                if index + 1 < self.aligns.len() {
                    column.set_constraint(ColumnConstraint::ContentWidth);
                }
                if *align == Align::Right {
                    column.set_cell_alignment(CellAlignment::Right);
                }
            }
        }
        let mut text = String::new();
        for line in self.inner.lines() {
            text.push_str(line.trim_end());
            text.push('\n');
        }
        text
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
    fn no_column_is_made_so_narrow_that_words_break_into_letters() {
        let mut table = Table::new(&[("RUN", Align::Left), ("CHANGES", Align::Right)]);
        table.row(["01M7XSV525AYB0K136".to_owned(), "26".to_owned()]);
        assert_eq!(table.render(Some(24)), "RUN                 CHANGES\n01M7XSV525AYB0K136       26\n");
    }
}
