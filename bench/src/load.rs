//! Load on the deployed stack: several senders at the same time. Each sends the next delivery after the response to the
//! last one.

use std::error::Error;
use std::thread;
use std::time::{Duration, Instant};

use inlet::request::Request;

use crate::corpus::{Body, STORE};
use crate::median::quantile;

/// Number of senders.
const SENDERS: usize = 8;

/// A sender's timeout: API Gateway's own.
const TIMEOUT: Duration = Duration::from_secs(30);

/// The results of one sender.
#[derive(Default)]
struct Seen {
    took_ms: Vec<f64>,
    errors: u32,
}

/// Drives our API with every provider, then ours and the peer's with the bodies that the peer understands.
pub fn drive(how_long: Duration, ours: &str, peers: &str) -> Result<(), Box<dyn Error>> {
    const UNDERSTOOD: [Body; 3] = [Body::Zid10, Body::Tiki, Body::Zip];
    let every = Body::of_each_provider();
    println!(
        "| load of {SENDERS} senders, {} s | accepted a second | p50 ms | p99 ms | errors |",
        how_long.as_secs()
    );
    println!("|---|--:|--:|--:|--:|");
    for (name, api, bodies) in [
        ("Inlet, every provider", ours, &every[..]),
        ("Inlet, Zid, Tiki and Zip", ours, &UNDERSTOOD),
        ("R1, Zid, Tiki and Zip", peers, &UNDERSTOOD),
    ] {
        // Warm-up: functions start before they are measured.
        send(api, bodies, Duration::from_secs(3));
        let seen = send(api, bodies, how_long);
        let rate = seen.took_ms.len() as f64 / how_long.as_secs_f64();
        let (middle, tail) = (quantile(&seen.took_ms, 0.5), quantile(&seen.took_ms, 0.99));
        println!("| {name} | {rate:.1} | {middle:.0} | {tail:.0} | {} |", seen.errors);
    }
    Ok(())
}

fn send(api: &str, bodies: &[Body], how_long: Duration) -> Seen {
    let until = Instant::now() + how_long;
    let mut all = Seen::default();
    thread::scope(|scope| {
        let senders: Vec<_> = (0..SENDERS)
            .map(|first| scope.spawn(move || one_after_another(api, bodies, first, until)))
            .collect();
        for seen in senders.into_iter().filter_map(|sender| sender.join().ok()) {
            all.took_ms.extend(seen.took_ms);
            all.errors += seen.errors;
        }
    });
    all
}

fn one_after_another(api: &str, bodies: &[Body], first: usize, until: Instant) -> Seen {
    let config = ureq::Agent::config_builder().timeout_global(Some(TIMEOUT)).http_status_as_error(false);
    let agent = config.build().new_agent();
    let mut seen = Seen::default();
    for body in bodies.iter().cycle().skip(first % bodies.len()) {
        if Instant::now() >= until {
            break;
        }
        let (_, request) = body.request();
        let started = Instant::now();
        if is_accepted(&agent, api, body.provider(), &request) {
            seen.took_ms.push(started.elapsed().as_secs_f64() * 1e3);
        } else {
            seen.errors += 1;
        }
    }
    seen
}

fn is_accepted(agent: &ureq::Agent, api: &str, provider: &str, request: &Request) -> bool {
    let topic = request.topic.clone().unwrap_or_default();
    let query = if request.query.is_empty() { String::new() } else { format!("?{}", request.query) };
    let mut post = agent.post(format!("{api}/{provider}/{STORE}/{topic}{query}"));
    for (name, value) in request.headers.iter() {
        post = post.header(name, value);
    }
    // The response is read to its end, so that the connection can be used again.
    post.send(&request.body[..]).is_ok_and(|mut response| {
        let read = response.body_mut().read_to_vec().is_ok();
        response.status().is_success() && read
    })
}
