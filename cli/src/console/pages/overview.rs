//! The overview: what arrives, what waits, what failed, and how near a provider is to disabling a store.

use std::time::Duration;

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use inlet::received_at::ReceivedAt;

use crate::console::chart::{Chart, Series};
use crate::console::figures::{Figures, step_ms};
use crate::console::overview::{Alarms, BreakerStatus, Overview};
use crate::console::pages::{Shell, respond};
use crate::console::state::Shared;
use crate::console::text::{At, Text, grouped};
use crate::events::list::short;
use crate::failure::Failure;
use crate::output::counted;

#[derive(Template)]
#[template(path = "console/overview.html")]
struct OverviewPage {
    shell: Shell,
    /// `None` while the first facts are being read.
    facts: Option<Facts>,
}

/// The facts as the page shows them.
struct Facts {
    read_at: At,
    now: Vec<Tile>,
    day: Vec<Tile>,
    charts: Vec<Chart>,
    reasons: Vec<(Text, String)>,
    alarms: Vec<(Text, Text)>,
    breakers: Vec<BreakerRow>,
    has_breakers: bool,
    problems: Vec<Text>,
}

/// A number with its name.
struct Tile {
    name: &'static str,
    value: String,
    /// The class of its state: `good`, `bad`, `warn` or none.
    class: &'static str,
    note: String,
    href: &'static str,
}

struct BreakerRow {
    store: Text,
    failures: u64,
    warn_at: u64,
    disable_at: u64,
    minutes: u64,
    left: u64,
    class: &'static str,
    state: &'static str,
    /// The filled part of the bar, of 100.
    filled: u64,
}

/// Shows the overview.
pub(crate) async fn show(State(console): State<Shared>) -> Response {
    let facts = console.overview().await.map(|overview| Facts::of(&overview));
    let shell = Shell::new(&console, "overview", "Overview");
    respond(&console, Ok::<_, Failure>(OverviewPage { shell, facts }))
}

impl Tile {
    fn new(name: &'static str, value: impl Into<String>) -> Self {
        Self { name, value: value.into(), class: "", note: String::new(), href: "" }
    }

    fn unknown(name: &'static str) -> Self {
        Self { note: "not known".to_owned(), ..Self::new(name, "–") }
    }
}

impl Facts {
    fn of(overview: &Overview) -> Self {
        let problems = [
            overview.figures.as_ref().err(),
            overview.queue.as_ref().err(),
            overview.dead_letters.as_ref().err(),
            overview.alarms.as_ref().err(),
            overview.breakers.as_ref().err(),
        ];
        let breakers = overview.breakers.as_deref().unwrap_or_default();
        Self {
            read_at: At::of_time(overview.read_at),
            now: current(overview),
            day: overview.figures.as_ref().map(of_the_day).unwrap_or_default(),
            charts: overview
                .figures
                .as_ref()
                .map(|figures| charts(figures, overview.read_at))
                .unwrap_or_default(),
            reasons: overview.figures.as_ref().map(reasons).unwrap_or_default(),
            alarms: overview.alarms.as_ref().map(ringing).unwrap_or_default(),
            has_breakers: overview.breakers.is_ok(),
            breakers: breakers.iter().map(BreakerRow::of).collect(),
            problems: problems.into_iter().flatten().map(|problem| Text::line(problem)).collect(),
        }
    }
}

/// Returns the tiles of the present state.
fn current(overview: &Overview) -> Vec<Tile> {
    let waiting = match &overview.queue {
        Ok(depth) => Tile {
            note: format!("{} in work", grouped(depth.in_flight.into())),
            href: "/events?state=waiting",
            ..Tile::new("Waiting on the queue", grouped(depth.visible.into()))
        },
        Err(_) => Tile::unknown("Waiting on the queue"),
    };
    let oldest = match &overview.figures {
        Ok(Figures { oldest_waiting: Some(age), .. }) if age.is_zero() => {
            Tile { class: "good", ..Tile::new("Oldest unprocessed", "none") }
        }
        Ok(Figures { oldest_waiting: Some(age), .. }) => Tile {
            class: if *age > Duration::from_mins(15) { "bad" } else { "" },
            ..Tile::new("Oldest unprocessed", short(*age))
        },
        _ => Tile::unknown("Oldest unprocessed"),
    };
    let dead = match &overview.dead_letters {
        Ok(depth) => Tile {
            class: if depth.total() > 0 { "bad" } else { "good" },
            note: if depth.total() > 0 { "they wait for a redrive".to_owned() } else { String::new() },
            href: "/dead-letters",
            ..Tile::new("Dead letters", grouped(depth.total().into()))
        },
        Err(_) => Tile::unknown("Dead letters"),
    };
    let alarms = match &overview.alarms {
        Ok(Alarms { known: 0, .. }) => {
            Tile { note: "none deployed".to_owned(), ..Tile::new("Alarms", "–") }
        }
        Ok(Alarms { known, ringing }) => Tile {
            class: if ringing.is_empty() { "good" } else { "bad" },
            note: format!("of {known}"),
            href: if ringing.is_empty() { "" } else { "#alarms" },
            ..Tile::new("Alarms", grouped(u64::try_from(ringing.len()).unwrap_or(u64::MAX)))
        },
        Err(_) => Tile::unknown("Alarms"),
    };
    vec![waiting, oldest, dead, alarms]
}

