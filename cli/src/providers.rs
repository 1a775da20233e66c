//! The providers, in one list: a further one needs one line here.

use std::fmt;
use std::marker::PhantomData;
use std::pin::Pin;
use std::str::FromStr;

use inlet::fault::Fault;
use inlet::provider::catalogue::{EventSpec, find};
use inlet::provider::retry_policy::RetryPolicy;
use inlet::request::Request;
use inlet::store::StoreName;
use inlet::tools::credential_shape::{CredentialShape, describe, form_of};
use inlet::tools::portal::Portal;
use inlet::tools::registration::{Api, Registering};
use inlet::tools::sender::{Address, Payload, delivery};
use inlet_aws::dynamodb::quarantine::TableQuarantine;
use inlet_aws::operate::reverify::{Reverified, reverify};
use inlet_aws::secrets::SsmSecrets;
use serde::Deserialize as _;
use serde_json::Value;
use tokio::sync::watch;

use crate::deployment::Deployment;
use crate::failure::Failure;

/// Every provider, in the order in which people are shown them.
pub(crate) static ALL: [ProviderHandle; 5] = [
    ProviderHandle(&Adapter::<inlet_zort::Zort>(PhantomData)),
    ProviderHandle(&Adapter::<inlet_dealpos::DealPos>(PhantomData)),
    ProviderHandle(&Adapter::<inlet_zid::Zid>(PhantomData)),
    ProviderHandle(&Adapter::<inlet_tiki::Tiki>(PhantomData)),
    ProviderHandle(&Adapter::<inlet_zip::Zip>(PhantomData)),
];

/// A provider that the command knows.
#[derive(Clone, Copy)]
pub(crate) struct ProviderHandle(&'static dyn ProviderTools);

/// What the command asks of a provider, whichever it is. Its own crate answers.
pub(crate) trait ProviderTools: Sync {
    /// Its name in URLs and keys.
    fn name(&self) -> &'static str;
    /// Its catalogue.
    fn events(&self) -> &'static [EventSpec];
    /// What it does after a delivery that is not answered well.
    fn retry_policy(&self) -> RetryPolicy;
    /// The secrets in its bodies.
    fn secret_fields(&self) -> &'static [&'static str];
    /// Where one of its events goes.
    fn address(&self, event: &EventSpec) -> Address;
    /// A signed delivery, as it would send it.
    fn delivery(&self, store: StoreName, event: &EventSpec, body: Vec<u8>, credential: &Value) -> Request;
    /// How a person tells it where to send.
    fn portal(&self) -> Portal;
    /// Whether it sends an event of this name.
    fn sends(&self, event: &EventSpec) -> bool;
    /// Its own API for that.
    fn api(&self) -> Option<Api>;
    /// The forms that its credentials may have; the first is the usual one.
    fn forms(&self) -> &'static [CredentialShape];
    /// Sample bodies of its events.
    fn payloads(&self) -> &'static [Payload];
    /// Whether its receiver takes this as a credential.
    fn takes(&self, credential: &Value) -> bool;
    /// Verifies a store's held deliveries again: [`inlet_aws::operate::reverify`].
    fn reverify<'a>(
        &'a self,
        deployment: &'a Deployment,
        store: &'a StoreName,
        sum: &'a watch::Sender<Reverified>,
    ) -> BoxFuture<'a, Result<(), Fault>>;
}

/// What comes of a call that waits.
pub(crate) type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + 'a>>;

/// A provider's type as a value.
struct Adapter<S>(PhantomData<fn() -> S>);

impl<S: Registering> ProviderTools for Adapter<S> {
    fn name(&self) -> &'static str {
        S::NAME
    }

    fn events(&self) -> &'static [EventSpec] {
        S::EVENTS
    }

    fn retry_policy(&self) -> RetryPolicy {
        S::RETRY_POLICY
    }

    fn secret_fields(&self) -> &'static [&'static str] {
        S::SECRET_FIELDS
    }

    fn address(&self, event: &EventSpec) -> Address {
        S::address(event)
    }

    fn delivery(&self, store: StoreName, event: &EventSpec, body: Vec<u8>, credential: &Value) -> Request {
        delivery::<S>(store, event, body, credential)
    }

    fn portal(&self) -> Portal {
        S::PORTAL
    }

    fn sends(&self, event: &EventSpec) -> bool {
        S::sends(event)
    }

    fn api(&self) -> Option<Api> {
        S::API
    }

    fn forms(&self) -> &'static [CredentialShape] {
        S::FORMS
    }

    fn payloads(&self) -> &'static [Payload] {
        S::PAYLOADS
    }

    fn takes(&self, credential: &Value) -> bool {
        S::Credential::deserialize(credential).is_ok()
    }

    fn reverify<'a>(
        &'a self,
        deployment: &'a Deployment,
        store: &'a StoreName,
        sum: &'a watch::Sender<Reverified>,
    ) -> BoxFuture<'a, Result<(), Fault>> {
        Box::pin(async move {
            let (table, queue) = (deployment.table(), deployment.queue());
            let secrets = SsmSecrets::<S>::new(deployment.clients().ssm, &deployment.stage);
            let quarantine = TableQuarantine::new(&table, S::NAME);
            reverify::<S>(&quarantine, &secrets, &table.events, &queue, store, sum).await
        })
    }
}

