//! Tables that fit into a width: columns shrink, and their texts end with an ellipsis.

use std::fmt::Write as _;

use anstyle::Style;
use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

use crate::output::terminal::printable;

/// Blanks between two columns.
const GAP: usize = 2;

/// A column of a table that fits.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Column {
    heading: &'static str,
    /// The width to which the column may shrink. None: it never does.
    least: Option<usize>,
}

impl Column {
    /// Returns a column that is as wide as its widest cell.
    pub(crate) const fn fixed(heading: &'static str) -> Self {
        Self { heading, least: None }
    }

    /// Returns a column that shrinks down to this width if the table does not fit.
    pub(crate) const fn shrinking(heading: &'static str, least: usize) -> Self {
        Self { heading, least: Some(least) }
    }
}

/// A cell: a text of one line, and its style.
#[derive(Clone, Debug)]
pub(crate) struct Cell {
    text: String,
    style: Style,
}

impl Cell {
    /// Returns a cell without style.
    pub(crate) fn new(text: impl AsRef<str>) -> Self {
        Self::styled(text, Style::new())
    }

    /// Returns a cell with a style.
    pub(crate) fn styled(text: impl AsRef<str>, style: Style) -> Self {
        Self { text: printable(text.as_ref()), style }
    }
}

/// Returns the lines of a table: the heading and a line for each row, none wider than `width`.
pub(crate) fn lines<const N: usize>(columns: [Column; N], rows: &[[Cell; N]], width: usize) -> String {
    let mut widths = columns.map(|column| column.heading.width());
    for row in rows {
        for (widest, cell) in widths.iter_mut().zip(row) {
            *widest = (*widest).max(cell.text.width());
        }
    }
    shrink(&columns, &mut widths, width);
    let mut text = String::new();
    let headings = columns.map(|column| Cell::new(column.heading.to_uppercase()));
    for row in std::iter::once(&headings).chain(rows) {
        line(&mut text, row, &widths);
    }
    text
}

/// Takes width from the column that has most to give, until the table fits.
fn shrink<const N: usize>(columns: &[Column; N], widths: &mut [usize; N], width: usize) {
    let gaps = GAP.saturating_mul(N.saturating_sub(1));
    let mut excess = widths.iter().sum::<usize>().saturating_add(gaps).saturating_sub(width);
    while excess > 0 {
        let spare = |column: &Column, width: usize| width.saturating_sub(column.least.unwrap_or(width));
        let widest =
            columns.iter().zip(widths.iter_mut()).max_by_key(|(column, width)| spare(column, **width));
        match widest {
            Some((column, width)) if spare(column, *width) > 0 => *width = width.saturating_sub(1),
            _ => break,
        }
        excess = excess.saturating_sub(1);
    }
}

fn line<const N: usize>(text: &mut String, row: &[Cell; N], widths: &[usize; N]) {
    let mut blanks = 0_usize;
    for (Cell { text: cell, style }, width) in row.iter().zip(widths) {
        let cell = fitted(cell, *width);
        let left = width.saturating_sub(cell.width());
        text.extend(std::iter::repeat_n(' ', blanks));
        // Writing to a string cannot fail.
        let _ = write!(text, "{style}{cell}{style:#}");
        blanks = left.saturating_add(GAP);
    }
    text.push('\n');
}

/// Returns a text of at most this width: itself, or its beginning and an ellipsis.
pub(crate) fn fitted(text: &str, width: usize) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let mut left = width.saturating_sub(1);
    let mut start = String::new();
    for char in text.chars() {
        let Some(rest) = left.checked_sub(char.width().unwrap_or(0)) else { break };
        left = rest;
        start.push(char);
    }
    start.push('…');
    start
}

#[cfg(test)]
mod tests {
    use super::*;

    const COLUMNS: [Column; 3] =
        [Column::fixed("id"), Column::shrinking("store", 5), Column::shrinking("topic", 6)];

    fn cells(row: [&str; 3]) -> [Cell; 3] {
        row.map(Cell::new)
    }

    #[test]
    fn a_table_that_fits_is_not_shortened() {
        let text = lines(COLUMNS, &[cells(["9f2c", "riyadh", "order.create"])], 40);
        assert_eq!(text, "ID    STORE   TOPIC\n9f2c  riyadh  order.create\n");
    }

    #[test]
    fn the_widest_column_shrinks_first() {
        let rows = [cells(["9f2c", "riyadh", &"x".repeat(300)]), cells(["0a1b", "a", "b"])];
        let text = lines(COLUMNS, &rows, 30);
        assert_eq!(
            text,
            format!("ID    STORE   TOPIC\n9f2c  riyadh  {}…\n0a1b  a       b\n", "x".repeat(15))
        );
        assert!(text.lines().all(|line| line.width() <= 30));
    }

    #[test]
    fn columns_keep_their_least_width() {
        let text = lines(COLUMNS, &[cells(["9f2c", "riyadh", "order.create"])], 1);
        assert_eq!(text, "ID    STORE  TOPIC\n9f2c  riya…  order…\n");
    }

    #[test]
    fn width_counts_columns_of_a_terminal_and_not_letters() {
        assert_eq!(fitted("注文注文", 5), "注文…");
        assert_eq!(fitted("สั่งซื้อ", 5), "สั่งซื้อ", "marks above a letter have no width");
        assert_eq!(fitted("طلب", 3), "طلب");
    }
}
