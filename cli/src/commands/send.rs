//! `inlet send`: sends deliveries as a provider does.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::Duration;

use inlet::store::StoreName;
use inlet::tools::sender::Payload;
use reqwest::Url;
use serde::Serialize;

use crate::deployment::Deployment;
use crate::deployment::address::StoreAddress;
use crate::deployment::secrets;
use crate::failure::Failure;
use crate::http;
use crate::input::source::Source;
use crate::load::generator::{LoadGenerator, StatusCount, Summary};
use crate::load::simulated_provider::{
    EventTemplate, Scenario, Sequence, SimulatedProvider, Variation, reordered, repeated,
};
use crate::options::DeploymentArgs;
use crate::output::prompt::confirm;
use crate::output::{Output, Page, Report, printable};
use crate::providers::ProviderHandle;

/// The arguments of `inlet send`.
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of its own on the command line")]
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  inlet --local send zid order.create
  inlet --local send zid order.status.update --entity 81230457 --count 3
  inlet --local send tiki --scenario flash-sale --count 500 --rate 50
  inlet --local send zip redirect
  inlet send zort UPDATEPRODUCTQUANTITY --store bangkok --to https://abc.execute-api.eu-central-1.amazonaws.com --credential keys.json")]
pub(crate) struct Arguments {
    /// The provider to simulate
    provider: ProviderHandle,
    /// The event, or one of its samples: order.create, order.create-guest-digital; without one, the events are listed
    #[arg(conflicts_with = "scenario")]
    event: Option<String>,
    /// The store that receives the deliveries
    #[arg(long, value_name = "NAME", default_value = "demo", value_parser = StoreName::parse)]
    store: StoreName,
    /// Base URL to send to, without /{provider}/{store}/{topic}; default: the deployment
    #[arg(long, value_name = "URL")]
    to: Option<Url>,
    /// The store's credential, a JSON object in a file or on standard input (-); default: the deployment's own
    #[arg(long, value_name = "FILE")]
    credential: Option<Source>,
    /// The body, a file or standard input (-), used byte for byte; default: a sample
    #[arg(long, value_name = "FILE", conflicts_with_all = ["scenario", "entity", "flip_flop"])]
    body: Option<Source>,
    /// Number of deliveries, one entity each
    #[arg(long, short = 'n', value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u64).range(1..))]
    count: u64,
    /// Send all deliveries for this entity, each in a new state: where the usual states are known, in their order up to the final one; else the documented ones in turn
    #[arg(long, value_name = "ID", conflicts_with = "scenario")]
    entity: Option<String>,
    /// Send three deliveries per entity: a state, another state, and the first again
    #[arg(long, conflicts_with = "scenario")]
    flip_flop: bool,
    /// Run a scenario instead of one event; --count is the number of entities
    #[arg(long, value_name = "SCENARIO")]
    scenario: Option<Scenario>,
    /// Percentage of deliveries to send twice
    #[arg(long, value_name = "PERCENT", default_value_t = 0, value_parser = clap::value_parser!(u8).range(0..=100))]
    duplicate: u8,
    /// Send the deliveries out of order
    #[arg(long)]
    reorder: bool,
    /// Sign with a wrong credential; the expected response is 401
    #[arg(long)]
    bad_signature: bool,
    /// Maximum deliveries per second
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    rate: Option<u32>,
    /// Number of deliveries in flight
    #[arg(long, value_name = "N", default_value_t = 8, value_parser = clap::value_parser!(u16).range(1..=1000))]
    concurrency: u16,
    /// Do not ask for confirmation before sending to a deployment other than the local stack or stage dev
    #[arg(long, short)]
    yes: bool,
}