impl std::ops::Deref for ProviderHandle {
    type Target = dyn ProviderTools;

    fn deref(&self) -> &Self::Target {
        self.0
    }
}

impl ProviderHandle {
    /// The event of this name.
    ///
    /// # Errors
    /// When it has none.
    pub(crate) fn event(self, name: &str) -> Result<&'static EventSpec, Failure> {
        find(self.events(), name).ok_or_else(|| {
            let names: Vec<&str> = self.events().iter().map(|row| row.event).collect();
            Failure::NotFound {
                what: format!("event {name} of {self}"),
                next: format!("name one of these: {}", names.join(", ")),
            }
        })
    }

    /// The form of a credential that its receiver takes.
    ///
    /// # Errors
    /// What is wrong with it, and what would do. Quotes nothing of it.
    pub(crate) fn fits(self, credential: &Value) -> Result<&'static CredentialShape, Failure> {
        let forms = self.forms();
        let unusable = |why: String| Failure::Unusable {
            what: format!("that is no credential of {self}: {why}"),
            next: format!("a credential of {self} is {}", describe(forms)),
        };
        let form = form_of(forms, credential).map_err(|misfit| unusable(misfit.to_string()))?;
        if self.takes(credential) {
            Ok(form)
        } else {
            Err(unusable("its receiver does not take it".to_owned()))
        }
    }
}

impl PartialEq for ProviderHandle {
    fn eq(&self, other: &Self) -> bool {
        self.name() == other.name()
    }
}

impl Eq for ProviderHandle {}

impl fmt::Display for ProviderHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl fmt::Debug for ProviderHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The text names no provider.
#[derive(Debug, thiserror::Error)]
#[error("{0} is no provider; there are {names}", names = names())]
pub(crate) struct NotAProvider(String);

impl FromStr for ProviderHandle {
    type Err = NotAProvider;

    fn from_str(text: &str) -> Result<Self, NotAProvider> {
        ALL.iter().find(|handle| handle.name() == text).copied().ok_or_else(|| NotAProvider(text.to_owned()))
    }
}

fn names() -> String {
    ALL.map(|handle| handle.name()).join(", ")
}

#[cfg(test)]
mod tests {
    use inlet::tools::credential_shape::Field;
    use serde_json::json;

    use super::*;

    #[test]
    fn each_is_found_by_its_name_and_nobody_else_is() {
        for handle in ALL {
            assert_eq!(handle.name().parse::<ProviderHandle>().ok(), Some(handle));
        }
        assert!("Zid".parse::<ProviderHandle>().is_err());
    }

    #[test]
    fn every_receiver_takes_the_credentials_of_every_form() {
        for handle in ALL {
            for form in handle.forms() {
                let text = |field: &Field| "x".repeat(field.characters.unwrap_or(8));
                let fields = form.fields.iter().map(|field| (field.name.to_owned(), text(field).into()));
                let whole = Value::Object(fields.clone().collect());
                assert_eq!(handle.fits(&whole).unwrap(), form, "{handle}");
                let required = form.fields.iter().zip(fields).filter(|(field, _)| field.required);
                let least = Value::Object(required.map(|(_, field)| field).collect());
                assert_eq!(handle.fits(&least).unwrap(), form, "{handle}");
            }
            let error = handle.fits(&json!({"canary": "canary"})).unwrap_err();
            assert!(!format!("{error}{}", error.next()).contains("canary"), "{error}");
        }
    }

    #[test]
    fn every_sample_is_of_an_event_of_the_catalogue() {
        for handle in ALL {
            for payload in handle.payloads() {
                assert!(handle.event(payload.event()).is_ok(), "{handle} {}", payload.file);
            }
        }
    }
}
