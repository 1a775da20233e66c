//! X-Ray traces: a subsegment for each delivery, in addition to Lambda's own segment of the invocation.
//!
//! The subsegment has provider and store as annotations, so that traces can be searched by them. It is sent to the
//! daemon that Lambda runs next to the function, in one datagram. The receiver does not wait for it, so a delivery
//! never depends on it. Format: <https://docs.aws.amazon.com/xray/latest/devguide/xray-api-segmentdocuments.html>.

use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::time::Duration;

use inlet::received_at::ReceivedAt;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::telemetry::timing::StepTimings;

/// The header that the daemon expects before a document.
const HEADER: &str = "{\"format\":\"json\",\"version\":1}\n";

/// The trace of an invocation, from the header `Lambda-Runtime-Trace-Id`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trace {
    /// The trace's id.
    pub root: String,
    /// The id of the invocation's segment.
    parent: Option<String>,
    /// True if the trace is recorded.
    sampled: bool,
}

impl Trace {
    /// Parses `Root=…;Parent=…;Sampled=1`. Returns `None` if there is no root.
    pub fn parse(header: &str) -> Option<Self> {
        let parts = || header.split(';').filter_map(|part| part.trim().split_once('='));
        let value = |name: &str| parts().find(|(key, _)| *key == name).map(|(_, value)| value.to_owned());
        Some(Self {
            root: value("Root")?,
            parent: value("Parent"),
            sampled: value("Sampled").as_deref() == Some("1"),
        })
    }
}

/// The content of a delivery's subsegment.
#[derive(Clone, Copy, Debug)]
pub struct Subsegment<'d> {
    /// The provider.
    pub provider: &'static str,
    /// The store in the URL.
    pub store: &'d str,
    /// The status of the response.
    pub status: u16,
    /// The time of arrival.
    pub received_at: ReceivedAt,
    /// The time from arrival to response.
    pub duration: Duration,
    /// The part of it that was spent waiting, by step.
    pub timings: StepTimings,
}

/// The connection to the daemon.
#[derive(Debug)]
pub struct Daemon {
    socket: Option<UdpSocket>,
}

impl Daemon {
    /// The daemon at this address. Without an address or a socket, nothing is sent.
    pub fn at(address: Option<SocketAddr>) -> Self {
        Self { socket: address.and_then(connected) }
    }

    /// Sends a delivery's subsegment, if its trace is recorded.
    pub fn send(&self, trace: Option<&Trace>, invocation: &str, subsegment: Subsegment<'_>) {
        let Some((socket, trace)) = self.socket.as_ref().zip(trace.filter(|trace| trace.sampled)) else {
            return;
        };
        if let Some(document) = document(trace, invocation, subsegment) {
            // A datagram that cannot be sent immediately is dropped: only the trace lacks it.
            let _ = socket.send(format!("{HEADER}{document}").as_bytes());
        }
    }
}

fn connected(address: SocketAddr) -> Option<UdpSocket> {
    let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)).ok()?;
    socket.set_nonblocking(true).ok()?;
    socket.connect(address).ok()?;
    Some(socket)
}

/// Returns the document; `None` if the invocation has no segment.
fn document(trace: &Trace, invocation: &str, subsegment: Subsegment<'_>) -> Option<Value> {
    let Subsegment { provider, store, status, received_at, duration, timings } = subsegment;
    let millis =
        |wait: Option<Duration>| wait.map(|wait| u64::try_from(wait.as_millis()).unwrap_or(u64::MAX));
    let ended = received_at.millis().saturating_add(i64::try_from(duration.as_millis()).unwrap_or(i64::MAX));
    Some(json!({
        "name": "delivery",
        "id": id_of(invocation),
        "trace_id": trace.root,
        "parent_id": trace.parent.as_ref()?,
        "type": "subsegment",
        "start_time": seconds(received_at.millis()),
        "end_time": seconds(ended),
        "fault": status >= 500,
        "error": (400..500).contains(&status),
        "annotations": {"provider": provider, "store": store, "status": status},
        "metadata": {"timings_ms": {
            "secrets": millis(timings.secrets),
            "journal": millis(timings.journal),
            "queue": millis(timings.queue),
            "quarantine": millis(timings.quarantine),
        }},
    }))
}

/// Returns sixteen hexadecimal digits, which differ for each invocation.
fn id_of(invocation: &str) -> String {
    let digest = Sha256::digest(invocation);
    digest.first_chunk().map_or_else(String::new, |first| format!("{:016x}", u64::from_be_bytes(*first)))
}

/// Returns a time in X-Ray's form: seconds with a fraction.
fn seconds(millis: i64) -> Value {
    let text = format!("{}.{:03}", millis.div_euclid(1_000), millis.rem_euclid(1_000));
    serde_json::from_str(&text).unwrap_or(Value::Null)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAMED: &str = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1";

    fn subsegment() -> Subsegment<'static> {
        Subsegment {
            provider: "acme",
            store: "riyadh",
            status: 200,
            received_at: ReceivedAt::from_millis(1_749_715_272_045).unwrap(),
            duration: Duration::from_millis(20),
            timings: StepTimings { journal: Some(Duration::from_millis(7)), ..StepTimings::default() },
        }
    }

    #[test]
    fn a_sampled_delivery_is_sent_with_provider_and_store() {
        let daemon = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        daemon.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
        let connection = Daemon::at(Some(daemon.local_addr().unwrap()));
        connection.send(Trace::parse(NAMED).as_ref(), "an invocation", subsegment());
        let mut buffer = [0; 4096];
        let len = daemon.recv(&mut buffer).unwrap();
        let text = std::str::from_utf8(&buffer[..len]).unwrap();
        let document: Value = serde_json::from_str(text.strip_prefix(HEADER).unwrap()).unwrap();
        let expected = json!({
            "name": "delivery", "id": id_of("an invocation"), "type": "subsegment",
            "trace_id": "1-5759e988-bd862e3fe1be46a994272793", "parent_id": "53995c3f42cd8ad8",
            "start_time": seconds(1_749_715_272_045), "end_time": seconds(1_749_715_272_065),
            "fault": false, "error": false,
            "annotations": {"provider": "acme", "store": "riyadh", "status": 200},
            "metadata": {"timings_ms": {"secrets": null, "journal": 7, "queue": null, "quarantine": null}},
        });
        assert_eq!(document, expected);
        assert_eq!(document["start_time"].to_string(), "1749715272.045", "the digits after the point stay");
        assert_eq!(id_of("an invocation").len(), 16);
    }

    #[test]
    fn a_delivery_without_sample_or_segment_is_not_sent() {
        let daemon = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        daemon.set_nonblocking(true).unwrap();
        let connection = Daemon::at(Some(daemon.local_addr().unwrap()));
        for header in
            [NAMED.replace("Sampled=1", "Sampled=0"), NAMED.replace("Parent=", "Self="), String::new()]
        {
            connection.send(Trace::parse(&header).as_ref(), "an invocation", subsegment());
        }
        connection.send(None, "an invocation", subsegment());
        Daemon::at(None).send(Trace::parse(NAMED).as_ref(), "an invocation", subsegment());
        assert!(daemon.recv(&mut [0; 16]).is_err(), "something was sent");
    }

    #[test]
    fn the_trace_is_read_from_the_header_in_any_order() {
        let trace = Trace::parse("Sampled=0; Root=1-a-b;Lineage=x:0").unwrap();
        assert_eq!((trace.root.as_str(), trace.parent, trace.sampled), ("1-a-b", None, false));
        assert_eq!(Trace::parse("Sampled=1"), None);
    }
}
