//! Zid's webhooks API: one subscription an event, made, listed and removed. Nothing is changed in place: integrators
//! remove and make again.
//!
//! <https://docs.zid.sa/create-a-webhook>, `/list-of-webhooks`, `/delete-a-webhook-by-original-id` and
//! `/webhook-health-tracking`. A removal takes every subscription of a store with the same `original_id`, so each
//! gets one of its own unless another is asked for.

use std::collections::BTreeMap;

use inlet::provider::catalogue::{EventSpec, text_at};
use inlet::secret::Secret;
use inlet::tools::registration::{
    Action, Api, ApiContext, BodyPart, Call, CallResult, ChangeOptions, CurrentRegistrations, Destination,
    Item, ListRequest, Options, PlanError, Planned, ProviderOption, Refusal, Registering, Registration,
    Reply, Step, Target, Verb, WebhookApi,
};
use inlet::tools::sender::Sender as _;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{Credential, EVENTS, TOKEN, Zid};

const WEBHOOKS: &str = "/v1/managers/webhooks";

/// Who subscribes. Older copies of the page ask for it, newer ones do not list it.
const SUBSCRIBER: &str = "inlet";

const ORIGINAL_ID: &str = "original_id";

/// The conditions and the values that they take; none listed: a number.
const CONDITIONS: [(&str, &[&str]); 3] = [
    ("status", &["new", "preparing", "ready", "inDelivery", "delivered", "cancelled"]),
    ("payment_method", &["Cash On Delivery", "Credit Card", "Bank Transfer"]),
    ("delivery_option_id", &[]),
];

/// The events that take conditions.
const CONDITIONAL: [&str; 2] = ["order.create", "order.status.update"];

/// What the app market's events begin with.
const APP_MARKET: &str = "app.market.";

impl Registering for Zid {
    const PORTAL: inlet::tools::portal::Portal = crate::tools::portal::PORTAL;

    const API: Option<Api> = Some(Api {
        base: "https://api.zid.sa",
        source: "https://docs.zid.sa/create-a-webhook",
        access: &[
            ("authorization", "the Authorization token, which opens the API together with the next"),
            (
                "manager_token",
                "the access_token of the store, sent as X-Manager-Token; scope webhooks.read_write",
            ),
        ],
        options: &[
            ProviderOption {
                name: "status",
                help: "Only orders with this status: new, preparing, ready, inDelivery, delivered or cancelled.",
            },
            ProviderOption {
                name: "payment_method",
                help: "Only orders paid by Cash On Delivery, Credit Card or Bank Transfer.",
            },
            ProviderOption {
                name: "delivery_option_id",
                help: "Only orders with this delivery option, by its number.",
            },
            ProviderOption {
                name: ORIGINAL_ID,
                help: "The number to subscribe under, such as the app's. Without it each event gets one of its own, so that it can be removed alone.",
            },
        ],
        can_list: true,
        open: |context| Ok(Box::new(Webhooks::open(&context)?)),
    });

    /// The rows without a point are the shapes that a body may have.
    fn sends(event: &EventSpec) -> bool {
        event.event.contains('.')
    }
}

#[derive(Deserialize)]
struct Access {
    authorization: Secret,
    manager_token: Secret,
}

/// The API, opened for a store.
struct Webhooks {
    access: Access,
    destination: Destination,
    proof: Option<Proof>,
    conditions: BTreeMap<&'static str, Value>,
    original_id: Option<u64>,
}

/// What Zid is to send along.
enum Proof {
    /// User name and password.
    Basic(Secret, Secret),
    /// A secret in the URL.
    UrlToken(Secret),
}

