//! ZORT's envelope. A response with status 200 may contain an error.

use inlet::provider::catalogue::text_at;
use inlet::reconcile::{Failure, Response};
use serde_json::Value;

/// The list and the count of a response.
pub(super) struct List {
    pub(super) objects: Vec<Value>,
    /// The number of all objects that the filter selects.
    pub(super) count: Option<u64>,
}

/// Reads a list. The code of success is `200`, in `res.resCode` or, as one client shows, in `resCode`.
pub(super) fn list(response: &Response) -> Result<List, Failure> {
    let mut object = response.object()?;
    let envelope = Value::Object(object.clone());
    let code = text_at(&envelope, "res.resCode").or_else(|| text_at(&envelope, "resCode"));
    match code.as_deref().map(str::trim) {
        None | Some("200") => {}
        Some("401" | "403") => return Err(Failure::Unauthorized { status: response.status() }),
        Some("429") => return Err(Failure::RateLimited { retry_after: None }),
        Some(_) => return Err(Failure::Refused { status: response.status() }),
    }
    let objects = response.list(&mut object, "list")?;
    let count = object.get("count").and_then(|count| count.as_u64().or_else(|| count.as_str()?.parse().ok()));
    Ok(List { objects, count })
}
