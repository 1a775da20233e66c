//! The providers of `inlet-providers`, as values.

use std::collections::BTreeSet;
use std::fmt;
use std::pin::Pin;
use std::str::FromStr;
use std::sync::LazyLock;

use inlet::canonical::Kind;
use inlet::drift::detector::{Drift, DriftDetector};
use inlet::fault::Fault;
use inlet::provider::catalogue::{EventSpec, find};
use inlet::provider::retry_policy::RetryPolicy;
use inlet::reconcile::Source;
use inlet::request::Request;
use inlet::store::StoreName;
use inlet::tools::credential_shape::{CredentialShape, describe, shape_of};
use inlet::tools::event_catalogue::{EventEntry, entries};
use inlet::tools::lifecycle::Lifecycle;
use inlet::tools::portal::Portal;
use inlet::tools::registration::{Api, Registering, SourceVisitor};
use inlet::tools::sender::{Address, Payload, delivery};
use inlet_aws::dynamodb::quarantine::TableQuarantine;
use inlet_aws::dynamodb::table::Table;
use inlet_aws::reverify::{Reverified, Scope, reverify};
use inlet_aws::secrets::SsmSecrets;
use inlet_aws::sqs::SqsQueue;
use inlet_providers::{ToolsVisitor, for_each_with_tools};
use serde::Deserialize as _;
use serde_json::Value;
use tokio::sync::watch;

use crate::failure::Failure;
use crate::input::suggest::did_you_mean;
use crate::reconciliation::{Readable, Reconciled, Reconciliation};

/// All providers, in the order of the output.
pub(crate) static ALL: LazyLock<Vec<ProviderHandle>> = LazyLock::new(|| {
    let mut handles = Handles(Vec::new());
    for_each_with_tools(&mut handles);
    handles.0
});

struct Handles(Vec<ProviderHandle>);

impl ToolsVisitor for Handles {
    fn visit<P: Registering>(&mut self) {
        self.0.push(ProviderHandle::of::<P>());
    }
}

/// A provider of [`ALL`]. Dereferences to its constants and functions.
#[derive(Clone, Copy)]
pub(crate) struct ProviderHandle(&'static ProviderTools);

/// The constants and functions of a provider, from its own crate.
pub(crate) struct ProviderTools {
    /// The name in URLs and keys.
    pub(crate) name: &'static str,
    /// The catalogue of events.
    pub(crate) events: &'static [EventSpec],
    /// The retry policy after a delivery that did not get a 2xx response.
    pub(crate) retry_policy: RetryPolicy,
    /// The fields of its bodies that are secrets, for [`inlet::provider::secret_fields::mask`].
    pub(crate) secret_fields: &'static [&'static str],
    /// The manual steps of a registration.
    pub(crate) portal: Portal,
    /// The provider's own API for webhooks.
    pub(crate) api: Option<Api>,
    /// The shapes of its credentials; the first is the usual one.
    pub(crate) shapes: &'static [CredentialShape],
    /// Sample bodies of its events.
    pub(crate) payloads: &'static [Payload],
    /// The usual states of the entities of its events, where they are known.
    pub(crate) lifecycles: &'static [Lifecycle],
    address: fn(&EventSpec) -> Address,
    sends: fn(&EventSpec) -> bool,
    drift: fn(&str, &[u8]) -> Option<Drift>,
    accepts: fn(&Value) -> bool,
    delivery: fn(StoreName, &EventSpec, Vec<u8>, &Value) -> Request,
    reverify: Reverify,
    readable: fn() -> Option<Readable>,
    reconcile: Reconcile,
}

/// The type of [`ProviderHandle::reverify`] for one provider.
type Reverify = for<'a> fn(
    &'a Quarantined,
    &'a StoreName,
    &'a watch::Sender<Reverified>,
) -> BoxFuture<'a, Result<(), Fault>>;

/// The type of [`ProviderHandle::reconcile`] for one provider.
type Reconcile =
    for<'a> fn(&'a Reconciliation, &'a watch::Sender<Reconciled>) -> BoxFuture<'a, Result<(), Fault>>;

/// Finds the facts of a source.
struct ReadableVisitor(Option<Readable>);

impl SourceVisitor for ReadableVisitor {
    fn visit<S: Source>(&mut self) {
        self.0 = Some(Readable::of::<S>());
    }
}

/// Begins a comparison of a source.
struct ReconcileVisitor<'a> {
    reconciliation: &'a Reconciliation,
    state: &'a watch::Sender<Reconciled>,
    work: Option<BoxFuture<'a, Result<(), Fault>>>,
}

impl SourceVisitor for ReconcileVisitor<'_> {
    fn visit<S: Source>(&mut self) {
        self.work = Some(Box::pin(self.reconciliation.run::<S>(self.state)));
    }
}

