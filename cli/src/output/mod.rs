//! The output of a command: its result on standard output, as text or JSON; notes, progress and failures on standard
//! error. Colour, width and progress need a terminal.
//!
//! Every text passes [`terminal::Shown`] here, so no command can write an untrusted one past it.

pub(crate) mod prompt;
pub(crate) mod progress;
pub(crate) mod json_text;
pub(crate) mod table;
mod pager;
mod silence;
pub(crate) mod terminal;

use std::fmt::{Display, Write as _};
use std::io::{self, IsTerminal as _, Write as _};
use std::process::ExitCode;
use std::time::Duration;

use anstream::AutoStream;
use anstyle::{AnsiColor, Style};
use clap::ColorChoice;
use comfy_table::{ContentArrangement, Table, presets};
use indicatif::{ProgressBar, ProgressStyle};
use inlet::received_at::ReceivedAt;
use serde::Serialize;
use serde_json::json;

use crate::failure::Failure;
use crate::options::{DeploymentArgs, OutputArgs};
use crate::output::table::{Cell, Column};
use crate::output::terminal::{Shown, escaped_json};
use crate::zone::Zone;

pub(crate) use terminal::printable;

/// The result of a command. Programs get its fields as JSON, people get its page.
pub(crate) trait Report: Serialize {
    /// Writes the page.
    fn page(&self, page: &mut Page);
}

/// The two output streams.
#[derive(Debug)]
pub(crate) struct Output {
    json: bool,
    quiet: bool,
    layout: Layout,
    pager: String,
    out: AutoStream<io::Stdout>,
    err: AutoStream<io::Stderr>,
}

impl Output {
    /// Returns the output of the process.
    pub(crate) fn new(style: &OutputArgs) -> Self {
        let choice = match style.color {
            ColorChoice::Auto => anstream::ColorChoice::Auto,
            ColorChoice::Always => anstream::ColorChoice::Always,
            ColorChoice::Never => anstream::ColorChoice::Never,
        };
        let stream = |choice| (AutoStream::new(io::stdout(), choice), AutoStream::new(io::stderr(), choice));
        let (out, err) = match choice {
            anstream::ColorChoice::Auto => (AutoStream::auto(io::stdout()), AutoStream::auto(io::stderr())),
            chosen => stream(chosen),
        };
        let terminal = terminal_size::terminal_size_of(out.as_inner());
        let terminal = terminal.map(|(terminal_size::Width(width), _)| width);
        let width = if style.wide { None } else { style.width.or(terminal) };
        let layout =
            Layout { zone: style.tz.clone().unwrap_or_else(Zone::of_machine), width: width.map(usize::from) };
        Self { json: style.json, quiet: style.quiet, layout, pager: style.pager.clone(), out, err }
    }

    /// Writes a note on a terminal if the command writes nothing for some seconds, so that it does not look dead.
    pub(crate) fn report_silence(&self) {
        if !self.quiet && !self.json && io::stderr().is_terminal() {
            silence::report_later();
        }
    }

    /// Returns the zone of the user's times.
    pub(crate) fn zone(&self) -> &Zone {
        &self.layout.zone
    }

    /// Writes the only result of a command, which may be long: page by page on a terminal.
    ///
    /// # Errors
    /// If standard output cannot be written.
    pub(crate) fn long_report<R: Report>(&mut self, report: &R) -> Result<(), Failure> {
        let is_paged = !self.json && !self.pager.trim().is_empty() && self.out.as_inner().is_terminal();
        if !is_paged {
            return self.report(report);
        }
        let mut page = self.new_page();
        report.page(&mut page);
        let has_colour = self.out.current_choice() != anstream::ColorChoice::Never;
        let text = if has_colour { page.text } else { anstream::adapter::strip_str(&page.text).to_string() };
        match pager::show(&self.pager, &text) {
            Ok(()) => Ok(()),
            // Without a pager the result is still written.
            Err(_) => self.write_page(&text),
        }
    }

    fn new_page(&self) -> Page {
        Page { text: String::new(), layout: self.layout.clone() }
    }

    fn write_page(&mut self, text: &str) -> Result<(), Failure> {
        self.out.write_all(text.as_bytes())?;
        self.out.flush()?;
        Ok(())
    }

