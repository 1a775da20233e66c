//! The event table: its items, and the units that each call is billed with.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::fake_aws::expressions::{Attributes, Expression, update};

/// The attributes of an item that the time index has.
const INDEXED: [&str; 6] = ["pk", "sk", "bucket", "arrival", "type", "canonical_type"];

/// The bytes of a read unit and of a write unit.
const READ_UNIT: f64 = 4_096.0;
const WRITE_UNIT: f64 = 1_024.0;

/// The items by partition key and sort key.
#[derive(Debug, Default)]
pub(crate) struct Items(BTreeMap<(String, String), Attributes>);

/// The status and the body of a response, and the units of the call.
type Response = (u16, Value, f64);

impl Items {
    /// Returns the response to a call, and its units; `None` if it is no call of DynamoDB.
    pub(crate) fn respond(&mut self, operation: &str, input: &Value) -> Option<Response> {
        Some(match operation {
            "GetItem" => self.get(input),
            "BatchGetItem" => self.batch_get(input),
            "BatchWriteItem" => self.batch_write(input),
            "PutItem" | "UpdateItem" | "DeleteItem" => self.write(operation, input),
            "Query" => self.query(input),
            "DescribeTable" => (200, json!({"Table": {"CreationDateTime": 1_749_718_800}}), 0.0),
            _ => return None,
        })
    }

    /// Returns the sort keys of a partition.
    pub(crate) fn sort_keys(&self, pk: &str) -> Vec<String> {
        self.0.keys().filter(|(partition, _)| partition == pk).map(|(_, sk)| sk.clone()).collect()
    }

    fn get(&self, input: &Value) -> Response {
        let item = self.0.get(&key(&input["Key"]));
        let units = read_units(item.map_or(0.0, size), input["ConsistentRead"] == json!(true));
        (200, item.map_or(json!({}), |item| json!({"Item": item})), units)
    }

    fn batch_get(&self, input: &Value) -> Response {
        let (table, wanted) =
            input["RequestItems"].as_object().and_then(|it| it.iter().next()).expect("keys");
        let keys = wanted["Keys"].as_array().expect("keys");
        assert!((1..=100).contains(&keys.len()), "{} keys in a call", keys.len());
        let is_strong = wanted["ConsistentRead"] == json!(true);
        let found: Vec<Option<&Attributes>> = keys.iter().map(|wanted| self.0.get(&key(wanted))).collect();
        let units = found.iter().map(|item| read_units(item.map_or(0.0, size), is_strong)).sum();
        let found: Vec<&Attributes> = found.into_iter().flatten().collect();
        (200, json!({"Responses": {table: found}, "UnprocessedKeys": {}}), units)
    }

    fn batch_write(&mut self, input: &Value) -> Response {
        let requests = input["RequestItems"].as_object().and_then(|it| it.values().next()).expect("requests");
        let requests = requests.as_array().expect("requests");
        assert!((1..=25).contains(&requests.len()), "{} requests in a call", requests.len());
        let mut units = 0.0;
        for request in requests {
            if let Some(item) = request["PutRequest"]["Item"].as_object() {
                units += write_units(size(item));
                self.0.insert(key(&request["PutRequest"]["Item"]), item.clone());
            } else {
                let deleted = self.0.remove(&key(&request["DeleteRequest"]["Key"]));
                units += write_units(deleted.as_ref().map_or(0.0, size));
            }
        }
        (200, json!({"UnprocessedItems": {}}), units)
    }

    fn write(&mut self, operation: &str, input: &Value) -> Response {
        let wanted = if operation == "PutItem" { &input["Item"] } else { &input["Key"] };
        let key = key(wanted);
        let found = self.0.get(&key).cloned().unwrap_or_default();
        let units = write_units(size(&found));
        if !Expression::new(input, "ConditionExpression").holds(&found) {
            let kind = "com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException";
            return (400, json!({"__type": kind, "message": "it failed", "Item": found}), units);
        }
        match operation {
            "DeleteItem" => {
                self.0.remove(&key);
                let response = if found.is_empty() { json!({}) } else { json!({"Attributes": found}) };
                (200, response, units)
            }
            _ => {
                let base = if operation == "PutItem" { wanted.as_object().cloned() } else { None };
                let mut item = base.unwrap_or(found);
                item.extend(wanted.as_object().cloned().unwrap_or_default());
                update(input, &mut item);
                let units = units.max(write_units(size(&item)));
                self.0.insert(key, item);
                (200, json!({}), units)
            }
        }
    }

    fn query(&self, input: &Value) -> Response {
        let is_index = input["IndexName"].is_string();
        let key_condition = Expression::new(input, "KeyConditionExpression");
        let filter = Expression::new(input, "FilterExpression");
        let order = |item: &Attributes| {
            let text = |name: &str| item.get(name).and_then(|value| value["S"].as_str()).map(str::to_owned);
            let arrival = if is_index { text("arrival") } else { None };
            (arrival, text("pk"), text("sk"))
        };
        let mut found: Vec<Attributes> = self
            .0
            .values()
            .filter(|item| !is_index || item.contains_key("arrival"))
            .filter(|item| key_condition.holds(item))
            .map(|item| if is_index { indexed(item) } else { item.clone() })
            .collect();
        found.sort_by_key(order);
        let is_backwards = input["ScanIndexForward"] == json!(false);
        if is_backwards {
            found.reverse();
        }
        if let Some(start) = input["ExclusiveStartKey"].as_object() {
            let start = order(start);
            found.retain(|item| if is_backwards { order(item) < start } else { order(item) > start });
        }
        let limit =
            input["Limit"].as_u64().and_then(|limit| usize::try_from(limit).ok()).unwrap_or(usize::MAX);
        let has_more = found.len() > limit;
        found.truncate(limit);
        let bytes = found.iter().map(size).sum();
        let mut response = json!({});
        if let (true, Some(last)) = (has_more, found.last()) {
            response["LastEvaluatedKey"] = json!(last);
        }
        found.retain(|item| filter.holds(item));
        response["Count"] = json!(found.len());
        response["Items"] = json!(found);
        // The sizes of a query's items are added before they are rounded; a query that finds nothing takes a unit.
        (200, response, read_units(bytes, input["ConsistentRead"] == json!(true)))
    }
}

fn key(item: &Value) -> (String, String) {
    let text = |name: &str| item[name]["S"].as_str().expect("a key").to_owned();
    (text("pk"), text("sk"))
}

fn indexed(item: &Attributes) -> Attributes {
    item.iter().filter(|(name, _)| INDEXED.contains(&&***name)).map(|(n, v)| (n.clone(), v.clone())).collect()
}

/// Returns the length of an item's names and values, near enough: the JSON of a value without its type.
#[expect(clippy::cast_precision_loss, reason = "items are small")]
fn size(item: &Attributes) -> f64 {
    let value_len = |value: &Value| value.to_string().len().saturating_sub(r#"{"S":""}"#.len());
    item.iter().map(|(name, value)| name.len().saturating_add(value_len(value))).sum::<usize>() as f64
}

fn read_units(bytes: f64, is_strong: bool) -> f64 {
    (bytes / READ_UNIT).ceil().max(1.0) * if is_strong { 1.0 } else { 0.5 }
}

fn write_units(bytes: f64) -> f64 {
    (bytes / WRITE_UNIT).ceil().max(1.0)
}
