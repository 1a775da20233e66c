//! `inlet stats`: counts deliveries and their outcomes by store, and compares failures with each provider's circuit
//! breaker.

use std::collections::BTreeMap;
use std::time::Duration;

use inlet::event::EventId;
use inlet::received_at::ReceivedAt;
use inlet::store::StoreName;
use inlet_aws::client::clock;
use inlet_aws::client::config::LogLevel;
use inlet_aws::dynamodb::time_index::Arrival;
use inlet_aws::history::event_status::{EventStatus, event_statuses};
use serde::Serialize;

use crate::deployment::Deployment;
use crate::events::delivery_log::{Counts, UnknownStores, counts_by_store};
use crate::events::list::{NewestFirst, State, short};
use crate::failure::Failure;
use crate::input::filters::{Filters, SourceFilter};
use crate::input::time_arg::{TimeArg, now_plus_skew};
use crate::options::DeploymentArgs;
use crate::output::table::{Cell, Column};
use crate::output::{Output, Page, Report, Status, counted, printable};
use crate::percentile::percentile;
use crate::providers::{ALL, ProviderHandle};

/// The arguments of `inlet stats`.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Count deliveries received at this time or later: 15m, 2h30m, 7d (ago), yesterday, 2025-06-12
    #[arg(long, value_name = "WHEN", default_value = "24h")]
    since: TimeArg,
    /// Number of newest events to measure delays of
    #[arg(long, value_name = "COUNT", default_value_t = 10_000)]
    sample: usize,
    #[command(flatten)]
    source: SourceFilter,
}

