//! Generates the template's alarms and dashboard from the metrics in the code and from the providers' retry policies,
//! so that both name only metrics that a function emits.

mod dashboard;

use std::fmt::Write as _;
use std::time::Duration;

use inlet::provider::Provider;
use inlet::provider::retry_policy::CircuitBreaker;
use inlet_aws::telemetry::log::UNKNOWN_STORE;
use inlet_aws::telemetry::metrics::{self, Dimension, Metric, NAMESPACE};
use inlet_providers::{NAMES, Visitor, for_each};
use serde_json::Value;

pub use self::dashboard::{FREE_METRICS, drawn};
use crate::marks;

/// The default of the parameter `RunbookUrl`, with which every alarm's text ends.
const RUNBOOK: &str = "docs/runbook.md";

const MINUTE: Duration = Duration::from_mins(1);
const FIVE_MINUTES: Duration = Duration::from_mins(5);
const HALF_AN_HOUR: Duration = Duration::from_mins(30);
const HOUR: Duration = Duration::from_hours(1);

/// The word in the condition of alarms that exist only if events go to the bus.
const BUS: &str = "Bus";

/// The word in the condition of alarms that exist only with the reconciler.
const RECONCILER: &str = "Reconciler";

/// An alarm.
pub struct Alarm {
    /// Its logical id in the template, without the suffix `Alarm`.
    pub name: String,
    /// Its heading in the runbook: the logical id in kebab case, without a provider.
    pub slug: String,
    about: String,
    /// The provider whose condition it has, if it is about one.
    provider: Option<String>,
    /// The part of its condition's name that names no provider: `Bus`, `Reconciler`, or nothing.
    condition: &'static str,
    metric: Source,
    statistic: &'static str,
    threshold: u64,
    /// True if it notifies below its threshold.
    is_lower_bound: bool,
    period: Duration,
    periods: u32,
    silence: Silence,
}

/// The source of an alarm's values.
enum Source {
    Ours {
        metric: Metric,
        of: Vec<(Dimension, String)>,
    },
    Theirs {
        namespace: &'static str,
        name: &'static str,
        dimension: &'static str,
        value: String,
    },
    /// A query of CloudWatch Metrics Insights: one number from many metrics.
    Query(&'static str),
}

/// The meaning of missing values.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Silence {
    /// Nothing happened.
    IsGood,
    /// The function that emits the metric does not run. The alarm notifies when its state becomes
    /// `INSUFFICIENT_DATA`, which a new alarm has from the start: it does not notify before the first value.
    IsAlarming,
}

/// Returns the template with the alarms and the dashboard that follow from the code.
pub fn insert(template: &str) -> String {
    let alarms: String = alarms().iter().map(Alarm::to_yaml).collect();
    let part = format!("{}{alarms}{}", metric_filters(), dashboard::to_yaml());
    marks::replace(template, "alarms and dashboard", &part)
}

/// Returns every alarm, those of the whole deployment first.
pub fn alarms() -> Vec<Alarm> {
    let mut alarms = Alarms(of_the_deployment());
    for_each(&mut alarms);
    alarms.0
}

struct Alarms(Vec<Alarm>);

impl Visitor for Alarms {
    fn visit<P: Provider>(&mut self) {
        self.0.extend(of_provider::<P>());
    }
}

