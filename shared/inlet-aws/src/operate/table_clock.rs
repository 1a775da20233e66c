//! The table's clock: the date of DynamoDB's responses.
//!
//! An operator's machine may be minutes off. Decisions about the arrival of events must not depend on it.

use std::sync::{Arc, Mutex, PoisonError};

use aws_sdk_dynamodb::config::interceptors::BeforeDeserializationInterceptorContextRef;
use aws_sdk_dynamodb::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_dynamodb::error::BoxError;
use aws_sdk_dynamodb::primitives::{DateTime, DateTimeFormat};
use inlet::fault::Fault;
use inlet::received_at::ReceivedAt;

use crate::dynamodb::dynamo::{Dynamo, Key, fault};

/// A failed look at the clock.
const CLOCK_UNREADABLE: &str = "the table's clock cannot be read";

/// The last millisecond of a second: a date has no fraction.
const LAST_MS: i64 = 999;

/// Returns the time by the table's clock, rounded up to the last millisecond of its second: an event that was stored
/// before did not arrive later.
///
/// # Errors
/// If DynamoDB does not respond, or its response has no date.
pub(crate) async fn table_time(dynamo: &Dynamo) -> Result<ReceivedAt, Fault> {
    let seen = ResponseDate::default();
    // The item does not matter, and usually there is none.
    let key = Key::new("clock", "clock").into_item();
    let get = dynamo.client.get_item().table_name(&*dynamo.table).set_key(Some(key));
    let got = get.customize().interceptor(seen.clone()).send().await;
    got.map_err(|error| fault(CLOCK_UNREADABLE, &error))?;
    seen.last_millisecond().ok_or_else(|| Fault::transient(CLOCK_UNREADABLE, "the response has no date"))
}

/// Keeps the `Date` header of the last response.
#[derive(Clone, Debug, Default)]
struct ResponseDate(Arc<Mutex<Option<String>>>);

impl ResponseDate {
    fn last_millisecond(&self) -> Option<ReceivedAt> {
        let date = self.0.lock().unwrap_or_else(PoisonError::into_inner).take()?;
        last_millisecond(&date)
    }
}

impl Intercept for ResponseDate {
    fn name(&self) -> &'static str {
        "ResponseDate"
    }

    fn read_before_deserialization(
        &self,
        context: &BeforeDeserializationInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let date = context.response().headers().get("date").map(str::to_owned);
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = date;
        Ok(())
    }
}

/// Returns the last millisecond of an HTTP date's second.
fn last_millisecond(date: &str) -> Option<ReceivedAt> {
    let seconds = DateTime::from_str(date, DateTimeFormat::HttpDate).ok()?.secs();
    ReceivedAt::from_millis(seconds.checked_mul(1_000)?.checked_add(LAST_MS)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_becomes_the_end_of_its_second() {
        let at = last_millisecond("Thu, 12 Jun 2025 08:01:12 GMT").unwrap();
        assert_eq!(at.to_string(), "2025-06-12T08:01:12.999Z");
        for date in ["", "2025-06-12T08:01:12Z", "yesterday"] {
            assert_eq!(last_millisecond(date), None, "{date:?}");
        }
    }
}
