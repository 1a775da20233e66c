//! Generates the template's alarms and dashboard from the metrics in the code and from the providers' retry policies,
//! so that neither names a metric that no function emits.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::time::Duration;

use inlet::provider::Provider;
use inlet::provider::retry_policy::CircuitBreaker;
use inlet_aws::telemetry::log::UNKNOWN_STORE;
use inlet_aws::telemetry::metrics::{self, Dimension, Metric, NAMESPACE};
use inlet_providers::{NAMES, Visitor, for_each};
use serde_json::{Value, json};

use crate::marks;

/// The default of the parameter `RunbookUrl`, with which every alarm's text ends.
const RUNBOOK: &str = "docs/runbook.md";

/// The largest number of metrics on a dashboard that is free of charge.
pub const FREE_METRICS: usize = 50;

const MINUTE: Duration = Duration::from_mins(1);
const FIVE_MINUTES: Duration = Duration::from_mins(5);
const HOUR: Duration = Duration::from_hours(1);

/// The word in the condition of alarms that exist only if events go to the bus.
const BUS: &str = "Bus";

/// An alarm.
pub struct Alarm {
    /// Its logical id in the template, without the suffix `Alarm`.
    pub name: String,
    /// Its heading in the runbook: the logical id in kebab case, without a provider.
    pub slug: String,
    about: String,
    /// The provider whose condition it has, if it is about one.
    provider: Option<String>,
    /// The part of its condition's name that names no provider: `Bus`, or nothing.
    condition: &'static str,
    metric: Source,
    statistic: &'static str,
    threshold: u64,
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
    let part = format!("{}{alarms}{}", metric_filters(), dashboard());
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
                "Requests whose path names no provider and store were answered 404; a webhook's URL may be wrong",
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
    alarms.into_iter().map(|alarm| alarm.of(&name)).collect()
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
            period: FIVE_MINUTES,
            periods: 1,
            silence: Silence::IsGood,
        }
    }

    /// Returns the alarm for one provider.
    fn of(self, provider: &str) -> Self {
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
        line(6, "ComparisonOperator: GreaterThanOrEqualToThreshold");
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

/// Requests that API Gateway answers itself, so that no function counts them: the filter's logical id, the metric, and
/// the access log's lines. API Gateway writes `-` for the status of an integration that it did not call.
const ANSWERED_BY_THE_API: [(&str, Metric, &str); 3] = [
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
    ANSWERED_BY_THE_API.into_iter().map(filter).collect()
}

/// The properties of a widget with metrics, which has no place yet.
struct Widget(Value);

/// The dashboard's columns.
const WIDTH: usize = 24;
/// The numbers in the first row and the charts in each further one.
const NUMBERS: usize = 5;
const CHARTS: usize = 3;
const ALARMS_HEIGHT: usize = 3;
const NUMBER_HEIGHT: usize = 4;
const CHART_HEIGHT: usize = 6;

/// Returns the dashboard: the alarms' states, five numbers, then charts.
fn dashboard() -> String {
    let (numbers, charts) = (numbers(), charts());
    assert_eq!(numbers.len(), NUMBERS, "the first row is full");
    let width = WIDTH / NUMBERS;
    let numbers = numbers.iter().enumerate();
    let numbers = numbers.map(|(n, widget)| widget.at(n * width, ALARMS_HEIGHT, width, NUMBER_HEIGHT));
    let width = WIDTH / CHARTS;
    let charts = charts.iter().enumerate().map(|(n, widget)| {
        let y = ALARMS_HEIGHT + NUMBER_HEIGHT + n / CHARTS * CHART_HEIGHT;
        widget.at(n % CHARTS * width, y, width, CHART_HEIGHT)
    });
    let lines: Vec<String> = numbers.chain(charts).map(|widget| format!("            {widget}")).collect();
    let mut yaml = "  Dashboard:
    Type: AWS::CloudWatch::Dashboard
    Condition: WithDashboard
    Properties:
      DashboardName: !Sub inlet-${Stage}
      DashboardBody: !Sub
        - |
          {\"widgets\": [${Alarms}
"
    .to_owned();
    yaml.push_str(&lines.join(",\n"));
    yaml.push_str("\n          ]}\n");
    let mut variable = |indent: usize, text: &str| writeln!(yaml, "{:indent$}{text}", "").expect("memory");
    variable(8, "- Alarms: !If");
    variable(14, "- WithAlarms");
    variable(14, "- !Sub");
    variable(16, &format!("- '{}'", alarm_states()));
    for (n, name) in providers().map(resource_of).enumerate() {
        let alarms = alarms();
        let of_it = alarms.iter().filter(|alarm| alarm.provider.as_ref() == Some(&name));
        let listed: String = of_it.map(|alarm| format!(",{}", arn(alarm))).collect();
        let item = if n == 0 { '-' } else { ' ' };
        variable(16, &format!("{item} {name}Alarms: !If [With{name}, !Sub '{listed}', \"\"]"));
    }
    let of_bus: String = alarms()
        .iter()
        .filter(|alarm| alarm.condition == BUS)
        .map(|alarm| format!(",{}", arn(alarm)))
        .collect();
    variable(18, &format!("BusAlarms: !If [WithConsumerBus, !Sub '{of_bus}', \"\"]"));
    variable(14, "- \"\"");
    // A receiver that is switched off has no function name.
    for name in providers().map(resource_of) {
        variable(10, &format!("{name}Receiver: !If [With{name}, !Ref {name}Function, none]"));
    }
    yaml
}

/// Returns an alarm's ARN as a text in JSON.
fn arn(alarm: &Alarm) -> String {
    let of_the_account = "arn:${AWS::Partition}:cloudwatch:${AWS::Region}:${AWS::AccountId}:alarm";
    format!("\"{of_the_account}:inlet-${{Stage}}-{}\"", kebab_case(&alarm.name))
}

/// Returns the widget with the states of all alarms; those of a provider only where it is deployed.
fn alarm_states() -> String {
    let alarms = alarms();
    let is_of_all = |alarm: &&Alarm| alarm.provider.is_none() && alarm.condition.is_empty();
    let of_all: Vec<String> = alarms.iter().filter(is_of_all).map(arn).collect();
    let of_providers: String = providers().map(|name| format!("${{{}Alarms}}", resource_of(name))).collect();
    let place = format!("\"x\":0,\"y\":0,\"width\":{WIDTH},\"height\":{ALARMS_HEIGHT}");
    let listed = of_all.join(",") + "${BusAlarms}" + &of_providers;
    format!("{{\"type\":\"alarm\",{place},\"properties\":{{\"title\":\"Alarms\",\"alarms\":[{listed}]}}}},")
}

/// Returns the five numbers that a person looks at first.
fn numbers() -> Vec<Widget> {
    let number = |title: &str, metrics: Value, statistic: &str, whole_range: bool| {
        Widget(json!({
            "title": title, "view": "singleValue", "sparkline": true, "region": REGION, "stat": statistic,
            "period": FIVE_MINUTES.as_secs(), "setPeriodToTimeRange": whole_range, "metrics": metrics,
        }))
    };
    vec![
        number("Accepted", total("accepted", metrics::ACCEPTED), "Sum", true),
        number("Rejected", total("rejected", metrics::REJECTED), "Sum", true),
        number("Waiting on the queue", json!([waiting("EventQueue", "messages")]), "Maximum", false),
        number(
            "Oldest unprocessed event (seconds)",
            json!([of_the_stage(metrics::OLDEST_UNPROCESSED_AGE, &json!({"label": "seconds"}))]),
            "Maximum",
            false,
        ),
        number("Dead letters", json!([waiting("DeadLetterQueue", "messages")]), "Maximum", false),
    ]
}

/// Returns the charts, of which each has data on a day without faults.
fn charts() -> Vec<Widget> {
    let by_provider = |metric| providers().map(move |name| of(metric, name, &json!({"label": name})));
    let waited = |metric, step: &str| {
        let label = |name: &str| json!({"label": format!("{name}, {step}")});
        providers().map(|name| of(metric, name, &label(name))).collect::<Vec<_>>()
    };
    let latency = |statistic: &str| json!(["AWS/ApiGateway", "Latency", "ApiId", "${Api}", {"stat": statistic, "label": statistic}]);
    let steps = [waited(metrics::JOURNAL_LATENCY, "table"), waited(metrics::QUEUE_LATENCY, "queue")].concat();
    vec![
        chart("Deliveries accepted", by_provider(metrics::ACCEPTED).collect(), "Sum"),
        chart("Duplicate deliveries", by_provider(metrics::DUPLICATE).collect(), "Sum"),
        chart("Response time (milliseconds)", json!([latency("p50"), latency("p99")]), "p99"),
        chart("Wait for table and queue (milliseconds, p99)", json!(steps), "p99"),
        chart(
            "Arrival to receipt (milliseconds)",
            json!([
                of_the_stage(metrics::PROCESSING_DELAY, &json!({"stat": "p50", "label": "p50"})),
                of_the_stage(metrics::PROCESSING_DELAY, &json!({"stat": "p99", "label": "p99"})),
            ]),
            "p99",
        ),
        chart(
            "Messages on the queues",
            json!([waiting("EventQueue", "waiting"), waiting("DeadLetterQueue", "dead letters")]),
            "Maximum",
        ),
        chart(
            "Age of the oldest unprocessed event (seconds)",
            json!([of_the_stage(metrics::OLDEST_UNPROCESSED_AGE, &json!({"label": "oldest"}))]),
            "Maximum",
        ),
        chart("Problems", problems(), "Sum"),
        chart("Failed invocations", failed_invocations(), "Sum"),
        chart(
            "Events processed",
            json!([of_the_stage(metrics::PROCESSED, &json!({"label": "processed"}))]),
            "Sum",
        ),
    ]
}

/// Returns rare counts, drawn as zero while nothing is counted.
fn problems() -> Value {
    let counts = [
        ("deliveries answered 503", metrics::UNAVAILABLE),
        ("stored on the queue only", metrics::FALLBACK),
        ("enqueued later by the sweeper", metrics::ENQUEUE_DEFERRED),
        ("answered 429", metrics::API_THROTTLED),
        ("answered 413", metrics::API_TOO_LARGE),
        ("refused by the API", metrics::API_REFUSED),
        ("unknown paths", metrics::UNKNOWN_PATH),
        ("contradict the documentation", metrics::DRIFT),
        ("not processed by the consumer", metrics::CONSUMER_FAILED),
        ("sent again", metrics::RESENT),
        ("parked", metrics::PARKED),
        ("failed runs of the sweeper", metrics::SWEEP_FAILED),
    ];
    let lines = counts.into_iter().enumerate().flat_map(|(n, (label, metric))| {
        let id = format!("problem{n}");
        [
            json!([{"expression": format!("FILL({id}, 0)"), "label": label}]),
            of_the_stage(metric, &json!({"id": id, "visible": false})),
        ]
    });
    lines.collect()
}

/// Returns Lambda's errors of every function but the router: those are 5xx of the API, and the dashboard has no room.
fn failed_invocations() -> Value {
    let line = |name: &str, function: String| json!(["AWS/Lambda", "Errors", "FunctionName", function, {"label": name}]);
    let receivers = providers().map(|name| line(name, format!("${{{}Receiver}}", resource_of(name))));
    let others = ["processor", "sweeper"];
    let others = others.into_iter().map(|name| line(name, format!("${{{}Function}}", resource_of(name))));
    receivers.chain(others).collect()
}

/// Returns the sum of a metric over all providers, zero for those without a value.
fn total(id: &str, metric: Metric) -> Value {
    let ids: Vec<String> = providers().map(|name| format!("{id}_{name}")).collect();
    let filled: Vec<String> = ids.iter().map(|id| format!("FILL({id}, 0)")).collect();
    let sum = json!([{"expression": filled.join(" + "), "label": id, "id": id}]);
    let parts = providers().zip(&ids);
    let parts = parts.map(|(name, id)| of(metric, name, &json!({"id": id, "visible": false})));
    [sum].into_iter().chain(parts).collect()
}

/// Returns one of our metrics for a provider.
fn of(metric: Metric, provider: &str, options: &Value) -> Value {
    assert!(metric.by.contains(&[Dimension::Stage, Dimension::Provider].as_slice()), "{}", metric.name);
    json!([NAMESPACE, metric.name, "Stage", "${Stage}", "Provider", provider, options])
}

/// Returns one of our metrics for the whole deployment.
fn of_the_stage(metric: Metric, options: &Value) -> Value {
    assert!(metric.by.contains(&[Dimension::Stage].as_slice()), "{}", metric.name);
    json!([NAMESPACE, metric.name, "Stage", "${Stage}", options])
}

/// Returns the number of messages on a queue.
fn waiting(queue: &str, label: &str) -> Value {
    let name = format!("${{{queue}.QueueName}}");
    json!(["AWS/SQS", "ApproximateNumberOfMessagesVisible", "QueueName", name, {"label": label}])
}

const REGION: &str = "${AWS::Region}";

fn chart(title: &str, metrics: Value, statistic: &str) -> Widget {
    let period = FIVE_MINUTES.as_secs();
    Widget(json!({"title": title, "region": REGION, "stat": statistic, "period": period, "metrics": metrics}))
}

/// Returns the metrics that the dashboard draws, each once: CloudWatch charges by their number.
pub fn drawn() -> BTreeSet<String> {
    let widgets = numbers().into_iter().chain(charts());
    let lines = widgets.flat_map(|widget| widget.0["metrics"].as_array().cloned().unwrap_or_default());
    let named = |line: Value| {
        let texts: Vec<String> =
            line.as_array()?.iter().filter_map(Value::as_str).map(str::to_owned).collect();
        (!texts.is_empty()).then(|| texts.join(" "))
    };
    lines.filter_map(named).collect()
}

impl Widget {
    /// Returns the widget's JSON with its place on the dashboard.
    fn at(&self, x: usize, y: usize, width: usize, height: usize) -> String {
        json!({
            "type": "metric", "x": x, "y": y, "width": width, "height": height, "properties": self.0,
        })
        .to_string()
    }
}

fn kebab_case(name: &str) -> String {
    let letter = |(n, letter): (usize, char)| {
        let hyphen = (n > 0 && letter.is_ascii_uppercase()).then_some('-');
        hyphen.into_iter().chain([letter.to_ascii_lowercase()])
    };
    name.chars().enumerate().flat_map(letter).collect()
}
