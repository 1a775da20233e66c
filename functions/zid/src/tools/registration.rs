//! Zid's webhooks API: one subscription per event, created, listed and removed. Nothing is changed in place:
//! integrators remove a subscription and create it again.
//!
//! <https://docs.zid.sa/create-a-webhook>, `/list-of-webhooks`, `/delete-a-webhook-by-original-id` and
//! `/webhook-health-tracking`. A removal takes every subscription of a store with the same `original_id`, so each
//! subscription gets its own, unless the user gives one.

use std::collections::BTreeMap;

use inlet::provider::catalogue::{EventSpec, text_at};
use inlet::secret::Secret;
use inlet::tools::registration::{
    Action, Api, ApiContext, ApiError, BodyPart, Call, CallResult, Change, ChangeOptions,
    CurrentRegistrations, Destination, Item, Options, PlanError, Planned, Problem, ProviderOption,
    Registering, Registration, Reply, SourceVisitor, Step, Target, Verb, WebhookApi,
};
use inlet::tools::sender::Sender as _;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{Credential, EVENTS, TOKEN, Zid};

const WEBHOOKS: &str = "/v1/managers/webhooks";

/// The subscriber's name. Older copies of the page require it, newer ones do not list it.
const SUBSCRIBER: &str = "inlet";

const ORIGINAL_ID: &str = "original_id";

/// The conditions with their values. An empty list means a number.
const CONDITIONS: [(&str, &[&str]); 3] = [
    ("status", &["new", "preparing", "ready", "inDelivery", "delivered", "cancelled"]),
    ("payment_method", &["Cash On Delivery", "Credit Card", "Bank Transfer"]),
    ("delivery_option_id", &[]),
];

/// The events that can have conditions.
const CONDITIONAL: [&str; 2] = ["order.create", "order.status.update"];

/// Prefix of the app market's events.
const APP_MARKET: &str = "app.market.";

impl Registering for Zid {
    const PORTAL: inlet::tools::portal::Portal = crate::tools::portal::PORTAL;

    fn visit_source(visitor: &mut impl SourceVisitor) {
        visitor.visit::<Self>();
    }

    const API: Option<Api> = Some(Api {
        base: "https://api.zid.sa",
        source: "https://docs.zid.sa/create-a-webhook",
        access: &[
            ("authorization", "the Authorization token; the API needs it together with the manager token"),
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
                help: "Number to subscribe with, such as the id of the app. Default: a number per event, so that each can be removed alone.",
            },
        ],
        can_list: true,
        open: |context| Ok(Box::new(Webhooks::open(&context)?)),
    });

    /// Returns true if Zid sends the event: the rows without a dot describe shapes of bodies.
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

/// The proof that Zid sends with each delivery.
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

    fn create(&self, event: &EventSpec, target: &Target, original_id: u64) -> Result<Call, PlanError> {
        let proof = self.proof.as_ref().ok_or(PlanError::Credential("the store has no usable credential"))?;
        // No condition is null, not an empty list.
        let conditions = if self.conditions.is_empty() { Value::Null } else { json!(self.conditions) };
        let mut body = vec![
            ("event", BodyPart::text(event.event)),
            ("target_url", BodyPart::Target(target.clone())),
            (ORIGINAL_ID, BodyPart::Plain(json!(original_id))),
            ("subscriber", BodyPart::text(SUBSCRIBER)),
            ("conditions", BodyPart::Plain(conditions)),
        ];
        // At the top level: Zid ignores them inside another object, and deliveries would have no proof.
        if let Proof::Basic(username, password) = proof {
            body.push(("username", BodyPart::Secret(username.clone())));
            body.push(("password", BodyPart::Secret(password.clone())));
        }
        Ok(self.call(Verb::Post).json(BodyPart::object(body)))
    }

    fn has_wanted_conditions(&self, existing: &Registration) -> bool {
        let wanted = self
            .conditions
            .iter()
            .map(|(name, value)| (*name, value.as_str().map_or(value.to_string(), str::to_owned)));
        wanted.eq(existing.conditions.iter().map(|(name, value)| (name.as_str(), value.clone())))
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

/// Returns the newest pair, or the newest token if the store has no pair.
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
    fn list_call(&self) -> Option<Call> {
        Some(self.call(Verb::Get))
    }

    /// The list is under `data`. Zid documents neither the form of an error nor pages of a long list.
    fn parse(&self, reply: &Reply) -> Result<CurrentRegistrations, ApiError> {
        if let Some(error) = reply.error(&reply.text()) {
            return Err(error);
        }
        let body = reply.json().unwrap_or_default();
        match body.get("data").and_then(Value::as_array) {
            Some(list) => Ok(CurrentRegistrations {
                registrations: list.iter().map(subscription).collect(),
                shared_secrets: None,
            }),
            None => Err(reply.unreadable("an object with a list under data")),
        }
    }

    fn plan(&self, current: &CurrentRegistrations, change: Change<'_>) -> Result<Vec<Step>, PlanError> {
        let subscriptions = Subscriptions { webhooks: self, list: &current.registrations };
        match change {
            Change::Register { events, options } => subscriptions.plan_register(events, options),
            Change::Unregister { events } => Ok(subscriptions.plan_unregister(events)),
        }
    }

    /// Zid does not document the response to a second subscription of the same kind. Integrators expect 409 and 422,
    /// and both may also be another error.
    fn call_result(&self, reply: &Reply) -> CallResult {
        match reply.error(&reply.text()) {
            None => CallResult::Done,
            Some(error @ ApiError::Rejected { status: 409 | 422, .. }) => CallResult::Unconfirmed(error),
            Some(error @ ApiError::Failed { .. }) => CallResult::Unconfirmed(error),
            Some(error) => CallResult::Rejected(error),
        }
    }
}