/// Sends the deliveries and prints the responses.
pub(crate) async fn run(
    arguments: Arguments,
    options: &DeploymentArgs,
    output: &mut Output,
) -> Result<(), Failure> {
    if arguments.event.is_none() && arguments.scenario.is_none() {
        output.report(&Sendable::of(arguments.provider))?;
        output.note(format_args!("send one with: {} send {} EVENT", options.inlet(), arguments.provider));
        return Ok(());
    }
    let store = StoreAddress { provider: arguments.provider, store: arguments.store.clone() };
    let mut is_real = arguments.to.as_ref().is_some_and(|to| !is_this_machine(to));
    let (api, credential) = match (&arguments.to, &arguments.credential) {
        (Some(to), Some(source)) => (to.to_string(), source.credential(store.provider)?),
        (to, source) => {
            let deployment = Deployment::find(options).await?;
            is_real |= to.is_none() && !deployment.is_disposable();
            let credential = match source {
                Some(source) => source.credential(store.provider)?,
                None => secrets::newest(&deployment, &store).await?,
            };
            (to.as_ref().map_or(deployment.api, Url::to_string), credential)
        }
    };
    if is_real {
        let question = format!(
            "Send to {store} at {api} as {} does? Accepted deliveries are published like any event.",
            store.provider
        );
        confirm(&question, arguments.yes)?;
    }
    let simulated = SimulatedProvider { provider: store.provider, store: store.store.clone(), credential };
    let simulated = if arguments.bad_signature { simulated.with_wrong_credential() } else { simulated };
    let generator = LoadGenerator {
        client: http::client(&api)?,
        api,
        provider: store.provider.name,
        concurrency: arguments.concurrency.into(),
        rate: arguments.rate,
    };
    if let Some(note) = final_state_note(&arguments)? {
        output.note(note);
    }
    let progress = output.progress("sent", Some(arguments.count));
    let summary = generator.run(sequences(&arguments, &simulated)?, &progress).await;
    let expected = if arguments.bad_signature { Expected::Refused } else { Expected::Accepted };
    output.report(&Outcome::of(&store, &generator.api, expected, &summary))?;
    verdict(expected, &summary, &store, &options.inlet())
}

/// Returns the note that an entity has fewer states than deliveries were asked for.
fn final_state_note(arguments: &Arguments) -> Result<Option<String>, Failure> {
    let (Some(event), Some(entity), false) = (&arguments.event, &arguments.entity, arguments.flip_flop)
    else {
        return Ok(None);
    };
    let template = EventTemplate::named(arguments.provider, event)?;
    let variation = Variation { count: arguments.count, entity: Some(entity.clone()), flip_flop: false };
    let states = variation.states_of_entity(arguments.provider, &template);
    Ok((states < arguments.count)
        .then(|| format!("{states} of {} deliveries: then {entity} has its final state", arguments.count)))
}

/// The events that can be sent, with their samples.
#[derive(Debug, Serialize)]
struct Sendable {
    provider: &'static str,
    events: Vec<SendableEvent>,
}

#[derive(Debug, Serialize)]
struct SendableEvent {
    event: &'static str,
    sent_when: &'static str,
    samples: Vec<&'static str>,
}

impl Sendable {
    fn of(provider: ProviderHandle) -> Self {
        let sendable = provider.events.iter().filter(|event| provider.sends(event)).map(|event| {
            let samples = provider.payloads.iter().filter(|payload| event.is_named(payload.event()));
            let samples = samples.map(Payload::name).filter(|name| *name != event.event).collect();
            SendableEvent { event: event.event, sent_when: event.sent_when, samples }
        });
        Self { provider: provider.name, events: sendable.collect() }
    }
}

impl Report for Sendable {
    fn page(&self, page: &mut Page) {
        page.heading(format_args!("Events of {}", self.provider));
        let widest = self.events.iter().map(|event| event.event.len()).max().unwrap_or_default();
        for SendableEvent { event, sent_when, samples } in &self.events {
            page.fitted_line(format_args!("{event:<widest$}  {sent_when}"));
            for sample in samples {
                page.aside(format_args!("  {sample}"));
            }
        }
    }
}

/// Returns true if the URL leads to this machine.
fn is_this_machine(url: &Url) -> bool {
    match url.host_str().unwrap_or_default() {
        "localhost" => true,
        host => host.trim_matches(['[', ']']).parse::<IpAddr>().is_ok_and(|address| address.is_loopback()),
    }
}

fn sequences<'p>(
    arguments: &Arguments,
    simulated: &'p SimulatedProvider,
) -> Result<Box<dyn Iterator<Item = Sequence> + Send + 'p>, Failure> {
    let Arguments { count, .. } = *arguments;
    let sequences: Box<dyn Iterator<Item = Sequence> + Send> = match (arguments.scenario, &arguments.body) {
        (Some(scenario), _) => scenario.sequences(simulated, count),
        (None, body) => {
            let template =
                EventTemplate::named(simulated.provider, arguments.event.as_deref().unwrap_or_default())?;
            match body {
                Some(source) => {
                    let delivery = simulated.with_body(template.row, source.bytes()?);
                    Box::new((0..count).map(move |_| vec![delivery.clone()]))
                }
                None => {
                    let (entity, flip_flop) = (arguments.entity.clone(), arguments.flip_flop);
                    Variation { count, entity, flip_flop }.sequences(simulated, template)
                }
            }
        }
    };
    let sequences = Box::new(repeated(sequences, arguments.duplicate));
    Ok(if arguments.reorder { Box::new(reordered(sequences)) } else { sequences })
}

