//! Generates the template's alarms and dashboard from the metrics' names in the code and from the providers' retry
//! policies, so that both contain only metrics that a function emits.

use std::fmt::Write as _;
use std::time::Duration;

use inlet::provider::Provider;
use inlet::provider::retry_policy::CircuitBreaker;
use inlet_aws::telemetry::log::UNKNOWN_STORE;
use inlet_aws::telemetry::metrics::{self, Dimension, Metric, NAMESPACE, Unit};
use serde_json::{Value, json};

use crate::repository;

/// The generated part of the template is between these lines.
const BEGIN: &str =
    "  # ---- Written by `make samples` from tests/src/operations.rs: alarms and dashboard -------\n";
const END: &str =
    "  # ---- End of what `make samples` writes ---------------------------------------------------\n";

/// The document that an alarm's description links to.
const RUNBOOK: &str = "docs/runbook.md";

const MINUTE: Duration = Duration::from_mins(1);
const FIVE_MINUTES: Duration = Duration::from_mins(5);
const HOUR: Duration = Duration::from_hours(1);

/// The providers, in the dashboard's order.
const PROVIDERS: [&str; 5] = [
    inlet_zort::Zort::NAME,
    inlet_dealpos::DealPos::NAME,
    inlet_zid::Zid::NAME,
    inlet_tiki::Tiki::NAME,
    inlet_zip::Zip::NAME,
];

/// An alarm.
pub struct Alarm {
    /// Its logical name in the template, `Alarm` excepted.
    pub name: String,
    /// The heading of the runbook that it names: the logical name in kebab case, without a provider.
    pub slug: String,
    /// Its meaning, for the description.
    about: String,
    condition: String,
    metric: Source,
    statistic: &'static str,
    threshold: u64,
    period: Duration,
    periods: u32,
    missing: &'static str,
}

/// The metric of an alarm.
enum Source {
    Ours { metric: Metric, of: Vec<(Dimension, String)> },
    Theirs { namespace: &'static str, name: &'static str, dimension: &'static str, value: String },
}

/// Returns the template with newly generated alarms and dashboard.
pub fn template() -> String {
    let text = repository::text("template.yaml");
    let (before, rest) = text.split_once(BEGIN).expect("the line that begins the written part");
    let (_, after) = rest.split_once(END).expect("the line that ends the written part");
    let alarms: String = alarms().iter().map(Alarm::to_yaml).collect();
    format!("{before}{BEGIN}\n{}{alarms}{}\n{END}{after}", throttled_requests(), dashboard())
}

/// Returns every alarm, those of the whole deployment first.
pub fn alarms() -> Vec<Alarm> {
    let mut alarms = of_the_deployment();
    alarms.extend(of_provider::<inlet_zort::Zort>());
    alarms.extend(of_provider::<inlet_dealpos::DealPos>());
    alarms.extend(of_provider::<inlet_zid::Zid>());
    alarms.extend(of_provider::<inlet_tiki::Tiki>());
    alarms.extend(of_provider::<inlet_zip::Zip>());
    alarms
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
                "an event has waited 15 minutes to be processed",
                ours(metrics::OLDEST_UNPROCESSED_AGE),
            )
        },
        Alarm {
            statistic: "Minimum",
            period: MINUTE,
            periods: 5,
            missing: "breaching",
            ..Alarm::new(
                "SweeperSilent",
                "no run of the sweeper has finished for five minutes",
                ours(metrics::SWEEP_FAILED),
            )
        },
        Alarm {
            statistic: "Maximum",
            period: MINUTE,
            ..Alarm::new(
                "DeadLetters",
                "messages could not be processed and are in the dead-letter queue",
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
            "the sweeper parked events: they wait for a redrive or a replay",
            ours(metrics::PARKED),
        ),
        Alarm::new(
            "ServerError",
            "the API answers 5xx: neither table nor queue took a delivery, or a function failed",
            theirs("AWS/ApiGateway", "5xx", "ApiId", "!Ref Api"),
        ),
        Alarm::new(
            "ApiThrottled",
            "API Gateway answers 429 before a function sees the delivery; not every provider sends it again",
            ours(metrics::API_THROTTLED),
        ),
        Alarm::new(
            "Fallback",
            "DynamoDB does not take deliveries; SQS alone has them",
            ours(metrics::FALLBACK),
        ),
        Alarm::new(
            "EnqueueDeferred",
            "SQS does not take deliveries; the sweeper sends them later",
            ours(metrics::ENQUEUE_DEFERRED),
        ),
        Alarm {
            period: HOUR,
            ..Alarm::new("Drift", "a provider's delivery contradicts its documentation", ours(metrics::DRIFT))
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
        // A threshold of 3: a shop with few orders has few deliveries to refuse.
        Alarm {
            threshold: 3,
            period: HOUR,
            ..Alarm::new(
                "VerificationFailed",
                "deliveries to configured stores fail verification; a secret may have been changed on one side only",
                Source::Ours { metric: metrics::VERIFICATION_FAILED, of: of_provider() },
            )
        },
        // A threshold of 10: unknown senders guess names, and a few requests need no action.
        Alarm {
            threshold: 10,
            period: HOUR,
            ..Alarm::new(
                "UnknownStore",
                "deliveries name a store without a parameter, which may have been deleted or renamed",
                Source::Ours { metric: metrics::REJECTED, of: unknown_store },
            )
        },
        Alarm::new(
            "Throttled",
            "Lambda throttles the receiver: its concurrency is too low",
            Source::Theirs {
                namespace: "AWS/Lambda",
                name: "Throttles",
                dimension: "FunctionName",
                value: format!("!Ref {name}Function"),
            },
        ),
    ];
    if let Some(CircuitBreaker { window, warn_at, disable_at, .. }) = P::RETRY_POLICY.circuit_breaker {
        let failing = |slug, about: String, threshold: u32| Alarm {
            threshold: threshold.into(),
            period: window,
            ..Alarm::new(slug, &about, Source::Ours { metric: metrics::COUNTED_FAILURE, of: of_provider() })
        };
        let about =
            format!("the provider may soon stop sending: {warn_at} failures, and it stops at {disable_at}");
        alarms.push(failing("Degraded", about, warn_at));
        // The metric is the sum over all stores and webhooks; the provider may count each on its own.
        let about =
            format!("the provider may have stopped sending: {disable_at} failures of all stores together");
        alarms.push(failing("Disabled", about, disable_at));
    }
    alarms.into_iter().map(|alarm| alarm.of(&name)).collect()
}