/// Counts and prints.
pub(crate) async fn run(
    arguments: Arguments,
    options: &DeploymentArgs,
    output: &mut Output,
) -> Result<(), Failure> {
    let deployment = Deployment::find(options).await?;
    let now = clock::now();
    let table = deployment.table();
    let (from, until) =
        (arguments.since.before(now, output.zone()).max(table.time_index.oldest(now)), now_plus_skew(now));
    let selection = arguments.source.selection(from, until)?;
    let is_selected =
        |provider: &ProviderHandle| selection.provider.as_ref().is_none_or(|name| name == provider.name);
    let providers: Vec<ProviderHandle> = ALL.iter().copied().filter(is_selected).collect();

    let mut stores: BTreeMap<(&'static str, Option<String>), StoreStats> = BTreeMap::new();
    let progress = output.progress("log lines read", None);
    let mut unknown_stores = Vec::new();
    for &provider in &providers {
        let counted = counts_by_store(&deployment, provider, (from, now), &progress).await?;
        for (store, counts) in counted.stores {
            let is_meant = |wanted: &StoreName| store.as_deref() == Some(wanted.as_str());
            if selection.store.as_ref().is_none_or(is_meant) {
                stores.entry((provider.name, store)).or_default().counts = counts;
            }
        }
        // With one store asked for, others' unknown names are of no interest.
        let unknown = &counted.unknown_stores;
        let is_among = |wanted: &StoreName| {
            unknown.most_frequent(usize::MAX).iter().any(|(name, _)| name == wanted.as_str())
        };
        if selection.store.as_ref().is_none_or(is_among) {
            unknown_stores.extend(UnknownRow::of(provider.name, unknown));
        }
    }
    progress.finish_and_clear();

    let progress = output.progress("events read", None);
    let mut newest = NewestFirst::new(&table, selection).await;
    let mut left = arguments.sample;
    while left > 0 {
        let Some(some) = newest.next().await? else { break };
        let some: Vec<Arrival> = some.into_iter().take(left).collect();
        left = left.saturating_sub(some.len());
        progress.inc(u64::try_from(some.len()).unwrap_or_default());
        let events: Vec<_> = some.iter().map(|arrival| (&arrival.id, arrival.received_at())).collect();
        let statuses = event_statuses(&table, &events).await;
        let statuses =
            statuses.map_err(|fault| Failure::Inlet { context: "the receipts cannot be read", fault })?;
        for ((id, received_at), status) in events.into_iter().zip(statuses) {
            if let Some((provider, store)) = of_store(id, &providers) {
                stores.entry((provider, Some(store))).or_default().count_event(received_at, &status);
            }
        }
    }
    progress.finish_and_clear();

    if stores.is_empty() && unknown_stores.is_empty() {
        Filters::of_source(arguments.source).check_names(&deployment).await?;
    }
    let breakers = providers.iter().map(|provider| BreakerStatus::of(*provider, &stores)).collect();
    let stores = stores
        .into_iter()
        .map(|((provider, store), sum)| sum.into_row(provider, store.as_deref(), deployment.log_level, now))
        .collect();
    let hidden = Hidden::for_level(deployment.log_level);
    output.report(&Stats {
        since: from.to_string(),
        sampled: left == 0,
        hidden,
        stores,
        unknown_stores,
        breakers,
    })
}

/// Returns the provider and the store of an id.
fn of_store(id: &EventId, providers: &[ProviderHandle]) -> Option<(&'static str, String)> {
    let mut path = id.entity_path().split('/');
    let (provider, store) = (path.next()?, path.next()?);
    let provider = providers.iter().find(|handle| handle.name == provider)?;
    Some((provider.name, store.to_owned()))
}

/// The numbers of a store while they are counted.
#[derive(Default)]
struct StoreStats {
    counts: Counts,
    delays: Vec<Duration>,
    waiting: u64,
    parked: u64,
    oldest_waiting: Option<ReceivedAt>,
}

impl StoreStats {
    fn count_event(&mut self, received_at: ReceivedAt, status: &EventStatus) {
        match State::of(status) {
            State::Parked => self.parked = self.parked.saturating_add(1),
            State::Waiting => {
                self.waiting = self.waiting.saturating_add(1);
                // The newest comes first.
                self.oldest_waiting = Some(received_at);
            }
            State::Processed => {}
        }
        // A replay is an operator's decision, so its time is not a processing delay.
        let processed = status.processed.filter(|_| !status.by_replay);
        self.delays.extend(processed.map(|processed| processed.since(received_at)));
    }

    fn into_row(mut self, provider: &str, store: Option<&str>, level: LogLevel, now: ReceivedAt) -> StoreRow {
        self.delays.sort_unstable();
        let logged = |number: u64, at: LogLevel| (at <= level).then_some(number);
        StoreRow {
            store: format!("{provider}/{}", store.unwrap_or("-")),
            accepted: logged(self.counts.accepted, LogLevel::Info),
            duplicates: logged(self.counts.duplicates, LogLevel::Info),
            unknown: logged(self.counts.unknown, LogLevel::Info),
            rejected: logged(self.counts.all_rejected(), LogLevel::Warn),
            rejected_by_reason: self.counts.rejected,
            waiting: self.waiting,
            parked: self.parked,
            oldest_waiting_ms: self.oldest_waiting.map(|at| now.since(at).as_millis()),
            delay_ms: Delay::of(&self.delays),
        }
    }
}

/// The result.
#[derive(Debug, Serialize)]
struct Stats {
    /// Start of the time span.
    since: String,
    /// True if there are more events than --sample, so that waiting, parked and delays are of a sample.
    sampled: bool,
    /// The deliveries that the log does not contain.
    hidden: Option<Hidden>,
    stores: Vec<StoreRow>,
    unknown_stores: Vec<UnknownRow>,
    breakers: Vec<BreakerStatus>,
}

/// The number of unknown stores' names that are printed for a provider.
const PRINTED_NAMES: usize = 3;

/// Deliveries to names without credentials: one row for a provider, because a sender chooses the names.
#[derive(Debug, Serialize)]
struct UnknownRow {
    provider: &'static str,
    rejected: u64,
    /// Number of different names.
    names: usize,
    /// True if there are more names than that.
    has_more_names: bool,
    /// The names with the most deliveries.
    most_frequent: Vec<UnknownName>,
}

#[derive(Debug, Serialize)]
struct UnknownName {
    store: String,
    rejected: u64,
}

impl UnknownRow {
    /// Returns the row; `None` if there was no such delivery.
    fn of(provider: &'static str, counted: &UnknownStores) -> Option<Self> {
        let most_frequent = counted.most_frequent(PRINTED_NAMES).into_iter();
        (counted.deliveries > 0).then(|| Self {
            provider,
            rejected: counted.deliveries,
            names: counted.names(),
            has_more_names: counted.has_more_names,
            most_frequent: most_frequent.map(|(store, rejected)| UnknownName { store, rejected }).collect(),
        })
    }

    fn page(&self, page: &mut Page) {
        let more = if self.has_more_names { "more than " } else { "" };
        let names = counted(self.names, "store name", "store names");
        let frequent: Vec<String> = self
            .most_frequent
            .iter()
            .map(|name| format!("{} ({})", printable(&name.store), name.rejected))
            .collect();
        page.line(format_args!(
            "{}: {} rejected, unknown stores: {more}{names} without credentials; most frequent: {}",
            self.provider,
            self.rejected,
            frequent.join(", ")
        ));
    }
}

/// The deliveries that the log does not contain at the deployment's log level.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Hidden {
    Accepted,
    AcceptedAndRejected,
}

