//! `inlet twin`: a provider on this machine, for developers of consumers.

use std::time::Duration;

use inlet::store::StoreName;
use inlet_twins::any;
use reqwest::Url;
use tokio::sync::mpsc::unbounded_channel;

use crate::failure::Failure;
use crate::http;
use crate::input::source::Source;
use crate::load::twin::{TwinMessage, TwinRun, WebhookFate};
use crate::output::prompt::confirm;
use crate::output::{Output, Page, Report};
use crate::providers::ProviderHandle;

/// The arguments of `inlet twin`.
#[derive(Debug, clap::Args)]
#[command(after_help = HELP)]
pub(crate) struct Arguments {
    /// The provider to play
    provider: ProviderHandle,
    /// Base URL that receives the webhooks, without /{provider}/{store}/{topic}; without one, none is sent
    #[arg(long, value_name = "URL")]
    to: Option<Url>,
    /// The store in the path of the webhooks
    #[arg(long, value_name = "NAME", default_value = "demo", value_parser = StoreName::parse)]
    store: StoreName,
    /// The credential of the webhooks, a JSON object in a file or on standard input (-); default: a demo credential, which
    /// is printed
    #[arg(long, value_name = "FILE")]
    credential: Option<Source>,
    /// Serve the API on this port of 127.0.0.1 [default: a free one]
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u16).range(1..))]
    port: Option<u16>,
    /// Average time between two changes: 500ms, 2s
    #[arg(long, value_name = "TIME", default_value = "2s", value_parser = duration)]
    every: Duration,
    /// Number of changes; the API is served until Ctrl-C in any case
    #[arg(long, short = 'n', value_name = "N")]
    count: Option<u64>,
    /// Share of the webhooks that are never sent: 5%
    #[arg(long, value_name = "PERCENT", default_value = "0%", value_parser = share)]
    lose: u64,
    /// Share of the webhooks that are sent twice: 3%
    #[arg(long, value_name = "PERCENT", default_value = "0%", value_parser = share)]
    repeat: u64,
    /// Delay each webhook by up to 10 seconds, so that they overtake each other
    #[arg(long)]
    reorder: bool,
    /// Send nothing from this time after the start on: 10m
    #[arg(long, value_name = "TIME", value_parser = duration, requires = "silent_for")]
    silent_from: Option<Duration>,
    /// Send nothing for this long: 2h
    #[arg(long, value_name = "TIME", value_parser = duration)]
    silent_for: Option<Duration>,
    /// Enable the URL again this long after the provider's circuit breaker has disabled it; default: never
    #[arg(long, value_name = "TIME", value_parser = duration)]
    enable_after: Option<Duration>,
    /// Seed of the random numbers: the same seed gives the same changes and the same faults
    #[arg(long, value_name = "NUMBER", default_value_t = 1)]
    seed: u64,
    /// Do not ask for confirmation before sending to another machine
    #[arg(long, short)]
    yes: bool,
}

const HELP: &str = "\
The twin holds the objects of one store and serves the provider's API with its quirks: paging, limits, tokens, errors.
Each change sends the webhook that the provider would send, signed, and repeats it by the provider's retry policy.
`inlet reconcile --api URL` finds the states whose webhooks the twin lost on purpose.

Examples:
  inlet twin zid --to http://127.0.0.1:9000 --lose 5%
  inlet twin zort --to http://127.0.0.1:9000 --every 100ms --count 500 --repeat 3% --reorder --seed 7
  inlet twin zid --to http://127.0.0.1:9000 --silent-from 1m --silent-for 2h";