fn of_the_deployment() -> Vec<Alarm> {
    let ours = |metric| Source::Ours { metric, of: vec![(Dimension::Stage, "!Ref Stage".into())] };
    let theirs = |namespace, name, dimension, value: &str| Source::Theirs {
        namespace,
        name,
        dimension,
        value: value.into(),
    };
    vec![
        Alarm {
            statistic: "Maximum",
            threshold: 900,
            period: MINUTE,
            periods: 3,
            ..Alarm::new(
                "OldestUnprocessed",
                "An event has waited for 15 minutes to be processed",
                ours(metrics::OLDEST_UNPROCESSED_AGE),
            )
        },
        Alarm {
            statistic: "Minimum",
            period: MINUTE,
            periods: 5,
            silence: Silence::IsAlarming,
            ..Alarm::new(
                "SweeperSilent",
                "Every run of the sweeper failed for five minutes, or it does not run (insufficient data)",
                ours(metrics::SWEEP_FAILED),
            )
        },
        Alarm {
            statistic: "Maximum",
            period: MINUTE,
            ..Alarm::new(
                "DeadLetters",
                "Messages could not be processed and wait in the dead-letter queue",
                theirs(
                    "AWS/SQS",
                    "ApproximateNumberOfMessagesVisible",
                    "QueueName",
                    "!GetAtt DeadLetterQueue.QueueName",
                ),
            )
        },
        Alarm::new(
            "Parked",
            "The sweeper stopped sending events that were not processed; redrive or replay them",
            ours(metrics::PARKED),
        ),
        // Lambda throttling a receiver is one of them.
        Alarm::new(
            "ServerError",
            "The API answers 5xx: table and queue both failed, or a receiver failed or was throttled",
            theirs("AWS/ApiGateway", "5xx", "ApiId", "!Ref Api"),
        ),
        Alarm::new(
            "ApiThrottled",
            "API Gateway answers 429 before a receiver runs; not every provider sends the delivery again",
            ours(metrics::API_THROTTLED),
        ),
        Alarm::new(
            "ApiTooLarge",
            "Requests were answered 413: a body is larger than a receiver can take",
            ours(metrics::API_TOO_LARGE),
        ),
        Alarm {
            period: HOUR,
            ..Alarm::new(
                "ApiRefused",
                "API Gateway refused requests itself, for example because of too many headers",
                ours(metrics::API_REFUSED),
            )
        },
        // Once an hour: scanners send such requests to every public address.
        Alarm {
            period: HOUR,
            ..Alarm::new(
                "UnknownPath",
                "Requests whose path names no provider and store were refused with 404 or 401; a webhook's URL may be wrong",
                ours(metrics::UNKNOWN_PATH),
            )
        },
        Alarm::new(
            "Fallback",
            "The table does not accept deliveries; they are on the queue only",
            ours(metrics::FALLBACK),
        ),
        Alarm::new(
            "EnqueueDeferred",
            "The queue does not accept deliveries; the sweeper sends them later",
            ours(metrics::ENQUEUE_DEFERRED),
        ),
        Alarm {
            condition: BUS,
            ..Alarm::new(
                "TargetFailed",
                "EventBridge could not give events to the target of a rule; without a dead-letter queue they are gone",
                // A rule of one's own has metrics of its own, and the template knows none of them.
                Source::Query(
                    "SELECT SUM(FailedInvocations) FROM SCHEMA(\"AWS/Events\", EventBusName, RuleName) \
                     WHERE EventBusName = '${Bus}'",
                ),
            )
        },
        // A store with few changes in an hour has a low share by one lost webhook, so one hour alone does not count.
        Alarm {
            condition: RECONCILER,
            statistic: "Minimum",
            threshold: 90,
            is_lower_bound: true,
            period: HOUR,
            periods: 2,
            ..Alarm::new(
                "CompletenessLow",
                "Webhooks brought less than 90 % of the changes of one kind of a store, in two consecutive hours; the reconciler published the others",
                ours(metrics::COMPLETENESS),
            )
        },
        // Two runs, so that one that is late does not count.
        Alarm {
            condition: RECONCILER,
            statistic: "Maximum",
            threshold: 3 * HOUR.as_secs(),
            period: HALF_AN_HOUR,
            silence: Silence::IsAlarming,
            ..Alarm::new(
                "ReconcilerStale",
                "The reconciler has not read a list to its end for three hours, or it does not run (insufficient data)",
                ours(metrics::RECONCILIATION_AGE),
            )
        },
        Alarm {
            period: HOUR,
            ..Alarm::new("Drift", "A provider's delivery contradicts its documentation", ours(metrics::DRIFT))
        },
    ]
}