impl Hidden {
    fn for_level(level: LogLevel) -> Option<Self> {
        match level {
            LogLevel::Error => Some(Self::AcceptedAndRejected),
            LogLevel::Warn => Some(Self::Accepted),
            LogLevel::Info | LogLevel::Debug => None,
        }
    }

    fn words(self) -> &'static str {
        match self {
            Self::Accepted => "accepted deliveries",
            Self::AcceptedAndRejected => "accepted and rejected deliveries",
        }
    }
}

/// The numbers of a store. None if the log does not contain them.
#[derive(Debug, Serialize)]
struct StoreRow {
    store: String,
    /// Number of accepted deliveries.
    accepted: Option<u64>,
    /// The duplicates among them.
    duplicates: Option<u64>,
    /// The undocumented events among them.
    unknown: Option<u64>,
    rejected: Option<u64>,
    rejected_by_reason: BTreeMap<String, u64>,
    /// Stored events without a receipt.
    waiting: u64,
    parked: u64,
    oldest_waiting_ms: Option<u128>,
    /// Time from arrival to receipt.
    delay_ms: Option<Delay>,
}

/// Percentiles, in milliseconds.
#[derive(Debug, PartialEq, Eq, Serialize)]
struct Delay {
    p50: u128,
    p95: u128,
    p99: u128,
    max: u128,
}

impl Delay {
    /// Returns the percentiles of sorted delays. None if there are none.
    fn of(sorted: &[Duration]) -> Option<Self> {
        let at = |percent: usize| percentile(sorted, percent).map(|delay| delay.as_millis());
        Some(Self { p50: at(50)?, p95: at(95)?, p99: at(99)?, max: at(100)? })
    }
}

/// The failures of a provider compared with its circuit breaker.
#[derive(Debug, Serialize)]
struct BreakerStatus {
    provider: &'static str,
    /// None if the provider documents no circuit breaker.
    breaker: Option<BreakerCounts>,
    /// The provider's page, and how reliable it is.
    source: &'static str,
}

#[derive(Debug, Serialize)]
struct BreakerCounts {
    window_minutes: u64,
    warn_at: u32,
    disable_at: u32,
    discards_backlog: bool,
    /// Number of failures of each store within the window. The provider counts per webhook, so its count is at most
    /// this.
    failures: BTreeMap<String, usize>,
    /// Number of failures since the last accepted delivery of the store, which resets a webhook's count.
    failures_since_accepted: BTreeMap<String, usize>,
}