/// Reads a subscription of the store: of this receiver or of another.
fn subscription(entry: &Value) -> Registration {
    let text = |name: &str| text_at(entry, name);
    let conditions = entry.get("conditions").and_then(Value::as_object).into_iter().flatten();
    let conditions: BTreeMap<String, String> = conditions
        .filter_map(|(name, _)| Some((name.clone(), text_at(entry, &format!("conditions.{name}"))?)))
        .collect();
    let (state, problem) = state(entry);
    let state = Some(state).filter(|state| !state.is_empty());
    let words = conditions.iter().map(|(name, value)| format!("{name}={value}"));
    Registration {
        event: text("event").unwrap_or_default(),
        target: Target::from_provider(text("target_url").unwrap_or_default()),
        state: state.into_iter().chain(words).collect::<Vec<_>>().join(", "),
        problem,
        id: text(ORIGINAL_ID).filter(|id| !id.is_empty()),
        conditions,
    }
}

/// Reads the state and the problem of a subscription: docs.zid.sa/webhook-health-tracking.
fn state(entry: &Value) -> (String, Option<Problem>) {
    let text = |name: &str| text_at(entry, name);
    let (status, health) = (text("status").unwrap_or_default(), text("health_status").unwrap_or_default());
    let inactive = entry.get("active") == Some(&Value::Bool(false));
    let since = text("broken_at").map(|at| format!(" since {at}")).unwrap_or_default();
    let problem = match (health.as_str(), status.as_str()) {
        ("broken", _) => Some(Problem::Stopped(format!(
            "Broken{since}: Zid sends nothing and has discarded its backlog. Correct the cause of the failures, then \
             run `{{inlet}} webhook register {{store}} --renew`."
        ))),
        (_, "error" | "inactive") => Some(Problem::Stopped(format!(
            "Its status is {status}; `{{inlet}} webhook register {{store}} --renew` recreates it."
        ))),
        _ if inactive => Some(Problem::Stopped(
            "It is not active; `{inlet} webhook register {store} --renew` recreates it.".to_owned(),
        )),
        ("degraded", _) => Some(Problem::Degraded(
            "Ten or more deliveries failed within the last hour; after thirty Zid stops sending.".to_owned(),
        )),
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
    list: &'r [Registration],
}

impl Subscriptions<'_> {
    fn is_ours(&self, subscription: &Registration) -> bool {
        self.webhooks.destination.contains(&subscription.target)
    }

    /// Returns the call that removes this subscription. None if it would remove another one too.
    fn removal(&self, subscription: &Registration) -> Option<Call> {
        let id = subscription.id.as_deref()?;
        let sharers = self.list.iter().filter(|other| other.id.as_deref() == Some(id)).count();
        (sharers == 1).then(|| self.webhooks.remove(id))
    }

    /// Returns an id that no subscription has, derived from the event's name and the URL.
    fn own_id(&self, event: &EventSpec, target: &Target) -> u64 {
        let is_taken = |id: u64| self.list.iter().any(|other| other.id.as_deref() == Some(&id.to_string()));
        let first = number(&format!("{}\n{target}", event.event));
        let more = self.list.len().saturating_add(1);
        (first..).take(more).find(|id| !is_taken(*id)).unwrap_or(first)
    }

    fn plan_register(
        &self,
        events: &[&'static EventSpec],
        options: ChangeOptions,
    ) -> Result<Vec<Step>, PlanError> {
        let is_conditional = |event: &&EventSpec| CONDITIONAL.contains(&event.event);
        if !self.webhooks.conditions.is_empty() && (events.is_empty() || !events.iter().all(is_conditional)) {
            let name = self.webhooks.conditions.keys().next().copied().unwrap_or_default();
            let why = format!("is a condition: name its events, {}", CONDITIONAL.join(" or "));
            return Err(PlanError::Option { name, why });
        }
        let all = || EVENTS.iter().filter(|event| is_a_stores(event)).collect();
        let events: Vec<&'static EventSpec> = if events.is_empty() { all() } else { events.to_vec() };
        events.into_iter().map(|event| self.step(event, options)).collect()
    }

    fn step(&self, event: &'static EventSpec, options: ChangeOptions) -> Result<Step, PlanError> {
        let target = self.webhooks.target(event);
        if event.event.starts_with(APP_MARKET) {
            let item = Item::new(Planned::Skip, event.event, target);
            return Ok(Step::nothing(item.noted(
                "Subscribe the app market's events for the app in the Partner Dashboard; the API cannot do it.",
            )));
        }
        if !is_a_stores(event) {
            let item = Item::new(Planned::Skip, event.event, target);
            return Ok(Step::nothing(
                item.noted("Zid has no event of this name: Inlet uses it for bodies without an event name."),
            ));
        }
        let id = self.webhooks.original_id.unwrap_or_else(|| self.own_id(event, &target));
        let create = self.webhooks.create(event, &target, id)?;
        let ours = || self.list.iter().filter(|other| other.event == event.event && self.is_ours(other));
        let Some(old) = ours().find(|other| other.target == target).or_else(|| ours().next()) else {
            return Ok(Step::call(Item::new(Planned::Add, event.event, target), create));
        };
        if old.target == target && !options.renew {
            let item = |planned| Item::new(planned, event.event, target);
            return Ok(Step::nothing(match &old.problem {
                _ if !self.webhooks.has_wanted_conditions(old) => {
                    item(Planned::Skip).noted("It has other conditions; --renew recreates it with these.")
                }
                Some(Problem::Stopped(text)) => item(Planned::Skip).noted(text.clone()),
                Some(Problem::Degraded(text)) => item(Planned::Keep).noted(text.clone()),
                None => item(Planned::Keep),
            }));
        }
        // The removal of the old one would also remove the new one if both have the same id.
        if old.id.as_deref().and_then(|id| id.parse().ok()) == Some(id) {
            return Err(PlanError::Option {
                name: ORIGINAL_ID,
                why: format!(
                    "is the id of the existing subscription of {}, and Zid would remove the new one with it: give \
                     another id or none",
                    event.event
                ),
            });
        }
        match self.removal(old) {
            Some(delete) => {
                let items = vec![Item::new(Planned::Change, event.event, target)];
                Ok(Step { items, action: Action::Swap { create, delete } })
            }
            None => Err(PlanError::Shared {
                what: format!(
                    "the subscription of {} shares its original_id with others, and Zid would remove them too",
                    event.event
                ),
                next: "unregister all of them, then register them again",
            }),
        }
    }

    /// Returns one step per id, because a removal takes all subscriptions with an id. An id that another receiver
    /// shares is left alone.
    fn plan_unregister(&self, events: &[&'static EventSpec]) -> Vec<Step> {
        let is_named = |one: &Registration| {
            self.is_ours(one) && (events.is_empty() || events.iter().any(|event| event.event == one.event))
        };
        let mut by_id: BTreeMap<Option<&str>, Vec<&Registration>> = BTreeMap::new();
        for one in self.list.iter().filter(|one| is_named(one)) {
            by_id.entry(one.id.as_deref()).or_default().push(one);
        }
        let step = |(id, ones): (Option<&str>, Vec<&Registration>)| {
            let items = |planned: Planned, note: Option<&str>| -> Vec<Item> {
                let item = |one: &&Registration| Item {
                    event: one.event.clone(),
                    target: one.target.clone(),
                    planned,
                    note: note.map(str::to_owned),
                };
                ones.iter().map(item).collect()
            };
            let skip = |note| Step { items: items(Planned::Skip, Some(note)), action: Action::Nothing };
            let Some(id) = id else {
                return skip("It has no original_id, and Zid removes subscriptions only by original_id.");
            };
            let sharers = self.list.iter().filter(|other| other.id.as_deref() == Some(id));
            if sharers.count() > ones.len() {
                return skip(
                    "It shares its original_id with a subscription to keep, and Zid would remove both.",
                );
            }
            Step { items: items(Planned::Remove, None), action: Action::Call(self.webhooks.remove(id)) }
        };
        let mut steps: Vec<Step> = by_id.into_iter().map(step).collect();
        // By event name: the ids are arbitrary numbers.
        steps.sort_by(|a, b| {
            a.items.first().map(|item| &item.event).cmp(&b.items.first().map(|item| &item.event))
        });
        steps
    }
}

/// Returns true if a store can subscribe to the event: not for the app market's events and for shapes of bodies.
fn is_a_stores(event: &EventSpec) -> bool {
    Zid::sends(event) && !event.event.starts_with(APP_MARKET)
}

/// Returns a number of 31 bits, the same for the same text (FNV-1a). A clash with another receiver's id is only
/// unlikely, and [`Subscriptions::own_id`] avoids it.
fn number(text: &str) -> u64 {
    let hash = text.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    });
    (hash ^ (hash >> 32)) & 0x7fff_ffff
}

#[cfg(test)]
mod tests;
