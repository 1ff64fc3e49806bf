//! Tables without lines: columns separated by two spaces, as wide as their content, within the terminal's width.

use std::ops::Range;

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
    aligns: Vec<Align>,
    /// Cells of each line; the first line has the headings.
    lines: Vec<Vec<String>>,
}

impl Table {
    /// Makes a table from headings and the alignment of their columns.
    pub fn new(headings: &[(&str, Align)]) -> Self {
        let aligns = headings.iter().map(|(_, align)| *align).collect();
        Self { aligns, lines: vec![headings.iter().map(|(text, _)| (*text).to_owned()).collect()] }
    }

    /// Adds a row; cells may contain colour codes.
    pub fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        self.lines.push(cells.into_iter().collect());
    }

    /// Removes the columns that are empty in every row.
    pub fn drop_empty_columns(&mut self) {
        let is_filled = |at: &usize| self.lines.iter().skip(1).any(|cells| !cells[*at].is_empty());
        let filled: Vec<usize> = (0..self.aligns.len()).filter(is_filled).collect();
        if self.lines.len() > 1 {
            self.retain_columns(&filled);
        }
    }

    /// Removes the columns with these headings, one after the other, until each row fits into one line of a terminal of this
    /// width. Removes none if rows would not fit without all of them either.
    pub fn drop_to_fit(&mut self, width: Option<usize>, headings: &[&str]) {
        let Some(width) = width.and_then(|width| u16::try_from(width).ok()) else { return };
        let mut kept: Vec<usize> = (0..self.aligns.len()).collect();
        let mut dropped = headings.iter();
        while self.needs_several_lines(&kept, width) {
            let Some(heading) = dropped.next() else { return };
            kept.retain(|at| self.lines[0][*at] != *heading);
        }
        self.retain_columns(&kept);
    }

    /// Returns true if rows of these columns need several lines in a terminal of this width.
    fn needs_several_lines(&self, columns: &[usize], width: u16) -> bool {
        let mut table = Self { aligns: self.aligns.clone(), lines: self.lines.clone() };
        table.retain_columns(columns);
        let widths = table.band(&(0..table.aligns.len())).column_max_content_widths();
        table.bands(&widths, width).len() > 1
    }

    fn retain_columns(&mut self, columns: &[usize]) {
        self.aligns = columns.iter().map(|at| self.aligns[*at]).collect();
        for cells in &mut self.lines {
            *cells = columns.iter().map(|at| std::mem::take(&mut cells[*at])).collect();
        }
    }

    /// Returns true if a terminal of this width leaves the last column less than its content needs, and little space
    /// for words.
    pub fn is_cramped(&self, width: usize) -> bool {
        let widths = self.band(&(0..self.aligns.len())).column_max_content_widths();
        let left = u16::try_from(width).map_or(u16::MAX, |width| left_over(&widths, width));
        left < widths.last().map_or(0, |needed| (*needed).min(2 * LEGIBLE))
    }

    /// Formats the table, each line ended by a line feed. With a width, the last column is wrapped where it has space for
    /// words; columns that do not fit stand below their row.
    pub fn render(self, width: Option<usize>) -> String {
        let width = width.and_then(|w| u16::try_from(w).ok());
        let mut whole = self.band(&(0..self.aligns.len()));
        let widths = whole.column_max_content_widths();
        if let Some(width) = width {
            let bands = self.bands(&widths, width);
            if bands.len() > 1 {
                return self.folded(&bands, &widths, width);
            }
        }
        if let Some(width) = width.filter(|width| left_over(&widths, *width) >= LEGIBLE) {
            whole.set_content_arrangement(ContentArrangement::Dynamic);
            whole.set_width(width);
        }
        whole.lines().map(|line| line.trim_end().to_owned() + "\n").collect()
    }

    /// Returns the columns that stand beside each other in a terminal of this width. Names, ids and numbers are never broken.
    fn bands(&self, widths: &[u16], width: u16) -> Vec<Range<usize>> {
        let (mut bands, mut start, mut used) = (Vec::new(), 0, 0_u16);
        for (index, needed) in widths.iter().copied().enumerate() {
            let are_words = index + 1 == widths.len() && self.aligns[index] == Align::Left && start == 0;
            let least = if are_words { needed.min(LEGIBLE) } else { needed };
            let beside = used.saturating_add(GAP);
            if index > start && width >= INDENT + LEGIBLE && width.saturating_sub(beside) < least {
                bands.push(start..index);
                (start, used) = (index, INDENT.saturating_add(needed));
            } else {
                used = if index == start { needed } else { beside.saturating_add(needed) };
            }
        }
        bands.push(start..widths.len());
        bands
    }

    /// Formats the table with the columns of each band below those of the band before. Words that are alone in the last band
    /// are wrapped.
    fn folded(&self, bands: &[Range<usize>], widths: &[u16], width: u16) -> String {
        let indent = " ".repeat(usize::from(INDENT));
        let are_words = |band: &Range<usize>| {
            band.len() == 1
                && band.end == widths.len()
                && self.aligns[band.start] == Align::Left
                && widths[band.start] > width - INDENT
        };
        let columns: Vec<Vec<String>> = bands.iter().map(|band| self.band(band).lines().collect()).collect();
        let mut text = String::new();
        for (index, cells) in self.lines.iter().enumerate() {
            for (band, lines) in bands.iter().zip(&columns) {
                if are_words(band) {
                    push_wrapped(&mut text, &cells[band.start], width);
                    continue;
                }
                let line = lines.get(index).map_or("", |line| line.trim_end());
                if band.start == 0 {
                    text.push_str(line);
                    text.push('\n');
                } else if !line.trim().is_empty() {
                    text.extend([indent.as_str(), line, "\n"]);
                }
            }
        }
        text
    }

    /// Returns the table of these columns.
    fn band(&self, columns: &Range<usize>) -> comfy_table::Table {
        let mut table = comfy_table::Table::new();
        table.load_style(presets::NOTHING);
        let mut lines = self.lines.iter().map(|cells| cells[columns.clone()].iter());
        if let Some(headings) = lines.next() {
            table.set_header(headings);
        }
        for cells in lines {
            table.add_row(cells);
        }
        for (index, align) in self.aligns[columns.clone()].iter().enumerate() {
            if let Some(column) = table.column_mut(index) {
                column.set_padding((0, GAP));
                if columns.start + index + 1 < self.aligns.len() {
                    column.set_constraint(ColumnConstraint::ContentWidth);
                }
                if *align == Align::Right {
                    column.set_cell_alignment(CellAlignment::Right);
                }
            }
        }
        table
    }
}

