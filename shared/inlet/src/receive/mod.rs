//! The path of a delivery: verify, parse, make an event, store, enqueue, respond. Unverified deliveries are quarantined.

pub mod quarantine;

use std::future::Future;
use std::sync::Arc;

use crate::canonical::StoreDefaults;
use crate::delivery::Delivery;
use crate::event::{Event, ExistingEvent};
use crate::fault::Fault;
use crate::proof::claim::Rejection;
use crate::proof::verify::{VerificationFailed, Verified, verify};
use crate::provider::Provider;
use crate::provider::parsed_event::ParsedEvent;
use crate::provider::response::{Outcome, Refusal, Response};
use crate::receive::quarantine::{Quarantine, QuarantineOutcome, RejectedRequest};
use crate::received_at::ReceivedAt;
use crate::request::{Method, Unverified};
use crate::store::StoreName;

/// Maximum length of an accepted body, in bytes: Lambda's limit of 6 MB for the whole event.
pub const MAX_BODY_LEN: usize = 6 * 1024 * 1024;

/// A store's configuration.
pub struct Store<P: Provider> {
    /// The live credentials, newest first.
    pub credentials: Vec<P::Credential>,
    /// Its settings for its own responses.
    pub settings: P::Settings,
    /// The currency and the zone for amounts and times that the provider sends without them.
    pub defaults: StoreDefaults,
}

impl<P: Provider> Store<P> {
    /// Parses a delivery to this store, and completes the result from the store's settings.
    pub fn parse(&self, delivery: &Verified<Delivery>) -> ParsedEvent {
        P::parse(delivery).complete(&self.defaults)
    }
}

/// The port to the stores' secrets.
pub trait Secrets<P: Provider> {
    /// Returns the store's configuration; `None` if the store is not configured.
    fn store(&self, name: &StoreName) -> impl Future<Output = Result<Option<Arc<Store<P>>>, Fault>> + Send;

    /// Returns refreshed secrets for a delivery that did not verify; `None` if a refresh is not possible now.
    fn refresh(&self, name: &StoreName) -> impl Future<Output = Option<Arc<Store<P>>>> + Send;
}

/// The port to the event store.
pub trait Journal {
    /// Stores the event, unless it is stored already.
    ///
    /// `attempt` identifies the invocation: an event that this attempt wrote before is [`Recorded::New`]. The event
    /// gets a later arrival, and with it another id, if it is newer than the entity's latest event but that event's
    /// receiver had a clock that was ahead.
    fn record(
        &self,
        event: &mut Verified<Event>,
        attempt: &WriteToken,
    ) -> impl Future<Output = Result<Recorded, Fault>> + Send;
}

/// The port to the queue.
pub trait Queue {
    /// Sends the event's message.
    fn send(&self, event: &Verified<Event>) -> impl Future<Output = Result<(), Fault>> + Send;

    /// Sends the event's message with the whole event, because the journal does not have it.
    fn send_with_event(&self, event: &Verified<Event>) -> impl Future<Output = Result<(), Fault>> + Send;
}

/// Names one invocation of a receiver, so that it recognises its own write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WriteToken(pub String);

/// The result of storing an event.
#[derive(Debug, PartialEq, Eq)]
pub enum Recorded {
    /// It is stored now.
    New,
    /// An equal event was stored before.
    Duplicate {
        /// The event that is stored.
        original: ExistingEvent,
        /// True if it was processed.
        processed: bool,
    },
}

/// The outcome of a delivery, for the log and the metrics.
#[derive(Debug)]
pub enum Report {
    /// The request only tested the URL.
    Probed,
    /// The delivery was accepted: the event is stored or enqueued.
    Accepted(Box<Accepted>),
    /// The store's credentials cannot be read: the delivery is in quarantine, and the sweeper verifies it when they can
    /// be read again.
    Deferred(Fault),
    /// The delivery was refused.
    Refused(NotAccepted),
}