/// Returns a provider's name in the template's logical ids.
fn resource_of(provider: &str) -> String {
    let mut letters = provider.chars();
    letters.next().map(|first| first.to_ascii_uppercase()).into_iter().chain(letters).collect()
}

impl Alarm {
    /// Returns an alarm that fires at the first count within five minutes, and not while there are no values.
    fn new(name: &str, about: &str, metric: Source) -> Self {
        Self {
            name: name.to_owned(),
            slug: kebab_case(name),
            about: about.to_owned(),
            condition: "WithAlarms".to_owned(),
            metric,
            statistic: "Sum",
            threshold: 1,
            period: FIVE_MINUTES,
            periods: 1,
            missing: "notBreaching",
        }
    }

    /// Returns the alarm for one provider.
    fn of(self, provider: &str) -> Self {
        let about = format!("{provider}: {}", self.about);
        Self {
            name: format!("{provider}{}", self.name),
            condition: format!("With{provider}Alarms"),
            about,
            ..self
        }
    }

    /// Returns the description: the meaning and the runbook's heading.
    pub fn description(&self) -> String {
        format!("{}. {RUNBOOK}#{}", capitalised(&self.about), self.slug)
    }

    fn to_yaml(&self) -> String {
        let mut yaml = String::new();
        let mut line = |indent: usize, text: &str| writeln!(yaml, "{:indent$}{text}", "").expect("memory");
        line(2, &format!("{}Alarm:", self.name));
        line(4, "Type: AWS::CloudWatch::Alarm");
        line(4, &format!("Condition: {}", self.condition));
        line(4, "Properties:");
        line(6, &format!("AlarmName: !Sub inlet-${{Stage}}-{}", kebab_case(&self.name)));
        line(6, &format!("AlarmDescription: {}", Value::from(self.description())));
        let (namespace, name, dimensions) = self.metric.parts();
        line(6, &format!("Namespace: {namespace}"));
        line(6, &format!("MetricName: {name}"));
        line(6, "Dimensions:");
        for (dimension, value) in dimensions {
            line(8, &format!("- {{Name: {dimension}, Value: {value}}}"));
        }
        line(6, &format!("Statistic: {}", self.statistic));
        line(6, "ComparisonOperator: GreaterThanOrEqualToThreshold");
        line(6, &format!("Threshold: {}", self.threshold));
        line(6, &format!("Period: {}", self.period.as_secs()));
        line(6, &format!("EvaluationPeriods: {}", self.periods));
        line(6, &format!("TreatMissingData: {}", self.missing));
        line(6, "AlarmActions: [!Ref AlarmTopic]");
        line(6, "OKActions: [!Ref AlarmTopic]");
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
        }
    }
}

/// Returns the metric filter that counts the requests which API Gateway throttles.
fn throttled_requests() -> String {
    let Metric { name, by, .. } = metrics::API_THROTTLED;
    assert_eq!(by, [[Dimension::Stage]], "the access log tells the stage alone");
    format!(
        "  ThrottledRequests:
    Type: AWS::Logs::MetricFilter
    Condition: WithAlarms
    Properties:
      LogGroupName: !Ref ApiLog
      FilterPattern: '{{ $.status = \"429\" }}'
      MetricTransformations:
        - MetricNamespace: {NAMESPACE}
          MetricName: {name}
          MetricValue: \"1\"
          Unit: Count
          Dimensions: [{{Key: {}, Value: $.stage}}]

",
        Dimension::Stage.as_str()
    )
}

