//! F1: a loop that only verifies and parses an event, with the receivers' own code: the lower bound of the job's cost.
//!
//! `inlet-bench-floor EVENT TIMES` prints the nanoseconds of CPU for each time.

use std::error::Error;
use std::hint::black_box;
use std::time::Instant;

use inlet::proof::verify;
use inlet::provider::Provider;
use inlet::received_at::ReceivedAt;
use inlet::request::Unverified;
use inlet_aws::lambda::gateway::Event;
use inlet_zid::Zid;
use inlet_zip::Zip;

/// The demo store's credentials, which are public.
const STORES: &str = include_str!("../../../local/demo-stores.json");

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let event = std::fs::read(arguments.next().ok_or("no event was named")?)?;
    let times: u32 = arguments.next().ok_or("no number was given")?.parse()?;
    let zip = String::from_utf8_lossy(&event).contains(r#""rawPath":"/zip/"#);
    let started = Instant::now();
    if zip { repeat::<Zip>(&event, times) } else { repeat::<Zid>(&event, times) }?;
    println!("{}", started.elapsed().as_nanos().checked_div(times.into()).unwrap_or_default());
    Ok(())
}

fn repeat<P: Provider>(event: &[u8], times: u32) -> Result<(), Box<dyn Error>> {
    let stores: serde_json::Value = serde_json::from_str(STORES)?;
    let list = stores.get(P::NAME).and_then(|stores| stores.get("demo")).cloned().unwrap_or_default();
    let credentials: Vec<P::Credential> = serde_json::from_value(list)?;
    for _ in 0..times {
        let event: Event = serde_json::from_slice(event)?;
        let request = event.into_request(P::NAME, P::is_topic)?;
        let delivery = verify::<P>(Unverified::new(request), &credentials, ReceivedAt::EPOCH);
        let delivery = delivery.map_err(|refused| refused.rejection)?;
        black_box(P::parse(&delivery));
    }
    Ok(())
}
