//! DynamoDB in memory: one table with one index, conditional writes, batches and queries, each with the units that AWS
//! would bill.

use std::collections::BTreeMap;
use std::time::{Duration, UNIX_EPOCH};

use serde_json::{Value, json};

use super::capacity::{Capacity, Item, size, units_of_write};
use super::expression::{Condition, update};

/// The attributes of the index: its keys, the table's keys, and what the template projects.
const INDEX_ATTRIBUTES: [&str; 6] = ["pk", "sk", "bucket", "arrival", "type", "canonical_type"];

/// The bytes that storage of an item, and of an entry in the index, takes beyond its attributes.
const STORAGE_OVERHEAD: u64 = 100;

/// The bytes that one page of a query reads.
const PAGE_BYTES: u64 = 1 << 20;

/// The response to a call: its status, its body, and what it costs.
pub type Response = (u16, Value, Capacity);

type Keys = (String, String);

/// The age of a new table: older than the six hours by which the sweeper's second pass is behind.
const AGE: Duration = Duration::from_hours(8);

/// The table.
#[derive(Clone, Debug)]
pub struct Table {
    items: BTreeMap<Keys, Item>,
    /// The table's keys by `bucket` and `arrival`, which are not unique.
    index: BTreeMap<(Keys, Keys), ()>,
    /// The creation time in seconds since 1970.
    created: f64,
}

/// A write that was not done.
enum Refusal {
    ConditionFailed(Item),
    Invalid(String),
}

impl Default for Table {
    fn default() -> Self {
        let created = UNIX_EPOCH.elapsed().unwrap_or_default().saturating_sub(AGE).as_secs_f64();
        Self { items: BTreeMap::new(), index: BTreeMap::new(), created }
    }
}

impl Table {
    /// Returns the response to a call; `None` if DynamoDB has no such operation, or this table does not need it.
    pub fn respond(&mut self, operation: &str, input: &Value) -> Option<Response> {
        Some(match operation {
            "PutItem" => self.write(input, &key(&input["Item"]), |_| Ok(object(&input["Item"]))),
            "UpdateItem" => self.write(input, &key(&input["Key"]), |before| {
                let mut item = before.cloned().unwrap_or_else(|| object(&input["Key"]));
                let expression = input["UpdateExpression"].as_str().unwrap_or_default();
                update(&mut item, expression, input).map(|()| item)
            }),
            "DeleteItem" => self.write(input, &key(&input["Key"]), |_| Ok(Item::new())),
            "GetItem" => self.get(input),
            "BatchGetItem" => self.batch_get(input),
            "BatchWriteItem" => self.batch_write(input),
            "Query" => self.query(input),
            "DescribeTable" => {
                let table = json!({"TableStatus": "ACTIVE", "CreationDateTime": self.created});
                (200, json!({"Table": table}), Capacity::default())
            }
            _ => return None,
        })
    }

    /// Returns the items.
    pub fn items(&self) -> impl Iterator<Item = &Item> {
        self.items.values()
    }

    /// Returns the bytes of an item and its entry in the index that AWS bills as storage.
    /// <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html>
    pub fn billed_bytes(&self, item: &Item) -> u64 {
        let entry = index_key(item).map_or(0, |_| size(&projection(item)) + STORAGE_OVERHEAD);
        size(item) + STORAGE_OVERHEAD + entry
    }

    /// Replaces an item, or deletes it if `after` has no attributes. Returns the units.
    pub fn replace(&mut self, key: &Keys, after: Item) -> Capacity {
        let before = self.items.remove(key);
        let after = (!after.is_empty()).then_some(after);
        let mut units = Capacity::of_write(before.as_ref(), after.as_ref());
        units.index_writes = index_units(before.as_ref(), after.as_ref());
        if let Some(hidden) = before.as_ref().and_then(index_key) {
            self.index.remove(&(hidden, key.clone()));
        }
        if let Some(after) = after {
            if let Some(shown) = index_key(&after) {
                self.index.insert((shown, key.clone()), ());
            }
            self.items.insert(key.clone(), after);
        }
        units
    }