/// Runs the twin until Ctrl-C, and prints each change and each attempt.
pub(crate) async fn run(arguments: Arguments, output: &mut Output) -> Result<(), Failure> {
    let Arguments { provider, to, store, credential, port, every, count, lose, repeat, reorder, .. } =
        arguments;
    let to = match to {
        Some(to) => {
            if !http::is_on_this_machine(to.as_str()) {
                let question =
                    format!("Send webhooks of a simulated {provider} to {provider}/{store} at {to}?");
                confirm(&question, arguments.yes)?;
            }
            Some((to.to_string(), http::client(to.as_str())?))
        }
        None => None,
    };
    let credential = credential.map(|source| source.credential(provider)).transpose()?;
    let silence = arguments.silent_for.map(|length| (arguments.silent_from.unwrap_or_default(), length));
    let (messages, mut received) = unbounded_channel();
    let run = TwinRun {
        port: port.unwrap_or(0),
        to,
        store,
        credential,
        every,
        count,
        lost: lose,
        repeated: repeat,
        reorders: reorder,
        silence,
        enabled_after: arguments.enable_after,
        seed: arguments.seed,
        messages,
    };
    let Some(mut work) = any::visit(provider.name, run) else {
        return Err(Failure::NotFound {
            what: format!("twin of {provider}"),
            next: format!("use one of these: {}", any::PROVIDERS.join(", ")),
        });
    };
    loop {
        tokio::select! {
            biased;
            Some(message) = received.recv() => output.item(&message)?,
            ended = &mut work => {
                while let Ok(message) = received.try_recv() {
                    output.item(&message)?;
                }
                return ended.map_err(|error| Failure::Unusable {
                    what: format!("the twin cannot listen on port {}: {error}", port.unwrap_or(0)),
                    next: "give another --port, or none for a free one".to_owned(),
                });
            }
        }
    }
}

impl Report for TwinMessage {
    fn page(&self, page: &mut Page) {
        match self {
            Self::Ready { url, access, credential } => {
                page.line(format_args!("API:        {url}"));
                page.line(format_args!("access:     {access}"));
                if let Some(credential) = credential {
                    page.line(format_args!("credential: {credential}"));
                }
            }
            Self::Changed { event, webhook } => match webhook {
                WebhookFate::Sent => {}
                WebhookFate::SentTwice => page.line(format_args!("{event}: sent twice")),
                WebhookFate::NeverSent => page.line(format_args!("{event}: never sent")),
                WebhookFate::Disabled => {
                    page.line(format_args!("{event}: never sent, the URL is disabled"));
                }
            },
            Self::Attempted { event, attempt, status } => {
                let attempt = if *attempt > 1 { format!(", attempt {attempt}") } else { String::new() };
                match status {
                    Some(status) => page.line(format_args!("{event}: {status}{attempt}")),
                    None => page.line(format_args!("{event}: no response{attempt}")),
                }
            }
            Self::Disabled { discarded } => page.line(format_args!(
                "the provider's circuit breaker has disabled the URL; {discarded} webhooks are discarded"
            )),
            Self::Enabled => page.line("the URL is enabled again"),
            Self::Quiet => page.line("no more changes; the API is served until Ctrl-C"),
        }
    }
}

/// Parses a share, in thousandths: `5%`, `0.5%`.
fn share(text: &str) -> Result<u64, String> {
    let error = || format!("{text} is not a share: write 5% or 0.5%, at most 100%");
    let number = text.strip_suffix('%').unwrap_or(text);
    let (whole, tenths) = number.split_once('.').unwrap_or((number, "0"));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || tenths.len() != 1 || !digits(whole) || !digits(tenths) {
        return Err(error());
    }
    let per_mille: u64 = format!("{whole}{tenths}").parse().map_err(|_| error())?;
    if per_mille <= 1000 { Ok(per_mille) } else { Err(error()) }
}

/// Parses a duration: `500ms`, `2s`, `1h30m`.
fn duration(text: &str) -> Result<Duration, String> {
    let parsed = text.parse::<jiff::SignedDuration>().ok().and_then(|time| Duration::try_from(time).ok());
    parsed.ok_or_else(|| format!("{text} is not a duration: write 500ms, 2s or 1h30m"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_read_in_thousandths() {
        for (text, per_mille) in
            [("5%", Some(50)), ("5", Some(50)), ("0.5%", Some(5)), ("100%", Some(1000)), ("0%", Some(0))]
        {
            assert_eq!(share(text).ok(), per_mille, "{text}");
        }
        for text in ["101%", "-1%", "0.55%", "five", "", "%", "1.%"] {
            assert!(share(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_duration_has_a_unit() {
        for (text, millis) in [("500ms", Some(500)), ("2s", Some(2000)), ("1h30m", Some(5_400_000))] {
            assert_eq!(duration(text).ok().map(|time| time.as_millis()), millis, "{text}");
        }
        for text in ["2", "-2s", "soon", ""] {
            assert!(duration(text).is_err(), "{text}");
        }
    }
}
