//! Registration of webhooks through a provider's own API: builds the calls and reads the responses. Sends nothing.
//!
//! 1. [`Api::open`] makes a [`WebhookApi`] for one store.
//! 2. [`WebhookApi::list_call`] is the call that lists the store's webhooks. [`WebhookApi::parse`] reads the response
//!    into [`CurrentRegistrations`].
//! 3. [`WebhookApi::plan`] compares them with the wanted [`Change`] and returns [`Step`]s. A step never touches a
//!    registration of another receiver.
//! 4. After the steps, the caller lists again. A step of a second plan means that the first one had no effect.

mod destination;
mod call;
mod option;
mod plan_error;

use std::collections::BTreeMap;

use serde::de::DeserializeOwned;
use serde_json::Value;

pub use call::{ApiError, BodyPart, Call, RawRequest, Reply, Verb};
pub use destination::{Destination, NotAnAddress, Target};
pub use option::{Options, ProviderOption};
pub use plan_error::PlanError;

pub use crate::reconcile::SourceVisitor;

use crate::provider::catalogue::EventSpec;
use crate::secret::Secret;
use crate::tools::portal::Portal;
use crate::tools::sender::Sender;

/// A provider whose webhooks can be registered, by hand or through an API.
pub trait Registering: Sender {
    /// The manual steps.
    const PORTAL: Portal;

    /// The provider's own API for webhooks. None if the provider documents none.
    const API: Option<Api> = None;

    /// Shows the provider to the visitor as a source, if the provider's API can be read for reconciliation.
    fn visit_source(_: &mut impl SourceVisitor) {}

    /// Returns true if the provider sends an event of this name. Some rows of a catalogue only describe the shape of
    /// a body without an event name.
    fn sends(_event: &EventSpec) -> bool {
        true
    }
}

/// A provider's own API for webhooks, and the inputs that it needs.
#[derive(Clone, Copy, Debug)]
pub struct Api {
    /// The base URL, without a slash at the end.
    pub base: &'static str,
    /// The page that documents the API.
    pub source: &'static str,
    /// The fields of the JSON object that authorises calls, each with a description of where to get it.
    pub access: &'static [(&'static str, &'static str)],
    /// The provider's own options of a registration.
    pub options: &'static [ProviderOption],
    /// True if the API lists and removes registrations. False if the provider documents neither.
    pub can_list: bool,
    /// Opens the API for a store.
    pub open: fn(ApiContext) -> Result<Box<dyn WebhookApi>, PlanError>,
}

/// The inputs of [`Api::open`]. It holds secrets as text, so it cannot be formatted.
pub struct ApiContext {
    /// The URLs of the store.
    pub destination: Destination,
    /// The object that authorises calls: [`Api::access`].
    pub access: Value,
    /// The store's live credentials as stored, newest first.
    pub credentials: Vec<Value>,
    /// The options that the user gave: [`Api::options`].
    pub options: Options,
}

impl ApiContext {
    /// Returns the access as the provider's own type.
    ///
    /// # Errors
    /// [`PlanError::Access`] if a field is missing or empty.
    pub fn access<A: DeserializeOwned>(&self) -> Result<A, PlanError> {
        A::deserialize(&self.access).map_err(|_| PlanError::Access)
    }

    /// Returns the store's credentials as the provider's own type, newest first, without the unusable ones.
    pub fn credentials<C: DeserializeOwned>(&self) -> Vec<C> {
        self.credentials.iter().filter_map(|credential| C::deserialize(credential).ok()).collect()
    }
}

/// A provider's API, opened for one store.
pub trait WebhookApi {
    /// Returns the call that lists the store's webhooks. None if the provider documents no such call: plans are then
    /// made from [`CurrentRegistrations::default`].
    fn list_call(&self) -> Option<Call>;

    /// Reads the response to [`list_call`](Self::list_call).
    ///
    /// # Errors
    /// A [`ApiError`] if the response is an error or has an undocumented form. An unreadable list must not pass for an
    /// empty one: the next call would overwrite the registrations of others.
    fn parse(&self, reply: &Reply) -> Result<CurrentRegistrations, ApiError>;