/// The clients that a reverification needs.
pub(crate) struct Quarantined {
    /// The event table, which contains the quarantine.
    pub(crate) table: Table,
    /// The event queue.
    pub(crate) queue: SqsQueue,
    /// The client of Parameter Store.
    pub(crate) ssm: aws_sdk_ssm::Client,
    /// The deployment's stage.
    pub(crate) stage: String,
}

/// A boxed future: function pointers cannot be `async`.
pub(crate) type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + 'a>>;

impl ProviderTools {
    const fn of<S: Registering>() -> Self {
        Self {
            name: S::NAME,
            events: S::EVENTS,
            retry_policy: S::RETRY_POLICY,
            secret_fields: S::SECRET_FIELDS,
            portal: S::PORTAL,
            api: S::API,
            shapes: S::CREDENTIAL_SHAPES,
            payloads: S::PAYLOADS,
            lifecycles: S::LIFECYCLES,
            address: S::address,
            sends: S::sends,
            drift: |event, body| DriftDetector::new(S::SHAPES).drift_of_body(event, body),
            accepts: |credential| S::Credential::deserialize(credential).is_ok(),
            delivery: |store, event, body, credential| delivery::<S>(store, event, body, credential),
            reverify: |clients, store, sum| {
                Box::pin(async move {
                    let Quarantined { table, queue, ssm, stage } = clients;
                    let secrets = SsmSecrets::<S>::new(ssm.clone(), stage);
                    let quarantine = TableQuarantine::new(table, S::NAME);
                    let work =
                        reverify::<S>(&quarantine, &secrets, &table.events, queue, store, Scope::All, sum);
                    Box::pin(work).await
                })
            },
            readable: || {
                let mut visitor = ReadableVisitor(None);
                S::visit_source(&mut visitor);
                visitor.0
            },
            reconcile: |reconciliation, state| {
                let mut visitor = ReconcileVisitor { reconciliation, state, work: None };
                S::visit_source(&mut visitor);
                // A provider whose API cannot be read has no kind to compare.
                visitor.work.unwrap_or_else(|| Box::pin(async { Ok(()) }))
            },
        }
    }
}

impl std::ops::Deref for ProviderHandle {
    type Target = ProviderTools;

    fn deref(&self) -> &Self::Target {
        self.0
    }
}

impl ProviderHandle {
    const fn of<S: Registering>() -> Self {
        Self(const { &ProviderTools::of::<S>() })
    }

    /// Returns the event of this name.
    ///
    /// # Errors
    /// [`Failure::NotFound`] if the provider has none.
    pub(crate) fn event(self, name: &str) -> Result<&'static EventSpec, Failure> {
        find(self.0.events, name).ok_or_else(|| {
            let names: Vec<&str> = self.events.iter().map(|event| event.event).collect();
            let samples = self.payloads.iter().map(Payload::name);
            let meant = did_you_mean(name, names.iter().copied().chain(samples));
            let meant = meant.map(|meant| meant + " Or ").unwrap_or_default();
            Failure::NotFound {
                what: format!("event {name} of {self}"),
                next: format!("{meant}use one of these: {}", names.join(", ")),
            }
        })
    }

    /// Returns the usual states of the entities of an event; `None` if they are not known.
    pub(crate) fn lifecycle(self, event: &EventSpec) -> Option<&'static Lifecycle> {
        self.0.lifecycles.iter().find(|lifecycle| event.is_named(lifecycle.event))
    }

    /// Returns the kinds of its entities.
    pub(crate) fn kinds(self) -> BTreeSet<&'static str> {
        self.0.events.iter().map(|event| event.kind).chain([Kind::Unknown]).map(Kind::as_str).collect()
    }

    /// Returns the names of its events and the types of their messages.
    pub(crate) fn types(self) -> BTreeSet<String> {
        let of_entry = |entry: EventEntry| {
            let names = std::iter::once(entry.event).chain(entry.aliases.iter().copied());
            names.map(str::to_owned).chain(entry.types).collect::<Vec<_>>()
        };
        entries(self.name, self.events, self.payloads).into_iter().flat_map(of_entry).collect()
    }

    /// Returns the shape of a credential.
    ///
    /// # Errors
    /// [`Failure::Unusable`] if the receiver does not accept the credential. The error quotes nothing of it.
    pub(crate) fn shape_of(self, credential: &Value) -> Result<&'static CredentialShape, Failure> {
        let shapes = self.0.shapes;
        let unusable = |why: String| Failure::Unusable {
            what: format!("this is not a credential of {self}: {why}"),
            next: format!("give {}", describe(shapes)),
        };
        let shape = shape_of(shapes, credential).map_err(|invalid| unusable(invalid.to_string()))?;
        if (self.accepts)(credential) {
            Ok(shape)
        } else {
            Err(unusable("the receiver does not accept it".to_owned()))
        }
    }

    /// Returns the URL parts of an event.
    pub(crate) fn address(self, event: &EventSpec) -> Address {
        (self.address)(event)
    }

    /// Returns true if the provider sends an event of this name.
    pub(crate) fn sends(self, event: &EventSpec) -> bool {
        (self.sends)(event)
    }

    /// Returns the differences between a stored body and the known shape of its event; `None` if they cannot be compared.
    pub(crate) fn drift_of_body(self, event: &str, body: &[u8]) -> Option<Drift> {
        (self.drift)(event, body)
    }

    /// Returns a delivery as the provider sends it, with its proof.
    pub(crate) fn delivery(
        self,
        store: StoreName,
        event: &EventSpec,
        body: Vec<u8>,
        credential: &Value,
    ) -> Request {
        (self.delivery)(store, event, body, credential)
    }

    /// Returns the facts of the provider's API; `None` if it cannot be read.
    pub(crate) fn readable(self) -> Option<Readable> {
        (self.readable)()
    }

    /// Returns the facts of the provider's API.
    ///
    /// # Errors
    /// If it cannot be read.
    pub(crate) fn readable_or_failure(self) -> Result<Readable, Failure> {
        self.readable().ok_or_else(|| Failure::NotFound {
            what: format!("API of {self} that can be read"),
            next: "compare the events by hand with the provider's portal".to_owned(),
        })
    }

    /// Returns true if the provider sends events of this kind.
    pub(crate) fn has_events_of(self, kind: Kind) -> bool {
        self.0.events.iter().any(|event| event.kind == kind)
    }

    /// Compares a store with the provider's API. `state` receives the progress and the results.
    ///
    /// # Errors
    /// The errors of [`Reconciliation::run`].
    pub(crate) async fn reconcile(
        self,
        reconciliation: &Reconciliation,
        state: &watch::Sender<Reconciled>,
    ) -> Result<(), Fault> {
        (self.reconcile)(reconciliation, state).await
    }

    /// Verifies the quarantined deliveries of a store again. `sum` receives the progress.
    ///
    /// # Errors
    /// If the secret or the quarantine cannot be read, or an event cannot be stored or sent.
    pub(crate) async fn reverify(
        self,
        clients: &Quarantined,
        store: &StoreName,
        sum: &watch::Sender<Reverified>,
    ) -> Result<(), Fault> {
        (self.reverify)(clients, store, sum).await
    }
}