fn of_provider<P: Provider>() -> Vec<Alarm> {
    let of_provider =
        || vec![(Dimension::Stage, "!Ref Stage".to_owned()), (Dimension::Provider, P::NAME.to_owned())];
    let unknown_store =
        of_provider().into_iter().chain([(Dimension::RejectCode, UNKNOWN_STORE.to_owned())]).collect();
    let name = resource_of(P::NAME);
    let mut alarms = vec![
        // A store with few orders has few deliveries that can fail.
        Alarm {
            threshold: 3,
            period: HOUR,
            ..Alarm::new(
                "VerificationFailed",
                "Deliveries to configured stores fail verification; a secret may have been changed on one side",
                Source::Ours { metric: metrics::VERIFICATION_FAILED, of: of_provider() },
            )
        },
        // Anyone can send a few requests with an invented store.
        Alarm {
            threshold: 10,
            period: HOUR,
            ..Alarm::new(
                "UnknownStore",
                "Deliveries name a store without a secret; its parameter may have been deleted or renamed",
                Source::Ours { metric: metrics::REJECTED, of: unknown_store },
            )
        },
    ];
    if let Some(CircuitBreaker { window, warn_at, disable_at, .. }) = P::RETRY_POLICY.circuit_breaker {
        let failing = |slug, about: String, threshold: u32| Alarm {
            threshold: threshold.into(),
            period: window,
            ..Alarm::new(slug, &about, Source::Ours { metric: metrics::COUNTED_FAILURE, of: of_provider() })
        };
        let about = format!(
            "The provider may be about to disable a webhook: {warn_at} failures, and it stops at {disable_at}"
        );
        alarms.push(failing("Degraded", about, warn_at));
        // The metric adds up all stores and webhooks. The provider may count each webhook alone.
        let about = format!("The provider may have stopped sending: {disable_at} failures of all stores");
        alarms.push(failing("Disabled", about, disable_at));
    }
    alarms.into_iter().map(|alarm| alarm.for_provider(&name)).collect()
}

/// Returns the providers' names, in the order of the legends.
fn providers() -> impl Iterator<Item = &'static str> {
    NAMES.iter().copied()
}

/// Returns a provider's name in logical ids of the template.
pub fn resource_of(provider: &str) -> String {
    let mut letters = provider.chars();
    letters.next().map(|first| first.to_ascii_uppercase()).into_iter().chain(letters).collect()
}

impl Alarm {
    /// Notifies at the first value of 1 or more within five minutes.
    fn new(name: &str, about: &str, metric: Source) -> Self {
        Self {
            name: name.to_owned(),
            slug: kebab_case(name),
            about: about.to_owned(),
            provider: None,
            condition: "",
            metric,
            statistic: "Sum",
            threshold: 1,
            is_lower_bound: false,
            period: FIVE_MINUTES,
            periods: 1,
            silence: Silence::IsGood,
        }
    }

    /// Returns the alarm for one provider.
    fn for_provider(self, provider: &str) -> Self {
        Self {
            name: format!("{provider}{}", self.name),
            about: format!("{provider}: {}", self.about),
            provider: Some(provider.to_owned()),
            ..self
        }
    }

    /// Returns the name in logical ids of the provider that it is about. None if it is about the whole deployment.
    pub fn provider(&self) -> Option<&str> {
        self.provider.as_deref()
    }

    /// Returns true if it exists only with the reconciler.
    pub fn is_of_reconciler(&self) -> bool {
        self.condition == RECONCILER
    }

    /// Returns true if its value is the result of a query, for which CloudWatch charges by the metrics that it reads.
    pub fn is_query(&self) -> bool {
        matches!(self.metric, Source::Query(_))
    }

    /// Returns its text, with the runbook's address by default.
    pub fn description(&self) -> String {
        self.describe(RUNBOOK)
    }

    fn describe(&self, runbook: &str) -> String {
        format!("{}. {runbook}#{}", self.about, self.slug)
    }