    fn write(
        &mut self,
        input: &Value,
        key: &Keys,
        change: impl FnOnce(Option<&Item>) -> Result<Item, String>,
    ) -> Response {
        let before = self.items.get(key).cloned();
        match self.checked(input, before.as_ref(), change) {
            Ok(after) => {
                let units = self.replace(key, after);
                let is_asked = input["ReturnValues"] == "ALL_OLD";
                let old = before.filter(|_| is_asked);
                (200, old.map_or_else(|| json!({}), |old| json!({"Attributes": old})), units)
            }
            Err(Refusal::ConditionFailed(after)) => {
                let kind = "com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException";
                let mut response = json!({"__type": kind, "message": "The conditional request failed"});
                if let (Some(there), true) =
                    (&before, input["ReturnValuesOnConditionCheckFailure"] == "ALL_OLD")
                {
                    response["Item"] = json!(there);
                }
                // A write whose condition fails costs as much as one that succeeds.
                (400, response, Capacity::of_write(before.as_ref(), Some(&after)))
            }
            Err(Refusal::Invalid(why)) => invalid(&why),
        }
    }

    /// Returns the item after a write, if its condition holds.
    fn checked(
        &self,
        input: &Value,
        before: Option<&Item>,
        change: impl FnOnce(Option<&Item>) -> Result<Item, String>,
    ) -> Result<Item, Refusal> {
        let condition = input["ConditionExpression"].as_str().map(|text| Condition::parse(text, input));
        let condition = condition.transpose().map_err(Refusal::Invalid)?;
        let after = change(before).map_err(Refusal::Invalid)?;
        let nothing = Item::new();
        if condition.is_some_and(|condition| !condition.holds(before.unwrap_or(&nothing))) {
            return Err(Refusal::ConditionFailed(after));
        }
        Ok(after)
    }

    fn get(&self, input: &Value) -> Response {
        let item = self.items.get(&key(&input["Key"]));
        let units = Capacity::of_read(item.map_or(0, size), input["ConsistentRead"] == true);
        (200, item.map_or_else(|| json!({}), |item| json!({"Item": item})), units)
    }

    fn batch_get(&self, input: &Value) -> Response {
        let mut units = Capacity::default();
        let mut responses = json!({});
        for (table, wanted) in input["RequestItems"].as_object().into_iter().flatten() {
            let mut found = Vec::new();
            for wanted_key in wanted["Keys"].as_array().into_iter().flatten() {
                // Each item is rounded up on its own, and an absent one costs as much as a small one.
                let item = self.items.get(&key(wanted_key));
                units.add(Capacity::of_read(item.map_or(0, size), wanted["ConsistentRead"] == true));
                found.extend(item.cloned());
            }
            responses[table] = json!(found);
        }
        (200, json!({"Responses": responses, "UnprocessedKeys": {}}), units)
    }

    fn batch_write(&mut self, input: &Value) -> Response {
        let mut units = Capacity::default();
        for (_, requests) in input["RequestItems"].as_object().into_iter().flatten() {
            for request in requests.as_array().into_iter().flatten() {
                let put = object(&request["PutRequest"]["Item"]);
                let keys = if put.is_empty() { key(&request["DeleteRequest"]["Key"]) } else { key_of(&put) };
                units.add(self.replace(&keys, put));
            }
        }
        (200, json!({"UnprocessedItems": {}}), units)
    }

    fn query(&self, input: &Value) -> Response {
        let parse = |name: &str| input[name].as_str().map(|text| Condition::parse(text, input)).transpose();
        let (keys, filter) = match (parse("KeyConditionExpression"), parse("FilterExpression")) {
            (Ok(Some(keys)), Ok(filter)) => (keys, filter),
            (Err(why), _) | (_, Err(why)) => return invalid(&why),
            (Ok(None), _) => return invalid("a query without a condition on the key"),
        };
        let is_index = input["IndexName"].is_string();
        let Some(partition) = keys.required(if is_index { "bucket" } else { "pk" }) else {
            return invalid("a query without a partition");
        };
        let mut rows = if is_index { self.index_rows(partition) } else { self.rows(partition) };
        rows.retain(|(_, item)| keys.holds(item));
        if input["ScanIndexForward"] == false {
            rows.reverse();
        }
        if let Some(start) = input["ExclusiveStartKey"].as_object() {
            let start = key_of(start);
            let behind = rows.iter().position(|(row, _)| *row == start).map_or(rows.len(), |at| at + 1);
            rows.drain(..behind);
        }
        let limit =
            input["Limit"].as_u64().and_then(|limit| usize::try_from(limit).ok()).unwrap_or(usize::MAX);
        let (mut bytes, mut read) = (0, 0);
        for (_, item) in rows.iter().take(limit) {
            bytes += size(item);
            read += 1;
            if bytes >= PAGE_BYTES {
                break;
            }
        }
        // DynamoDB names a last key whenever it stopped before the end, and when it stopped at the limit.
        let last = (read < rows.len() || read == limit).then(|| read.checked_sub(1)).flatten();
        let last = last.and_then(|at| rows.get(at)).map(|(_, item)| keys_only(item));
        let units = Capacity::of_read(bytes, input["ConsistentRead"] == true);
        let is_kept = |item: &Item| filter.as_ref().is_none_or(|filter| filter.holds(item));
        let found: Vec<Item> =
            rows.into_iter().take(read).map(|(_, item)| item).filter(|item| is_kept(item)).collect();
        let mut response = json!({"Count": found.len(), "ScannedCount": read});
        if input["Select"] != "COUNT" {
            response["Items"] = json!(found);
        }
        if let Some(last) = last {
            response["LastEvaluatedKey"] = json!(last);
        }
        (200, response, units)
    }