impl Webhooks {
    fn open(context: &ApiContext) -> Result<Self, PlanError> {
        let number = |name: &'static str| match context.options.one(name)? {
            Some(text) => match text.parse::<u64>() {
                Ok(number) => Ok(Some(number)),
                Err(_) => Err(PlanError::Option { name, why: "is a number".to_owned() }),
            },
            None => Ok(None),
        };
        Ok(Self {
            access: context.access()?,
            destination: context.destination.clone(),
            proof: proof(context.credentials()),
            conditions: conditions(&context.options)?,
            original_id: number(ORIGINAL_ID)?,
        })
    }

    fn call(&self, verb: Verb) -> Call {
        Call::new(verb, WEBHOOKS)
            .secret_header("authorization", "Bearer ", &self.access.authorization)
            .secret_header("x-manager-token", "", &self.access.manager_token)
    }

    fn make(&self, event: &EventSpec, target: &Target, original_id: u64) -> Result<Call, PlanError> {
        let proof =
            self.proof.as_ref().ok_or(PlanError::Credential("the store has none that can be used"))?;
        // With no condition it is null; an empty list is something else.
        let conditions = if self.conditions.is_empty() { Value::Null } else { json!(self.conditions) };
        let mut body = vec![
            ("event", BodyPart::text(event.event)),
            ("target_url", BodyPart::Target(target.clone())),
            (ORIGINAL_ID, BodyPart::Plain(json!(original_id))),
            ("subscriber", BodyPart::text(SUBSCRIBER)),
            ("conditions", BodyPart::Plain(conditions)),
        ];
        // At the top: inside another object they would be ignored, and nothing would prove a delivery.
        if let Proof::Basic(username, password) = proof {
            body.push(("username", BodyPart::Secret(username.clone())));
            body.push(("password", BodyPart::Secret(password.clone())));
        }
        Ok(self.call(Verb::Post).json(BodyPart::object(body)))
    }

    fn remove(&self, original_id: &str) -> Call {
        self.call(Verb::Delete).query(ORIGINAL_ID, original_id)
    }

    fn target(&self, event: &EventSpec) -> Target {
        let target = self.destination.target(Zid::address(event).topic.as_deref());
        match &self.proof {
            Some(Proof::UrlToken(token)) => target.with(TOKEN, token),
            _ => target,
        }
    }
}

/// The newest pair, or where a store has none the newest token.
fn proof(credentials: Vec<Credential>) -> Option<Proof> {
    let mut token = None;
    for credential in credentials {
        match credential {
            Credential::Basic(pair) => {
                if let Some((username, password)) = pair.split_once(':') {
                    return Some(Proof::Basic(username, password));
                }
            }
            Credential::UrlToken(secret) => token = token.or(Some(Proof::UrlToken(secret))),
        }
    }
    token
}

fn conditions(options: &Options) -> Result<BTreeMap<&'static str, Value>, PlanError> {
    let mut conditions = BTreeMap::new();
    for (name, values) in CONDITIONS {
        let Some(given) = options.one(name)? else {
            continue;
        };
        let value = match values {
            [] => given.parse::<u64>().ok().map(Value::from),
            _ => values.contains(&given).then(|| given.into()),
        };
        let value = value.ok_or_else(|| {
            let why = if values.is_empty() {
                "is a number".into()
            } else {
                format!("is one of {}", values.join(", "))
            };
            PlanError::Option { name, why }
        })?;
        conditions.insert(name, value);
    }
    Ok(conditions)
}

impl WebhookApi for Webhooks {
    fn list_request(&self) -> ListRequest<'_> {
        ListRequest::Call(self.call(Verb::Get))
    }

    /// The list stands under `data`. Neither the form of an error nor whether a long list comes in pages is documented.
    fn present(&self, reply: &Reply) -> Result<Box<dyn CurrentRegistrations + '_>, Refusal> {
        if let Some(refusal) = reply.refusal(&reply.text()) {
            return Err(refusal);
        }
        let body = reply.json().unwrap_or_default();
        match body.get("data").and_then(Value::as_array) {
            Some(list) => {
                let list = list.iter().map(Subscription::read).collect();
                Ok(Box::new(Subscriptions { webhooks: self, list }))
            }
            None => Err(reply.unreadable("an object with a list under data")),
        }
    }

    /// What a second subscription of the same kind is answered with is not documented; integrators are ready for 409
    /// and 422, either of which may as well be another refusal.
    fn call_result(&self, reply: &Reply) -> CallResult {
        match reply.refusal(&reply.text()) {
            None => CallResult::Done,
            Some(refusal @ Refusal::Refused { status: 409 | 422, .. }) => CallResult::Unconfirmed(refusal),
            Some(refusal @ Refusal::Failed { .. }) => CallResult::Unconfirmed(refusal),
            Some(refusal) => CallResult::Refused(refusal),
        }
    }
}

/// A subscription of the store's, ours or another's.
struct Subscription {
    event: String,
    target: Target,
    original_id: Option<String>,
    conditions: BTreeMap<String, String>,
    state: String,
    problem: Option<Problem>,
}

/// What is wrong with a subscription.
enum Problem {
    /// It fails often, and Zid still sends.
    Degraded,
    /// Zid sends nothing: what it says, and what mends it.
    Stopped(String),
}

impl Problem {
    fn words(&self) -> &str {
        match self {
            Self::Degraded => {
                "Ten or more deliveries failed within the last hour; at thirty Zid stops sending."
            }
            Self::Stopped(words) => words,
        }
    }
}

impl Subscription {
    fn read(entry: &Value) -> Self {
        let text = |name: &str| text_at(entry, name);
        let conditions = entry.get("conditions").and_then(Value::as_object).into_iter().flatten();
        let conditions = conditions
            .filter_map(|(name, _)| Some((name.clone(), text_at(entry, &format!("conditions.{name}"))?)));
        let (state, problem) = state(entry);
        Self {
            event: text("event").unwrap_or_default(),
            target: Target::from_provider(text("target_url").unwrap_or_default()),
            original_id: text(ORIGINAL_ID).filter(|id| !id.is_empty()),
            conditions: conditions.collect(),
            state,
            problem,
        }
    }