impl BreakerStatus {
    fn of(provider: ProviderHandle, stores: &BTreeMap<(&'static str, Option<String>), StoreStats>) -> Self {
        let retry_policy = &provider.retry_policy;
        let mine = stores.iter().filter(|((name, _), _)| *name == provider.name);
        let failing = mine.filter(|(_, sum)| !sum.counts.towards_breaker.is_empty());
        let failing = failing.map(|((_, store), sum)| {
            (format!("{provider}/{}", store.as_deref().unwrap_or("-")), &sum.counts)
        });
        let failing: BTreeMap<String, &Counts> = failing.collect();
        let each = |number: fn(&Counts) -> usize| {
            failing.iter().map(|(store, counts)| (store.clone(), number(counts))).collect()
        };
        let breaker = retry_policy.circuit_breaker.as_ref().map(|breaker| BreakerCounts {
            window_minutes: breaker.window.as_secs().div_euclid(60),
            warn_at: breaker.warn_at,
            disable_at: breaker.disable_at,
            discards_backlog: breaker.discards_backlog,
            failures: each(|counts| counts.towards_breaker.len()),
            failures_since_accepted: each(Counts::failures_since_accepted),
        });
        Self { provider: provider.name, breaker, source: retry_policy.source }
    }

    fn page(&self, page: &mut Page) {
        let Some(breaker) = &self.breaker else {
            return page.line(format_args!("{:<8} documents no circuit breaker", self.provider));
        };
        let BreakerCounts { window_minutes, warn_at, disable_at, .. } = breaker;
        let lost = if breaker.discards_backlog { " and discards its backlog" } else { "" };
        let rule = format!("warns at {warn_at}, stops at {disable_at}{lost}");
        if breaker.failures.is_empty() {
            return page.marked(
                Status::Pass,
                format_args!(
                    "{}: no failure in the last {window_minutes} minutes; the provider {rule}",
                    self.provider
                ),
            );
        }
        for (store, failures) in &breaker.failures {
            let since = breaker.failures_since_accepted.get(store).copied().unwrap_or_default();
            // The accepted delivery may belong to another webhook of the store, so this one is not certain to be reset.
            let mark = if u64::try_from(since).unwrap_or(u64::MAX) >= u64::from(*warn_at) {
                Status::Fail
            } else {
                Status::Unknown
            };
            let since = if since == *failures {
                String::new()
            } else {
                format!(", {since} of them since the last accepted delivery")
            };
            page.marked(
                mark,
                format_args!(
                    "{}: {} in the last {window_minutes} minutes{since}; the provider {rule}",
                    printable(store),
                    counted(*failures, "failure", "failures")
                ),
            );
        }
    }
}

impl Report for Stats {
    fn page(&self, page: &mut Page) {
        page.heading(format_args!("Received since {}", page.time_named(&self.since)));
        if self.stores.is_empty() {
            page.line("no deliveries");
        } else {
            self.tables(page);
        }
        for store in &self.stores {
            for (reason, count) in &store.rejected_by_reason {
                page.line(format_args!(
                    "{}: {count} rejected as {}",
                    printable(&store.store),
                    printable(reason)
                ));
            }
        }
        for unknown in &self.unknown_stores {
            unknown.page(page);
        }
        if let Some(hidden) = self.hidden {
            page.aside(format_args!(
                "The functions do not log {} (template parameter LogLevel); the metrics count them.",
                hidden.words()
            ));
        }
        if self.sampled {
            page.aside(
                "Waiting, parked and delays are of the newest events only; --sample sets their number.",
            );
        }
        page.line("");
        page.heading("Circuit breakers of the providers");
        for breaker in &self.breakers {
            breaker.page(page);
        }
    }
}

/// The width from which one table has all columns.
const ONE_TABLE: usize = 110;

impl Stats {
    /// Writes the numbers of the stores: as one table, or on a narrow terminal as two.
    fn tables(&self, page: &mut Page) {
        let rows = self.stores.iter().map(StoreRow::row);
        let Some(width) = page.width().filter(|width| *width < ONE_TABLE) else {
            return page.table(HEADINGS, rows);
        };
        let cells: Vec<[Cell; 11]> = rows.map(|row| row.map(Cell::new)).collect();
        // The store, six counts, and the store again with four times.
        page.fitted(columns([0, 1, 2, 3, 4, 5, 6]), &pick(&cells, [0, 1, 2, 3, 4, 5, 6]), width);
        page.line("");
        page.fitted(columns([0, 7, 8, 9, 10]), &pick(&cells, [0, 7, 8, 9, 10]), width);
    }
}

/// Returns the columns at these places of [`HEADINGS`]. The store shrinks.
fn columns<const N: usize>(places: [usize; N]) -> [Column; N] {
    places.map(|place| match HEADINGS.get(place) {
        Some(heading) if place > 0 => Column::fixed(heading),
        heading => Column::shrinking(heading.copied().unwrap_or_default(), 8),
    })
}

/// Returns the cells at these places of each row.
fn pick<const N: usize>(rows: &[[Cell; 11]], places: [usize; N]) -> Vec<[Cell; N]> {
    let cell = |row: &[Cell; 11], place: usize| row.get(place).cloned().unwrap_or_else(|| Cell::new(""));
    rows.iter().map(|row| places.map(|place| cell(row, place))).collect()
}

/// The columns of a store's numbers.
const HEADINGS: [&str; 11] = [
    "store",
    "accepted",
    "duplicates",
    "unknown",
    "rejected",
    "waiting",
    "parked",
    "oldest",
    "p50",
    "p95",
    "p99",
];

impl StoreRow {
    fn row(&self) -> [String; 11] {
        let delay = |of: fn(&Delay) -> u128| {
            self.delay_ms.as_ref().map_or_else(|| "-".to_owned(), |delay| text(of(delay)))
        };
        let logged = |number: Option<u64>| number.map_or_else(|| "-".to_owned(), |number| number.to_string());
        [
            printable(&self.store),
            logged(self.accepted),
            logged(self.duplicates),
            logged(self.unknown),
            logged(self.rejected),
            self.waiting.to_string(),
            self.parked.to_string(),
            self.oldest_waiting_ms.map_or_else(|| "-".to_owned(), text),
            delay(|delay| delay.p50),
            delay(|delay| delay.p95),
            delay(|delay| delay.p99),
        ]
    }
}

fn text(ms: u128) -> String {
    short(Duration::from_millis(u64::try_from(ms).unwrap_or(u64::MAX)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentile_is_a_measured_delay() {
        let delays: Vec<Duration> = (1..=200).map(Duration::from_millis).collect();
        assert_eq!(Delay::of(&delays), Some(Delay { p50: 100, p95: 190, p99: 198, max: 200 }));
        let one = [Duration::from_millis(7)];
        assert_eq!(Delay::of(&one), Some(Delay { p50: 7, p95: 7, p99: 7, max: 7 }));
        assert_eq!(Delay::of(&[]), None);
    }

    #[test]
    fn an_unlogged_number_is_not_zero() {
        let row = |level| {
            let counts = Counts { accepted: 7, ..Counts::default() };
            let numbers = StoreStats { counts, ..StoreStats::default() }.into_row(
                "zid",
                Some("a"),
                level,
                ReceivedAt::EPOCH,
            );
            (numbers.accepted, numbers.rejected, Hidden::for_level(level))
        };
        for (level, want) in [
            (LogLevel::Error, (None, None, Some(Hidden::AcceptedAndRejected))),
            (LogLevel::Warn, (None, Some(0), Some(Hidden::Accepted))),
            (LogLevel::Info, (Some(7), Some(0), None)),
        ] {
            assert_eq!(row(level), want, "{level:?}");
        }
        let numbers = StoreStats::default().into_row("zid", Some("a"), LogLevel::Warn, ReceivedAt::EPOCH);
        let (hidden, stores) = (Hidden::for_level(LogLevel::Warn), vec![numbers]);
        let stats = Stats {
            since: "then".into(),
            sampled: false,
            hidden,
            stores,
            unknown_stores: Vec::new(),
            breakers: Vec::new(),
        };
        let mut page = Page::default();
        stats.page(&mut page);
        insta::assert_snapshot!(page.plain(), @"
        Received since then
        STORE  ACCEPTED  DUPLICATES  UNKNOWN  REJECTED  WAITING  PARKED  OLDEST  P50  P95  P99
        zid/a  -         -           -        0         0        0       -       -    -    -
        The functions do not log accepted deliveries (template parameter LogLevel); the metrics count them.

        Circuit breakers of the providers
        ");
    }

    #[test]
    fn the_tables_fit_into_80_columns() {
        let mut sum = StoreStats::default();
        sum.counts.accepted = 1_234_567;
        sum.delays = vec![Duration::from_secs(12_345); 3];
        let row = sum.into_row("zid", Some(&"a".repeat(40)), LogLevel::Info, ReceivedAt::EPOCH);
        let stats = Stats {
            since: "2025-06-12T08:01:12.345Z".into(),
            sampled: false,
            hidden: None,
            stores: vec![row],
            unknown_stores: Vec::new(),
            breakers: Vec::new(),
        };
        let mut page = Page::of_width(80);
        stats.page(&mut page);
        let text = page.plain();
        assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
        for part in ["1234567", "PARKED", "OLDEST", "P99"] {
            assert!(text.contains(part), "{part}: {text}");
        }
    }

    #[test]
    fn the_start_is_in_the_zone_of_the_user() {
        let stats = Stats {
            since: "2025-06-12T08:01:12.345Z".into(),
            sampled: false,
            hidden: None,
            stores: Vec::new(),
            unknown_stores: Vec::new(),
            breakers: Vec::new(),
        };
        let mut page = Page::of_zone("Asia/Riyadh".parse().unwrap());
        stats.page(&mut page);
        let heading = "Received since 2025-06-12T11:01:12.345+03:00[Asia/Riyadh]";
        assert_eq!(page.plain().lines().next(), Some(heading));
    }

    #[test]
    fn each_store_has_its_own_breaker_status() {
        let of = |numbers: &[(&str, usize)]| {
            numbers.iter().map(|(store, number)| ((*store).to_owned(), *number)).collect()
        };
        let breaker = BreakerCounts {
            window_minutes: 60,
            warn_at: 10,
            disable_at: 30,
            discards_backlog: false,
            failures: of(&[("zid/down", 12), ("zid/once", 1), ("zid/recovered", 15)]),
            failures_since_accepted: of(&[("zid/down", 12), ("zid/once", 1), ("zid/recovered", 0)]),
        };
        let mut page = Page::default();
        BreakerStatus { provider: "zid", breaker: Some(breaker), source: "a test" }.page(&mut page);
        insta::assert_snapshot!(page.plain(), @"
        FAIL  zid/down: 12 failures in the last 60 minutes; the provider warns at 10, stops at 30
        ?     zid/once: 1 failure in the last 60 minutes; the provider warns at 10, stops at 30
        ?     zid/recovered: 15 failures in the last 60 minutes, 0 of them since the last accepted delivery; the provider warns at 10, stops at 30
        ");
    }
}
