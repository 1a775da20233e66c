//! The quarantine, the events and the programs at one moment, and the calls that change them.

use super::flaw::Flaw;
use super::programs::{Receiver, Sweeper};
use super::protocol::Protocol;
use crate::world::{Id, Ids};

/// The whole state at one moment.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct World {
    /// The receiver of each delivery.
    pub receivers: Vec<Receiver>,
    /// The sweeper.
    pub sweeper: Sweeper,
    /// True once Parameter Store responds again.
    pub is_readable: bool,
    /// The deliveries that were answered 2xx.
    pub accepted: Ids,
    /// The deferred requests in quarantine.
    pub requests: Ids,
    /// The requests in quarantine that did not verify, which the sweeper does not read.
    pub refused: Ids,
    /// The store's marker.
    pub marker: Option<Marker>,
    /// The events that are stored.
    pub events: Ids,
    /// The events on the sweeper's pending list.
    pub pending: Ids,
    /// The events on the queue.
    pub sent: Ids,
    /// Calls that their callers gave up and that take effect later; sorted, so that equal states compare equal.
    pub overdue: Vec<Call>,
    /// Number of remaining faults.
    pub faults: u8,
}

/// The marker of a store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Marker {
    /// The number of requests that were deferred.
    pub counted: u8,
    /// The number of them that the sweeper has verified.
    pub verified: u8,
}

/// A call to a service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Call {
    /// Reads the store's credentials.
    ReadCredentials,
    /// Writes a request into the quarantine.
    Keep(Id),
    /// Counts a request on the marker.
    Count,
    /// Reads the marker.
    ReadMarker,
    /// Reads the deferred requests.
    ReadRequests,
    /// Lists an event as pending.
    Pend(Id),
    /// Stores an event.
    Store(Id),
    /// Sends an event.
    Send(Id),
    /// Deletes a request.
    Delete(Id),
    /// Writes a request that does not verify among the refused ones; then its deferred copy is deleted.
    Refuse(Id),
    /// Notes that this many requests are verified.
    Note(u8),
}

impl Call {
    /// Returns true if the call changes nothing.
    pub fn only_reads(self) -> bool {
        matches!(self, Self::ReadCredentials | Self::ReadMarker | Self::ReadRequests)
    }
}

/// The reply to a call that went well.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reply {
    /// It is done.
    Done,
    /// The marker.
    Marker(Option<Marker>),
    /// The requests.
    Requests(Ids),
    /// Parameter Store does not respond.
    Unreadable,
}

impl World {
    /// Applies the effect of a call, and returns the reply.
    pub fn take_effect(&mut self, protocol: &Protocol, call: Call) -> Reply {
        match call {
            Call::ReadCredentials if !self.is_readable => return Reply::Unreadable,
            Call::ReadCredentials => {}
            Call::Keep(id) => self.requests.put(id),
            // All requests arrive in one millisecond.
            Call::Count if protocol.has(Flaw::MarkerOfArrival) => {
                self.marker = Some(Marker { counted: 1, verified: 0 });
            }
            Call::Count => {
                let marker = self.marker.get_or_insert(Marker { counted: 0, verified: 0 });
                marker.counted += 1;
            }
            Call::ReadMarker => return Reply::Marker(self.marker),
            Call::ReadRequests => {
                let mut requests = Ids::default();
                protocol.scenario.ids().filter(|id| self.requests.has(*id)).for_each(|id| requests.put(id));
                return Reply::Requests(requests);
            }
            Call::Pend(id) => self.pending.put(id),
            Call::Store(id) => self.events.put(id),
            Call::Send(id) => self.sent.put(id),
            Call::Delete(id) => self.requests.take(id),
            Call::Refuse(id) => self.refused.put(id),
            Call::Note(counted) if protocol.has(Flaw::MarkerOfArrival) => {
                if self.marker.is_some_and(|marker| marker.counted == counted) {
                    self.marker = None;
                }
            }
            Call::Note(counted) => {
                if let Some(marker) = &mut self.marker {
                    marker.verified = marker.verified.max(counted);
                }
            }
        }
        Reply::Done
    }

    /// Returns true if the marker counts more requests than were verified.
    pub fn is_open(&self) -> bool {
        self.marker.is_some_and(|marker| marker.verified < marker.counted)
    }
}
