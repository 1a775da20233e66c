//! Checks of the queue and of the dead-letter queue.

use aws_sdk_cloudwatch::primitives::DateTime;
use aws_sdk_cloudwatch::types::{Datapoint, Dimension, Statistic};
use aws_sdk_sqs::types::QueueAttributeName;
use inlet_aws::client::clock;

use crate::deployment::Deployment;
use crate::failure::Failure;
use crate::health_checks::check::{Check, QUEUE_OR_BUS_GONE};
use crate::output::counted;

/// Age of a message, in seconds, from which the queue is stuck and not only busy.
const OLD_SECONDS: f64 = 900.0;

pub(super) async fn check_queue(deployment: &Deployment) -> Vec<Check> {
    let (queue, oldest) = tokio::join!(attributes(deployment, &deployment.queue_url), oldest(deployment));
    let queue = match queue {
        Ok(queue) => queue,
        Err(failure) => {
            let name = queue_name(&deployment.queue_url);
            return vec![Check::missing_or_not_checked("queue", name, &failure, QUEUE_OR_BUS_GONE)];
        }
    };
    let finding = format!("{} messages are queued, {} are in flight", queue.waiting, queue.taken);
    let waiting = match oldest {
        Ok(Some(seconds)) if seconds > OLD_SECONDS => {
            let finding = format!("{finding}; the oldest is {} minutes old", (seconds / 60.0).round());
            Check::fail("queue", finding, queue.stuck_hint())
        }
        Ok(_) => Check::pass("queue", finding),
        Err(failure) => {
            Check { finding: format!("{finding}; {failure}"), ..Check::not_checked("queue", &failure) }
        }
    };
    let next = "set the queue's RedrivePolicy again: docs/runbook.md#a-queue-or-the-bus-is-gone";
    let (good, bad) = ("it has a redrive policy to the dead-letter queue", "it has no redrive policy");
    vec![waiting, Check::assert(queue.has_redrive_policy, "queue", good, bad, next)]
}

pub(super) async fn check_dead_letters(deployment: &Deployment) -> Vec<Check> {
    let inlet = &deployment.inlet;
    let dead = format!(
        "list them with `{inlet} dead-letters list`, correct the cause, then run `{inlet} redrive`; discard those \
             whose event the list shows as processed"
    );
    vec![match attributes(deployment, &deployment.dead_letter_queue_url).await {
        // Messages in flight are not gone: they return if a redrive or a person's look at them ends.
        Ok(queue) => match queue.waiting.saturating_add(queue.taken) {
            0 => Check::pass("dead", "no dead letters"),
            letters => Check::fail("dead", counted(letters, "dead letter", "dead letters"), dead),
        },
        Err(failure) => {
            let name = queue_name(&deployment.dead_letter_queue_url);
            Check::missing_or_not_checked("dead", name, &failure, QUEUE_OR_BUS_GONE)
        }
    }]
}

/// Returns the name in a queue's URL.
fn queue_name(url: &str) -> &str {
    url.rsplit('/').next().unwrap_or(url)
}

struct Queue {
    waiting: u64,
    taken: u64,
    has_redrive_policy: bool,
}

impl Queue {
    /// Returns a hint for messages that wait too long. The state of the trigger is not checked.
    fn stuck_hint(&self) -> &'static str {
        if self.taken == 0 {
            "check in the AWS console if the processor's trigger is disabled: no message is in flight"
        } else {
            "read the log of the processor: it makes no progress"
        }
    }
}

async fn attributes(deployment: &Deployment, url: &str) -> Result<Queue, Failure> {
    use QueueAttributeName::{
        ApproximateNumberOfMessages, ApproximateNumberOfMessagesNotVisible, RedrivePolicy,
    };
    let ask = deployment.clients().sqs.get_queue_attributes().queue_url(url);
    let ask = ask
        .attribute_names(ApproximateNumberOfMessages)
        .attribute_names(ApproximateNumberOfMessagesNotVisible);
    let finding = ask.attribute_names(RedrivePolicy).send().await;
    let finding = finding.map_err(|error| Failure::aws("the queue's attributes cannot be read", &error))?;
    let attribute = |name: QueueAttributeName| finding.attributes().and_then(|all| all.get(&name));
    let number = |name| attribute(name).and_then(|text| text.parse().ok()).unwrap_or_default();
    Ok(Queue {
        waiting: number(ApproximateNumberOfMessages),
        taken: number(ApproximateNumberOfMessagesNotVisible),
        has_redrive_policy: attribute(RedrivePolicy).is_some_and(|policy| !policy.is_empty()),
    })
}

/// Returns the age of the oldest message in seconds, from the queue's metric of the last minutes. None if the metric
/// has no value yet.
async fn oldest(deployment: &Deployment) -> Result<Option<f64>, Failure> {
    let name = queue_name(&deployment.queue_url);
    let now = clock::now().millis() / 1000;
    let at = DateTime::from_secs;
    let statistics = aws_sdk_cloudwatch::Client::new(&deployment.config)
        .get_metric_statistics()
        .namespace("AWS/SQS")
        .metric_name("ApproximateAgeOfOldestMessage")
        .dimensions(Dimension::builder().name("QueueName").value(name).build())
        .start_time(at(now.saturating_sub(600)))
        .end_time(at(now))
        .period(60)
        .statistics(Statistic::Maximum)
        .send()
        .await
        .map_err(|error| Failure::aws("the age of the oldest message cannot be read", &error))?;
    let newest = statistics.datapoints().iter().max_by_key(|point| point.timestamp().map(DateTime::secs));
    Ok(newest.and_then(Datapoint::maximum))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_queue_without_messages_in_flight_has_no_trigger() {
        let queue = |taken| Queue { waiting: 3, taken, has_redrive_policy: true };
        assert!(queue(0).stuck_hint().contains("trigger") && queue(1).stuck_hint().contains("log"));
    }
}
