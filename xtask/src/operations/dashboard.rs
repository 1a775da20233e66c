//! The dashboard: the alarms' states, five numbers, and charts, all of metrics that a function or AWS emits.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use inlet_aws::telemetry::metrics::{self, Dimension, Metric, NAMESPACE};
use serde_json::{Value, json};

use super::{Alarm, BUS, FIVE_MINUTES, RECONCILER, alarms, kebab_case, providers, resource_of};

/// The largest number of metrics on a dashboard that is free of charge.
pub const FREE_METRICS: usize = 50;

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

/// Returns the dashboard as a resource of the template: the alarms' states, five numbers, then charts.
pub(super) fn to_yaml() -> String {
    let (numbers, charts) = (numbers(), charts());
    assert_eq!(numbers.len(), NUMBERS, "the first row is full");
    let width = WIDTH / NUMBERS;
    let numbers = numbers.iter().enumerate();
    let numbers = numbers.map(|(n, widget)| widget.placed_at(n * width, ALARMS_HEIGHT, width, NUMBER_HEIGHT));
    let width = WIDTH / CHARTS;
    let charts = charts.iter().enumerate().map(|(n, widget)| {
        let y = ALARMS_HEIGHT + NUMBER_HEIGHT + n / CHARTS * CHART_HEIGHT;
        widget.placed_at(n % CHARTS * width, y, width, CHART_HEIGHT)
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
    for (word, condition) in [(BUS, "WithConsumerBus"), (RECONCILER, "WithReconciler")] {
        let alarms = alarms();
        let of_it = alarms.iter().filter(|alarm| alarm.condition == word);
        let listed: String = of_it.map(|alarm| format!(",{}", arn(alarm))).collect();
        variable(18, &format!("{word}Alarms: !If [{condition}, !Sub '{listed}', \"\"]"));
    }
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
    let listed = of_all.join(",") + "${BusAlarms}${ReconcilerAlarms}" + &of_providers;
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
            json!([stage_metric(metrics::OLDEST_UNPROCESSED_AGE, &json!({"label": "seconds"}))]),
            "Maximum",
            false,
        ),
        number("Dead letters", json!([waiting("DeadLetterQueue", "messages")]), "Maximum", false),
    ]
}

/// Returns the charts, of which each has data on a day without faults.
fn charts() -> Vec<Widget> {
    let by_provider =
        |metric| providers().map(move |name| provider_metric(metric, name, &json!({"label": name})));
    let waited = |metric, step: &str| {
        let label = |name: &str| json!({"label": format!("{name}, {step}")});
        providers().map(|name| provider_metric(metric, name, &label(name))).collect::<Vec<_>>()
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
                stage_metric(metrics::PROCESSING_DELAY, &json!({"stat": "p50", "label": "p50"})),
                stage_metric(metrics::PROCESSING_DELAY, &json!({"stat": "p99", "label": "p99"})),
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
            json!([stage_metric(metrics::OLDEST_UNPROCESSED_AGE, &json!({"label": "oldest"}))]),
            "Maximum",
        ),
        chart("Problems", problems(), "Sum"),
        chart("Failed invocations", failed_invocations(), "Sum"),
        chart(
            "Events processed",
            json!([stage_metric(metrics::PROCESSED, &json!({"label": "processed"}))]),
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
            stage_metric(metric, &json!({"id": id, "visible": false})),
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
    let parts = parts.map(|(name, id)| provider_metric(metric, name, &json!({"id": id, "visible": false})));
    [sum].into_iter().chain(parts).collect()
}

/// Returns one of our metrics for a provider.
fn provider_metric(metric: Metric, provider: &str, options: &Value) -> Value {
    assert!(metric.by.contains(&[Dimension::Stage, Dimension::Provider].as_slice()), "{}", metric.name);
    json!([NAMESPACE, metric.name, "Stage", "${Stage}", "Provider", provider, options])
}

/// Returns one of our metrics for the whole deployment.
fn stage_metric(metric: Metric, options: &Value) -> Value {
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
    fn placed_at(&self, x: usize, y: usize, width: usize, height: usize) -> String {
        json!({
            "type": "metric", "x": x, "y": y, "width": width, "height": height, "properties": self.0,
        })
        .to_string()
    }
}
