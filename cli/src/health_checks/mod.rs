//! Checks that every part of a deployment exists and works. All checks run at once, and each result is sent as soon as it
//! is known: a service that does not respond delays no other.

mod consumer;
mod router;
mod surroundings;

use std::sync::Arc;
use std::time::Duration;

use aws_sdk_cloudformation::types::{ResourceStatus, Stack, StackResourceSummary};
use aws_sdk_cloudwatch::primitives::DateTime;
use aws_sdk_cloudwatch::types::{Datapoint, Dimension, StateValue, Statistic};
use aws_sdk_cloudwatchlogs::types::FilteredLogEvent;
use aws_sdk_dynamodb::types::{IndexStatus, PointInTimeRecoveryStatus, TableStatus, TimeToLiveStatus};
use aws_sdk_sqs::types::QueueAttributeName;
use inlet::canonical::StoreDefaults;
use inlet_aws::client::aws_error::AwsErrorKind;
use inlet_aws::client::clock;
use jiff::Timestamp;
use jiff::fmt::rfc2822;
use serde::Serialize;
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use crate::deployment::Deployment;
use crate::deployment::address::StoreAddress;
use crate::deployment::{secrets, stores};
use crate::failure::{Failure, aws_hint};
use crate::http;
use crate::output::{Status, counted};
use crate::providers::{ALL, ProviderHandle};

/// AWS rejects signatures if the clock is five minutes off. This is the limit for a warning.
const SKEW: Duration = Duration::from_mins(1);

/// Age of a message, in seconds, from which the queue is stuck and not only busy.
const OLD_SECONDS: f64 = 900.0;

/// Maximum time of a call of AWS or of a receiver.
pub(crate) const TIME_LIMIT: Duration = Duration::from_secs(5);

/// Stores whose parameters are read at once.
const STORES_AT_ONCE: usize = 8;

/// Maximum time since the last run of the sweeper, which runs every minute.
const SWEPT_WITHIN: Duration = Duration::from_mins(5);

/// The result of one check.
#[derive(Debug, Serialize)]
pub(crate) struct Check {
    /// The part of the deployment, in a word.
    pub(crate) subject: &'static str,
    /// The result.
    pub(crate) status: Status,
    /// The finding.
    pub(crate) finding: String,
    /// The hint.
    pub(crate) next: Option<String>,
    /// The kind of the error because of which the check could not be made: it decides the hint.
    #[serde(skip)]
    obstacle: Option<AwsErrorKind>,
}

/// A result with the place of its check in a report.
#[derive(Debug)]
pub(crate) struct Found {
    /// The place of the check among all checks.
    pub(crate) place: usize,
    /// The result.
    pub(crate) check: Check,
}

impl Check {
    fn pass(subject: &'static str, finding: impl Into<String>) -> Self {
        Self { subject, status: Status::Pass, finding: finding.into(), next: None, obstacle: None }
    }

    fn fail(subject: &'static str, finding: impl Into<String>, next: impl Into<String>) -> Self {
        Self { status: Status::Fail, next: Some(next.into()), ..Self::pass(subject, finding) }
    }

    fn unknown(subject: &'static str, finding: impl Into<String>, next: impl Into<String>) -> Self {
        Self { status: Status::Unknown, next: Some(next.into()), ..Self::pass(subject, finding) }
    }

    fn warning(subject: &'static str, finding: impl Into<String>, next: impl Into<String>) -> Self {
        Self { status: Status::Warning, next: Some(next.into()), ..Self::pass(subject, finding) }
    }

    /// Returns a pass if the condition is true, else a failure.
    fn assert(is: bool, subject: &'static str, good: &str, bad: &str, next: &str) -> Self {
        if is { Self::pass(subject, good) } else { Self::fail(subject, bad, next) }
    }