    /// Writes the only result of a command.
    ///
    /// # Errors
    /// If standard output cannot be written.
    pub(crate) fn report<R: Report>(&mut self, report: &R) -> Result<(), Failure> {
        silence::end();
        if self.json {
            let json = serde_json::to_string_pretty(report).map_err(io::Error::from)?;
            writeln!(self.out, "{}", escaped_json(&json))?;
            return Ok(());
        }
        self.page(report)
    }

    /// Writes one of many results immediately: a line of JSON, or a page.
    ///
    /// # Errors
    /// If standard output cannot be written.
    pub(crate) fn item<R: Report>(&mut self, report: &R) -> Result<(), Failure> {
        silence::end();
        if self.json {
            let json = serde_json::to_string(report).map_err(io::Error::from)?;
            writeln!(self.out, "{}", escaped_json(&json))?;
            self.out.flush()?;
            return Ok(());
        }
        self.page(report)
    }

    /// Writes bytes: unchanged for the next program in a pipe, as text on a terminal.
    ///
    /// # Errors
    /// If standard output cannot be written.
    pub(crate) fn bytes(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        silence::end();
        let mut out = self.out.as_inner();
        if out.is_terminal() {
            write!(out, "{}", Shown(String::from_utf8_lossy(bytes)))?;
        } else {
            out.write_all(bytes)?;
        }
        out.flush()?;
        Ok(())
    }

    /// Writes a note to standard error, unless --quiet is set.
    pub(crate) fn note(&mut self, text: impl Display) {
        if !self.quiet {
            silence::end();
            // A note that cannot be written must not end the command.
            let _ = writeln!(self.err, "{}", Shown(text));
        }
    }

    /// Returns true if the output is JSON.
    pub(crate) fn is_json(&self) -> bool {
        self.json
    }

    /// Returns a progress bar, visible on a terminal. `total` is the expected number, if it is known.
    pub(crate) fn progress(&self, what: &'static str, total: Option<u64>) -> ProgressBar {
        if self.quiet || self.json || !io::stderr().is_terminal() {
            return ProgressBar::hidden();
        }
        silence::end();
        let (bar, template) = match total {
            Some(total) => (ProgressBar::new(total), "{msg} [{bar:30}] {pos}/{len}, {per_sec}, {eta} left"),
            None => (ProgressBar::new_spinner(), "{spinner} {msg}: {pos}, {elapsed}"),
        };
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style.progress_chars("=> "));
        }
        bar.set_message(what);
        bar.enable_steady_tick(Duration::from_millis(100));
        bar
    }

    /// Returns the width that tables fit into, in columns of a terminal. None if they are written in full.
    pub(crate) fn width(&self) -> Option<usize> {
        self.layout.width
    }

    /// Writes why the command ended early, and returns the exit code.
    pub(crate) fn failure(&mut self, failure: &Failure, options: &DeploymentArgs) -> ExitCode {
        if failure.is_closed_pipe() {
            return ExitCode::SUCCESS;
        }
        silence::end();
        let code = failure.exit_code();
        let (causes, next) = (failure.causes(), failure.hint(options));
        // There is no other stream to report an error of this one.
        let _ = if self.json {
            let error =
                json!({"message": failure.to_string(), "causes": causes, "next": next, "exit_code": code});
            writeln!(self.err, "{}", escaped_json(&json!({ "error": error }).to_string()))
        } else {
            let causes = causes.iter().fold(String::new(), |all, cause| all + "\n  because " + cause);
            let (failure, causes, next) = (Shown(failure), Shown(causes), Shown(next));
            writeln!(self.err, "{BAD}error{BAD:#}: {failure}{causes}\n{BOLD}next{BOLD:#}: {next}")
        };
        ExitCode::from(code)
    }

    fn page<R: Report>(&mut self, report: &R) -> Result<(), Failure> {
        let mut page = self.new_page();
        report.page(&mut page);
        self.write_page(&page.text)
    }
}

/// The layout of pages.
#[derive(Clone, Debug, Default)]
struct Layout {
    /// The zone of times.
    zone: Zone,
    /// The width that tables fit into. None if they are written in full.
    width: Option<usize>,
}

