//! A request as text, so that a fuzzer's small changes make other requests and not broken ones: method and target,
//! headers, an empty line, the body.

use inlet::request::{Method, Request};
use inlet::store::StoreName;

/// Parses the text. Cannot fail: a missing part is empty.
pub(crate) fn parse(input: &[u8]) -> Request {
    let (head, body) = match input.windows(2).position(|pair| pair == b"\n\n") {
        Some(end) => (&input[..end], &input[end + 2..]),
        None => (input, &[][..]),
    };
    let head = String::from_utf8_lossy(head);
    let (first, headers) = head.split_once('\n').unwrap_or((&head, ""));
    let (method, target) = first.split_once(' ').unwrap_or(("POST", first));
    let (topic, query) = target.split_once('?').unwrap_or((target, ""));
    Request {
        method: Method::parse(method),
        store: StoreName::parse("demo").expect("a store's name"),
        topic: Some(topic.to_owned()).filter(|topic| !topic.is_empty()),
        query: query.to_owned(),
        headers: headers.lines().filter_map(|line| line.split_once(": ")).collect(),
        body: body.to_vec(),
    }
}
