//! The calls and the simulated time of a batch.

use inlet::event::EventId;
use inlet::message::Message;
use inlet::process::ConsumeError;

use super::*;
use crate::fake_aws::clock::LATENCY;
use crate::fake_aws::{FakeAws, arrival, event_id, stored_event};

/// A consumer that makes one call for the messages that it gets, and keeps no order, as the bus.
struct OneCall(SqsQueue);

impl Consumer for OneCall {
    async fn consume(&self, messages: &[Message]) -> Vec<Result<(), ConsumeError>> {
        self.0.send_message(&messages[0], messages[0].id().as_str()).await.unwrap();
        messages.iter().map(|_| Ok(())).collect()
    }

    fn allows_earlier_events_again(&self) -> bool {
        true
    }
}

fn function(aws: &FakeAws) -> Function<OneCall> {
    let store = TableProcessingStore {
        table: aws.table(),
        queue: aws.queue("events"),
        dead_letters: aws.queue("dead"),
    };
    Function {
        processor: Processor { store, consumer: OneCall(aws.queue("consumer")) },
        recorded: Mutex::new(None),
        log_level: LogLevel::Error,
        stage: "test".into(),
    }
}

/// Returns a batch of messages that are received for the first time.
fn batch(ids: &[EventId]) -> LambdaEvent<Batch> {
    let record = |id: &EventId| {
        json!({
            "messageId": id.as_str(), "receiptHandle": "h", "body": stored_event(id, arrival(0)).message,
            "attributes": {
                "ApproximateReceiveCount": "1", "SentTimestamp": "1749718800000",
                "MessageGroupId": id.entity_path(), "MessageDeduplicationId": id.as_str(),
            },
        })
    };
    let records: Vec<Value> = ids.iter().map(record).collect();
    let mut context = Context::default();
    context.deadline = u64::MAX;
    LambdaEvent::new(serde_json::from_value(json!({"Records": records})).unwrap(), context)
}

async fn process(aws: &FakeAws, function: &Function<OneCall>, ids: &[EventId]) -> Duration {
    aws.forget_calls();
    let (response, took) = aws.run(function.handle(batch(ids))).await;
    assert_eq!(serde_json::to_value(response).unwrap(), json!({"batchItemFailures": []}));
    took
}

#[tokio::test]
async fn ten_entities_take_three_calls_and_the_position_beside() {
    let aws = FakeAws::default();
    let ids: Vec<EventId> = (0..10).map(|n| event_id(n, n)).collect();
    assert_eq!(process(&aws, &function(&aws), &ids).await, 3 * LATENCY);
    let calls = ["BatchGetItem", "UpdateItem", "SendMessage", "BatchWriteItem"];
    assert_eq!(calls.map(|operation| aws.calls(operation).len()), [1, 1, 1, 1]);
    assert_eq!(aws.call_count(), 4);
}

#[tokio::test]
async fn one_entity_has_150_events_a_second_at_5_ms_a_call() {
    let aws = FakeAws::default();
    let ids: Vec<EventId> = (0..10).map(|n| event_id(0, n)).collect();
    let took = process(&aws, &function(&aws), &ids).await;
    assert_eq!(took, 12 * LATENCY, "a read, ten calls of the consumer, the last receipt");
    assert!(Duration::from_secs(1) >= took * 15, "{took:?} for ten events");
    assert_eq!(["BatchGetItem", "BatchWriteItem"].map(|operation| aws.calls(operation).len()), [1, 10]);
    assert_eq!(aws.messages("consumer"), ids.iter().map(EventId::to_string).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_position_that_cannot_be_recorded_costs_no_event() {
    let aws = FakeAws::default();
    aws.fail("UpdateItem", "position/");
    let ids = [event_id(0, 0)];
    process(&aws, &function(&aws), &ids).await;
    assert_eq!(aws.messages("consumer").len(), 1);
}
