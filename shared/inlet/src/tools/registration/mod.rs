//! Registering through a provider's own API: what to ask it, and how to read what it says. Nothing is sent here.
//!
//! A provider that has such an API [opens](Api::open) a [`WebhookApi`]. Its [survey](WebhookApi::list_request) asks what is
//! registered; the answer makes a [`CurrentRegistrations`], which plans, without a further look, what has to be asked so that
//! the wished events come to this [`Destination`] and nobody else's registration is touched. The same plan made of a
//! second survey must be empty: that is how a change is confirmed.

mod destination;
mod call;
mod option;

use serde::de::DeserializeOwned;
use serde_json::Value;

pub use call::{BodyPart, Call, RawRequest, Refusal, Reply, Verb};
pub use destination::{Destination, NotAnAddress, Target};
pub use option::{Options, ProviderOption};

use crate::provider::catalogue::EventSpec;
use crate::tools::portal::Portal;
use crate::tools::sender::Sender;

/// A provider that can be told where to send.
pub trait Registering: Sender {
    /// How a person does it.
    const PORTAL: Portal;

    /// The provider's own API for it. None where it has none.
    const API: Option<Api> = None;

    /// Whether the provider sends an event of this name. A row may be only what is read where none is named.
    fn sends(_event: &EventSpec) -> bool {
        true
    }
}

/// A provider's own API for webhooks, and what it needs to be told.
#[derive(Clone, Copy, Debug)]
pub struct Api {
    /// Where it is, without a slash at the end.
    pub base: &'static str,
    /// Where it is documented.
    pub source: &'static str,
    /// What opens it: the fields of a JSON object, each with where it is to be had.
    pub access: &'static [(&'static str, &'static str)],
    /// What else may or must be given.
    pub options: &'static [ProviderOption],
    /// Whether it tells what is registered, and removes it. Otherwise no page tells how.
    pub can_list: bool,
    /// Begins to use it.
    pub open: fn(ApiContext) -> Result<Box<dyn WebhookApi>, PlanError>,
}

/// What a api is made of. It holds secrets as they were read, so it cannot be formatted.
pub struct ApiContext {
    /// Where events are to be sent.
    pub destination: Destination,
    /// What opens the API: [`Api::access`].
    pub access: Value,
    /// The store's live credentials as kept in the parameter store, newest first.
    pub credentials: Vec<Value>,
    /// What else was given: [`Api::options`].
    pub options: Options,
}

impl ApiContext {
    /// The access as the provider's own type.
    ///
    /// # Errors
    /// [`PlanError::Access`] when a field is missing or empty.
    pub fn access<A: DeserializeOwned>(&self) -> Result<A, PlanError> {
        A::deserialize(&self.access).map_err(|_| PlanError::Access)
    }

    /// The store's credentials as the provider's own type, newest first. One that cannot be used does not spoil
    /// the others.
    pub fn credentials<C: DeserializeOwned>(&self) -> Vec<C> {
        self.credentials.iter().filter_map(|credential| C::deserialize(credential).ok()).collect()
    }
}

/// A provider's API, opened for one store.
pub trait WebhookApi {
    /// How to learn what is registered.
    fn list_request(&self) -> ListRequest<'_>;

    /// Reads the answer to the survey.
    ///
    /// # Errors
    /// A [`Refusal`] when it is none, or of a form that nobody documents: what is not understood must not be
    /// overwritten.
    fn present(&self, reply: &Reply) -> Result<Box<dyn CurrentRegistrations + '_>, Refusal>;

    /// Reads the answer to a call that changes something.
    fn call_result(&self, reply: &Reply) -> CallResult;
}

/// How to learn what is registered.
pub enum ListRequest<'r> {
    /// By asking.
    Call(Call),
    /// Not at all: no page tells how. Plans can be made all the same.
    NotDocumented(Box<dyn CurrentRegistrations + 'r>),
}

/// What is registered at the moment.
pub trait CurrentRegistrations {
    /// All of it, others' too.
    fn registrations(&self) -> Vec<Registration>;

