//! `inlet send`: plays the provider.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::Duration;

use inlet::store::StoreName;
use reqwest::Url;
use serde::Serialize;

use crate::deployment::Deployment;
use crate::deployment::address::StoreAddress;
use crate::deployment::secrets;
use crate::failure::Failure;
use crate::http;
use crate::input::source::Source;
use crate::load::generator::{Answers, LoadGenerator, Summary};
use crate::load::simulated_provider::{
    EventTemplate, Scenario, Sequence, SimulatedProvider, Variation, reordered, repeated,
};
use crate::options::DeploymentArgs;
use crate::output::prompt::confirm;
use crate::output::{Output, Page, Report};
use crate::providers::ProviderHandle;

/// What can be said to `inlet send`.
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of its own on the command line")]
#[derive(Debug, clap::Args)]
#[command(after_help = "\
For example:
  inlet --local send zid order.create
  inlet --local send zid order.status.update --entity 81230457 --count 3
  inlet --local send tiki --scenario flash-sale --count 500 --rate 50
  inlet --local send zip redirect
  inlet send zort UPDATEPRODUCTQUANTITY --store bangkok --to https://abc.execute-api.eu-central-1.amazonaws.com --credential keys.json")]
pub(crate) struct Arguments {
    /// The provider to play
    provider: ProviderHandle,
    /// The event, or one of its samples: order.create, order.create-guest-digital
    #[arg(required_unless_present = "scenario", conflicts_with = "scenario")]
    event: Option<String>,
    /// The store that is sent to
    #[arg(long, value_name = "NAME", default_value = "demo", value_parser = StoreName::parse)]
    store: StoreName,
    /// Where to, instead of the deployment: what stands before /{provider}/{store}/{topic}
    #[arg(long, value_name = "URL")]
    to: Option<Url>,
    /// The store's credential as a JSON object in a file or on standard input (-), instead of the deployment's own
    #[arg(long, value_name = "FILE")]
    credential: Option<Source>,
    /// The body, byte for byte, from a file or standard input (-), instead of a sample
    #[arg(long, value_name = "FILE", conflicts_with_all = ["scenario", "entity", "flip_flop"])]
    body: Option<Source>,
    /// How many, each about another entity
    #[arg(long, short = 'n', value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u64).range(1..))]
    count: u64,
    /// All about this entity, in one state after the other
    #[arg(long, value_name = "ID", conflicts_with = "scenario")]
    entity: Option<String>,
    /// Each entity into another state and back: A, B, A
    #[arg(long, conflicts_with = "scenario")]
    flip_flop: bool,
    /// A whole scene instead of one event; --count says how many entities play in it
    #[arg(long, value_name = "SCENE")]
    scenario: Option<Scenario>,
    /// Send so many in a hundred twice
    #[arg(long, value_name = "PERCENT", default_value_t = 0, value_parser = clap::value_parser!(u8).range(0..=100))]
    duplicate: u8,
    /// Send them out of their order
    #[arg(long)]
    reorder: bool,
    /// Prove them with a credential that is not the store's; 401 is the right answer then
    #[arg(long)]
    bad_signature: bool,
    /// So many a second at the most
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    rate: Option<u32>,
    /// So many at once
    #[arg(long, value_name = "N", default_value_t = 8, value_parser = clap::value_parser!(u16).range(1..=1000))]
    concurrency: u16,
    /// Do not ask before sending to a deployment that is neither local nor of the stage dev
    #[arg(long, short)]
    yes: bool,
}

/// Sends, and says what was answered.
pub(crate) async fn run(
    arguments: Arguments,
    options: &DeploymentArgs,
    output: &mut Output,
) -> Result<(), Failure> {
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
            "Send to {store} at {api} as {} would? What it accepts is published as any event is.",
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
    let progress = output.progress("sent", Some(arguments.count));
    let summary = generator.run(sequences(&arguments, &simulated)?, &progress).await;
    let expected = if arguments.bad_signature { Expected::Refused } else { Expected::Accepted };
    output.report(&Outcome::of(&store, &generator.api, expected, &summary))?;
    verdict(expected, &summary, &store, &options.inlet())
}

/// Whether a URL leads to a program on this machine.
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
                    let delivery = simulated.exactly(template.row, source.bytes()?);
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

/// What the right answer is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Expected {
    /// 2xx, or the 303 that sends a shopper on.
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
    if summary.answers.is_empty()
        && let Some(why) = summary.unanswered.keys().next()
    {
        return Err(Failure::Unanswered(why.clone()));
    }
    let wrong = |(status, answers): (&u16, &Answers)| if expected.is(*status) { 0 } else { answers.count };
    let wrong: u64 = summary.answers.iter().map(wrong).chain(summary.unanswered.values().copied()).sum();
    if wrong == 0 {
        return Ok(());
    }
    let sent = summary.sent();
    let refused = |next: String| Failure::Refused {
        what: format!("{wrong} of {sent} were not answered as they should be"),
        next,
    };
    Err(refused(match (expected, summary.answers.keys().find(|status| !expected.is(**status))) {
        (Expected::Refused, _) => {
            "nothing unverified may be accepted: look into the receiver's log".to_owned()
        }
        (_, Some(401)) => {
            format!(
                "401: no live credential of {store} proves them. Look at them: {inlet} secret list {store}; what was refused is held for 72 hours: {inlet} list --quarantine"
            )
        }
        (_, Some(503)) => format!("503: neither table nor queue took them. Ask: {inlet} doctor"),
        (_, Some(404)) => format!("404: there is no such URL. Look at them: {inlet} urls"),
        _ => format!("ask `{inlet} doctor` what is wrong, then try again"),
    }))
}

/// What was sent and what was answered.
#[derive(Debug, Serialize)]
struct Outcome {
    store: String,
    url: String,
    expected: Expected,
    sent: u64,
    answers: BTreeMap<u16, Answers>,
    unanswered: BTreeMap<String, u64>,
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
            answers: summary.answers.clone(),
            unanswered: summary.unanswered.clone(),
            latency_ms: latency(),
            seconds: Duration::as_secs_f64(&summary.took),
            interrupted: summary.interrupted,
        }
    }
}

impl Report for Outcome {
    fn page(&self, page: &mut Page) {
        let rows = self.answers.iter().map(|(status, answers)| {
            [status.to_string(), answers.count.to_string(), printable(&answers.body)]
        });
        let unanswered =
            self.unanswered.iter().map(|(why, count)| ["none".to_owned(), count.to_string(), why.clone()]);
        page.table(["answer", "count", "first body"], rows.chain(unanswered));
        let many = if self.sent == 1 { "delivery" } else { "deliveries" };
        page.line(format_args!("{} {many} to {} in {:.2} s", self.sent, self.url, self.seconds));
        if let Some(Latency { p50, p95, p99, max }) = &self.latency_ms
            && self.sent > 1
        {
            page.line(format_args!(
                "answered in: half {p50:.1} ms, 95 % {p95:.1} ms, 99 % {p99:.1} ms, slowest {max:.1} ms"
            ));
        }
        if self.interrupted {
            page.line("ended early; what was on its way is counted");
        }
    }
}

/// A stranger's text without what could move a terminal's cursor.
fn printable(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_leads_to_this_machine_is_sent_to_without_a_word() {
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