    fn has(&self, conditions: &BTreeMap<&'static str, Value>) -> bool {
        let wished = conditions
            .iter()
            .map(|(name, value)| (*name, value.as_str().map_or(value.to_string(), str::to_owned)));
        wished.eq(self.conditions.iter().map(|(name, value)| (name.as_str(), value.clone())))
    }

    fn told(&self) -> String {
        let conditions = self.conditions.iter().map(|(name, value)| format!("{name}={value}"));
        let state = Some(self.state.clone()).filter(|state| !state.is_empty());
        state.into_iter().chain(conditions).collect::<Vec<_>>().join(", ")
    }
}

/// Zid's words for the state, and what is wrong: docs.zid.sa/webhook-health-tracking.
fn state(entry: &Value) -> (String, Option<Problem>) {
    let text = |name: &str| text_at(entry, name);
    let (status, health) = (text("status").unwrap_or_default(), text("health_status").unwrap_or_default());
    let inactive = entry.get("active") == Some(&Value::Bool(false));
    let since = text("broken_at").map(|at| format!(" since {at}")).unwrap_or_default();
    let problem = match (health.as_str(), status.as_str()) {
        ("broken", _) => Some(Problem::Stopped(format!(
            "Broken{since}: Zid sends nothing more and has discarded what waited. Mend what refuses its deliveries, \
             then `inlet webhook register --renew`."
        ))),
        (_, "error" | "inactive") => Some(Problem::Stopped(format!(
            "Zid calls it {status}; `inlet webhook register --renew` makes it anew."
        ))),
        _ if inactive => Some(Problem::Stopped(
            "It is not active; `inlet webhook register --renew` makes it anew.".to_owned(),
        )),
        ("degraded", _) => Some(Problem::Degraded),
        _ => None,
    };
    let words = [status, health, if inactive { "inactive".to_owned() } else { String::new() }];
    let mut words: Vec<String> = words.into_iter().filter(|word| !word.is_empty()).collect();
    words.dedup();
    (words.join(", "), problem)
}

/// All subscriptions of the store.
struct Subscriptions<'r> {
    webhooks: &'r Webhooks,
    list: Vec<Subscription>,
}

impl Subscriptions<'_> {
    fn ours(&self, subscription: &Subscription) -> bool {
        self.webhooks.destination.contains(&subscription.target)
    }

    /// The call that removes this subscription; none where it would remove another one too.
    fn removal(&self, subscription: &Subscription) -> Option<Call> {
        let id = subscription.original_id.as_deref()?;
        let sharers = self.list.iter().filter(|other| other.original_id.as_deref() == Some(id)).count();
        (sharers == 1).then(|| self.webhooks.remove(id))
    }

    /// A number that no subscription has: each event's own, out of its name and of where it is sent.
    fn own_id(&self, event: &EventSpec, target: &Target) -> u64 {
        let taken =
            |id: u64| self.list.iter().any(|other| other.original_id.as_deref() == Some(&id.to_string()));
        let first = number(&format!("{}\n{target}", event.event));
        let more = self.list.len().saturating_add(1);
        (first..).take(more).find(|id| !taken(*id)).unwrap_or(first)
    }

    fn step(&self, event: &'static EventSpec, options: ChangeOptions) -> Result<Step, PlanError> {
        let target = self.webhooks.target(event);
        if event.event.starts_with(APP_MARKET) {
            let item = Item::new(Planned::Skip, event.event, target);
            return Ok(Step::nothing(
                item.noted("The app market's events are subscribed in the Partner Dashboard, for the app."),
            ));
        }
        if !is_a_stores(event) {
            let item = Item::new(Planned::Skip, event.event, target);
            return Ok(Step::nothing(
                item.noted("It is not an event of Zid's, only what is read where none is named."),
            ));
        }
        let id = self.webhooks.original_id.unwrap_or_else(|| self.own_id(event, &target));
        let make = self.webhooks.make(event, &target, id)?;
        let ours = || self.list.iter().filter(|other| other.event == event.event && self.ours(other));
        let Some(old) = ours().find(|other| other.target == target).or_else(|| ours().next()) else {
            return Ok(Step::call(Item::new(Planned::Add, event.event, target), make));
        };
        let there = old.target == target;
        if there && !options.renew {
            let item = |planned| Item::new(planned, event.event, target);
            return Ok(Step::nothing(match &old.problem {
                _ if !old.has(&self.webhooks.conditions) => {
                    item(Planned::Skip).noted("It has other conditions; --renew makes it anew with these.")
                }
                Some(Problem::Stopped(words)) => item(Planned::Skip).noted(words.clone()),
                Some(problem @ Problem::Degraded) => item(Planned::Keep).noted(problem.words()),
                None => item(Planned::Keep),
            }));
        }
        // A removal takes the new one along where both have one number.
        if old.original_id.as_deref().and_then(|id| id.parse().ok()) == Some(id) {
            return Err(PlanError::Option {
                name: ORIGINAL_ID,
                why: format!(
                    "is the number of the subscription of {} that is there already, and Zid would remove the new one \
                     with it: give another or none",
                    event.event
                ),
            });
        }
        match self.removal(old) {
            Some(delete) => {
                let items = vec![Item::new(Planned::Change, event.event, target)];
                Ok(Step { items, action: Action::Swap { make, delete } })
            }
            None => Err(PlanError::Shared {
                what: format!(
                    "the subscription of {} shares its original_id with others, and Zid would remove them too",
                    event.event
                ),
                next: "unregister all of them, then register again",
            }),
        }
    }
}