/// The styles of texts: a heading, something of minor importance, something good, bad, or unfinished.
pub(crate) const BOLD: Style = Style::new().bold();
pub(crate) const FAINT: Style = Style::new().dimmed();
pub(crate) const GOOD: Style = AnsiColor::Green.on_default();
pub(crate) const BAD: Style = AnsiColor::Red.on_default().bold();
pub(crate) const OPEN: Style = AnsiColor::Yellow.on_default();

/// The result of a check.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Status {
    /// The check passed.
    Pass,
    /// The check failed.
    Fail,
    /// The deployment works, and something around it can become a problem.
    Warning,
    /// The check could not be made, or its finding needs a look.
    Unknown,
}

impl Status {
    fn word_and_style(self) -> (&'static str, Style) {
        match self {
            Self::Pass => ("ok", GOOD),
            Self::Fail => ("FAIL", BAD),
            Self::Warning => ("warn", OPEN),
            Self::Unknown => ("?", OPEN),
        }
    }
}

/// A page of text.
#[derive(Debug, Default)]
pub(crate) struct Page {
    text: String,
    layout: Layout,
}

impl Page {
    /// Returns an empty page whose tables fit into this width.
    #[cfg(test)]
    pub(crate) fn of_width(width: usize) -> Self {
        Self { text: String::new(), layout: Layout { width: Some(width), ..Layout::default() } }
    }

    /// Returns an empty page whose times are in this zone.
    #[cfg(test)]
    pub(crate) fn of_zone(zone: Zone) -> Self {
        Self { text: String::new(), layout: Layout { zone, ..Layout::default() } }
    }

    /// Returns the text without colour.
    #[cfg(test)]
    pub(crate) fn plain(&self) -> String {
        anstream::adapter::strip_str(&self.text).to_string()
    }

    /// Returns the width that tables fit into. None if they are written in full.
    pub(crate) fn width(&self) -> Option<usize> {
        self.layout.width
    }

    /// Returns a stored time in the user's zone. Another text stays.
    pub(crate) fn time(&self, stored: &str) -> String {
        ReceivedAt::parse(stored).map_or_else(|| stored.to_owned(), |at| self.layout.zone.show(at))
    }

    /// The same with the name of the zone.
    pub(crate) fn time_named(&self, stored: &str) -> String {
        ReceivedAt::parse(stored).map_or_else(|| stored.to_owned(), |at| self.layout.zone.show_named(at))
    }

    /// Returns the time of day of a stored time in the user's zone.
    pub(crate) fn clock(&self, stored: &str) -> String {
        ReceivedAt::parse(stored).map_or_else(|| stored.to_owned(), |at| self.layout.zone.show_clock(at))
    }

    /// Returns the name of a column of times: with the zone, unless it is UTC.
    pub(crate) fn time_heading(&self, name: &str) -> String {
        match self.layout.zone.name().as_str() {
            "UTC" => name.to_owned(),
            zone => format!("{name} ({zone})"),
        }
    }

    /// Writes a table that fits into a width: each row is one line.
    pub(crate) fn fitted<const N: usize>(&mut self, columns: [Column; N], rows: &[[Cell; N]], width: usize) {
        self.text.push_str(&table::lines(columns, rows, width));
    }

    /// Writes a line, shortened to the width of tables if there is one.
    pub(crate) fn fitted_line(&mut self, text: impl Display) {
        let text = self.fit(&text.to_string());
        self.line(text);
    }

    /// Returns a text for one line, shortened to the width of tables if there is one.
    pub(crate) fn fit(&self, text: &str) -> String {
        let text = printable(text);
        self.layout.width.map_or(text.clone(), |width| table::fitted(&text, width))
    }

    /// Writes a line in a style.
    pub(crate) fn styled(&mut self, style: Style, text: impl Display) {
        let _ = writeln!(self.text, "{style}{}{style:#}", Shown(text));
    }

    /// Writes a line.
    pub(crate) fn line(&mut self, text: impl Display) {
        let _ = writeln!(self.text, "{}", Shown(text));
    }

    /// Writes a heading.
    pub(crate) fn heading(&mut self, text: impl Display) {
        let _ = writeln!(self.text, "{BOLD}{}{BOLD:#}", Shown(text));
    }

