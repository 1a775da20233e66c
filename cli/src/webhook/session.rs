//! A provider's API, opened for one store: lists, plans and changes its webhooks.

use std::collections::BTreeSet;

use inlet::provider::catalogue::EventSpec;
use inlet::tools::registration::{
    Api, ApiContext, Call, CallResult, Change, CurrentRegistrations, Destination, Options, PlanError,
    Registration, Step, Target, WebhookApi,
};
use serde_json::Value;

use crate::deployment::Deployment;
use crate::deployment::address::StoreAddress;
use crate::deployment::secrets;
use crate::failure::Failure;
use crate::webhook::api_client::{ApiAt, ApiClient, is_public};
use crate::webhook::step_result::{Cause, StepResult, api_failure, plan_failure};

/// A provider's own API, opened for a store.
pub(crate) struct Session {
    /// The store.
    pub(crate) store: StoreAddress,
    /// `inlet` with the options that select the deployment, for hints.
    pub(crate) inlet: String,
    webhook_api: Box<dyn WebhookApi>,
    destination: Destination,
    client: ApiClient,
}

/// The webhooks of a store, as far as the provider lists them.
pub(crate) struct Listing {
    /// The registrations; none if the provider documents no list.
    pub(crate) current: CurrentRegistrations,
    /// False if the provider documents no list.
    pub(crate) is_known: bool,
}

impl Session {
    /// Opens the API. `inlet` is the command with the options that select the deployment, for hints.
    ///
    /// # Errors
    /// If an input is unusable. No call is made.
    pub(crate) fn open(
        (store, inlet): (&StoreAddress, &str),
        api: &Api,
        destination: Destination,
        access: Value,
        credentials: Vec<Value>,
        options: &[(String, String)],
        at: &ApiAt,
    ) -> Result<Self, Failure> {
        let no_plan = |error: PlanError| plan_failure(&error, inlet, store);
        let options = Options::parse(options, api.options).map_err(no_plan)?;
        let context = ApiContext { destination: destination.clone(), access, credentials, options };
        let webhook_api = (api.open)(context).map_err(no_plan)?;
        let client = ApiClient::new(api.base, at)?;
        Ok(Self { store: store.clone(), inlet: inlet.to_owned(), webhook_api, destination, client })
    }

    /// Returns the base URL of the API.
    pub(crate) fn base(&self) -> &str {
        self.client.base()
    }

    /// Returns true if the URL leads to the store.
    pub(crate) fn is_ours(&self, target: &Target) -> bool {
        self.destination.contains(target)
    }

    /// Lists the webhooks of the store.
    ///
    /// # Errors
    /// If the provider does not respond, or responds with an error or an undocumented form.
    pub(crate) async fn list(&self) -> Result<Listing, Failure> {
        let Some(call) = self.webhook_api.list_call() else {
            return Ok(Listing { current: CurrentRegistrations::default(), is_known: false });
        };
        let reply = self.client.send(&call).await?;
        let current = self.webhook_api.parse(&reply).map_err(|error| api_failure(&error))?;
        Ok(Listing { current, is_known: true })
    }

    /// Returns the steps of a change.
    ///
    /// # Errors
    /// If there is no plan.
    pub(crate) fn plan(&self, listing: &Listing, change: Change<'_>) -> Result<Vec<Step>, Failure> {
        let plan = self.webhook_api.plan(&listing.current, change);
        plan.map_err(|error| plan_failure(&error, &self.inlet, &self.store))
    }

    /// Returns what the provider's own list says against the store's registrations. None if it lists them without a
    /// problem, documents no list, or does not respond.
    pub(crate) async fn problem(&self) -> Option<String> {
        let listing = self.list().await.ok().filter(|listing| listing.is_known)?;
        let is_ours = |one: &&Registration| self.is_ours(&one.target);
        let ours: Vec<&Registration> = listing.current.registrations.iter().filter(is_ours).collect();
        if ours.is_empty() {
            return Some(format!("the provider lists no webhook of {}", self.store));
        }
        let problem = |one: &&Registration| Some(format!("{}: {}", one.event, one.problem.as_ref()?.text()));
        ours.iter().find_map(problem)
    }

    /// Sends a call that changes something.
    pub(crate) async fn change(&self, call: &Call) -> StepResult {
        match self.client.send(call).await {
            Err(failure) => StepResult::Unconfirmed(Cause::NoResponse(failure.to_string(), failure.causes())),
            Ok(reply) => match self.webhook_api.call_result(&reply) {
                CallResult::Done => StepResult::Done,
                CallResult::DoneWithNote(note) => StepResult::DoneWithNote(note),
                CallResult::Unconfirmed(error) => StepResult::Unconfirmed(Cause::Api(error)),
                CallResult::Rejected(error) => StepResult::Rejected(error),
            },
        }
    }
}

/// Returns the events of these names or topics, each once.
///
/// # Errors
/// If the provider has no such event.
pub(crate) fn events(store: &StoreAddress, names: &[String]) -> Result<Vec<&'static EventSpec>, Failure> {
    let events = store.provider.events;
    let mut found: Vec<&'static EventSpec> = Vec::new();
    for name in names {
        let has_topic =
            |event: &&EventSpec| store.provider.address(event).topic.as_deref() == Some(name.as_str());
        let mut of_topic = events.iter().filter(has_topic).peekable();
        match of_topic.peek() {
            Some(_) => found.extend(of_topic),
            None => found.push(store.provider.event(name)?),
        }
    }
    let mut names = BTreeSet::new();
    found.retain(|event| names.insert(event.event));
    Ok(found)
}

/// Returns the URLs of a store.
///
/// # Errors
/// If `base_url` is not a URL of a deployment.
pub(crate) fn destination(
    deployment: &Deployment,
    store: &StoreAddress,
    base_url: Option<&str>,
) -> Result<Destination, Failure> {
    let api = base_url.unwrap_or(&deployment.api);
    Destination::new(api, store.provider.name, &store.store).map_err(|error| Failure::Unusable {
        what: error.to_string(),
        next: "give --base-url as https://…, without a query".to_owned(),
    })
}

/// Checks that a real provider does not get a URL of this machine: it would overwrite a working registration.
///
/// # Errors
/// If the deployment's URL is not public and the API is not on this machine.
pub(crate) fn check_is_public(
    deployment: &Deployment,
    base_url: Option<&str>,
    api: &Api,
    at: &ApiAt,
) -> Result<(), Failure> {
    if base_url.is_some() || at.is_this_machine(api.base) || is_public(&deployment.api) {
        return Ok(());
    }
    Err(Failure::Unusable {
        what: format!("no provider can send to {}", deployment.api),
        next: "give a public URL of the deployment with --base-url, or an API on this machine with --api"
            .to_owned(),
    })
}

/// Returns the live credentials of the store, newest first. Empty if it has none.
///
/// # Errors
/// If the secret cannot be read.
pub(crate) async fn credentials(
    deployment: &Deployment,
    store: &StoreAddress,
) -> Result<Vec<Value>, Failure> {
    Ok(secrets::read(deployment, store).await?.map(|secret| secret.credentials).unwrap_or_default())
}