    /// Returns the steps of a change. No step touches a registration of another receiver, unless
    /// [`ChangeOptions::take_over`] allows it.
    ///
    /// # Errors
    /// [`PlanError`] if an input is unusable, or if the change is not documented or affects another receiver.
    fn plan(&self, current: &CurrentRegistrations, change: Change<'_>) -> Result<Vec<Step>, PlanError>;

    /// Reads the response to a call of a step.
    fn call_result(&self, reply: &Reply) -> CallResult;
}

/// All webhooks of a store, those of other receivers too.
#[derive(Clone, Debug, Default)]
pub struct CurrentRegistrations {
    /// The registrations.
    pub registrations: Vec<Registration>,
    /// The secrets that the provider sends to all registrations alike. None if each registration has its own, or if
    /// the provider did not return all of them.
    pub shared_secrets: Option<Vec<Secret>>,
}

/// One registered webhook.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Registration {
    /// The provider's name of the event.
    pub event: String,
    /// The URL.
    pub target: Target,
    /// The provider's words for the state. Empty if it has none.
    pub state: String,
    /// The problem that the provider reports.
    pub problem: Option<Problem>,
    /// The id by which the provider removes it. None if the provider has no ids.
    pub id: Option<String>,
    /// The conditions that an event must meet to be sent, by name.
    pub conditions: BTreeMap<String, String>,
}

/// A problem of a registration, described for the user in whole sentences.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Problem {
    /// Deliveries fail often, and the provider still sends.
    Degraded(String),
    /// The provider sends nothing.
    Stopped(String),
}

impl Problem {
    /// Returns the description.
    pub fn text(&self) -> &str {
        match self {
            Self::Degraded(text) | Self::Stopped(text) => text,
        }
    }
}

/// A wanted change.
#[derive(Clone, Copy, Debug)]
pub enum Change<'e> {
    /// Register these events of the store. An empty list means all events that the API can register.
    Register {
        /// The events.
        events: &'e [&'static EventSpec],
        /// The permitted changes beyond adding registrations.
        options: ChangeOptions,
    },
    /// Remove the store's registrations of these events. An empty list means all of them.
    Unregister {
        /// The events.
        events: &'e [&'static EventSpec],
    },
}

/// The permitted changes of a plan beyond adding registrations.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ChangeOptions {
    /// Replace the registrations of another receiver.
    pub take_over: bool,
    /// Recreate existing registrations with the newest credential.
    pub renew: bool,
}

/// A part of a plan: an action, and its effect on each event.
#[derive(Debug)]
pub struct Step {
    /// The effects, one item per event.
    pub items: Vec<Item>,
    /// The action.
    pub action: Action,
}

/// The calls of a step.
#[derive(Debug)]
pub enum Action {
    /// No call.
    Nothing,
    /// One call.
    Call(Call),
    /// Two calls. The new registration is created first, so that no event is lost in between. If the provider does
    /// not accept both, the old one is deleted first.
    Swap {
        /// Creates the new registration.
        create: Call,
        /// Deletes the old one.
        delete: Call,
    },
}

/// The effect of a step on one event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// The provider's name of the event.
    pub event: String,
    /// The URL.
    pub target: Target,
    /// The planned effect.
    pub planned: Planned,
    /// A note for the user, in whole sentences.
    pub note: Option<String>,
}

/// The planned effect on a registration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Planned {
    /// The registration is already as wanted.
    Keep,
    /// It is created.
    Add,
    /// It is changed or recreated.
    Change,
    /// It is removed.
    Remove,
    /// The user asked for it and it is not done. The note has the reason.
    Skip,
}

impl Step {
    /// Returns a step without a call.
    pub fn nothing(item: Item) -> Self {
        Self { items: vec![item], action: Action::Nothing }
    }

    /// Returns a step of one call for one item.
    pub fn call(item: Item, call: Call) -> Self {
        Self { items: vec![item], action: Action::Call(call) }
    }
}

impl Item {
    /// Returns an item without a note.
    pub fn new(planned: Planned, event: impl Into<String>, target: Target) -> Self {
        Self { event: event.into(), target, planned, note: None }
    }

    /// Returns the item with a note.
    #[must_use]
    pub fn noted(self, note: impl Into<String>) -> Self {
        Self { note: Some(note.into()), ..self }
    }
}

/// The result of a call that changes something.
#[derive(Debug)]
pub enum CallResult {
    /// The provider made the change.
    Done,
    /// The provider made the change, and its response contains a note for the user.
    DoneWithNote(String),
    /// The provider may have made the change, now or earlier: only a second list shows it. The error is the one
    /// to report if it did not.
    Unconfirmed(ApiError),
    /// The provider did not make the change.
    Rejected(ApiError),
}

#[cfg(test)]
mod tests;
