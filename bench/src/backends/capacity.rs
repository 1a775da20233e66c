//! DynamoDB's capacity units: the size of an item, and the units of a read and of a write.
//! <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/read-write-operations.html>

use serde_json::{Map, Value};

/// An item: its attributes in DynamoDB's JSON.
pub type Item = Map<String, Value>;

/// Size of a write unit, and of a strongly consistent read unit.
const WRITE_UNIT_BYTES: u64 = 1_024;
const READ_UNIT_BYTES: u64 = 4_096;

/// The units of one call.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Capacity {
    /// Read units of the table and of the index.
    pub reads: f64,
    /// Write units of the table.
    pub table_writes: u64,
    /// Write units of the index.
    pub index_writes: u64,
}

impl Capacity {
    /// The units of reading this many bytes: at least one unit, half of it if the read is eventually consistent.
    pub fn of_read(bytes: u64, is_consistent: bool) -> Self {
        let units = bytes.div_ceil(READ_UNIT_BYTES).max(1) as f64;
        Self { reads: if is_consistent { units } else { units / 2.0 }, ..Self::default() }
    }

    /// The units of a write to the table: the larger of the item before and the item after it counts.
    pub fn of_write(before: Option<&Item>, after: Option<&Item>) -> Self {
        Self { table_writes: units_of_write(before, after), ..Self::default() }
    }

    /// Adds the units of another call.
    pub fn add(&mut self, other: Self) {
        self.reads += other.reads;
        self.table_writes += other.table_writes;
        self.index_writes += other.index_writes;
    }
}

/// Returns the units of replacing an item by another: at least one.
pub fn units_of_write(before: Option<&Item>, after: Option<&Item>) -> u64 {
    let len = |item: Option<&Item>| item.map_or(0, size);
    len(before).max(len(after)).div_ceil(WRITE_UNIT_BYTES).max(1)
}

/// Returns an item's size in bytes: names and values.
pub fn size(item: &Item) -> u64 {
    item.iter().map(|(name, value)| name.len() as u64 + value_size(value)).sum()
}

/// <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html>
fn value_size(value: &Value) -> u64 {
    let Some((kind, value)) = value.as_object().and_then(|typed| typed.iter().next()) else { return 0 };
    let text = value.as_str().unwrap_or_default();
    match kind.as_str() {
        "S" => text.len() as u64,
        // Four characters of base64 are three bytes, less the padding.
        "B" => (text.len() / 4 * 3 - text.bytes().rev().take_while(|&byte| byte == b'=').count()) as u64,
        "N" => text.trim_start_matches('-').len().div_ceil(2) as u64 + 1,
        "M" => 3 + value.as_object().map_or(0, |map| size(map) + map.len() as u64),
        "L" => 3 + value.as_array().map_or(0, |list| list.iter().map(|item| value_size(item) + 1).sum()),
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn item(value: Value) -> Item {
        value.as_object().cloned().unwrap_or_default()
    }

    #[test]
    fn an_item_has_the_size_of_its_names_and_values() {
        for (value, want) in [
            (json!({}), 0),
            (json!({"pk": {"S": "abc"}}), 5),
            (json!({"n": {"N": "1749715272345"}}), 9),
            (json!({"b": {"B": "YWJjZA=="}}), 5),
            (json!({"t": {"BOOL": true}}), 2),
            (json!({"m": {"M": {"k": {"S": "v"}}}}), 7),
        ] {
            assert_eq!(size(&item(value.clone())), want, "{value}");
        }
    }

    #[test]
    fn a_write_costs_the_larger_item_in_steps_of_a_kilobyte() {
        let of_len = |len: usize| item(json!({"b": {"S": "x".repeat(len - 1)}}));
        for (before, after, want) in [
            (None, None, 1),
            (None, Some(of_len(1_024)), 1),
            (None, Some(of_len(1_025)), 2),
            (Some(of_len(3_000)), Some(of_len(10)), 3),
            (Some(of_len(10)), None, 1),
        ] {
            assert_eq!(units_of_write(before.as_ref(), after.as_ref()), want, "{before:?}");
        }
    }

    #[test]
    fn an_eventually_consistent_read_costs_half() {
        for (bytes, is_consistent, want) in
            [(0, true, 1.0), (4_096, true, 1.0), (4_097, true, 2.0), (0, false, 0.5), (8_192, false, 1.0)]
        {
            let reads = Capacity::of_read(bytes, is_consistent).reads;
            assert!((reads - want).abs() < f64::EPSILON, "{bytes} bytes: {reads}");
        }
    }
}