impl CurrentRegistrations for Subscriptions<'_> {
    fn registrations(&self) -> Vec<Registration> {
        let registration = |one: &Subscription| Registration {
            event: one.event.clone(),
            target: one.target.clone(),
            state: one.told(),
            problem: one.problem.as_ref().map(|problem| problem.words().to_owned()),
        };
        self.list.iter().map(registration).collect()
    }

    fn register(
        &self,
        events: &[&'static EventSpec],
        options: ChangeOptions,
    ) -> Result<Vec<Step>, PlanError> {
        let conditional = |event: &&EventSpec| CONDITIONAL.contains(&event.event);
        if !self.webhooks.conditions.is_empty() && (events.is_empty() || !events.iter().all(conditional)) {
            let name = self.webhooks.conditions.keys().next().copied().unwrap_or_default();
            let why =
                format!("is a condition: name the events that it is for, of {}", CONDITIONAL.join(" and "));
            return Err(PlanError::Option { name, why });
        }
        let all = || EVENTS.iter().filter(|event| is_a_stores(event)).collect();
        let events: Vec<&'static EventSpec> = if events.is_empty() { all() } else { events.to_vec() };
        events.into_iter().map(|event| self.step(event, options)).collect()
    }

    /// A removal takes all subscriptions with an id, so it is asked for once, and only where all of them are meant.
    fn unregister(&self, events: &[&'static EventSpec]) -> Result<Vec<Step>, PlanError> {
        let meant = |one: &Subscription| {
            self.ours(one) && (events.is_empty() || events.iter().any(|event| event.event == one.event))
        };
        let mut together: BTreeMap<Option<&str>, Vec<&Subscription>> = BTreeMap::new();
        for one in self.list.iter().filter(|one| meant(one)) {
            together.entry(one.original_id.as_deref()).or_default().push(one);
        }
        let step = |(id, ones): (Option<&str>, Vec<&Subscription>)| {
            let items = |planned: Planned, note: Option<&str>| -> Vec<Item> {
                let item = |one: &&Subscription| Item {
                    event: one.event.clone(),
                    target: one.target.clone(),
                    planned,
                    note: note.map(str::to_owned),
                };
                ones.iter().map(item).collect()
            };
            let skip = |note| Step { items: items(Planned::Skip, Some(note)), action: Action::Nothing };
            let Some(id) = id else {
                return skip("It has no original_id, by which alone Zid removes one.");
            };
            let sharers = self.list.iter().filter(|other| other.original_id.as_deref() == Some(id));
            if sharers.count() > ones.len() {
                return skip(
                    "It shares its original_id with one that is to stay, and Zid would remove both.",
                );
            }
            Step { items: items(Planned::Remove, None), action: Action::Call(self.webhooks.remove(id)) }
        };
        let mut steps: Vec<Step> = together.into_iter().map(step).collect();
        // By name, as the numbers mean nothing to anybody.
        steps.sort_by(|a, b| {
            a.items.first().map(|item| &item.event).cmp(&b.items.first().map(|item| &item.event))
        });
        Ok(steps)
    }
}

/// Whether an event is one that a store's subscription can be for: the rows of the app market and of shapes are not.
fn is_a_stores(event: &EventSpec) -> bool {
    Zid::sends(event) && !event.event.starts_with(APP_MARKET)
}

/// A number of 31 bits out of a text, the same for the same text: FNV-1a. It only has to be unlikely to be somebody
/// else's.
fn number(text: &str) -> u64 {
    let hash = text.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    });
    (hash ^ (hash >> 32)) & 0x7fff_ffff
}

#[cfg(test)]
mod tests;
