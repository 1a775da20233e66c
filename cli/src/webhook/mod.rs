//! What the commands that register have in common: context a provider's own API for a store, asking it what is there,
//! carrying out a plan and looking again whether it is done.

mod access;
mod http;
mod report;
mod swap;

use std::collections::BTreeSet;

use inlet::provider::catalogue::EventSpec;
use inlet::tools::registration::{
    Action, Api, ApiContext, Call, CallResult, CurrentRegistrations, Destination, Item, ListRequest, Options,
    PlanError, Planned, Refusal, Registration, Step, WebhookApi,
};
use serde_json::Value;

use crate::deployment::Deployment;
use crate::deployment::address::StoreAddress;
use crate::deployment::secrets;
use crate::failure::Failure;
use crate::output::Output;

pub(crate) use access::AccessFrom;
pub(crate) use http::{ApiAt, Http};
pub(crate) use report::{Listed, Outcome, Work};
pub(crate) use swap::Left;
use swap::{Swap, standing};

/// A provider's own API, opened for a store.
pub(crate) struct Session {
    webhook_api: Box<dyn WebhookApi>,
    destination: Destination,
    http: Http,
}

/// What is there, as far as it can be known.
pub(crate) struct Look<'s> {
    /// What plans are made of.
    pub(crate) present: Box<dyn CurrentRegistrations + 's>,
    /// Whether the provider was asked. Otherwise no page tells how.
    pub(crate) asked: bool,
}

impl Session {
    /// Opens the API.
    pub(crate) fn open(
        api: &Api,
        destination: Destination,
        access: Value,
        credentials: Vec<Value>,
        options: &[(String, String)],
        at: &ApiAt,
    ) -> Result<Self, Failure> {
        let options = Options::parse(options, api.options)?;
        let context = ApiContext { destination: destination.clone(), access, credentials, options };
        let webhook_api = (api.open)(context)?;
        Ok(Self { webhook_api, destination, http: Http::new(api.base, at)? })
    }

    /// Where the API is.
    pub(crate) fn base(&self) -> &str {
        self.http.base()
    }

    /// Asks what is registered.
    pub(crate) async fn look(&self) -> Result<Look<'_>, Failure> {
        match self.webhook_api.list_request() {
            ListRequest::NotDocumented(present) => Ok(Look { present, asked: false }),
            ListRequest::Call(call) => {
                let reply = self.http.send(&call).await?;
                let present = self.webhook_api.present(&reply).map_err(|refusal| refused(&refusal))?;
                Ok(Look { present, asked: true })
            }
        }
    }

    /// Carries out a plan that was made of `look`, one step after the other. `plan` makes it anew of what is there
    /// afterwards, which tells what is done, whatever the provider answered.
    pub(crate) async fn carry_out(
        &self,
        look: &Look<'_>,
        steps: Vec<Step>,
        plan: impl Fn(&dyn CurrentRegistrations) -> Result<Vec<Step>, PlanError>,
        output: &Output,
    ) -> Vec<Outcome> {
        let progress = output.progress("asking the provider", u64::try_from(steps.len()).ok());
        let before = look.present.registrations();
        let (mut outcomes, mut ended, mut asked) = (Vec::new(), false, false);
        for Step { items, action } in steps {
            let done = match action {
                Action::Nothing => Answered::Nothing,
                _ if ended => Answered::NotTried,
                action => {
                    asked = true;
                    self.act(&action, &items, &before).await
                }
            };
            ended |= done.ends();
            outcomes.extend(items.into_iter().map(|item| Outcome::of(item, &done)));
            progress.inc(1);
        }
        progress.finish_and_clear();
        if asked {
            self.confirm(&mut outcomes, plan).await;
        }
        outcomes
    }

    async fn act(&self, action: &Action, items: &[Item], before: &[Registration]) -> Answered {
        match action {
            Action::Nothing => Answered::Nothing,
            Action::Call(call) => self.change(call).await,
            Action::Swap { make, delete } => {
                let before = standing(self, items, before);
                Swap { session: self, items, before, make, delete }.carry_out().await
            }
        }
    }

    async fn change(&self, call: &Call) -> Answered {
        match self.http.send(call).await {
            Err(failure) => {
                Answered::Unconfirmed(FailureCause::Failure(failure.to_string(), failure.causes()))
            }
            Ok(reply) => match self.webhook_api.call_result(&reply) {
                CallResult::Done => Answered::Done,
                CallResult::Unconfirmed(refusal) => Answered::Unconfirmed(FailureCause::Refusal(refusal)),
                CallResult::Refused(refusal) => Answered::Refused(refusal),
            },
        }
    }

    /// Looks again: what a new plan would do once more is not done, and what it would not do is.
    async fn confirm(
        &self,
        outcomes: &mut [Outcome],
        plan: impl Fn(&dyn CurrentRegistrations) -> Result<Vec<Step>, PlanError>,
    ) {
        let left = match self.look().await {
            Ok(look) if look.asked => plan(look.present.as_ref()).ok(),
            _ => None,
        };
        let left: Option<Vec<Item>> =
            left.map(|steps| steps.into_iter().flat_map(|step| step.items).collect());
        for outcome in outcomes {
            let open = left.as_ref().map(|items| {
                let again = |item: &&Item| !matches!(item.planned, Planned::Keep | Planned::Skip);
                items.iter().filter(again).any(|item| item.event == outcome.event())
            });
            outcome.confirm(open);
        }
    }
}