/// Returns the dashboard: a graph for every metric by its finest dimensions, and AWS's own metrics for the rest.
fn dashboard() -> String {
    let ours = metrics::ALL
        .iter()
        .map(|metric| (metric.name.to_owned(), json!([[{"expression": search(metric)}]]), statistic(metric)));
    let theirs = [
        (
            "Queues",
            json!([
                ["AWS/SQS", "ApproximateNumberOfMessagesVisible", "QueueName", "${EventQueue.QueueName}", {"label": "waiting"}],
                ["AWS/SQS", "ApproximateNumberOfMessagesVisible", "QueueName", "${DeadLetterQueue.QueueName}", {"label": "dead letters"}],
            ]),
            "Maximum",
        ),
        (
            "API",
            json!([
                ["AWS/ApiGateway", "Count", "ApiId", "${Api}"],
                ["AWS/ApiGateway", "4xx", "ApiId", "${Api}"],
                ["AWS/ApiGateway", "5xx", "ApiId", "${Api}"],
            ]),
            "Sum",
        ),
        ("API latency", json!([["AWS/ApiGateway", "Latency", "ApiId", "${Api}"]]), "p99"),
        ("Receivers, errors", of_the_receivers("Errors"), "Sum"),
        ("Receivers, throttles", of_the_receivers("Throttles"), "Sum"),
        (
            "Behind the queue",
            json!([
                ["AWS/Lambda", "Errors", "FunctionName", "${ProcessorFunction}", {"label": "processor, errors"}],
                ["AWS/Lambda", "Throttles", "FunctionName", "${ProcessorFunction}", {"label": "processor, throttles"}],
                ["AWS/Lambda", "Errors", "FunctionName", "${SweeperFunction}", {"label": "sweeper, errors"}],
            ]),
            "Sum",
        ),
    ];
    let theirs = theirs.into_iter().map(|(title, metrics, statistic)| (title.to_owned(), metrics, statistic));
    let widgets: Vec<Value> = ours
        .chain(theirs)
        .enumerate()
        .map(|(n, (title, metrics, stat))| widget(n, &title, &metrics, stat))
        .collect();
    let mut yaml = "  Dashboard:
    Type: AWS::CloudWatch::Dashboard
    Condition: WithAlarms
    Properties:
      DashboardName: !Sub inlet-${Stage}
      DashboardBody: !Sub
        - |
          {\"widgets\": [
"
    .to_owned();
    let lines: Vec<String> = widgets.iter().map(|widget| format!("            {widget}")).collect();
    yaml.push_str(&lines.join(",\n"));
    yaml.push_str("\n          ]}\n");
    // A receiver that is switched off has no function name.
    for (n, name) in PROVIDERS.into_iter().map(resource_of).enumerate() {
        let item = if n == 0 { '-' } else { ' ' };
        writeln!(yaml, "        {item} {name}Receiver: !If [With{name}, !Ref {name}Function, none]")
            .expect("memory");
    }
    yaml
}

/// Returns one of Lambda's metrics for every receiver.
fn of_the_receivers(metric: &str) -> Value {
    let line = |provider| {
        let function = format!("${{{}Receiver}}", resource_of(provider));
        json!(["AWS/Lambda", metric, "FunctionName", function, {"label": provider}])
    };
    PROVIDERS.into_iter().map(line).collect()
}

/// Returns the `n`th graph: three in a row.
fn widget(n: usize, title: &str, metrics: &Value, statistic: &str) -> Value {
    const WIDTH: usize = 8;
    const HEIGHT: usize = 6;
    json!({
        "type": "metric", "x": n % 3 * WIDTH, "y": n / 3 * HEIGHT, "width": WIDTH, "height": HEIGHT,
        "properties": {
            "title": title, "region": "${AWS::Region}", "stat": statistic, "period": FIVE_MINUTES.as_secs(),
            "metrics": metrics,
        },
    })
}

/// Returns the search over a metric's finest dimensions: a provider that is switched off draws no line.
fn search(metric: &Metric) -> String {
    let finest = metric.by.last().expect("a metric is told apart by something");
    let dimensions: Vec<&str> = finest.iter().map(|dimension| dimension.as_str()).collect();
    format!(
        "SEARCH('{{{NAMESPACE},{}}} MetricName=\"{}\" Stage=\"${{Stage}}\"', '{}', {})",
        dimensions.join(","),
        metric.name,
        statistic(metric),
        FIVE_MINUTES.as_secs()
    )
}

fn statistic(metric: &Metric) -> &'static str {
    match metric.unit {
        // A gauge: the sum of several readings has no meaning.
        Unit::Count if *metric == metrics::WAITING => "Maximum",
        Unit::Count => "Sum",
        Unit::Milliseconds => "p99",
        Unit::Seconds => "Maximum",
    }
}

fn kebab_case(name: &str) -> String {
    let letter = |(n, letter): (usize, char)| {
        let hyphen = (n > 0 && letter.is_ascii_uppercase()).then_some('-');
        hyphen.into_iter().chain([letter.to_ascii_lowercase()])
    };
    name.chars().enumerate().flat_map(letter).collect()
}

fn capitalised(text: &str) -> String {
    resource_of(text)
}