    fn rows(&self, partition: &str) -> Vec<(Keys, Item)> {
        let from = (partition.to_owned(), String::new());
        let rows = self.items.range(from..).take_while(|((pk, _), _)| pk == partition);
        rows.map(|(keys, item)| (keys.clone(), item.clone())).collect()
    }

    fn index_rows(&self, bucket: &str) -> Vec<(Keys, Item)> {
        let from = ((bucket.to_owned(), String::new()), Keys::default());
        let entries = self.index.range(from..).take_while(|(((of, _), _), ())| of == bucket);
        entries
            .filter_map(|((_, keys), ())| Some((keys.clone(), projection(self.items.get(keys)?))))
            .collect()
    }
}

fn invalid(why: &str) -> Response {
    let kind = "com.amazon.coral.validate#ValidationException";
    (400, json!({"__type": kind, "message": why}), Capacity::default())
}

fn object(value: &Value) -> Item {
    value.as_object().cloned().unwrap_or_default()
}

fn text(item: &Item, name: &str) -> Option<String> {
    item.get(name)?["S"].as_str().map(str::to_owned)
}

fn key(item: &Value) -> Keys {
    item.as_object().map(key_of).unwrap_or_default()
}

/// Returns an item's key.
pub fn key_of(item: &Item) -> Keys {
    (text(item, "pk").unwrap_or_default(), text(item, "sk").unwrap_or_default())
}

fn index_key(item: &Item) -> Option<Keys> {
    text(item, "bucket").zip(text(item, "arrival"))
}

/// Returns the write units of the index for a change of an item: an entry that moves is deleted and written.
fn index_units(before: Option<&Item>, after: Option<&Item>) -> u64 {
    let entry = |item: Option<&Item>| item.filter(|item| index_key(item).is_some()).map(projection);
    match (entry(before), entry(after)) {
        (before, after) if before == after => 0,
        (Some(before), Some(after)) if index_key(&before) == index_key(&after) => {
            units_of_write(Some(&before), Some(&after))
        }
        (before, after) => before.iter().chain(&after).map(|entry| units_of_write(None, Some(entry))).sum(),
    }
}

fn projection(item: &Item) -> Item {
    let kept = item.iter().filter(|(name, _)| INDEX_ATTRIBUTES.contains(&name.as_str()));
    kept.map(|(name, value)| (name.clone(), value.clone())).collect()
}

