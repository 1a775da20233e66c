//! The way of an event of each provider, counted.

use super::{Bench, Failure};
use crate::backends::Units;
use crate::contender::Contender;
use crate::corpus::Body;
use crate::flow::Flow;

/// Counts the units of one body: accepted, and repeated after the event was processed.
pub fn of(bench: &Bench, contender: Contender, body: Body) -> Result<Flow, Failure> {
    let function = bench.function(contender, body)?;
    function.ready()?;
    // The first delivery reads the store's credentials.
    bench.deliver(&function, contender, &body.delivery())?;
    let one = body.delivery();
    let accepted = bench.deliver(&function, contender, &one)?;
    bench.backends.process();
    let repeated = bench.deliver(&function, contender, &one)?;
    if repeated.calls.iter().any(|call| call.operation == "SendMessage") {
        return Err(format!("{}: a repeated delivery was sent again", body.name()).into());
    }
    Ok(Flow {
        body_len: one.body.len(),
        accepted: Units::of(&accepted.calls),
        repeated: Units::of(&repeated.calls),
    })
}