/// An accepted delivery.
#[derive(Debug)]
pub struct Accepted {
    /// The event.
    pub event: Verified<Event>,
    /// True if an equal delivery was stored before.
    pub duplicate: bool,
    /// The journal's fault, if it failed. Then only the queue has the event.
    pub journal_fault: Option<Fault>,
    /// The queue's fault, if it failed. Then only the journal has the event, and the sweeper sends it.
    pub queue_fault: Option<Fault>,
}

/// The reason that a delivery is refused.
#[derive(Debug, thiserror::Error)]
pub enum NotAccepted {
    /// The sender's fault: a method that carries no delivery.
    #[error("the method carries no delivery")]
    Method,
    /// The sender's fault: a body that is larger than the limit.
    #[error("the body has {0} bytes")]
    TooLarge(usize),
    /// The sender's fault: the store is not configured. The delivery is not kept.
    #[error("no such store is configured")]
    UnknownStore,
    /// The delivery did not verify. This is the sender's fault, unless the store has no usable credential.
    #[error("{rejection}")]
    VerificationFailed {
        /// The reason.
        rejection: Rejection,
        /// The outcome of its quarantine.
        quarantined: Result<QuarantineOutcome, Fault>,
    },
    /// Our fault: the store's credentials cannot be read, and the quarantine did not store the delivery either.
    #[error("no secrets: {}", .fault.chain())]
    SecretsUnavailable {
        /// Why the credentials cannot be read.
        fault: Fault,
        /// The outcome of the quarantine.
        quarantined: Result<QuarantineOutcome, Fault>,
    },
    /// Our fault: neither the journal nor the queue stored it.
    #[error("journal: {}; queue: {}", .journal.chain(), .queue.chain())]
    NotStored {
        /// The journal's fault.
        journal: Fault,
        /// The queue's fault.
        queue: Fault,
    },
}

impl NotAccepted {
    /// Returns the refusal for the sender.
    pub fn refusal(&self) -> Refusal {
        match self {
            Self::Method => Refusal::MethodNotAllowed,
            Self::TooLarge(_) => Refusal::TooLarge,
            // The operator who entered the credentials is at fault, not the sender.
            Self::VerificationFailed { rejection: Rejection::NoUsableCredential, .. } => Refusal::Unavailable,
            Self::UnknownStore | Self::VerificationFailed { .. } => Refusal::Unauthenticated,
            Self::SecretsUnavailable { .. } | Self::NotStored { .. } => Refusal::Unavailable,
        }
    }
}

/// The receiver of a provider's deliveries, with its ports.
#[derive(Debug)]
pub struct Receiver<S, J, Q, H> {
    /// The stores' secrets.
    pub secrets: S,
    /// The journal.
    pub journal: J,
    /// The queue.
    pub queue: Q,
    /// The quarantine.
    pub quarantine: H,
}

impl<S, J: Journal, Q: Queue, H: Quarantine> Receiver<S, J, Q, H> {
    /// Handles a request: returns a response for the sender and a report for the log.
    pub async fn receive<P>(
        &self,
        request: Unverified,
        received_at: ReceivedAt,
        attempt: &WriteToken,
    ) -> (Response, Report)
    where
        P: Provider,
        S: Secrets<P>,
    {
        if P::is_probe(&request) {
            return (P::respond(&Outcome::Probed, &P::Settings::default()), Report::Probed);
        }
        match self.accept::<P>(request, received_at, attempt).await {
            Ok((accepted, store)) => {
                let response = P::respond(&Outcome::Accepted(&accepted.event), &store.settings);
                (response, Report::Accepted(Box::new(accepted)))
            }
            Err(NotAccepted::SecretsUnavailable { fault, quarantined: Ok(QuarantineOutcome::Stored) }) => {
                (P::respond(&Outcome::Deferred, &P::Settings::default()), Report::Deferred(fault))
            }
            Err(why) => (P::error_response(why.refusal()), Report::Refused(why)),
        }
    }