fn keys_only(item: &Item) -> Item {
    let kept = item.iter().filter(|(name, _)| INDEX_ATTRIBUTES[..4].contains(&name.as_str()));
    kept.map(|(name, value)| (name.clone(), value.clone())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(pk: &str, arrival: &str, len: usize) -> Value {
        json!({
            "pk": {"S": pk}, "sk": {"S": "event/1"}, "bucket": {"S": "h#1"}, "arrival": {"S": arrival},
            "type": {"S": "order"}, "body": {"S": "x".repeat(len)}
        })
    }

    fn put(table: &mut Table, item: &Value, condition: Option<&str>) -> Response {
        let mut input = json!({"Item": item, "ReturnValuesOnConditionCheckFailure": "ALL_OLD"});
        if let Some(condition) = condition {
            input["ConditionExpression"] = json!(condition);
        }
        table.respond("PutItem", &input).expect("an operation")
    }

    #[test]
    fn a_second_equal_write_is_refused_with_the_item() {
        let mut table = Table::default();
        let item = event("a", "t1", 1_500);
        let (status, _, units) = put(&mut table, &item, Some("attribute_not_exists(pk)"));
        assert_eq!((status, units.table_writes, units.index_writes), (200, 2, 1));
        let (status, response, units) = put(&mut table, &item, Some("attribute_not_exists(pk)"));
        assert_eq!((status, units.table_writes, units.index_writes), (400, 2, 0));
        assert_eq!(response["Item"], item);
    }

    #[test]
    fn an_update_that_hides_an_event_takes_it_from_the_index() {
        let mut table = Table::default();
        put(&mut table, &event("a", "t1", 1), None);
        let hide = json!({
            "Key": {"pk": {"S": "a"}, "sk": {"S": "event/1"}}, "UpdateExpression": "REMOVE arrival",
            "ConditionExpression": "attribute_exists(pk)"
        });
        let (_, _, units) = table.respond("UpdateItem", &hide).expect("an operation");
        assert_eq!((units.table_writes, units.index_writes), (1, 1));
        let of_bucket = json!({
            "IndexName": "arrivals", "KeyConditionExpression": "bucket = :b",
            "ExpressionAttributeValues": {":b": {"S": "h#1"}}
        });
        let (_, response, units) = table.respond("Query", &of_bucket).expect("an operation");
        assert_eq!((response["Count"].as_u64(), units.reads), (Some(0), 0.5));
    }

    #[test]
    fn a_query_returns_pages_in_order() {
        let mut table = Table::default();
        for (pk, arrival) in [("a", "t3"), ("b", "t1"), ("c", "t2")] {
            put(&mut table, &event(pk, arrival, 1), None);
        }
        let mut input = json!({
            "IndexName": "arrivals", "KeyConditionExpression": "bucket = :b AND arrival BETWEEN :from AND :until",
            "ExpressionAttributeValues": {":b": {"S": "h#1"}, ":from": {"S": "t1"}, ":until": {"S": "t3"}}, "Limit": 2
        });
        let (_, first, _) = table.respond("Query", &input).expect("an operation");
        let entities = |response: &Value| -> Vec<String> {
            let items = response["Items"].as_array().into_iter().flatten();
            items.map(|item| item["pk"]["S"].as_str().unwrap_or_default().to_owned()).collect()
        };
        assert_eq!(entities(&first), ["b", "c"]);
        input["ExclusiveStartKey"] = first["LastEvaluatedKey"].clone();
        let (_, second, _) = table.respond("Query", &input).expect("an operation");
        assert_eq!((entities(&second), second.get("LastEvaluatedKey")), (vec!["a".to_owned()], None));
    }

    #[test]
    fn a_batch_costs_a_unit_for_each_key_even_if_it_is_absent() {
        let mut table = Table::default();
        put(&mut table, &event("a", "t1", 5_000), None);
        let key = |pk: &str| json!({"pk": {"S": pk}, "sk": {"S": "event/1"}});
        for (is_consistent, want) in [(true, 3.0), (false, 1.5)] {
            let input = json!({"RequestItems": {"t": {"Keys": [key("a"), key("b")], "ConsistentRead": is_consistent}}});
            let (_, response, units) = table.respond("BatchGetItem", &input).expect("an operation");
            assert_eq!(response["Responses"]["t"].as_array().map(Vec::len), Some(1));
            assert!((units.reads - want).abs() < f64::EPSILON, "{units:?}");
        }
    }

    #[test]
    fn a_batch_writes_and_deletes() {
        let mut table = Table::default();
        let receipt = json!({"pk": {"S": "a"}, "sk": {"S": "receipt/1"}});
        let put = json!({"RequestItems": {"t": [{"PutRequest": {"Item": receipt}}]}});
        let delete = json!({"RequestItems": {"t": [{"DeleteRequest": {"Key": receipt}}]}});
        for (input, left) in [(put, 1), (delete, 0)] {
            let (_, _, units) = table.respond("BatchWriteItem", &input).expect("an operation");
            assert_eq!((units.table_writes, table.items().count()), (1, left));
        }
    }

    #[test]
    fn an_operation_that_no_contender_needs_has_no_response() {
        assert!(Table::default().respond("TransactWriteItems", &json!({})).is_none());
    }
}
