//! `inlet dead-letters`: lists, shows, redrives and discards messages of the dead-letter queue.

use clap::Subcommand;
use inlet::received_at::ReceivedAt;
use inlet_aws::client::clock;
use inlet_aws::operate::dead_letters::{
    Action as LetterAction, DeadLetter, DeadLetters, LetterFilter, LettersDone,
};
use serde::Serialize;
use serde_json::Value;
use tokio::sync::watch;

use crate::deployment::Deployment;
use crate::events::list::{age, short_type, store_and_entity};
use crate::failure::Failure;
use crate::input::event_ids::short_id;
use crate::input::filters::{Filters, Span, parse_limit};
use crate::input::time_arg::forever;
use crate::options::DeploymentArgs;
use crate::output::json_text::indented;
use crate::output::progress::{self, RunOutcome};
use crate::output::prompt::confirm_until_dropped;
use crate::output::table::{Cell, Column};
use crate::output::{BAD, FAINT, Output, Page, Report, counted, printable};
use crate::shell::quoted;
use crate::stop_signal::StopSignals;

/// The arguments of `inlet dead-letters`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
SQS shows messages only by handing them out, and hides them meanwhile. The commands give every letter back at once, also
after Ctrl-C. While one of them runs, another sees fewer letters.")]
pub(crate) struct Arguments {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// List dead letters, those that wait longest first, and why their events are parked
    List {
        #[command(flatten)]
        filters: Filters,
        #[command(flatten)]
        span: Span,
        /// Maximum number of rows
        #[arg(long, value_name = "COUNT", default_value = "20", value_parser = parse_limit)]
        limit: usize,
    },
    /// Print one dead letter: its event, its reason and its message
    Show {
        /// The event's id, the short id in the list, or SQS's id of the message
        id: String,
    },
    /// Process dead letters again: the same as `inlet redrive ID…`
    Redrive(RedriveArguments),
    /// Delete dead letters. Their events stay in the table, and `inlet replay` can still send them
    Discard {
        #[command(flatten)]
        letters: Selected,
        /// Discard every dead letter
        #[arg(long)]
        all: bool,
    },
}

/// The arguments of `inlet redrive`.
#[derive(Debug, clap::Args)]
pub(crate) struct RedriveArguments {
    #[command(flatten)]
    letters: Selected,
    /// Maximum number of messages per second
    #[arg(long, value_name = "COUNT", default_value_t = DEFAULT_RATE, value_parser = clap::value_parser!(u32).range(1..))]
    rate: u32,
}

/// Dead letters a second.
const DEFAULT_RATE: u32 = 50;

/// Largest number of letters that are looked at before a run with filters, to count them.
const MAX_COUNTED: usize = 100_000;

/// Selects dead letters.
#[derive(Debug, clap::Args)]
struct Selected {
    /// Only these letters: ids of events, short ids as in `inlet dead-letters list`, or SQS's ids of messages
    ids: Vec<String>,
    #[command(flatten)]
    filters: Filters,
    #[command(flatten)]
    span: Span,
    /// Count the messages without moving or deleting any
    #[arg(long)]
    dry_run: bool,
    /// Do not ask for confirmation
    #[arg(long, short)]
    yes: bool,
}

/// Runs the subcommand.
pub(crate) async fn run(
    arguments: Arguments,
    options: &DeploymentArgs,
    output: &mut Output,
) -> Result<(), Failure> {
    match arguments.action {
        Action::List { filters, span, limit } => {
            let deployment = Deployment::find(options).await?;
            let list = Box::pin(list(&filters, span, limit, &deployment, output));
            until_stopped(&deployment.dead_letters(), list).await.unwrap_or(Err(Failure::Stopped))
        }
        Action::Show { id } => {
            let deployment = Deployment::find(options).await?;
            let show = Box::pin(show(id, &deployment, output));
            until_stopped(&deployment.dead_letters(), show).await.unwrap_or(Err(Failure::Stopped))
        }
        Action::Redrive(arguments) => redrive(arguments, options, output).await,
        Action::Discard { letters, all } => discard(&letters, all, options, output).await,
    }
}