    /// Returns a failure if the part does not exist, else the result of a check that could not be made.
    fn missing_or_not_checked(subject: &'static str, name: &str, failure: &Failure, next: &str) -> Self {
        match failure.aws_kind() {
            Some(AwsErrorKind::Missing) => Self::fail(subject, format!("{name} does not exist"), next),
            _ => Self::not_checked(subject, failure),
        }
    }

    /// Returns the result of a check that could not be made. AWS's message names a missing permission.
    fn not_checked(subject: &'static str, failure: &Failure) -> Self {
        // Not `inlet doctor`, which is running.
        let next = "look at it in the AWS console";
        let obstacle =
            failure.aws_kind().filter(|kind| !matches!(kind, AwsErrorKind::Missing | AwsErrorKind::Other));
        Self { obstacle, ..Self::unknown(subject, format!("not checked: {failure}"), next) }
    }
}

/// The hint for a setting of the table that is off. The template sets it, but a deployment of the same template does not
/// change it back.
const TURN_ON: &str = "docs/runbook.md#settings-that-a-restored-table-lacks";

/// The hint for a part that the current template creates.
const DEPLOY_AGAIN: &str = "deploy again: sam build && sam deploy";

/// The headings of the runbook for a part that was deleted. A deployment does not create it again: CloudFormation
/// compares templates, and sees no change.
const TABLE_GONE: &str = "docs/runbook.md#the-table-is-gone; a deployment does not create it again";
const QUEUE_OR_BUS_GONE: &str =
    "docs/runbook.md#a-queue-or-the-bus-is-gone; a deployment does not create it again";

/// Starts all checks. The channel ends after the last result. The calls of AWS have the limit of the deployment, which
/// should be [`TIME_LIMIT`].
///
/// # Errors
/// If no HTTP client can be made. Every other error is the result of a check.
pub(crate) fn start(deployment: Deployment) -> Result<mpsc::UnboundedReceiver<Found>, Failure> {
    let client = http::client(&deployment.api)?;
    let (sender, found) = mpsc::unbounded_channel();
    let checks = Checks { deployment: Arc::new(deployment), sender };
    checks.spawn(0, |deployment, _| async move { check_caller(&deployment).await });
    checks.spawn(1, |deployment, _| async move {
        let stack = surroundings::describe_stack(&deployment).await;
        surroundings::check_all(&deployment, &stack).await
    });
    checks.spawn(2, |deployment, sender| async move { check_resources(&deployment, &sender).await });
    checks.spawn(3, |deployment, _| async move {
        let stack = surroundings::describe_stack(&deployment).await;
        check_bus_and_consumer(&deployment, stack.as_ref().ok()).await
    });
    checks.spawn(4, |deployment, _| async move { check_receivers(&deployment, client).await });
    checks.spawn(5, |deployment, _| async move { check_table(&deployment).await });
    checks.spawn(6, |deployment, _| async move { check_queue(&deployment).await });
    checks.spawn(7, |deployment, _| async move { check_dead_letters(&deployment).await });
    checks.spawn(8, |deployment, _| async move { check_sweeper(&deployment).await });
    checks.spawn(9, |deployment, _| async move { check_secrets(&deployment).await });
    Ok(found)
}

/// The checks of a deployment, each in a task of its own.
struct Checks {
    deployment: Arc<Deployment>,
    sender: mpsc::UnboundedSender<Found>,
}

/// Sends the results of one task.
struct Results {
    place: usize,
    deployment: Arc<Deployment>,
    sender: mpsc::UnboundedSender<Found>,
}

impl Checks {
    fn spawn<F>(&self, place: usize, check: impl FnOnce(Arc<Deployment>, Arc<Results>) -> F)
    where
        F: Future<Output = Vec<Check>> + Send + 'static,
    {
        let (deployment, sender) = (Arc::clone(&self.deployment), self.sender.clone());
        let results = Arc::new(Results { place, deployment: Arc::clone(&deployment), sender });
        let work = check(deployment, Arc::clone(&results));
        tokio::spawn(async move { results.send(Box::pin(work).await) });
    }
}

