//! Maps Zip's words to the canonical ones. Names are read in lower case, because Zip's pages mix two casings.

use std::collections::BTreeMap;

use inlet::canonical::{Address, Canonical, Direction, Party, Payment, Purpose, State};
use inlet::personal::Personal;
use inlet::value::decimal::Decimal;
use inlet::value::json::FromJson;
use inlet::value::money::{Currency, Money};
use inlet::value::time::{DateOrder, Time};
use serde_json::{Map, Value};

inlet::payload! {
    /// The outcome of an operation: developers.zip.co/v9-US/docs/callbacks and the reference pages.
    pub(crate) struct Callback {
        /// ISO 8601 UTC in JSON, `MM/dd/yyyy HH:mm:ss` without a zone on the redirect.
        timestamp: String = "timestamp",
        /// The merchant's account.
        merchant_id: String = "merchantid",
        /// Zip's order.
        order_id: String = "orderid",
        /// `USD`.
        currency: Currency = "currency",
        /// Of this operation, not of the order.
        amount: Decimal = "amount",
        /// The operation's reference, echoed.
        merchant_reference: String = "merchantreference",
        /// True for test orders, in production too.
        test: bool = "test",
        /// True if the operation worked.
        success: bool = "success",
        /// The merchant's own data of the operation.
        metadata: Map<String, Value> = "metadata",
        /// Absent for authorisations.
        operation: String = "operation",
        /// Why it did not work.
        message: String = "message",
        /// `US`; seen on authorisations.
        territory: String = "territory",
        /// The customer; on authorisations and on the redirect.
        customer: Customer = "customer",
    }
    /// The customer.
    pub(crate) struct Customer {
        /// Given name.
        first_name: Personal = "firstname",
        /// Family name.
        last_name: Personal = "lastname",
        /// E-mail.
        email: Personal = "email",
        /// With `+` and country code.
        phone: Personal = "phone",
        /// The address.
        address: CustomerAddress = "address",
    }
    /// The customer's address.
    pub(crate) struct CustomerAddress {
        /// Street.
        line1: Personal = "line1",
        /// The second line.
        line2: Personal = "line2",
        /// City.
        city: Personal = "city",
        /// State.
        state: Personal = "state",
        /// Postal code.
        postal_code: Personal = "postalcode",
        /// `US`.
        country: String = "country",
    }
}

/// Maps the result of an authorisation, or of the confirmation of a deferred order: money is reserved.
pub(crate) fn authorization(payload: &Value) -> Option<Canonical> {
    payment(payload, Some(State::Authorized), None)
}

/// Maps the result of a capture: the merchant receives the money.
pub(crate) fn capture(payload: &Value) -> Option<Canonical> {
    payment(payload, Some(State::Paid), Some(Direction::In))
}

/// Maps the result of a refund: the merchant pays the money back.
pub(crate) fn refund(payload: &Value) -> Option<Canonical> {
    payment(payload, Some(State::Refunded), Some(Direction::Out))
}

/// Maps the result of a void: the reservation ends, and no money moved.
pub(crate) fn void(payload: &Value) -> Option<Canonical> {
    payment(payload, Some(State::Cancelled), None)
}

/// Maps the redirect: the shopper's browser comes back from Zip. The callback has the state of the payment.
pub(crate) fn redirect(payload: &Value) -> Option<Canonical> {
    payment(payload, None, None)
}

/// Maps a callback to a payment with the state `done` if the operation worked. `direction` is that of the money, if
/// the operation moves any.
fn payment(payload: &Value, done: Option<State>, direction: Option<Direction>) -> Option<Canonical> {
    let callback = Callback::from_json(payload)?;
    if callback == Callback::default() {
        return None;
    }
    let state = match callback.success {
        Some(true) => done,
        Some(false) => done.and(Some(State::Failed)),
        None => None,
    };
    let processed_at = callback.timestamp.as_deref().and_then(time);
    let has_moved = direction.is_some() && callback.success == Some(true);
    let payment = Payment {
        id: callback.order_id.clone(),
        order_id: callback.order_id,
        reference: callback.merchant_reference,
        direction,
        purpose: Some(Purpose::Payment),
        operation: callback.operation,
        state,
        success: callback.success,
        message: callback.message,
        amount: Money::of(callback.amount, callback.currency.as_ref()),
        customer: callback.customer.and_then(party),
        test: callback.test,
        merchant_id: callback.merchant_id,
        territory: callback.territory,
        metadata: callback.metadata.map(texts),
        paid_at: processed_at.clone().filter(|_| has_moved),
        processed_at,
        ..Payment::default()
    };
    Some(payment.into())
}

/// Parses an instant if the text has a zone, else a local time: the redirect's `MM/dd/yyyy HH:mm:ss` has no zone, and
/// none is documented.
pub(crate) fn time(text: &str) -> Option<Time> {
    Time::parse_rfc3339(text).or_else(|| Time::local_in(text, DateOrder::MonthFirst))
}

fn party(customer: Customer) -> Option<Party> {
    let Customer { first_name, last_name, email, phone, address } = customer;
    let address = address.and_then(|a| {
        let CustomerAddress { line1, line2, city, state, postal_code, country } = a;
        Address { line1, line2, city, state, postal_code, country, ..Address::default() }.known()
    });
    Party { first_name, last_name, email, phone, address, ..Party::default() }.known()
}

/// Returns the metadata as texts: values of other types are converted to text.
fn texts(metadata: Map<String, Value>) -> BTreeMap<String, String> {
    let text = |value: Value| String::from_json(&value).unwrap_or_else(|| value.to_string());
    metadata.into_iter().map(|(name, value)| (name, text(value))).collect()
}