    /// What to ask so that these events come here; every event that the API can register where none is named.
    ///
    /// # Errors
    /// [`PlanError`] when what was given does not do for it.
    fn register(&self, events: &[&'static EventSpec], options: ChangeOptions)
    -> Result<Vec<Step>, PlanError>;

    /// What to ask so that these events come here no longer; everything that does where none is named. Never anything
    /// that goes elsewhere.
    ///
    /// # Errors
    /// [`PlanError`] when no page tells how, or when it cannot be done without touching another's.
    fn unregister(&self, events: &[&'static EventSpec]) -> Result<Vec<Step>, PlanError>;
}

/// What a plan may do beyond adding what is missing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ChangeOptions {
    /// Take what another receiver holds.
    pub take_over: bool,
    /// Make anew what is registered already, with the newest credential.
    pub renew: bool,
}

/// One thing that the provider has been told to send somewhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Registration {
    /// The provider's word for what is sent.
    pub event: String,
    /// Where it is sent.
    pub target: Target,
    /// The provider's words for its state. Empty where it has none.
    pub state: String,
    /// What is wrong with it and what mends it, as a sentence.
    pub problem: Option<String>,
}

/// A part of a plan: one thing to ask, and what comes of it.
#[derive(Debug)]
pub struct Step {
    /// What comes of it, an item for each event.
    pub items: Vec<Item>,
    /// What to ask.
    pub action: Action,
}

/// What to ask.
#[derive(Debug)]
pub enum Action {
    /// Nothing.
    Nothing,
    /// This.
    Call(Call),
    /// The new one first, so that no event finds neither. Where the provider does not take it beside the old one,
    /// the old one goes first.
    Swap {
        /// Makes the new one.
        make: Call,
        /// Removes the old one.
        delete: Call,
    },
}

/// What comes of a step for an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// The provider's word for what is sent.
    pub event: String,
    /// Where it is sent.
    pub target: Target,
    /// What is done with it.
    pub planned: Planned,
    /// What is to be said of it, as a sentence.
    pub note: Option<String>,
}

/// What is done with a registration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Planned {
    /// It is as it should be.
    Keep,
    /// It is made.
    Add,
    /// It is made anew.
    Change,
    /// It goes.
    Remove,
    /// It was wished for and is not done; the note says why.
    Skip,
}

impl Planned {
    /// The word for it before it is done.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Keep => "keep",
            Self::Add => "add",
            Self::Change => "change",
            Self::Remove => "remove",
            Self::Skip => "skip",
        }
    }
}

impl Step {
    /// A step that asks nothing.
    pub fn nothing(item: Item) -> Self {
        Self { items: vec![item], action: Action::Nothing }
    }

    /// A step of one call for one item.
    pub fn call(item: Item, call: Call) -> Self {
        Self { items: vec![item], action: Action::Call(call) }
    }
}

impl Item {
    /// An item of which nothing is to be said.
    pub fn new(planned: Planned, event: impl Into<String>, target: Target) -> Self {
        Self { event: event.into(), target, planned, note: None }
    }

    /// The same with something to be said of it.
    #[must_use]
    pub fn noted(self, note: impl Into<String>) -> Self {
        Self { note: Some(note.into()), ..self }
    }
}

/// What an answer to a change says.
#[derive(Debug)]
pub enum CallResult {
    /// It is done.
    Done,
    /// It may be done, or have been so before: a second survey tells. The refusal is how it reads if it is not.
    Unconfirmed(Refusal),
    /// It is not done.
    Refused(Refusal),
}

/// Why there is no plan. Nothing has been asked.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum PlanError {
    /// The access lacks a field.
    #[error("the access to the provider's API lacks a field, or has one that is empty")]
    Access,
    /// The store's credentials cannot be registered.
    #[error("the store's newest credential cannot be registered: {0}")]
    Credential(&'static str),
    /// There is no such option.
    #[error("there is no option {name:?}; there are {known}")]
    NoSuchOption {
        /// What was given.
        name: String,
        /// Those that exist.
        known: String,
    },
    /// An option is missing or does not do.
    #[error("the option {name:?} {why}")]
    Option {
        /// The option.
        name: &'static str,
        /// What is wrong with it.
        why: String,
    },
    /// It cannot be done without touching another's.
    #[error("{what}")]
    Shared {
        /// Whose it is, and why it cannot be told apart.
        what: String,
        /// What the user can do about it.
        next: &'static str,
    },
    /// No page tells how.
    #[error("{0} is not documented")]
    NotDocumented(&'static str),
}

#[cfg(test)]
mod tests;
