//! The part of `docs/costs.md` that the bench writes: the price of a million events of each provider, and of an idle month.

use std::fmt::Write as _;

use super::{Part, Prices, all_in, idle, sum};
use crate::flow::{Flow, Traffic};
use crate::measure::Failure;
use crate::results::Results;
use crate::written;

/// Puts the tables into the document.
pub fn write(results: &Results) -> Result<(), Failure> {
    let text = format!("\n{}\n", tables(results, &Prices::read()?));
    written::replace("docs/costs.md", "prices, written by make bench", &text)
}

fn tables(results: &Results, prices: &Prices) -> String {
    let Some(idle) = &results.idle else {
        return "Not measured yet.\n".to_owned();
    };
    let mut text = String::new();
    for (traffic, title) in [
        (Traffic::Busy, "A million events, busy: about a hundred a second, batches of ten"),
        (Traffic::Quiet, "A million events, quiet: spread over a month, one at a time"),
    ] {
        let columns: Vec<(String, Vec<Part>)> = results
            .flows
            .iter()
            .filter_map(|(name, flow)| {
                Some((column(name, flow), all_in::parts(flow, traffic, idle, prices)?))
            })
            .collect();
        let _ = writeln!(text, "### {title}\n\n{}", table(&columns));
    }
    let parts = idle::parts(idle, prices);
    let free = idle::free(idle, prices);
    let _ =
        writeln!(text, "### An idle month, one provider, alarms on\n\n{}", table(&[("$".to_owned(), parts)]));
    let _ = writeln!(
        text,
        "An account's free metrics, alarms and dashboards take ${free:.2} off, if it has no others."
    );
    text
}

fn column(name: &str, flow: &Flow) -> String {
    if flow.ways.is_some() { format!("{name} ({} bytes)", flow.body_len) } else { name.to_owned() }
}

fn table(columns: &[(String, Vec<Part>)]) -> String {
    let mut text = String::from("| part |");
    for (name, _) in columns {
        let _ = write!(text, " {name} |");
    }
    let _ = writeln!(text, "\n|---|{}", "--:|".repeat(columns.len()));
    let names = columns.first().map(|(_, parts)| parts.iter().map(|part| part.name)).into_iter().flatten();
    for (at, name) in names.enumerate() {
        let _ = write!(text, "| {name} |");
        for part in columns.iter().filter_map(|(_, parts)| parts.get(at)) {
            let _ = write!(text, " {:.2} |", part.dollars);
        }
        text.push('\n');
    }
    text += "| **all** |";
    for (_, parts) in columns {
        let _ = write!(text, " **{:.2}** |", sum(parts));
    }
    text.push('\n');
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flow::{Idle, Way};

    #[test]
    fn a_run_without_prices_says_so() {
        let prices = Prices::read().expect("prices");
        assert_eq!(tables(&Results::default(), &prices), "Not measured yet.\n");
    }

    #[test]
    fn each_body_has_a_column_and_the_sum_is_below() {
        let flow = Flow {
            body_len: 1_000,
            ways: Some([Way { bus_events: 1.0, ..Way::default() }; 2]),
            ..Flow::default()
        };
        let flows = [("Zid 1 KB".to_owned(), flow), ("zort".to_owned(), flow)].into();
        let results = Results { flows, idle: Some(Idle::default()), ..Results::default() };
        let text = tables(&results, &Prices::read().expect("prices"));
        assert!(text.contains("| part | Zid 1 KB (1000 bytes) | zort (1000 bytes) |"), "{text}");
        assert!(text.contains("| EventBridge | 1.00 | 1.00 |"), "{text}");
        assert_eq!(text.matches("| **all** |").count(), 3, "{text}");
    }
}