/// What came of a step.
#[derive(Clone, Debug)]
pub(crate) enum Answered {
    /// There was nothing to ask.
    Nothing,
    /// It is done.
    Done,
    /// It is done, and the one before it is still there.
    OldOneLeft(String),
    /// The new one was not made in place of the old one, and this is left.
    Unswapped(Left, FailureCause),
    /// It may be done.
    Unconfirmed(FailureCause),
    /// It is not done.
    Refused(Refusal),
    /// It was not asked, after what the step before it met.
    NotTried,
}

/// Why it is not sure whether something is done.
#[derive(Clone, Debug)]
pub(crate) enum FailureCause {
    /// What the provider said.
    Refusal(Refusal),
    /// It said nothing: what happened, and its causes.
    Failure(String, Vec<String>),
}

impl Answered {
    /// What is to be said of it.
    pub(crate) fn words(&self) -> String {
        match self {
            Self::Nothing | Self::Done => String::new(),
            Self::OldOneLeft(words) => words.clone(),
            Self::Unswapped(left, told) => format!("{}: {}", left.words(), told.words()),
            Self::Unconfirmed(told) => told.words(),
            Self::Refused(refusal) => refusal.to_string(),
            Self::NotTried => "not tried, after what happened before".to_owned(),
        }
    }

    /// Whether it is no use to ask for more, or would do more harm.
    fn ends(&self) -> bool {
        match self {
            Self::Refused(refusal)
            | Self::Unswapped(Left::Old | Left::Unknown, FailureCause::Refusal(refusal)) => {
                matches!(refusal, Refusal::Unauthorized { .. } | Refusal::TooMany { .. })
            }
            Self::Unswapped(Left::Nothing, _) => true,
            _ => false,
        }
    }
}

impl FailureCause {
    fn words(&self) -> String {
        match self {
            Self::Refusal(refusal) => refusal.to_string(),
            Self::Failure(what, causes) => {
                std::iter::once(what).chain(causes).cloned().collect::<Vec<_>>().join(": ")
            }
        }
    }
}