/// Counts, asks and moves.
///
/// # Errors
/// If a queue cannot be read or written, or the work ended half-way.
pub(crate) async fn redrive(
    arguments: RedriveArguments,
    options: &DeploymentArgs,
    output: &mut Output,
) -> Result<(), Failure> {
    let RedriveArguments { letters, rate } = arguments;
    let work =
        Work { action: LetterAction::Redrive, name: "redrive", flags: format!(" --rate {rate}"), rate };
    letters.act(&work, options, output).await
}

async fn discard(
    letters: &Selected,
    all: bool,
    options: &DeploymentArgs,
    output: &mut Output,
) -> Result<(), Failure> {
    if !all && letters.is_empty() {
        return Err(Failure::Unusable {
            what: "no dead letter is selected".to_owned(),
            next: "give ids or filters, or --all".to_owned(),
        });
    }
    let flags = if all { " --all".to_owned() } else { String::new() };
    let work =
        Work { action: LetterAction::Discard, name: "dead-letters discard", flags, rate: DEFAULT_RATE };
    letters.act(&work, options, output).await
}

/// Work on selected letters.
struct Work {
    action: LetterAction,
    /// The name of the command, for hints.
    name: &'static str,
    /// Its own flags, for the command that continues.
    flags: String,
    rate: u32,
}

impl Selected {
    fn is_empty(&self) -> bool {
        self.ids.is_empty() && self.filters.is_empty() && self.span.is_empty()
    }

    async fn filter(&self, deployment: &Deployment, output: &Output) -> Result<LetterFilter, Failure> {
        letter_filter(&self.ids, &self.filters, self.span, deployment, output).await
    }

    /// Counts, asks and acts.
    async fn act(&self, work: &Work, options: &DeploymentArgs, output: &mut Output) -> Result<(), Failure> {
        let deployment = Deployment::find_to_change(options, output).await?;
        let letters = deployment.dead_letters();
        let prepared =
            until_stopped(&letters, Box::pin(self.prepare(work, &deployment, &letters, output))).await;
        let (filter, mut report) = match prepared {
            Some(prepared) => match prepared? {
                Some(prepared) => prepared,
                None => return Ok(()),
            },
            None if self.dry_run => return Err(Failure::Stopped),
            None => {
                let what =
                    format!("{} was stopped before it began; the dead letters are given back", work.name);
                let given = self.to_flags(&self.ids, output);
                let yes = if self.yes { " --yes" } else { "" };
                let command = format!("{} {}{given}{}{yes}", deployment.inlet, work.name, work.flags);
                return Err(Failure::Partial { what, next: format!("start again with `{command}`") });
            }
        };
        let done = watch::Sender::new(LettersDone::default());
        let stop = watch::Sender::new(false);
        let bar = output.progress("done", Some(report.waiting.into()));
        let stopped = stop.subscribe();
        let running = letters.run(work.action, &filter, work.rate, &stopped, &done);
        let count = |done: &LettersDone| {
            u64::from(done.moved.saturating_add(done.discarded).saturating_add(done.forgotten))
        };
        let ended = Box::pin(progress::run_to_stop(running, &stop, &done, &bar, count)).await;
        wait_until_given_back(&letters).await;
        let done = *done.borrow();
        report.set_counts(done);
        output.report(&report)?;
        let ended_early = !matches!(ended, RunOutcome::Done);
        let left = until_stopped(&letters, self.ids_left(&letters, &filter, ended_early)).await;
        let given = self.to_flags(&left.unwrap_or_else(|| self.ids.clone()), output);
        let continues = format!("{} {}{given}{} --yes", deployment.inlet, work.name, work.flags);
        let next = format!("continue with `{continues}`");
        match ended {
            RunOutcome::Done if done.hidden > 0 && filter.is_empty() => Err(Failure::Partial {
                what: format!(
                    "SQS did not hand out {}: another look or redrive has them, or they were moved a moment ago",
                    counted(done.hidden, "dead letter", "dead letters")
                ),
                next: format!("wait two minutes, then {next}"),
            }),
            RunOutcome::Done => Ok(()),
            RunOutcome::Stopped => {
                let what = format!("{} was stopped; the other letters are given back", work.name);
                Err(Failure::Partial { what, next })
            }
            RunOutcome::Failed(fault) => {
                Err(Failure::half_way(&format!("{} stopped", work.name), &fault, options, &continues))
            }
        }
    }