impl Results {
    fn send(&self, checks: Vec<Check>) {
        for mut check in checks {
            if let Some(kind) = check.obstacle {
                check.next = Some(aws_hint(kind, &self.deployment.options));
            }
            // The receiver is gone if the command ends early.
            let _ = self.sender.send(Found { place: self.place, check });
        }
    }
}

async fn check_caller(deployment: &Deployment) -> Vec<Check> {
    let asked = aws_sdk_sts::Client::new(&deployment.config).get_caller_identity().send().await;
    let region = deployment.config.region().map(ToString::to_string).unwrap_or_default();
    vec![match asked {
        Ok(caller) => {
            let (account, arn) = (caller.account.unwrap_or_default(), caller.arn.unwrap_or_default());
            let Deployment { stack, stage, .. } = deployment;
            Check::pass("stack", format!("{stack}, stage {stage}, in {region} of {account}, caller {arn}"))
        }
        Err(error) => Check::not_checked("caller", &Failure::aws("the caller is unknown", &error)),
    }]
}

/// Checks that the bus exists, also one that another stack created, and the function or endpoint that replaces it.
async fn check_bus_and_consumer(deployment: &Deployment, stack: Option<&Stack>) -> Vec<Check> {
    let bus = &deployment.bus;
    let client = aws_sdk_eventbridge::Client::new(&deployment.config);
    let is_replaced = stack.is_some_and(consumer::replaces_bus);
    let mut checks = vec![match client.describe_event_bus().name(bus).send().await {
        Ok(_) if is_replaced => Check::pass("bus", format!("{bus} exists; events go to your consumer")),
        Ok(_) => Check::pass("bus", format!("events are published on {bus}")),
        Err(error) => {
            let failure = Failure::aws("the bus cannot be described", &error);
            Check::missing_or_not_checked("bus", bus, &failure, QUEUE_OR_BUS_GONE)
        }
    }];
    if let Some(stack) = stack {
        checks.extend(consumer::check(deployment, stack).await);
    }
    checks
}

/// Checks the stack's resources, the schedule among them, the states of the alarms, and the router.
async fn check_resources(deployment: &Deployment, results: &Results) -> Vec<Check> {
    let client = aws_sdk_cloudformation::Client::new(&deployment.config);
    let listed = client.list_stack_resources().stack_name(&deployment.stack).into_paginator().items().send();
    let resources = match listed.collect::<Result<Vec<_>, _>>().await {
        Ok(listed) => present(listed),
        Err(error) => {
            return vec![Check::not_checked(
                "resources",
                &Failure::aws("the stack's resources cannot be listed", &error),
            )];
        }
    };
    results.send(vec![complete(&resources)]);
    let alarms: Vec<String> = of_type(&resources, "AWS::CloudWatch::Alarm");
    let (alarms, router) =
        tokio::join!(check_alarms(deployment, alarms), router::check_all(deployment, &resources));
    alarms.into_iter().chain(router).collect()
}

/// Removes the resources that a later deployment deleted.
fn present(mut resources: Vec<StackResourceSummary>) -> Vec<StackResourceSummary> {
    resources.retain(|resource| resource.resource_status() != Some(&ResourceStatus::DeleteComplete));
    resources
}

fn complete(resources: &[StackResourceSummary]) -> Check {
    let status =
        |resource: &StackResourceSummary| resource.resource_status().map(|status| status.as_str().to_owned());
    let broken = |resource: &&StackResourceSummary| {
        status(resource).is_none_or(|status| !status.ends_with("_COMPLETE") || status.starts_with("DELETE"))
    };
    let broken = resources.iter().filter(broken).filter_map(|resource| {
        Some(format!("{} ({})", resource.logical_resource_id()?, status(resource).unwrap_or_default()))
    });
    let broken: Vec<String> = broken.collect();
    let missing = NEEDED.iter().filter(|needed| of_type(resources, needed).is_empty());
    let missing: Vec<&str> = missing.copied().collect();
    if broken.is_empty() && missing.is_empty() {
        let functions = of_type(resources, "AWS::Lambda::Function").len();
        return Check::pass(
            "resources",
            format!("all {} are complete, {functions} functions among them", resources.len()),
        );
    }
    let finding =
        [broken.join(", "), missing.iter().map(|kind| format!("no {kind}")).collect::<Vec<_>>().join(", ")];
    let finding = finding.into_iter().filter(|text| !text.is_empty()).collect::<Vec<_>>().join("; ");
    Check::fail("resources", finding, DEPLOY_AGAIN)
}

