//! The first webhook of a new instance: the start, and the work after it.

use super::{Bench, Measured, millis, throttle};
use crate::contender::Contender;
use crate::corpus::Body;
use crate::results::Metric;

/// A start and its first webhook.
pub fn start(bench: &Bench, contender: Contender) -> Measured {
    let function = bench.function(contender, Body::Zid10)?;
    let start = function.ready()?;
    let mut values = vec![(Metric::StartWall, millis(start.wall)), (Metric::StartCpu, millis(start.cpu))];
    if Contender::WORKERS.contains(&contender) {
        let before = function.settled_cpu();
        bench.deliver(&function, contender, &Body::Zid10.delivery())?;
        let first = function.settled_cpu().saturating_sub(before);
        values.push((Metric::FirstCpu, millis(first)));
        values.push((Metric::FirstWithStartCpu, millis(start.cpu + first)));
    }
    Ok(values)
}

/// The first webhook with the processor share of 128 MB. Lambda gives a start a whole processor.
pub fn throttled(bench: &Bench, contender: Contender) -> Measured {
    let function = bench.function(contender, Body::Zid10)?;
    function.ready()?;
    let Some(_limit) = throttle::limit_cpu(function.id()) else {
        return Ok(Vec::new());
    };
    let done = bench.deliver(&function, contender, &Body::Zid10.delivery())?;
    Ok(vec![(Metric::FirstThrottledWall, millis(done.response.took))])
}