/// The rows of these events, by their names or by their topics.
pub(crate) fn events(store: &StoreAddress, names: &[String]) -> Result<Vec<&'static EventSpec>, Failure> {
    let rows = store.provider.events();
    let mut found: Vec<&'static EventSpec> = Vec::new();
    for name in names {
        let of_topic = |row: &&EventSpec| store.provider.address(row).topic.as_deref() == Some(name.as_str());
        let mut of_topic = rows.iter().filter(of_topic).peekable();
        match of_topic.peek() {
            Some(_) => found.extend(of_topic),
            None => found.push(store.provider.event(name)?),
        }
    }
    // Named twice, it is made once.
    let mut names = BTreeSet::new();
    found.retain(|row| names.insert(row.event));
    Ok(found)
}

/// Where a store's events are to be sent.
pub(crate) fn destination(
    deployment: &Deployment,
    store: &StoreAddress,
    base_url: Option<&str>,
) -> Result<Destination, Failure> {
    let api = base_url.unwrap_or(&deployment.api);
    Destination::new(api, store.provider.name(), &store.store).map_err(|error| Failure::Unusable {
        what: error.to_string(),
        next: "give --base-url as https://…, without a query".to_owned(),
    })
}

/// Makes sure that a real provider is given no address that only this machine can reach: what it has would be
/// overwritten with it.
pub(crate) fn reachable(
    deployment: &Deployment,
    base_url: Option<&str>,
    api: &Api,
    at: &ApiAt,
) -> Result<(), Failure> {
    if base_url.is_some() || at.is_here(api.base) || http::is_for_providers(&deployment.api) {
        return Ok(());
    }
    Err(Failure::Unusable {
        what: format!("{} is no address that a provider can send to", deployment.api),
        next: "give --base-url with the one that it can, or --api with an API on this machine".to_owned(),
    })
}

/// The store's live credentials, newest first. Empty where it has none.
pub(crate) async fn credentials(
    deployment: &Deployment,
    store: &StoreAddress,
) -> Result<Vec<Value>, Failure> {
    Ok(secrets::read(deployment, store).await?.map(|kept| kept.credentials).unwrap_or_default())
}

/// Why there is no plan, and what to do about it.
impl From<PlanError> for Failure {
    fn from(error: PlanError) -> Self {
        let what = error.to_string();
        let next = match &error {
            PlanError::Access => {
                "give the access as a JSON object with the fields that --help lists".to_owned()
            }
            PlanError::Credential(_) => {
                "make one that can: `inlet secret rotate STORE --generate`; the older ones stay live"
                    .to_owned()
            }
            PlanError::NoSuchOption { .. } | PlanError::Option { .. } => {
                "give it as --option NAME=VALUE; --help tells what each is for".to_owned()
            }
            PlanError::Shared { next, .. } => (*next).to_owned(),
            PlanError::NotDocumented(_) => "ask the provider; nothing was changed".to_owned(),
        };
        match error {
            PlanError::NotDocumented(_) => Failure::Wrong { what, next },
            PlanError::Shared { .. } => Failure::Refused { what, next },
            _ => Failure::Unusable { what, next },
        }
    }
}

/// A provider's refusal as the end of a command.
pub(crate) fn refused(refusal: &Refusal) -> Failure {
    let (what, next) = (refusal.to_string(), next(refusal).to_owned());
    match refusal {
        Refusal::Failed { .. } | Refusal::Unreadable { .. } => Failure::Wrong { what, next },
        _ => Failure::Refused { what, next },
    }
}

/// What to do about a refusal.
pub(crate) fn next(refusal: &Refusal) -> &'static str {
    match refusal {
        Refusal::Unauthorized { .. } => "check the access, or get a new one from the provider; tokens expire",
        Refusal::TooMany { .. } => "wait a little, then call it again: it goes on where it ended",
        Refusal::Refused { .. } => {
            "look at the call with --dry-run, and at the provider's own page of its API"
        }
        Refusal::Failed { .. } => "wait a little, then call it again: nothing is done twice",
        Refusal::Unreadable { .. } => "check that --api is the provider's; nothing was changed",
    }
}