/// Returns the width that remains for the last column.
fn left_over(widths: &[u16], width: u16) -> u16 {
    let others: u16 = widths.iter().rev().skip(1).map(|w| w.saturating_add(GAP)).sum();
    width.saturating_sub(others)
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
    fn a_column_that_does_not_fit_stands_below_its_row_and_is_not_broken() {
        let mut table = Table::new(&[("RUN", Align::Left), ("CHANGES", Align::Right)]);
        table.row(["01M7XSV525AYB0K136".to_owned(), "26".to_owned()]);
        assert_eq!(table.render(Some(24)), "RUN\n    CHANGES\n01M7XSV525AYB0K136\n         26\n");
    }

    #[test]
    fn a_table_that_is_too_wide_is_folded_at_its_columns() {
        let headings = ["RUN", "STARTED", "VERB", "ENVIRONMENT"].map(|heading| (heading, Align::Left));
        let mut table = Table::new(&[&headings[..], &[("CHANGES", Align::Right)]].concat());
        table.row(["01M7XSV525AYB0K136", "2026-11-30 11:30", "plan", "staging", "2"].map(str::to_owned));
        table.row(["01M7XSV525AYB0K137", "2026-11-30 11:31", "deploy", "", ""].map(str::to_owned));
        assert_eq!(
            table.render(Some(40)),
            "RUN                 STARTED\n    VERB    ENVIRONMENT  CHANGES\n01M7XSV525AYB0K136  2026-11-30 11:30\n    \
             plan    staging            2\n01M7XSV525AYB0K137  2026-11-30 11:31\n    deploy\n"
        );
    }

    #[test]
    fn cells_below_a_row_that_are_empty_take_no_line() {
        let mut table = Table::new(&[("NAME", Align::Left), ("COUNT", Align::Right), ("TAGS", Align::Left)]);
        table.row(["a-name-of-twenty-four-xx", "1", "one two three four five six"].map(str::to_owned));
        table.row(["b", "", ""].map(str::to_owned));
        assert_eq!(
            table.render(Some(26)),
            "NAME\n    COUNT\n    TAGS\na-name-of-twenty-four-xx\n        1\n    one two three four\n    five six\nb\n"
        );
    }
}