/// Returns the tiles of the last day.
fn of_the_day(figures: &Figures) -> Vec<Tile> {
    let (accepted, refused) = (figures.accepted.iter().sum::<u64>(), figures.refused.iter().sum::<u64>());
    let mut tiles = vec![
        Tile {
            note: format!("{} of them duplicates", grouped(figures.duplicates)),
            ..Tile::new("Accepted", grouped(accepted))
        },
        Tile {
            class: if refused > 0 { "warn" } else { "good" },
            href: if refused > 0 { "#refused" } else { "" },
            ..Tile::new("Refused", grouped(refused))
        },
    ];
    let names = ["Delay, median", "Delay, 95 %", "Delay, 99 %"];
    tiles.extend(names.into_iter().enumerate().map(|(index, name)| {
        let delay = figures.delays.and_then(|delays| delays.get(index).copied());
        delay.map_or_else(|| Tile::unknown(name), |delay| Tile::new(name, short(delay)))
    }));
    tiles
}

fn charts(figures: &Figures, now: ReceivedAt) -> Vec<Chart> {
    let axis = (Figures::first_bucket(now), step_ms());
    let (accepted, refused) = (figures.accepted.iter().sum::<u64>(), figures.refused.iter().sum::<u64>());
    let most = figures.delay_p95.iter().max().copied().unwrap_or_default();
    let deliveries = [
        Series { name: "accepted", class: "accepted", values: figures.accepted.clone() },
        Series { name: "refused", class: "refused", values: figures.refused.clone() },
    ];
    let delay = [Series { name: "95th percentile", class: "delay", values: figures.delay_p95.clone() }];
    vec![
        Chart::new(
            ("deliveries", "Deliveries by half hour"),
            format!(
                "{} and {} in 24 hours.",
                counted(accepted, "accepted delivery", "accepted deliveries"),
                counted(refused, "refused one", "refused ones")
            ),
            axis,
            &deliveries,
            grouped,
        ),
        Chart::new(
            ("delay", "Time from arrival to processing, by half hour"),
            format!("The longest 95th percentile of a half hour is {}.", milliseconds(most)),
            axis,
            &delay,
            milliseconds,
        ),
    ]
}

fn milliseconds(number: u64) -> String {
    if number == 0 { "0".to_owned() } else { short(Duration::from_millis(number)) }
}

fn reasons(figures: &Figures) -> Vec<(Text, String)> {
    let mut reasons: Vec<(&String, u64)> =
        figures.by_reason.iter().map(|(reason, count)| (reason, *count)).collect();
    reasons.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    reasons.into_iter().map(|(reason, count)| (Text::line(reason), grouped(count))).collect()
}

fn ringing(alarms: &Alarms) -> Vec<(Text, Text)> {
    alarms.ringing.iter().map(|(name, about)| (Text::line(name), Text::line(about))).collect()
}

impl BreakerRow {
    fn of(breaker: &BreakerStatus) -> Self {
        let BreakerStatus { store, failures, warn_at, disable_at, minutes } = breaker;
        let (class, state) = match failures {
            0 => ("good", "no failure"),
            n if n >= disable_at => ("bad", "at the limit"),
            n if n >= warn_at => ("bad", "the provider warns"),
            _ => ("warn", "failing"),
        };
        let filled = failures.saturating_mul(100).checked_div(*disable_at).unwrap_or(100).min(100);
        Self {
            store: Text::line(store),
            failures: *failures,
            warn_at: *warn_at,
            disable_at: *disable_at,
            minutes: *minutes,
            left: disable_at.saturating_sub(*failures),
            class,
            state,
            filled,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use inlet_aws::sqs::QueueDepth;

    #[test]
    fn a_part_that_cannot_be_read_does_not_hide_the_others() {
        let overview = Overview {
            read_at: ReceivedAt::parse("2025-06-12T08:00:00Z").unwrap(),
            figures: Err("the metrics cannot be read: AccessDenied <b>".to_owned()),
            queue: Ok(QueueDepth { visible: 1_234, in_flight: 2 }),
            dead_letters: Ok(QueueDepth { visible: 1, in_flight: 0 }),
            alarms: Ok(Alarms { known: 2, ringing: vec![("a<b>".into(), "run <i>".into())] }),
            breakers: Ok(vec![BreakerStatus {
                store: "zid/riyadh".into(),
                failures: 12,
                warn_at: 10,
                disable_at: 30,
                minutes: 60,
            }]),
        };
        let page = OverviewPage { shell: Shell::closed("t"), facts: Some(Facts::of(&overview)) };
        let html = page.render().unwrap();
        assert!(
            html.contains("1\u{202f}234") && html.contains("zid/riyadh") && html.contains("18"),
            "{html}"
        );
        assert!(html.contains("AccessDenied &#60;b&#62;") && !html.contains("<b>") && !html.contains("<i>"));
    }

    #[test]
    fn the_distance_to_the_providers_limit_is_shown() {
        for (failures, left, state) in [
            (0, 30, "no failure"),
            (9, 21, "failing"),
            (10, 20, "the provider warns"),
            (30, 0, "at the limit"),
            (99, 0, "at the limit"),
        ] {
            let breaker =
                BreakerStatus { store: "zid/a".into(), failures, warn_at: 10, disable_at: 30, minutes: 60 };
            let row = BreakerRow::of(&breaker);
            assert_eq!((row.left, row.state), (left, state), "{failures}");
        }
    }
}