/// The resource types of every deployment. The bus may be one that existed before.
const NEEDED: [&str; 4] = [
    "AWS::DynamoDB::Table",
    "AWS::SQS::Queue",
    "AWS::Lambda::EventSourceMapping",
    "AWS::Scheduler::Schedule",
];

fn of_type(resources: &[StackResourceSummary], kind: &str) -> Vec<String> {
    let of_kind = resources.iter().filter(|resource| resource.resource_type() == Some(kind));
    of_kind.filter_map(|resource| resource.physical_resource_id().map(str::to_owned)).collect()
}

async fn check_alarms(deployment: &Deployment, names: Vec<String>) -> Vec<Check> {
    if names.is_empty() {
        let next = "deploy with the template parameter Alarms=yes to create them";
        return vec![Check::unknown("alarms", "no alarms are deployed", next)];
    }
    let client = aws_sdk_cloudwatch::Client::new(&deployment.config);
    let mut ringing = Vec::new();
    let mut known = 0_usize;
    // One call takes at most 100 names.
    for some in names.chunks(100) {
        match client.describe_alarms().set_alarm_names(Some(some.to_vec())).send().await {
            Ok(described) => {
                known = known.saturating_add(described.metric_alarms().len());
                let alarmed = described
                    .metric_alarms()
                    .iter()
                    .filter(|one| one.state_value() == Some(&StateValue::Alarm));
                ringing.extend(alarmed.map(|alarm| {
                    let (name, about) = (alarm.alarm_name().unwrap_or_default(), alarm.alarm_description());
                    Check::fail(
                        "alarms",
                        format!("{name} is in state ALARM"),
                        about.unwrap_or("read its section in docs/runbook.md"),
                    )
                }));
            }
            Err(error) => {
                return vec![Check::not_checked(
                    "alarms",
                    &Failure::aws("their states cannot be read", &error),
                )];
            }
        }
    }
    if known < names.len() {
        let finding = format!("{} of {} do not exist", names.len().saturating_sub(known), names.len());
        let next = "deploy with Alarms=no, then with Alarms=yes: a deployment without a change creates none";
        ringing.push(Check::fail("alarms", finding, next));
    }
    if ringing.is_empty() {
        vec![Check::pass("alarms", format!("none of {known} is in state ALARM"))]
    } else {
        ringing
    }
}