    /// The steps of the path.
    async fn accept<P>(
        &self,
        request: Unverified,
        received_at: ReceivedAt,
        attempt: &WriteToken,
    ) -> Result<(Accepted, Arc<Store<P>>), NotAccepted>
    where
        P: Provider,
        S: Secrets<P>,
    {
        let (delivery, store) = self.authenticate::<P>(request, received_at).await?;
        let reading = store.parse(&delivery);
        let mut event = delivery.into_event::<P>(reading);
        let accepted = match self.journal.record(&mut event, attempt).await {
            Ok(Recorded::New) => self.enqueue(event, false).await,
            Ok(Recorded::Duplicate { original, processed }) => {
                let event = event.as_duplicate_of(original);
                if processed { Accepted::new(event, true) } else { self.enqueue(event, true).await }
            }
            Err(fault) => self.enqueue_as_fallback(event, fault).await?,
        };
        Ok((accepted, store))
    }

    /// Verifies with the cached secrets, and once more with refreshed ones if that fails.
    async fn authenticate<P>(
        &self,
        request: Unverified,
        received_at: ReceivedAt,
    ) -> Result<(Verified<Delivery>, Arc<Store<P>>), NotAccepted>
    where
        P: Provider,
        S: Secrets<P>,
    {
        if request.method() == Method::Other {
            return Err(NotAccepted::Method);
        }
        if request.body_len() > MAX_BODY_LEN {
            return Err(NotAccepted::TooLarge(request.body_len()));
        }
        let name = request.store().clone();
        let store = match self.secrets.store(&name).await {
            Ok(Some(store)) => store,
            Ok(None) => return Err(NotAccepted::UnknownStore),
            Err(fault) => {
                let deferred = RejectedRequest::new(&request, Rejection::CredentialsUnreadable, received_at);
                return Err(NotAccepted::SecretsUnavailable {
                    fault,
                    quarantined: self.quarantine.store(&deferred).await,
                });
            }
        };
        let refused = match verify::<P>(request, &store.credentials, received_at) {
            Ok(delivery) => return Ok((delivery, store)),
            Err(refused) => refused,
        };
        let Some(newer) = self.secrets.refresh(&name).await else {
            return Err(self.quarantine(*refused, received_at).await);
        };
        match verify::<P>(refused.request, &newer.credentials, received_at) {
            Ok(delivery) => Ok((delivery, newer)),
            Err(refused) => Err(self.quarantine(*refused, received_at).await),
        }
    }

    /// Quarantines a delivery that a configured store's credentials do not verify, because they may be at fault. The
    /// result does not change the response.
    async fn quarantine(&self, refused: VerificationFailed, received_at: ReceivedAt) -> NotAccepted {
        let quarantined = self
            .quarantine
            .store(&RejectedRequest::new(&refused.request, refused.rejection, received_at))
            .await;
        NotAccepted::VerificationFailed { rejection: refused.rejection, quarantined }
    }

    /// Sends the message of a stored event. If that fails, the sweeper sends it.
    async fn enqueue(&self, event: Verified<Event>, duplicate: bool) -> Accepted {
        let queue_fault = self.queue.send(&event).await.err();
        Accepted { queue_fault, ..Accepted::new(event, duplicate) }
    }

    /// Sends the whole event, because it could not be stored. The processor stores it.
    async fn enqueue_as_fallback(
        &self,
        event: Verified<Event>,
        journal: Fault,
    ) -> Result<Accepted, NotAccepted> {
        match self.queue.send_with_event(&event).await {
            Ok(()) => Ok(Accepted { journal_fault: Some(journal), ..Accepted::new(event, false) }),
            Err(queue) => Err(NotAccepted::NotStored { journal, queue }),
        }
    }
}

impl Accepted {
    fn new(event: Verified<Event>, duplicate: bool) -> Self {
        Self { event, duplicate, journal_fault: None, queue_fault: None }
    }
}
