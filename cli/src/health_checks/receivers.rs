//! Checks of the receivers, and of this machine's clock.

use std::sync::Arc;
use std::time::Duration;

use inlet_aws::client::clock;
use jiff::Timestamp;
use jiff::fmt::rfc2822;
use tokio::task::JoinSet;

use crate::deployment::Deployment;
use crate::health_checks::check::{Check, TIME_LIMIT};
use crate::providers::{ALL, ProviderHandle};

/// AWS rejects signatures if the clock is five minutes off. This is the limit for a warning.
const SKEW: Duration = Duration::from_mins(1);

/// Sends a GET to every receiver, which has no effect. The date of the responses shows if this clock is right.
pub(super) async fn check_receivers(deployment: &Arc<Deployment>, client: reqwest::Client) -> Vec<Check> {
    let mut asking = JoinSet::new();
    for (place, &provider) in ALL.iter().enumerate() {
        let (deployment, client) = (Arc::clone(deployment), client.clone());
        asking.spawn(async move {
            let (check, date) = check_receiver(&deployment, &client, provider).await;
            (place, check, date)
        });
    }
    let mut responses = asking.join_all().await;
    responses.sort_by_key(|(place, ..)| *place);
    let skew = responses.iter().find_map(|(.., date)| off_by(date.as_deref()?));
    let mut checks: Vec<Check> = responses.into_iter().map(|(_, check, _)| check).collect();
    checks.push(match skew {
        Some(skew) if skew > SKEW => {
            let finding = format!("this machine's clock is off by {} s", skew.as_secs());
            Check::fail("clock", finding, "set it with NTP: AWS rejects signatures that are five minutes off")
        }
        Some(_) => Check::pass("clock", "this machine's clock is right"),
        None => {
            Check::unknown("clock", "not checked: no response has a date", "compare it with another clock")
        }
    });
    checks
}

/// Sends a GET to a receiver. Returns the date of the response too.
async fn check_receiver(
    deployment: &Deployment,
    client: &reqwest::Client,
    provider: ProviderHandle,
) -> (Check, Option<String>) {
    let url = format!("{}/{provider}/doctor/probe", deployment.api);
    let time_limit = if deployment.is_local { TIME_LIMIT.saturating_mul(6) } else { TIME_LIMIT };
    match client.get(url).timeout(time_limit).send().await {
        Ok(response) => {
            let date = response.headers().get("date").and_then(|date| date.to_str().ok()).map(str::to_owned);
            (receiver(provider, response.status().as_u16(), &deployment.stage), date)
        }
        Err(_) => {
            let finding = format!("{provider} does not respond at {}", deployment.api);
            (Check::fail("receiver", finding, "check the network, then the API in the AWS console"), None)
        }
    }
}

fn receiver(provider: ProviderHandle, status: u16, stage: &str) -> Check {
    match status {
        200 => Check::pass("receiver", format!("{provider} responds")),
        404 => {
            let next = format!("deploy with {}=yes to receive from it", capitalised(provider.name));
            Check::unknown("receiver", format!("{provider} is not deployed"), next)
        }
        status => {
            let next = format!("read the log /inlet/{stage}/{provider}");
            Check::fail("receiver", format!("{provider} responds with status {status}"), next)
        }
    }
}

pub(super) fn capitalised(name: &str) -> String {
    let mut letters = name.chars();
    letters.next().map(|first| first.to_ascii_uppercase()).into_iter().chain(letters).collect()
}

/// Returns the difference between this machine's own clock and an HTTP date.
fn off_by(date: &str) -> Option<Duration> {
    let theirs = rfc2822::parse(date).ok()?.timestamp();
    let ours = Timestamp::from_millisecond(clock::local_ms()).ok()?;
    Some(ours.duration_since(theirs).unsigned_abs())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::Status;

    #[test]
    fn a_date_of_another_year_is_far_off() {
        assert!(off_by("Sun, 06 Nov 1994 08:49:37 GMT").is_some_and(|skew| skew > SKEW));
        assert_eq!(off_by("yesterday"), None);
    }

    #[test]
    fn the_status_of_a_receiver_decides_its_check() {
        let checks = [200, 404, 502].map(|status| receiver(ALL[0], status, "prod"));
        assert_eq!(
            checks.each_ref().map(|check| check.status),
            [Status::Pass, Status::Unknown, Status::Fail]
        );
        let log = format!("read the log /inlet/prod/{}", ALL[0]);
        assert_eq!(checks[2].next.as_deref(), Some(log.as_str()));
    }
}
