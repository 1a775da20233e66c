//! Tables on a terminal of 80 and 120 columns.

use inlet_aws::client::clock;
use unicode_width::UnicodeWidthStr as _;

use crate::given::{order_with_two_states, unsent};
use crate::inlet::{on_a_terminal, run};

/// The terminal's text without colours.
fn plain(shown: &str) -> String {
    anstream::adapter::strip_str(shown).to_string()
}

#[tokio::test]
async fn an_event_is_one_line_on_a_terminal() {
    let given = order_with_two_states().await;
    let reason = "the consumer refuses it: too large ".repeat(10);
    given.stack.table().receipts.park(&given.ids[0], &reason, clock::now()).await.unwrap();
    for columns in [80, 120] {
        let shown = on_a_terminal(columns, &["list", "--store", &given.address]);
        let text = plain(&shown);
        let lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).collect();
        assert!(
            lines.iter().all(|line| line.trim_end().width() <= usize::from(columns)),
            "{columns}\n{text}"
        );
        assert!(lines[0].starts_with("AGE"), "{text}");
        assert!(
            lines[1].contains(&given.ids[1].digest()[..8]) && lines[1].contains("order.status_changed"),
            "{text}"
        );
        assert!(lines[2].contains("PARKED") && lines[2].contains("order/81230457"), "{text}");
        assert_eq!(lines.len(), 4, "two events and a reason: {text}");
        assert!(shown.contains("\u{1b}["), "states have colours: {shown:?}");
    }
    let wide = on_a_terminal(80, &["list", "--wide", "--store", &given.address]);
    assert!(wide.contains(given.ids[1].as_str()), "{wide}");
    let pipe = run(&["list", "--store", &given.address]).done().out;
    assert!(pipe.contains(given.ids[1].as_str()) && pipe.contains("order.status.update"), "{pipe}");
}

#[tokio::test]
async fn a_long_topic_does_not_widen_the_quarantine() {
    let (stack, store, mut request) = unsent("order.create").await;
    stack.set(&format!("zid/{store}"), r#"[{"username":"mistyped","password":"mistyped"}]"#).await;
    request.topic = Some("a".repeat(300));
    assert_eq!(stack.send("zid", &request).status, 401);
    let address = format!("zid/{store}");
    for columns in [80, 120] {
        let text = plain(&on_a_terminal(columns, &["quarantine", "list", "--store", &address]));
        let rows: Vec<&str> = text.lines().filter(|line| line.contains("aaaa")).collect();
        assert_eq!(rows.len(), 1, "{text}");
        assert!(rows[0].trim_end().width() <= usize::from(columns), "{text}");
    }
    let pipe = run(&["quarantine", "list", "--store", &address]).done().out;
    let heading = pipe.lines().next().unwrap();
    assert!(heading.ends_with("TOPIC") && heading.len() < 200, "the topic moves no other column: {pipe}");
    assert!(pipe.contains(&"a".repeat(300)), "a pipe has everything");
}

#[tokio::test]
async fn a_timeline_has_a_limit_and_a_pager() {
    let given = order_with_two_states().await;
    let entity = given.ids[0].entity_path();
    let newest = run(&["timeline", entity, "--limit", "1", "--json"]).done().json();
    assert_eq!((&newest["events"][0]["id"], &newest["earlier"]), (&given.ids[1].as_str().into(), &1.into()));
    let changes = newest["events"][0]["changes"].as_array().unwrap();
    assert!(
        changes.iter().any(|change| change["before"] == "new"),
        "changes are those since the event before"
    );
    let paged = on_a_terminal(80, &["--pager", "sed s/^/paged:/", "timeline", entity]);
    assert!(plain(&paged).lines().all(|line| line.is_empty() || line.starts_with("paged:")), "{paged}");
    let unpaged = on_a_terminal(80, &["--pager", "", "timeline", entity]);
    assert!(plain(&unpaged).starts_with("zid/"), "{unpaged}");
}