    /// Counts the letters and asks. Returns the filter and the report to complete; `None` if there is nothing to do, which
    /// is then reported.
    async fn prepare(
        &self,
        work: &Work,
        deployment: &Deployment,
        letters: &DeadLetters,
        output: &mut Output,
    ) -> Result<Option<(LetterFilter, LettersReport)>, Failure> {
        let filter = self.filter(deployment, output).await?;
        let (waiting, missing) = self.count(letters, &filter, output).await?;
        if !missing.is_empty() {
            return Err(not_on_the_queue(&missing, &deployment.inlet));
        }
        let mut report = LettersReport { action: work.action.into(), waiting, ..LettersReport::default() };
        if self.dry_run || waiting == 0 {
            if waiting == 0 && !self.is_empty() {
                self.filters.check_names(deployment).await?;
            }
            report.dry_run = self.dry_run;
            output.report(&report)?;
            return Ok(None);
        }
        let noun = counted(waiting, "dead letter", "dead letters");
        // SQS's count is approximate; letters that were looked at are counted.
        let about = if filter.is_empty() { "about " } else { "" };
        let question = match work.action {
            LetterAction::Redrive => {
                format!("Move {about}{noun} back to the queue, {} per second?", work.rate)
            }
            LetterAction::Discard => format!("Delete {about}{noun}? Their events stay in the table."),
        };
        confirm_until_dropped(&question, self.yes).await?;
        Ok(Some((filter, report)))
    }

    /// Returns the number of selected letters: as SQS counts them, or with filters by looking at them. Returns the given
    /// ids of which no letter is there too.
    async fn count(
        &self,
        letters: &DeadLetters,
        filter: &LetterFilter,
        output: &Output,
    ) -> Result<(u32, Vec<String>), Failure> {
        if filter.is_empty() {
            return Ok((letters.count().await.map_err(unreadable)?, Vec::new()));
        }
        let counting = output.progress("counting", None);
        let peeked = letters.peek(filter, MAX_COUNTED).await;
        counting.finish_and_clear();
        let found = peeked.map_err(unreadable)?.letters;
        let count = u32::try_from(found.len()).unwrap_or(u32::MAX);
        Ok((count, without_letter(&self.ids, &found)))
    }

    /// Returns the given ids, after an early end only those whose letters are still there: the command that continues
    /// would not find the others.
    async fn ids_left(&self, letters: &DeadLetters, filter: &LetterFilter, ended_early: bool) -> Vec<String> {
        let mut left = self.ids.clone();
        if ended_early
            && !left.is_empty()
            && let Ok(peeked) = letters.peek(filter, MAX_COUNTED).await
        {
            let gone = without_letter(&self.ids, &peeked.letters);
            left.retain(|id| !gone.contains(id));
        }
        // Without an id the command would select every letter.
        if left.is_empty() { self.ids.clone() } else { left }
    }

    fn to_flags(&self, ids: &[String], output: &Output) -> String {
        let ids = ids.iter().fold(String::new(), |all, id| all + " " + &quoted(id));
        ids + &self.filters.to_flags() + &self.span.to_flags(clock::now(), output.zone())
    }
}

/// Runs work that may hold letters until a stop signal: `None` if one came. Its letters are given back then; a second
/// signal does not wait for that.
async fn until_stopped<T>(letters: &DeadLetters, work: impl Future<Output = T>) -> Option<T> {
    let mut signals = StopSignals::new();
    let done = tokio::select! {
        biased;
        () = signals.next() => None,
        done = work => Some(done),
    };
    wait_until_given_back(letters).await;
    done
}

/// Waits until this process holds no letters, or for a stop signal.
async fn wait_until_given_back(letters: &DeadLetters) {
    let mut signals = StopSignals::new();
    tokio::select! {
        biased;
        () = letters.held.given_back() => {}
        () = signals.next() => {}
    }
}

/// Returns the ids that none of the letters has.
fn without_letter(ids: &[String], letters: &[DeadLetter]) -> Vec<String> {
    ids.iter().filter(|id| !letters.iter().any(|letter| letter.is(id))).cloned().collect()
}

/// Returns the failure for ids of which no letter is on the dead-letter queue.
fn not_on_the_queue(ids: &[String], inlet: &str) -> Failure {
    Failure::NotFound {
        what: format!("dead letter {}", ids.join(" or ")),
        next: format!(
            "nothing was changed; list the letters with `{inlet} dead-letters list`; an event without a letter is sent \
             by `{inlet} replay ID`; a letter that another look or redrive hides comes back within two minutes"
        ),
    }
}