/// Sends a GET to every receiver, which has no effect. The date of the responses shows if this clock is right.
async fn check_receivers(deployment: &Arc<Deployment>, client: reqwest::Client) -> Vec<Check> {
    let mut asking = JoinSet::new();
    for (place, &provider) in ALL.iter().enumerate() {
        let (deployment, client) = (Arc::clone(deployment), client.clone());
        asking.spawn(async move {
            let (check, date) = check_receiver(&deployment, &client, provider).await;
            (place, check, date)
        });
    }
    let mut answers = asking.join_all().await;
    answers.sort_by_key(|(place, ..)| *place);
    let skew = answers.iter().find_map(|(.., date)| off_by(date.as_deref()?));
    let mut checks: Vec<Check> = answers.into_iter().map(|(_, check, _)| check).collect();
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
        Ok(answer) => {
            let date = answer.headers().get("date").and_then(|date| date.to_str().ok()).map(str::to_owned);
            (receiver(provider, answer.status().as_u16(), &deployment.stage), date)
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

fn capitalised(name: &str) -> String {
    let mut letters = name.chars();
    letters.next().map(|first| first.to_ascii_uppercase()).into_iter().chain(letters).collect()
}

/// Returns the difference between this machine's own clock and an HTTP date.
fn off_by(date: &str) -> Option<Duration> {
    let theirs = rfc2822::parse(date).ok()?.timestamp();
    let ours = Timestamp::from_millisecond(clock::local_ms()).ok()?;
    Some(ours.duration_since(theirs).unsigned_abs())
}

async fn check_table(deployment: &Deployment) -> Vec<Check> {
    if deployment.is_local {
        let mut checks = check_table_itself(deployment).await;
        let finding = "not checked: the emulator has no time to live, backups and deletion protection";
        checks.push(Check::unknown("table", finding, "nothing to do on a local stack"));
        return checks;
    }
    let (itself, time_to_live, backups) = tokio::join!(
        check_table_itself(deployment),
        check_time_to_live(deployment),
        check_backups(deployment)
    );
    itself.into_iter().chain([time_to_live]).chain(backups).collect()
}

/// Checks the table, its index and its protection.
async fn check_table_itself(deployment: &Deployment) -> Vec<Check> {
    let name = &deployment.table_name;
    let described = match deployment.clients().dynamodb.describe_table().table_name(name).send().await {
        Ok(described) => described.table,
        Err(error) => {
            let failure = Failure::aws("it cannot be described", &error);
            return vec![Check::missing_or_not_checked("table", name, &failure, TABLE_GONE)];
        }
    };
    let Some(table) = described else {
        return vec![Check::fail("table", format!("{name} does not exist"), TABLE_GONE)];
    };
    let active = table.table_status() == Some(&TableStatus::Active);
    let index = table.global_secondary_indexes().iter().find(|index| index.index_name() == Some("arrivals"));
    // The emulator returns no status.
    let indexed = index.is_some_and(|index| matches!(index.index_status(), None | Some(IndexStatus::Active)));
    let wait = "wait a minute, then check again; if it does not exist: docs/runbook.md#the-table-is-gone";
    let mut checks = vec![
        Check::assert(active, "table", &format!("{name} is active"), &format!("{name} is not active"), wait),
        Check::assert(
            indexed,
            "table",
            "its index arrivals is active",
            "its index arrivals is not active",
            wait,
        ),
    ];
    if !deployment.is_disposable() {
        let protected = table.deletion_protection_enabled() == Some(true);
        let (good, bad) = ("it is protected from deletion", "it is not protected from deletion");
        checks.push(Check::assert(protected, "table", good, bad, TURN_ON));
    }
    checks
}

async fn check_time_to_live(deployment: &Deployment) -> Check {
    let client = deployment.clients().dynamodb;
    match client.describe_time_to_live().table_name(&deployment.table_name).send().await {
        Ok(finding) => {
            let status = finding.time_to_live_description.and_then(|found| found.time_to_live_status);
            let on = matches!(status, Some(TimeToLiveStatus::Enabled | TimeToLiveStatus::Enabling));
            let bad = "time to live is off, so events are never deleted";
            Check::assert(on, "table", "time to live is on", bad, TURN_ON)
        }
        Err(error) => Check::not_checked("table", &Failure::aws("its time to live cannot be read", &error)),
    }
}

/// Checks the backups of a protected stage's table.
async fn check_backups(deployment: &Deployment) -> Option<Check> {
    if deployment.is_disposable() {
        return None;
    }
    let client = deployment.clients().dynamodb;
    Some(match client.describe_continuous_backups().table_name(&deployment.table_name).send().await {
        Ok(finding) => {
            let recovery = finding.continuous_backups_description;
            let recovery = recovery.and_then(|found| found.point_in_time_recovery_description);
            let status = recovery.and_then(|found| found.point_in_time_recovery_status);
            let on = status == Some(PointInTimeRecoveryStatus::Enabled);
            let (good, bad) = ("it has point-in-time backups", "it has no point-in-time backups");
            Check::assert(on, "table", good, bad, TURN_ON)
        }
        Err(error) => Check::not_checked("table", &Failure::aws("its backups cannot be described", &error)),
    })
}

async fn check_queue(deployment: &Deployment) -> Vec<Check> {
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

async fn check_dead_letters(deployment: &Deployment) -> Vec<Check> {
    let inlet = &deployment.inlet;
    let dead =
        format!("list them with `{inlet} dead-letters list`, correct the cause, then run `{inlet} redrive`");
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

async fn check_sweeper(deployment: &Deployment) -> Vec<Check> {
    let client = aws_sdk_cloudwatchlogs::Client::new(&deployment.config);
    let group = format!("/inlet/{}/sweeper", deployment.stage);
    let since = clock::now().earlier(SWEPT_WITHIN).millis();
    let lines = client.filter_log_events().log_group_name(&group).start_time(since);
    let mut lines = lines.into_paginator().send();
    let mut ran = false;
    loop {
        match lines.next().await {
            Some(Ok(page)) if page.events().iter().filter_map(FilteredLogEvent::message).any(is_swept) => {
                return vec![Check::pass("sweeper", "it ran within the last five minutes")];
            }
            Some(Ok(page)) => ran |= !page.events().is_empty(),
            Some(Err(error)) => {
                return vec![Check::not_checked("sweeper", &Failure::aws("its log cannot be read", &error))];
            }
            None => break,
        }
    }
    vec![if ran {
        let finding = "it completed no run within the last five minutes";
        Check::fail("sweeper", finding, format!("read the last lines of the log {group}"))
    } else {
        let finding = "it did not run within the last five minutes";
        Check::fail("sweeper", finding, "check in the AWS console if its schedule is disabled")
    }]
}

/// Returns true if a line of the sweeper's log reports a complete run (`inlet_aws::lambda::sweeper`). A crash writes
/// lines too.
fn is_swept(line: &str) -> bool {
    serde_json::from_str::<serde_json::Value>(line)
        .is_ok_and(|line| line.get("outcome").is_some_and(|outcome| outcome == "swept"))
}

async fn check_secrets(deployment: &Arc<Deployment>) -> Vec<Check> {
    let stores = match stores::list_stores(deployment, &ALL).await {
        Ok(stores) => stores,
        Err(failure) => return vec![Check::not_checked("secrets", &failure)],
    };
    if stores.is_empty() {
        let next = format!("set one for each store, for example: {} secret set zid/riyadh", deployment.inlet);
        return vec![Check::unknown("secrets", "no store has a secret, so every delivery is rejected", next)];
    }
    let (mut checks, mut well, mut left) = (Vec::new(), Vec::new(), stores.len());
    for some in stores.chunks(STORES_AT_ONCE) {
        let mut reading = JoinSet::new();
        for (place, store) in some.iter().cloned().enumerate() {
            let deployment = Arc::clone(deployment);
            reading.spawn(async move { (place, store.provider, check_store(&deployment, &store).await) });
        }
        let mut found = reading.join_all().await;
        found.sort_by_key(|(place, ..)| *place);
        left = left.saturating_sub(found.len());
        let is_blocked = found.iter().any(|(.., found)| found.has_obstacle());
        for (_, provider, StoreChecks { secret, settings }) in found {
            well.extend(secret.is_none().then_some(provider));
            checks.extend(secret.into_iter().chain(settings));
        }
        // The same obstacle prevents the other checks, and each takes its whole time.
        if is_blocked && left > 0 {
            let stores = counted(left, "more store was", "more stores were");
            let finding = format!("{stores} not checked, for the same reason");
            checks.push(Check::unknown("secrets", finding, "follow the hint above"));
            break;
        }
    }
    for &provider in ALL.iter() {
        let well = well.iter().filter(|one| **one == provider).count();
        if well > 0 {
            let stores = if well == 1 { "one store".to_owned() } else { format!("{well} stores") };
            checks.push(Check::pass("secrets", format!("{provider}: {stores} with live credentials")));
        }
    }
    checks
}

/// The problems of a store's parameters.
struct StoreChecks {
    secret: Option<Check>,
    settings: Option<Check>,
}

impl StoreChecks {
    fn has_obstacle(&self) -> bool {
        [&self.secret, &self.settings].into_iter().flatten().any(|check| check.obstacle.is_some())
    }
}

async fn check_store(deployment: &Deployment, store: &StoreAddress) -> StoreChecks {
    let (secret, settings) = tokio::join!(check_secret(deployment, store), settings_of(deployment, store));
    StoreChecks { secret, settings }
}

/// Checks a store's secret. None if it is valid.
async fn check_secret(deployment: &Deployment, store: &StoreAddress) -> Option<Check> {
    let credentials = match secrets::read(deployment, store).await {
        Ok(kept) => kept.map(|kept| kept.credentials).unwrap_or_default(),
        Err(failure) => return Some(Check::not_checked("secrets", &failure)),
    };
    let next = format!("add a valid credential: {} secret rotate {store}", deployment.inlet);
    if credentials.is_empty() {
        return Some(Check::fail("secrets", format!("{store} has no credential"), next));
    }
    let failure = credentials.iter().find_map(|credential| store.provider.shape_of(credential).err())?;
    Some(Check::fail(
        "secrets",
        format!("{store}: {failure}"),
        format!("{}; {next}", failure.hint(&deployment.options)),
    ))
}

/// Checks a store's settings. None if there are none, or they are valid.
async fn settings_of(deployment: &Deployment, store: &StoreAddress) -> Option<Check> {
    let settings = match secrets::settings(deployment, store).await {
        Ok(settings) => settings?,
        Err(failure) => return Some(Check::not_checked("settings", &failure)),
    };
    let problems = StoreDefaults::problems(&settings);
    let next = format!("correct the parameter {}/settings", deployment.parameter(store));
    (!problems.is_empty()).then(|| Check::fail("settings", format!("{store}: {}", problems.join("; ")), next))
}

#[cfg(test)]
mod tests {
    use super::*;

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

    #[test]
    fn only_a_complete_run_of_the_sweeper_counts() {
        for (line, is) in [
            (r#"{"level":"info","message":"sweep","outcome":"swept","Resent":0}"#, true),
            (r#"{"level":"error","message":"sweep","outcome":"failed","reason":"swept away"}"#, false),
            ("RequestId: 1 Error: Runtime exited with error: exit status 101", false),
            (r#"{"type":"platform.report","record":{"status":"timeout"}}"#, false),
        ] {
            assert_eq!(is_swept(line), is, "{line}");
        }
    }

    #[test]
    fn a_queue_without_messages_in_flight_has_no_trigger() {
        let queue = |taken| Queue { waiting: 3, taken, has_redrive_policy: true };
        assert!(queue(0).stuck_hint().contains("trigger") && queue(1).stuck_hint().contains("log"));
    }

    #[test]
    fn deleted_resources_are_ignored() {
        let resource = |kind: &str, status| {
            let resource = StackResourceSummary::builder().logical_resource_id(kind).resource_type(kind);
            resource.physical_resource_id(kind).resource_status(status).build()
        };
        let mut resources: Vec<_> =
            NEEDED.iter().map(|kind| resource(kind, ResourceStatus::UpdateComplete)).collect();
        resources.push(resource("AWS::Lambda::Function", ResourceStatus::DeleteComplete));
        assert_eq!(complete(&present(resources.clone())).status, Status::Pass);
        resources.push(resource("AWS::Lambda::Function", ResourceStatus::DeleteFailed));
        let check = complete(&present(resources));
        assert_eq!(
            (check.status, check.finding.as_str()),
            (Status::Fail, "AWS::Lambda::Function (DELETE_FAILED)")
        );
    }
}