    /// Writes a line of minor importance.
    pub(crate) fn aside(&mut self, text: impl Display) {
        let _ = writeln!(self.text, "{FAINT}{}{FAINT:#}", Shown(text));
    }

    /// Writes a line with the result of a check.
    pub(crate) fn marked(&mut self, status: Status, text: impl Display) {
        let (word, style) = status.word_and_style();
        let _ = writeln!(self.text, "{style}{word:<5}{style:#} {}", Shown(text));
    }

    /// Writes two texts side by side in this many columns, or one below the other without a width.
    pub(crate) fn side_by_side(&mut self, headings: [&str; 2], texts: [&str; 2], width: Option<usize>) {
        let Some(width) = width else {
            let [left, right] = headings.map(str::to_uppercase);
            let [first, second] = texts;
            self.heading(left);
            self.line(first);
            self.line("");
            self.heading(right);
            return self.line(second);
        };
        let mut table = Table::new();
        table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Dynamic);
        table.set_width(u16::try_from(width).unwrap_or(u16::MAX));
        self.rows(&mut table, headings, [texts.map(|text| Shown(text).to_string())]);
    }

    /// Writes a table without rules, with two spaces between columns, so that programs can split it.
    pub(crate) fn table<const N: usize>(
        &mut self,
        headings: [&str; N],
        rows: impl IntoIterator<Item = [String; N]>,
    ) {
        let mut table = Table::new();
        table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Disabled);
        self.rows(&mut table, headings, rows.into_iter().map(|row| row.map(|cell| printable(&cell))));
    }

    fn rows<const N: usize>(
        &mut self,
        table: &mut Table,
        headings: [&str; N],
        rows: impl IntoIterator<Item = [String; N]>,
    ) {
        table.set_header(headings.map(str::to_uppercase));
        for row in rows {
            table.add_row(row);
        }
        for column in table.column_iter_mut() {
            column.set_padding((0, 2));
        }
        for line in table.lines() {
            let _ = writeln!(self.text, "{}", line.trim_end());
        }
    }
}

/// Returns the number with its noun.
pub(crate) fn counted(count: impl TryInto<u64>, one: &str, many: &str) -> String {
    let count = count.try_into().unwrap_or(u64::MAX);
    format!("{count} {}", if count == 1 { one } else { many })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_has_aligned_columns_and_no_trailing_space() {
        let mut page = Page::default();
        page.table(
            ["store", "url"],
            [["zid/a".to_owned(), "x".to_owned()], ["zort/longer".into(), "yy".into()]],
        );
        assert_eq!(page.text, "STORE        URL\nzid/a        x\nzort/longer  yy\n");
    }

    #[test]
    fn two_texts_are_side_by_side_if_there_is_room() {
        let text = |width| {
            let mut page = Page::default();
            page.side_by_side(["raw", "canonical"], ["{\n  1\n}", "a long line of words"], width);
            anstream::adapter::strip_str(&page.text).to_string()
        };
        assert_eq!(text(Some(30)), "RAW  CANONICAL\n{    a long line of words\n  1\n}\n");
        assert_eq!(text(Some(20)), "RAW  CANONICAL\n{    a long line\n  1  of words\n}\n");
        assert_eq!(text(None), "RAW\n{\n  1\n}\n\nCANONICAL\na long line of words\n");
    }

    #[test]
    fn every_way_to_a_page_has_the_terminals_filter() {
        let (evil, mut page) = ("a\u{202e}\u{200b}\u{9b}b", Page::default());
        page.line(evil);
        page.heading(evil);
        page.aside(evil);
        page.marked(Status::Fail, evil);
        page.table(["x"], [[evil.to_owned()]]);
        page.side_by_side(["x", "y"], [evil, evil], Some(40));
        page.side_by_side(["x", "y"], [evil, evil], None);
        assert_eq!(page.plain().matches("a\u{fffd}\u{fffd}\u{fffd}b").count(), 9, "{}", page.plain());
    }

    #[test]
    fn a_status_is_readable_without_colour() {
        let mut page = Page::default();
        page.marked(Status::Fail, "no table");
        assert_eq!(page.plain(), "FAIL  no table\n");
    }
}