fn unreadable(fault: inlet::fault::Fault) -> Failure {
    Failure::Inlet { context: "the dead-letter queue cannot be read", fault }
}

async fn letter_filter(
    ids: &[String],
    filters: &Filters,
    span: Span,
    deployment: &Deployment,
    output: &Output,
) -> Result<LetterFilter, Failure> {
    let (now, zone) = (clock::now(), output.zone());
    span.check(now, zone)?;
    let from = span.since.map_or(ReceivedAt::EPOCH, |since| since.before(now, zone));
    let until = span.until.map_or_else(forever, |until| until.before(now, zone));
    let events = if filters.is_empty() && span.is_empty() {
        None
    } else {
        Some(filters.selection(deployment, from, until).await?)
    };
    Ok(LetterFilter { ids: ids.to_vec(), events })
}

async fn list(
    filters: &Filters,
    span: Span,
    limit: usize,
    deployment: &Deployment,
    output: &mut Output,
) -> Result<(), Failure> {
    let filter = letter_filter(&[], filters, span, deployment, output).await?;
    let progress = output.progress("looking at the dead letters", None);
    let peeked = deployment.dead_letters().peek(&filter, limit).await;
    progress.finish_and_clear();
    let peeked = peeked.map_err(unreadable)?;
    let none = peeked.letters.is_empty();
    if none {
        filters.check_names(deployment).await?;
    }
    let any_processed = peeked.letters.iter().any(|letter| letter.processed.is_some());
    let any_open = peeked.letters.iter().any(|letter| letter.processed.is_none());
    let letters = peeked.letters.into_iter().map(Letter::of).collect();
    output.report(&LetterList { letters, hidden: peeked.hidden, now: clock::now() })?;
    if peeked.hidden > 0 {
        let letters = counted(peeked.hidden, "further letter", "further letters");
        output.note(format!("about {letters}: --limit shows more; others are hidden by a redrive or a look"));
    }
    let inlet = &deployment.inlet;
    if none && peeked.hidden == 0 {
        output.note("no dead letters");
    } else if !none {
        if any_processed {
            output.note(next_step(true, inlet, "ID"));
        }
        if any_open {
            output.note(format!("{}, or {inlet} redrive", next_step(false, inlet, "ID")));
        }
    }
    Ok(())
}

async fn show(id: String, deployment: &Deployment, output: &mut Output) -> Result<(), Failure> {
    let filter = LetterFilter { ids: vec![id.clone()], events: None };
    let peeked = deployment.dead_letters().peek(&filter, 2).await.map_err(unreadable)?;
    let inlet = &deployment.inlet;
    let mut letters = peeked.letters.into_iter();
    match (letters.next(), letters.next()) {
        (Some(letter), None) => {
            let is_processed = letter.processed.is_some();
            let text = letter.text.clone();
            let message = serde_json::from_str(&text).unwrap_or_default();
            output.report(&ShownLetter { letter: Letter::of(letter), message, text })?;
            output.note(next_step(is_processed, inlet, &quoted(&id)));
            Ok(())
        }
        (Some(_), Some(_)) => Err(Failure::Unusable {
            what: format!("several dead letters have the id {id}"),
            next: format!("give SQS's id of the message: `{inlet} dead-letters list --json` prints it"),
        }),
        _ => Err(not_on_the_queue(&[id], inlet)),
    }
}

/// Returns what an operator does with a letter.
fn next_step(is_processed: bool, inlet: &str, id: &str) -> String {
    if is_processed {
        return format!("its event is processed; remove the letter with: {inlet} dead-letters discard {id}");
    }
    format!("correct the cause, then run: {inlet} dead-letters redrive {id}")
}

/// The dead letters of a list.
#[derive(Debug, Serialize)]
struct LetterList {
    letters: Vec<Letter>,
    /// Approximate number of letters that are not in the list.
    hidden: u32,
    #[serde(skip)]
    now: ReceivedAt,
}

/// A dead letter.
#[derive(Debug, Serialize)]
struct Letter {
    /// SQS's id of the message.
    message_id: String,
    /// The time when it was set aside.
    since: String,
    /// The event's id. None if the message is not one of Inlet.
    id: Option<String>,
    received: Option<String>,
    #[serde(rename = "type")]
    canonical_type: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    replay: Option<String>,
    /// True if it carries its whole event, which may not be in the table.
    carries_event: bool,
    /// The reason why its event is parked.
    reason: Option<String>,
    /// The time when its event was processed, if it was and is not parked.
    processed: Option<String>,
}