impl PartialEq for ProviderHandle {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for ProviderHandle {}

impl fmt::Display for ProviderHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

impl fmt::Debug for ProviderHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

/// The text is not a provider's name.
#[derive(Debug, thiserror::Error)]
#[error("{0} is not a provider; the providers are {names}", names = names())]
pub(crate) struct NotAProvider(String);

impl FromStr for ProviderHandle {
    type Err = NotAProvider;

    fn from_str(text: &str) -> Result<Self, NotAProvider> {
        ALL.iter()
            .find(|provider| provider.name == text)
            .copied()
            .ok_or_else(|| NotAProvider(text.to_owned()))
    }
}

fn names() -> String {
    inlet_providers::NAMES.join(", ")
}

#[cfg(test)]
mod tests {
    use inlet::tools::credential_shape::Field;
    use serde_json::json;

    use super::*;
    use crate::options::DeploymentArgs;

    #[test]
    fn a_provider_is_found_by_its_exact_name() {
        for &handle in ALL.iter() {
            assert_eq!(handle.name.parse::<ProviderHandle>().ok(), Some(handle));
        }
        assert!("Zid".parse::<ProviderHandle>().is_err());
    }

    #[test]
    fn a_mistyped_event_of_a_provider_has_a_suggestion() {
        let zid: ProviderHandle = "zid".parse().unwrap();
        let failure = zid.event("order.creat").unwrap_err();
        let next = failure.hint(&DeploymentArgs::of_stack("inlet", None));
        assert!(next.starts_with("did you mean order.create"), "{next}");
        assert!(next.contains("use one of these: "), "{next}");
    }

    #[test]
    fn every_receiver_accepts_credentials_of_every_shape() {
        for &handle in ALL.iter() {
            for shape in handle.shapes {
                let text = |field: &Field| "x".repeat(field.characters.unwrap_or(8));
                let fields = shape.fields.iter().map(|field| (field.name.to_owned(), text(field).into()));
                let whole = Value::Object(fields.clone().collect());
                assert_eq!(handle.shape_of(&whole).unwrap(), shape, "{handle}");
                let required = shape.fields.iter().zip(fields).filter(|(field, _)| field.required);
                let required_only = Value::Object(required.map(|(_, field)| field).collect());
                assert_eq!(handle.shape_of(&required_only).unwrap(), shape, "{handle}");
            }
            let error = handle.shape_of(&json!({"canary": "canary"})).unwrap_err();
            assert!(
                !format!("{error}{}", error.hint(&DeploymentArgs::of_stack("inlet", None)))
                    .contains("canary"),
                "{error}"
            );
        }
    }

    #[test]
    fn every_sample_is_of_an_event_of_the_catalogue() {
        for &handle in ALL.iter() {
            for payload in handle.payloads {
                assert!(handle.event(payload.event()).is_ok(), "{handle} {}", payload.file);
            }
        }
    }
}