    fn to_yaml(&self) -> String {
        let mut yaml = String::new();
        let mut line = |indent: usize, text: &str| writeln!(yaml, "{:indent$}{text}", "").expect("memory");
        line(2, &format!("{}Alarm:", self.name));
        line(4, "Type: AWS::CloudWatch::Alarm");
        line(4, &format!("Condition: With{}Alarms", self.provider.as_deref().unwrap_or(self.condition)));
        line(4, "Properties:");
        line(6, &format!("AlarmName: !Sub inlet-${{Stage}}-{}", kebab_case(&self.name)));
        line(6, &format!("AlarmDescription: !Sub {}", Value::from(self.describe("${RunbookUrl}"))));
        if let Source::Query(query) = self.metric {
            line(6, "Metrics:");
            line(8, "- Id: sum");
            line(10, &format!("Period: {}", self.period.as_secs()));
            line(10, "Expression: !Sub");
            line(12, &format!("- {}", Value::from(query)));
            line(12, "- Bus: !If [CreatesBus, !Ref EventBus, !Ref EventBusName]");
        } else {
            let (namespace, name, dimensions) = self.metric.parts();
            line(6, &format!("Namespace: {namespace}"));
            line(6, &format!("MetricName: {name}"));
            line(6, "Dimensions:");
            for (dimension, value) in dimensions {
                line(8, &format!("- {{Name: {dimension}, Value: {value}}}"));
            }
            line(6, &format!("Statistic: {}", self.statistic));
            line(6, &format!("Period: {}", self.period.as_secs()));
        }
        let comparison =
            if self.is_lower_bound { "LessThanThreshold" } else { "GreaterThanOrEqualToThreshold" };
        line(6, &format!("ComparisonOperator: {comparison}"));
        line(6, &format!("Threshold: {}", self.threshold));
        line(6, &format!("EvaluationPeriods: {}", self.periods));
        let missing = if self.silence == Silence::IsGood { "notBreaching" } else { "missing" };
        line(6, &format!("TreatMissingData: {missing}"));
        line(6, "AlarmActions: [!Ref AlarmTopic]");
        line(6, "OKActions: [!Ref AlarmTopic]");
        if self.silence == Silence::IsAlarming {
            line(6, "InsufficientDataActions: [!Ref AlarmTopic]");
        }
        yaml + "\n"
    }
}

impl Source {
    fn parts(&self) -> (&'static str, &'static str, Vec<(&'static str, String)>) {
        match self {
            Self::Ours { metric, of } => {
                let names: Vec<Dimension> = of.iter().map(|(dimension, _)| *dimension).collect();
                assert!(metric.by.contains(&names.as_slice()), "{} is not kept by {names:?}", metric.name);
                let of = of.iter().map(|(dimension, text)| (dimension.as_str(), text.clone()));
                (NAMESPACE, metric.name, of.collect())
            }
            Self::Theirs { namespace, name, dimension, value } => {
                (namespace, name, vec![(dimension, value.clone())])
            }
            Self::Query(_) => unreachable!("a query has no dimensions"),
        }
    }
}

/// Responses of API Gateway itself, which no function counts: the filter's logical id, the metric, and
/// the access log's lines. API Gateway writes `-` for the status of an integration that it did not call.
const RESPONSES_OF_THE_API: [(&str, Metric, &str); 3] = [
    ("ThrottledRequests", metrics::API_THROTTLED, "{ $.status = \"429\" }"),
    ("TooLargeRequests", metrics::API_TOO_LARGE, "{ $.status = \"413\" }"),
    (
        "RefusedRequests",
        metrics::API_REFUSED,
        "{ $.integrationStatus = \"-\" && $.status = \"4*\" && $.status != \"413\" && $.status != \"429\" }",
    ),
];

/// Returns the metric filters of the API's access log.
fn metric_filters() -> String {
    let filter = |(id, Metric { name, by, .. }, pattern): (&str, Metric, &str)| {
        assert_eq!(by, [[Dimension::Stage]], "the access log has the stage only");
        format!(
            "  {id}:
    Type: AWS::Logs::MetricFilter
    Condition: WithAlarms
    Properties:
      LogGroupName: !Ref ApiLog
      FilterPattern: '{pattern}'
      MetricTransformations:
        - MetricNamespace: {NAMESPACE}
          MetricName: {name}
          MetricValue: \"1\"
          Unit: Count
          Dimensions: [{{Key: {}, Value: $.stage}}]

",
            Dimension::Stage.as_str()
        )
    };
    RESPONSES_OF_THE_API.into_iter().map(filter).collect()
}

fn kebab_case(name: &str) -> String {
    let letter = |(n, letter): (usize, char)| {
        let hyphen = (n > 0 && letter.is_ascii_uppercase()).then_some('-');
        hyphen.into_iter().chain([letter.to_ascii_lowercase()])
    };
    name.chars().enumerate().flat_map(letter).collect()
}