impl Letter {
    fn of(letter: DeadLetter) -> Self {
        let event = letter.event;
        Self {
            message_id: letter.message_id,
            since: letter.since.to_string(),
            id: event.as_ref().map(|event| event.id.to_string()),
            received: event.as_ref().map(|event| event.received.clone()),
            canonical_type: event.map(|event| event.canonical_type),
            replay: letter.replay,
            carries_event: letter.is_whole,
            reason: letter.reason,
            processed: letter.processed.map(|at| at.to_string()),
        }
    }

    fn reason(&self) -> &str {
        match (&self.reason, &self.id) {
            (Some(reason), _) => reason,
            (None, Some(_)) if self.processed.is_some() => "none any more: its event is processed",
            (None, Some(_)) => {
                "its event is not parked: an outage moved the letter here, or a replay is under way"
            }
            (None, None) => "no message of Inlet",
        }
    }

    /// Returns the id that `show` and `redrive` take.
    fn shown_id(&self) -> &str {
        self.id.as_deref().unwrap_or(&self.message_id)
    }
}

/// The columns on a terminal.
const COLUMNS: [Column; 6] = [
    Column::fixed("age"),
    Column::fixed("id"),
    Column::shrinking("type", 12),
    Column::shrinking("store", 8),
    Column::shrinking("entity", 10),
    Column::shrinking("reason", 12),
];

impl LetterList {
    fn narrow_page(&self, page: &mut Page, width: usize) {
        let row = |letter: &Letter| {
            let (store, entity) = store_and_entity(letter.id.as_deref().unwrap_or_default());
            [
                Cell::styled(age(&letter.since, self.now), FAINT),
                Cell::new(short_id(letter.shown_id())),
                Cell::new(short_type(letter.canonical_type.as_deref().unwrap_or("-"))),
                Cell::new(store),
                Cell::new(entity),
                Cell::styled(letter.reason(), BAD),
            ]
        };
        let rows: Vec<_> = self.letters.iter().map(row).collect();
        page.fitted(COLUMNS, &rows, width);
    }

    fn wide_page(&self, page: &mut Page) {
        let row = |letter: &Letter| {
            [
                page.time(&letter.since),
                printable(letter.canonical_type.as_deref().unwrap_or("-")),
                letter.shown_id().to_owned(),
                printable(letter.reason()),
            ]
        };
        let rows: Vec<_> = self.letters.iter().map(row).collect();
        let since = page.time_heading("since");
        page.table([&since, "type", "id", "reason"], rows);
    }
}

impl Report for LetterList {
    fn page(&self, page: &mut Page) {
        match page.width() {
            _ if self.letters.is_empty() => {}
            Some(width) => self.narrow_page(page, width),
            None => self.wide_page(page),
        }
    }
}

/// One dead letter with its message.
#[derive(Debug, Serialize)]
struct ShownLetter {
    #[serde(flatten)]
    letter: Letter,
    message: Value,
    #[serde(skip)]
    text: String,
}

impl Report for ShownLetter {
    fn page(&self, page: &mut Page) {
        let letter = &self.letter;
        page.heading(letter.shown_id());
        let carries = if letter.carries_event { "yes: the table may not have it" } else { "no" };
        for (name, value) in [
            ("type", letter.canonical_type.clone().unwrap_or_else(|| "unknown".to_owned())),
            ("received", letter.received.as_ref().map(|at| page.time_named(at)).unwrap_or_default()),
            ("dead since", page.time_named(&letter.since)),
            ("reason", letter.reason().to_owned()),
            ("processed", letter.processed.as_ref().map_or("no".to_owned(), |at| page.time_named(at))),
            ("has event", carries.to_owned()),
            ("message id", letter.message_id.clone()),
        ] {
            page.line(format_args!("{name:<12}{}", printable(&value)));
        }
        if let Some(replay) = &letter.replay {
            page.line(format_args!("{:<12}{}", "replay", printable(replay)));
        }
        page.line("");
        page.line(indented(&self.text).unwrap_or_else(|| self.text.clone()));
    }
}

/// The work on letters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Done {
    #[default]
    Moved,
    Discarded,
}