/// The expected responses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Expected {
    /// 2xx, or the 303 that redirects a shopper.
    Accepted,
    /// 401.
    Refused,
}

impl Expected {
    fn is(self, status: u16) -> bool {
        match self {
            Self::Accepted => (200..300).contains(&status) || status == 303,
            Self::Refused => status == 401,
        }
    }
}

fn verdict(expected: Expected, summary: &Summary, store: &StoreAddress, inlet: &str) -> Result<(), Failure> {
    if summary.responses.is_empty()
        && let Some(why) = summary.failures.keys().next()
    {
        return Err(Failure::NoResponse(why.clone()));
    }
    let unexpected =
        |(status, responses): (&u16, &StatusCount)| if expected.is(*status) { 0 } else { responses.count };
    let wrong: u64 = summary.responses.iter().map(unexpected).chain(summary.failures.values().copied()).sum();
    if wrong == 0 {
        return Ok(());
    }
    let sent = summary.sent();
    let refused = |next: String| Failure::Refused {
        what: format!("{wrong} of {sent} deliveries had an unexpected response"),
        next,
    };
    Err(refused(match (expected, summary.responses.keys().find(|status| !expected.is(**status))) {
        (Expected::Refused, _) => {
            "read the receiver's log: it must not accept an unverified delivery".to_owned()
        }
        (_, Some(401)) => {
            format!(
                "check the credentials of {store} with `{inlet} secret list {store}` (401: none verified the delivery); rejected deliveries are quarantined for 72 hours: `{inlet} list --quarantine`"
            )
        }
        (_, Some(503)) => {
            format!("run `{inlet} doctor` (503: neither the table nor the queue stored the delivery)")
        }
        (_, Some(404)) => format!("compare the URL with `{inlet} urls` (404: it does not exist)"),
        _ => format!("run `{inlet} doctor`, then try again"),
    }))
}

/// The result.
#[derive(Debug, Serialize)]
struct Outcome {
    store: String,
    url: String,
    expected: Expected,
    sent: u64,
    #[serde(rename = "answers")]
    responses: BTreeMap<u16, StatusCount>,
    #[serde(rename = "unanswered")]
    failures: BTreeMap<String, u64>,
    latency_ms: Option<Latency>,
    seconds: f64,
    interrupted: bool,
}

#[derive(Debug, Serialize)]
struct Latency {
    p50: f64,
    p95: f64,
    p99: f64,
    max: f64,
}

impl Outcome {
    fn of(store: &StoreAddress, api: &str, expected: Expected, summary: &Summary) -> Self {
        let millis = |percent| summary.percentile(percent).map(|latency| latency.as_secs_f64() * 1000.0);
        let latency =
            || Some(Latency { p50: millis(50)?, p95: millis(95)?, p99: millis(99)?, max: millis(100)? });
        Self {
            store: store.to_string(),
            url: format!("{}/{store}", api.trim_end_matches('/')),
            expected,
            sent: summary.sent(),
            responses: summary.responses.clone(),
            failures: summary.failures.clone(),
            latency_ms: latency(),
            seconds: Duration::as_secs_f64(&summary.took),
            interrupted: summary.interrupted,
        }
    }
}

impl Report for Outcome {
    fn page(&self, page: &mut Page) {
        let rows = self.responses.iter().map(|(status, responses)| {
            [status.to_string(), responses.count.to_string(), printable(&responses.body)]
        });
        let failures =
            self.failures.iter().map(|(why, count)| ["none".to_owned(), count.to_string(), why.clone()]);
        page.table(["status", "count", "first body"], rows.chain(failures));
        let noun = if self.sent == 1 { "delivery" } else { "deliveries" };
        page.line(format_args!("{} {noun} to {} in {:.2} s", self.sent, self.url, self.seconds));
        if let Some(Latency { p50, p95, p99, max }) = &self.latency_ms
            && self.sent > 1
        {
            page.line(format_args!(
                "response time: p50 {p50:.1} ms, p95 {p95:.1} ms, p99 {p99:.1} ms, max {max:.1} ms"
            ));
        }
        if self.interrupted {
            page.line("interrupted; deliveries in flight are counted");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_machine_needs_no_confirmation() {
        for (url, is) in [
            ("http://localhost:4566/x", true),
            ("http://127.0.0.1:9", true),
            ("http://[::1]:9", true),
            ("https://abc.execute-api.eu-central-1.amazonaws.com", false),
            ("http://localhost.example.test", false),
            ("http://10.0.0.1", false),
        ] {
            assert_eq!(is_this_machine(&url.parse().unwrap()), is, "{url}");
        }
    }
}
