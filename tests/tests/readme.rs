//! Runs the commands and the code of the documents. Needs `make up`.

use std::process::Command;

use inlet_tests::demo_credential;
use inlet_tests::repository;
use inlet_tests::stack::{Facts, Stack};
use serde_json::json;

fn output(command: &mut Command) -> String {
    let output = command.current_dir(repository::root()).output().expect("a program that runs");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{text}\n{}", String::from_utf8_lossy(&output.stderr));
    text
}

/// Returns the output of a Python script that acts on the local stack.
fn python_output(script: &str, facts: &Facts) -> String {
    let mut command = Command::new(repository::root().join(".local/tools/python/bin/python"));
    command.args(["-c", script]).env("AWS_ENDPOINT_URL", &facts.endpoint);
    command.env("AWS_DEFAULT_REGION", &facts.region).env("AWS_ACCESS_KEY_ID", "test");
    command.env("AWS_SECRET_ACCESS_KEY", "test");
    output(&mut command).trim().to_owned()
}

#[test]
fn a_hand_signed_callback_is_accepted_and_a_changed_one_is_not() {
    let script = repository::block_behind("docs/registering.md", "<!-- tested: curl -->");
    let response = output(Command::new("bash").args(["-euc", &script]));
    assert!(response.starts_with("HTTP/1.1 200") && response.contains(r#"{"received":true}"#), "{response}");

    let changed = script.replace(r#"-d "$BODY""#, r#"-d "${BODY/86.40/86.41}""#);
    assert_ne!(changed, script);
    let response = output(Command::new("bash").args(["-euc", &changed]));
    assert!(response.starts_with("HTTP/1.1 401"), "{response}");
}

#[tokio::test]
async fn a_consumer_reads_the_raw_body_by_its_id() {
    let stack = Stack::up();
    let credential = demo_credential("zip");
    let small = r#"{"orderId":"o-1","timestamp":"2026-01-31T10:00:00Z"}"#.to_owned();
    let noise: String = (0..900_000_u32)
        .map(|n| char::from(b'a' + (n.wrapping_mul(2_654_435_761) >> 27) as u8 % 26))
        .collect();
    let large =
        format!(r#"{{"orderId":"o-2","timestamp":"2026-01-31T10:00:00Z","metadata":{{"noise":"{noise}"}}}}"#);
    for body in [small, large] {
        let store = stack.store("zip", &json!([credential])).await;
        let row = inlet::provider::catalogue::find(inlet_zip::EVENTS, "capture").expect("a row");
        let request = inlet::tools::sender::delivery::<inlet_zip::Zip>(
            store.clone(),
            row,
            body.clone().into_bytes(),
            &credential,
        );
        assert_eq!(stack.send("zip", &request).status, 200);
        let id = stack.events("zip", &store).await.remove(0);

        let facts = &stack.facts;
        let function = repository::block_behind("docs/consumers.md", "<!-- tested: raw body -->");
        let script = format!(
            "{function}\nimport sys\n\
             resource = boto3.resource('dynamodb', endpoint_url='{}', region_name='{}',\n\
                 aws_access_key_id='test', aws_secret_access_key='test')\n\
             sys.stdout.buffer.write(raw_body(resource.Table('{}'), '{id}'))",
            facts.endpoint, facts.region, facts.table
        );
        let python = repository::root().join(".local/tools/python/bin/python");
        assert_eq!(output(Command::new(python).args(["-c", &script])), body);
    }
}

#[tokio::test]
async fn a_consumer_keeps_the_newest_state_in_any_order() {
    let stack = Stack::up();
    let table = format!("orders-{}", inlet_tests::stack::unique());
    let handler = repository::block_behind("README.md", "<!-- tested: consumer -->");
    let script = format!(
        r#"
import boto3, json, os
os.environ["ORDERS_TABLE"] = "{table}"
database = boto3.client("dynamodb")
database.create_table(TableName="{table}", BillingMode="PAY_PER_REQUEST",
    KeySchema=[{{"AttributeName": "id", "KeyType": "HASH"}}],
    AttributeDefinitions=[{{"AttributeName": "id", "AttributeType": "S"}}])
{handler}
def deliver(second, status):
    handler({{"detail": {{"source": "/zid/riyadh", "subject": "order/1", "data": {{"status": status}},
        "receivedtime": f"2025-06-12T08:01:{{second:02}}.345Z"}}}}, None)
deliver(12, "new")
deliver(14, "delivered")
deliver(13, "indelivery")
deliver(14, "delivered")
print(orders.get_item(Key={{"id": "/zid/riyadh/order/1"}})["Item"]["data"]["status"])
database.delete_table(TableName="{table}")
"#
    );
    assert_eq!(python_output(&script, &stack.facts), "delivered");
}

#[tokio::test]
async fn a_consumer_forgets_what_arrived_until_the_notice() {
    let stack = Stack::up();
    let table = format!("orders-{}", inlet_tests::stack::unique());
    let handler = repository::block_behind("docs/consumers.md", "<!-- tested: forgotten -->");
    let script = format!(
        r#"
import boto3
database = boto3.client("dynamodb")
database.create_table(TableName="{table}", BillingMode="PAY_PER_REQUEST",
    KeySchema=[{{"AttributeName": "id", "KeyType": "HASH"}}],
    AttributeDefinitions=[{{"AttributeName": "id", "AttributeType": "S"}}])
orders = boto3.resource("dynamodb").Table("{table}")
{handler}
def deliver(second, kind="commerce.order.created", **more):
    time = f"2025-06-12T08:01:{{second:02}}.345Z"
    handler({{"detail": {{"type": kind, "source": "/zid/riyadh", "subject": "order/1", "time": time,
        "receivedtime": time}} | more}}, None)
def stored():
    return orders.get_item(Key={{"id": "/zid/riyadh/order/1"}})["Item"].get("data")
deliver(12, data={{"status": "new"}})
deliver(14, "inlet.entity.forgotten")
deliver(13, data={{"status": "late"}})
print(stored())
deliver(15, data={{"status": "afterwards"}})
print(stored()["status"])
database.delete_table(TableName="{table}")
"#
    );
    assert_eq!(python_output(&script, &stack.facts), "None\nafterwards");
}

#[test]
fn the_documents_show_the_same_consumer() {
    let readme = repository::block_behind("README.md", "<!-- tested: consumer -->");
    assert_eq!(repository::block_behind("docs/consumers.md", "<!-- the README's consumer -->"), readme);
}