impl From<LetterAction> for Done {
    fn from(action: LetterAction) -> Self {
        match action {
            LetterAction::Redrive => Self::Moved,
            LetterAction::Discard => Self::Discarded,
        }
    }
}

/// The result of work on letters.
#[derive(Debug, Default, Serialize)]
struct LettersReport {
    /// Number of selected messages before; approximate without a filter, as SQS counts them.
    waiting: u32,
    moved: u32,
    /// Number of messages that were deleted, because their entity was forgotten.
    forgotten: u32,
    #[serde(skip_serializing_if = "is_zero")]
    discarded: u32,
    /// Approximate number of messages that SQS did not hand out.
    #[serde(skip_serializing_if = "is_zero")]
    hidden: u32,
    #[serde(skip)]
    action: Done,
    #[serde(skip)]
    dry_run: bool,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_zero(count: &u32) -> bool {
    *count == 0
}

impl LettersReport {
    fn set_counts(&mut self, done: LettersDone) {
        let LettersDone { moved, discarded, forgotten, hidden, kept: _ } = done;
        *self = Self { moved, forgotten, discarded, hidden, ..std::mem::take(self) };
    }
}

impl Report for LettersReport {
    fn page(&self, page: &mut Page) {
        let letters = |count: u32| counted(count, "dead letter", "dead letters");
        let waiting = letters(self.waiting);
        page.line(match (self.waiting, self.dry_run, self.action) {
            (0, _, Done::Moved) => "no dead letters; nothing was moved".to_owned(),
            (0, _, Done::Discarded) => "no dead letters; nothing was deleted".to_owned(),
            (_, true, Done::Moved) => format!("about {waiting} would be moved; nothing was moved"),
            (_, true, Done::Discarded) => format!("about {waiting} would be deleted; nothing was deleted"),
            (_, false, Done::Moved) => format!("{} moved back to the queue", letters(self.moved)),
            (_, false, Done::Discarded) => format!("{} deleted", letters(self.discarded)),
        });
        if self.forgotten > 0 {
            page.line(format_args!("{} of forgotten entities deleted", letters(self.forgotten)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn letter(reason: Option<&str>, processed: Option<&str>) -> Letter {
        Letter {
            message_id: "5b1f".into(),
            since: "2025-06-12T08:01:12.345Z".into(),
            id: Some("zid/riyadh/order/8/0123456789abcdef".into()),
            received: Some("2025-06-12T08:01:12.345Z".into()),
            canonical_type: Some("commerce.order.created".into()),
            replay: None,
            carries_event: false,
            reason: reason.map(str::to_owned),
            processed: processed.map(str::to_owned),
        }
    }

    #[test]
    fn a_letter_says_whether_its_event_is_processed() {
        let at = "2025-06-12T09:00:00.000Z";
        assert_eq!(letter(Some("the product is unknown"), None).reason(), "the product is unknown");
        assert!(letter(None, None).reason().contains("an outage moved"));
        let processed = letter(None, Some(at));
        assert!(processed.reason().contains("its event is processed"), "{}", processed.reason());
        let mut page = Page::default();
        ShownLetter { letter: processed, message: Value::Null, text: "{}".into() }.page(&mut page);
        let text = page.plain();
        assert!(text.contains("processed   2025-06-12T09:00:00.000Z"), "{text}");
        assert!(!text.contains("outage"), "{text}");
        let next = next_step(true, "inlet --local", "01234567");
        assert!(next.ends_with("inlet --local dead-letters discard 01234567"), "{next}");
    }

    #[test]
    fn an_id_without_a_letter_is_named_with_exit_code_3() {
        let ids = ["5b1f", "00000000", "nosuch"].map(str::to_owned);
        let letter = DeadLetter {
            message_id: "5b1f".into(),
            event: None,
            since: ReceivedAt::EPOCH,
            is_whole: false,
            replay: None,
            reason: None,
            processed: None,
            text: String::new(),
        };
        let missing = without_letter(&ids, std::slice::from_ref(&letter));
        assert_eq!(missing, ["00000000", "nosuch"]);
        let failure = not_on_the_queue(&missing, "inlet --local");
        assert_eq!(failure.to_string(), "there is no dead letter 00000000 or nosuch");
        assert_eq!(failure.exit_code(), 3);
        assert_eq!(without_letter(&[], &[letter]), Vec::<String>::new());
    }
}
