//! Charts as SVG, rendered on the server: no script draws them, and each has a table with the same numbers.

use inlet::received_at::ReceivedAt;

/// The drawing area, in units of the SVG.
const WIDTH: f64 = 480.0;
const HEIGHT: f64 = 160.0;
const LEFT: f64 = 52.0;
const BOTTOM: f64 = 22.0;
const TOP: f64 = 8.0;

/// Part of a bar's slot that the bar fills.
const FILLED: f64 = 0.72;

/// One series of a chart.
pub(crate) struct Series {
    /// The name in the legend and in the table.
    pub(crate) name: &'static str,
    /// The class in the style sheet, which has the colour.
    pub(crate) class: &'static str,
    /// A number for each bucket.
    pub(crate) values: Vec<u64>,
}

/// A bar chart over time: the series are on top of each other.
pub(crate) struct Chart {
    /// The part of the page's ids.
    pub(crate) id: &'static str,
    /// The heading.
    pub(crate) title: &'static str,
    /// The findings in one sentence: the text alternative.
    pub(crate) summary: String,
    /// The bars.
    pub(crate) bars: Vec<Bar>,
    /// The horizontal lines.
    pub(crate) lines: Vec<Line>,
    /// The labels of the time axis.
    pub(crate) times: Vec<Label>,
    /// The names of the series, with their classes.
    pub(crate) legend: Vec<(&'static str, &'static str)>,
    /// The rows of the table: time, and a number for each series.
    pub(crate) rows: Vec<(String, Vec<String>)>,
}

/// A rectangle.
pub(crate) struct Bar {
    pub(crate) class: &'static str,
    pub(crate) x: String,
    pub(crate) y: String,
    pub(crate) width: String,
    pub(crate) height: String,
}

/// A horizontal line with its number.
pub(crate) struct Line {
    pub(crate) y: String,
    pub(crate) text_y: String,
    pub(crate) label: String,
}

/// A label of the time axis.
pub(crate) struct Label {
    pub(crate) x: String,
    pub(crate) text: String,
}

impl Chart {
    /// Returns the chart of these series, whose buckets start at `from` and last `step_ms` milliseconds each.
    pub(crate) fn new(
        (id, title): (&'static str, &'static str),
        summary: String,
        (from, step_ms): (ReceivedAt, i64),
        series: &[Series],
        format: fn(u64) -> String,
    ) -> Self {
        let buckets = series.iter().map(|series| series.values.len()).max().unwrap_or_default();
        let value = |series: &Series, bucket: usize| series.values.get(bucket).copied().unwrap_or_default();
        let sum = |bucket: usize| series.iter().map(|series| value(series, bucket)).sum::<u64>();
        let top = nice((0..buckets).map(sum).max().unwrap_or_default());
        let slot = (WIDTH - LEFT) / as_f64(buckets.max(1));
        let height = |value: u64| (HEIGHT - TOP - BOTTOM) * as_f64(value) / as_f64(top);
        let start = |bucket: usize| {
            let offset = step_ms.saturating_mul(i64::try_from(bucket).unwrap_or_default());
            ReceivedAt::from_millis(from.millis().saturating_add(offset)).unwrap_or(from).to_string()
        };
        let mut bars = Vec::new();
        for bucket in 0..buckets {
            let mut y = HEIGHT - BOTTOM;
            for series in series {
                let height = height(value(series, bucket));
                if height > 0.0 {
                    y -= height;
                    bars.push(Bar {
                        class: series.class,
                        x: number(slot.mul_add(as_f64(bucket), LEFT)),
                        y: number(y),
                        width: number(slot * FILLED),
                        height: number(height),
                    });
                }
            }
        }
        let lines = [0, top.div_euclid(2), top].into_iter().filter(|value| *value < top || top > 0);
        let lines = lines.map(|value| {
            let y = HEIGHT - BOTTOM - height(value);
            Line { y: number(y), text_y: number(y + 4.0), label: format(value) }
        });
        let every = buckets.div_ceil(6).max(1);
        let times = (0..buckets).step_by(every).map(|bucket| Label {
            x: number(slot.mul_add(as_f64(bucket), LEFT)),
            text: start(bucket).get(11..16).unwrap_or_default().to_owned(),
        });
        let rows = (0..buckets).filter(|bucket| sum(*bucket) > 0).map(|bucket| {
            let time = start(bucket).get(..16).unwrap_or_default().replace('T', " ");
            (time, series.iter().map(|series| format(value(series, bucket))).collect())
        });
        Self {
            id,
            title,
            summary,
            bars,
            lines: lines.collect(),
            times: times.collect(),
            legend: series.iter().map(|series| (series.name, series.class)).collect(),
            rows: rows.collect(),
        }
    }
}

/// Returns the smallest of 2, 4, 6, 8, 10, 20, 40, 60, … that is at least this value: half of it is a whole number.
fn nice(value: u64) -> u64 {
    let mut unit = 1_u64;
    loop {
        for factor in [2_u64, 4, 6, 8, 10] {
            let top = unit.saturating_mul(factor);
            if top >= value || top == u64::MAX {
                return top;
            }
        }
        unit = unit.saturating_mul(10);
    }
}

fn number(value: f64) -> String {
    format!("{value:.1}")
}

#[expect(clippy::cast_precision_loss, reason = "a pixel of a chart needs no 53 bits")]
fn as_f64(value: impl TryInto<u64>) -> f64 {
    value.try_into().unwrap_or(u64::MAX) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chart(values: &[u64]) -> Chart {
        let series = [Series { name: "accepted", class: "good", values: values.to_vec() }];
        let from = ReceivedAt::parse("2025-06-12T08:00:00Z").unwrap();
        Chart::new(("c", "Deliveries"), String::new(), (from, 1_800_000), &series, |number| {
            number.to_string()
        })
    }

    #[test]
    fn the_axis_ends_at_a_round_number() {
        for (value, top) in
            [(0, 2), (2, 2), (3, 4), (5, 6), (9, 10), (11, 20), (37, 40), (41, 60), (999, 1_000)]
        {
            assert_eq!(nice(value), top, "{value}");
        }
        assert!(nice(u64::MAX) >= u64::MAX / 2);
    }

    #[test]
    fn a_bar_is_as_high_as_its_number() {
        let chart = chart(&[10, 0, 5]);
        let heights: Vec<&str> = chart.bars.iter().map(|bar| bar.height.as_str()).collect();
        assert_eq!(heights, ["130.0", "65.0"], "no bar for zero");
        let labels: Vec<&str> = chart.lines.iter().map(|line| line.label.as_str()).collect();
        assert_eq!(labels, ["0", "5", "10"]);
    }

    #[test]
    fn the_table_has_the_numbers_of_the_bars() {
        let chart = chart(&[10, 0, 5]);
        let rows: Vec<(&str, &str)> =
            chart.rows.iter().map(|(time, numbers)| (time.as_str(), numbers[0].as_str())).collect();
        assert_eq!(rows, [("2025-06-12 08:00", "10"), ("2025-06-12 09:00", "5")]);
    }

    #[test]
    fn no_numbers_are_an_empty_chart() {
        assert!(chart(&[]).bars.is_empty() && chart(&[0, 0]).bars.is_empty());
    }
}
