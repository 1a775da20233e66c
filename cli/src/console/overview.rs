//! The facts of the overview page. They are read in the background and kept for some seconds, so the page never waits
//! for the slowest service, and ten open browsers cost as much as one.

use std::collections::BTreeMap;

use aws_sdk_cloudwatch::types::StateValue;
use inlet::received_at::ReceivedAt;
use inlet_aws::client::clock;
use inlet_aws::sqs::{QueueDepth, SqsQueue};

use crate::console::figures::Figures;
use crate::deployment::Deployment;
use crate::deployment::address::StoreAddress;
use crate::deployment::stores;
use crate::events::delivery_log::failures_by_store;
use crate::failure::Failure;
use crate::providers::ALL;

/// A part of the overview, or the reason for which it could not be read.
pub(crate) type Part<T> = Result<T, String>;

/// The facts.
pub(crate) struct Overview {
    /// The time of reading.
    pub(crate) read_at: ReceivedAt,
    /// The numbers of the last day.
    pub(crate) figures: Part<Figures>,
    /// The depth of the event queue.
    pub(crate) queue: Part<QueueDepth>,
    /// The depth of the dead-letter queue.
    pub(crate) dead_letters: Part<QueueDepth>,
    /// The alarms.
    pub(crate) alarms: Part<Alarms>,
    /// The failures of every store whose provider documents a circuit breaker.
    pub(crate) breakers: Part<Vec<BreakerStatus>>,
}

/// The alarms of the deployment.
pub(crate) struct Alarms {
    /// Number of alarms.
    pub(crate) known: usize,
    /// Those in state ALARM: name and description.
    pub(crate) ringing: Vec<(String, String)>,
}

/// The distance of a store to being disabled by its provider.
pub(crate) struct BreakerStatus {
    /// The store.
    pub(crate) store: String,
    /// Failures within the window.
    pub(crate) failures: u64,
    /// The provider's limits.
    pub(crate) warn_at: u64,
    pub(crate) disable_at: u64,
    /// The window in minutes.
    pub(crate) minutes: u64,
}

impl Overview {
    /// Reads the facts. A part that cannot be read does not fail the others.
    pub(crate) async fn read(deployment: &Deployment) -> Self {
        let now = clock::now();
        let dead_letters = SqsQueue::new(deployment.clients().sqs, deployment.dead_letter_queue_url.clone());
        let queue = deployment.queue();
        let (figures, queue, dead_letters, alarms, breakers) = tokio::join!(
            Figures::read(deployment, now),
            queue.depth(),
            dead_letters.depth(),
            Alarms::read(deployment),
            read_breakers(deployment, now),
        );
        let failed = |failure: Failure| failure.sentence(&deployment.options);
        let unreadable = |context| move |fault| failed(Failure::Inlet { context, fault });
        Self {
            read_at: now,
            figures: figures.map_err(failed),
            queue: queue.map_err(unreadable("the queue cannot be read")),
            dead_letters: dead_letters.map_err(unreadable("the dead-letter queue cannot be read")),
            alarms: alarms.map_err(failed),
            breakers: breakers.map_err(failed),
        }
    }
}

impl Alarms {
    async fn read(deployment: &Deployment) -> Result<Self, Failure> {
        let client = aws_sdk_cloudformation::Client::new(&deployment.config);
        let listed =
            client.list_stack_resources().stack_name(&deployment.stack).into_paginator().items().send();
        let listed = listed.collect::<Result<Vec<_>, _>>().await;
        let listed =
            listed.map_err(|error| Failure::aws("the stack's resources cannot be listed", &error))?;
        let names: Vec<String> = listed
            .iter()
            .filter(|resource| resource.resource_type() == Some("AWS::CloudWatch::Alarm"))
            .filter_map(|resource| resource.physical_resource_id().map(str::to_owned))
            .collect();
        let client = aws_sdk_cloudwatch::Client::new(&deployment.config);
        let mut alarms = Self { known: 0, ringing: Vec::new() };
        // One call takes at most 100 names.
        for some in names.chunks(100) {
            let described = client.describe_alarms().set_alarm_names(Some(some.to_vec())).send().await;
            let described =
                described.map_err(|error| Failure::aws("the alarms' states cannot be read", &error))?;
            alarms.known = alarms.known.saturating_add(described.metric_alarms().len());
            let ringing = described
                .metric_alarms()
                .iter()
                .filter(|alarm| alarm.state_value() == Some(&StateValue::Alarm));
            alarms.ringing.extend(ringing.map(|alarm| {
                let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
                (text(alarm.alarm_name()), text(alarm.alarm_description()))
            }));
        }
        Ok(alarms)
    }
}

async fn read_breakers(deployment: &Deployment, now: ReceivedAt) -> Result<Vec<BreakerStatus>, Failure> {
    let with_breaker: Vec<_> =
        ALL.iter().copied().filter(|provider| provider.retry_policy.circuit_breaker.is_some()).collect();
    let stores = stores::list_stores(deployment, &with_breaker).await?;
    let mut rows = Vec::new();
    for provider in with_breaker {
        let Some(breaker) = &provider.retry_policy.circuit_breaker else { continue };
        let mut failures = failures_by_store(deployment, provider, now).await?;
        let mut of_stores: BTreeMap<String, u64> = BTreeMap::new();
        // Names without a credential are a sender's choice, and no store of this deployment.
        for StoreAddress { provider: of, store } in &stores {
            if *of == provider {
                of_stores.insert(store.to_string(), failures.remove(store.as_str()).unwrap_or_default());
            }
        }
        rows.extend(of_stores.into_iter().map(|(store, failures)| BreakerStatus {
            store: format!("{provider}/{store}"),
            failures,
            warn_at: breaker.warn_at.into(),
            disable_at: breaker.disable_at.into(),
            minutes: breaker.window.as_secs().div_euclid(60),
        }));
    }
    // The nearest to its limit first.
    rows.sort_by_key(|row| std::cmp::Reverse(row.failures));
    Ok(rows)
}
