//! A picture of one metric: a bar for each contender.

use std::fmt::Write as _;

use crate::goals::short;

const WIDTH: f64 = 640.0;
const BAR: f64 = 24.0;
const LABEL: f64 = 130.0;
const VALUE: f64 = 90.0;

/// Returns the bars as SVG; the longest fills the width.
pub fn bars(name: &str, unit: &str, values: &[(&str, f64)]) -> String {
    let longest = values.iter().map(|(_, value)| value.abs()).fold(f64::MIN_POSITIVE, f64::max);
    let height = 40.0 + values.len() as f64 * (BAR + 8.0);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" font-family=\"sans-serif\" \
         font-size=\"13\"><rect width=\"100%\" height=\"100%\" fill=\"white\"/>\
         <text x=\"8\" y=\"22\" font-weight=\"bold\">{name} ({unit})</text>"
    );
    let mut y = 36.0;
    for (label, value) in values {
        let length = value.abs() / longest * (WIDTH - LABEL - VALUE);
        let colour = if *label == "Inlet" { "#1f6feb" } else { "#8c959f" };
        let _ = write!(
            svg,
            "<text x=\"8\" y=\"{text}\">{label}</text>\
             <rect x=\"{LABEL}\" y=\"{y}\" width=\"{length:.1}\" height=\"{BAR}\" fill=\"{colour}\"/>\
             <text x=\"{after:.1}\" y=\"{text}\">{value}</text>",
            text = y + 17.0,
            after = LABEL + length + 6.0,
            value = short(*value),
        );
        y += BAR + 8.0;
    }
    svg + "</svg>\n"
}
