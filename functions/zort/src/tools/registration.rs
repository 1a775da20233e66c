//! ZORT's `GetWebhook` and `UpdateWebhook`: one set of three keys and one URL per event, shared by all receivers of an
//! account. An update probably replaces all settings, so it contains everything that was set.
//!
//! <https://developers.zortout.com/overview/webhook>; the names of the later fields, the responses and the response of
//! an account without webhooks are those of a public integration.

use std::collections::BTreeMap;

use inlet::provider::catalogue::{EventSpec, text_at};
use inlet::secret::Secret;
use inlet::tools::registration::{
    Action, Api, ApiContext, ApiError, BodyPart, Call, CallResult, Change, ChangeOptions,
    CurrentRegistrations, Destination, Item, PlanError, Planned, Registering, Registration, Reply,
    SourceVisitor, Step, Target, Verb, WebhookApi,
};
use inlet::tools::sender::Sender as _;
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::{Credential, EVENTS, Zort};

/// The field of each event's URL. No field is known for three of the deletions, and no event for the fields of
/// contacts and warehouses.
const SLOTS: [(&str, &str); 20] = [
    ("ADDPRODUCT", "addproducturl"),
    ("UPDATEPRODUCT", "updateproducturl"),
    ("DELETEPRODUCT", "deleteproducturl"),
    ("UPDATEPRODUCTQUANTITY", "updatequantityurl"),
    ("ADDORDER", "addorderurl"),
    ("UPDATEORDER", "updateorderurl"),
    ("UPDATEORDERTRACKING", "updateordertrackingurl"),
    ("UPDATEORDERPAYMENT", "updateorderpaymenturl"),
    ("DELETEORDER", "deleteorderurl"),
    ("ADDPURCHASEORDER", "addpurchaseurl"),
    ("UPDATEPURCHASEORDER", "updatepurchaseurl"),
    ("UPDATEPURCHASEORDERPAYMENT", "updatepurchasepaymenturl"),
    ("ADDRETURNORDER", "addreturnorderurl"),
    ("UPDATERETURNORDER", "updatereturnorderurl"),
    ("UPDATERETURNORDERPAYMENT", "updatereturnorderpaymenturl"),
    ("ADDRETURNPURCHASEORDER", "addreturnpurchaseurl"),
    ("UPDATERETURNPURCHASEORDER", "updatereturnpurchaseurl"),
    ("UPDATERETURNPURCHASEORDERPAYMENT", "updatereturnpurchasepaymenturl"),
    ("ADDTRANSFER", "addtransferurl"),
    ("UPDATETRANSFER", "updatetransferurl"),
];

const KEYS: [&str; 3] = ["key1", "key2", "key3"];

/// Texts in the response of an account without webhooks.
const NOTHING_SET: [&str; 2] = ["invalid webhook", "webhook not found"];

/// The documented form of the response to `GetWebhook`.
const SETTINGS: &str = "an object with key1 and the events' URLs";

impl Registering for Zort {
    const PORTAL: inlet::tools::portal::Portal = crate::tools::portal::PORTAL;

    fn visit_source(visitor: &mut impl SourceVisitor) {
        visitor.visit::<Self>();
    }

    const API: Option<Api> = Some(Api {
        base: "https://open-api.zortout.com/v4",
        source: "https://developers.zortout.com/overview/webhook",
        access: &[
            ("storename", "the storename of ZORT's API"),
            ("apikey", "the apikey of ZORT's API"),
            ("apisecret", "the apisecret of ZORT's API"),
        ],
        options: &[],
        can_list: true,
        open: |context| Ok(Box::new(Account::open(&context)?)),
    });
}

#[derive(Deserialize)]
struct Access {
    storename: Secret,
    apikey: Secret,
    apisecret: Secret,
}

/// The API, opened for a store.
struct Account {
    access: Access,
    destination: Destination,
    newest: Option<Credential>,
}

impl Account {
    fn open(context: &ApiContext) -> Result<Self, PlanError> {
        let newest = context.credentials().into_iter().next();
        Ok(Self { access: context.access()?, destination: context.destination.clone(), newest })
    }

    fn call(&self, verb: Verb, path: &'static str) -> Call {
        Call::new(verb, path)
            .secret_header("storename", "", &self.access.storename)
            .secret_header("apikey", "", &self.access.apikey)
            .secret_header("apisecret", "", &self.access.apisecret)
    }

    /// Returns the keys to register.
    fn keys(&self) -> Result<[Secret; 3], PlanError> {
        let newest = self.newest.as_ref();
        let keys =
            newest.and_then(|newest| Some([newest.key1.clone(), newest.key2.clone()?, newest.key3.clone()?]));
        keys.ok_or(PlanError::Credential("ZORT requires key1, key2 and key3"))
    }

    fn target(&self, event: &EventSpec) -> Target {
        self.destination.target(Zort::address(event).topic.as_deref())
    }
}

impl WebhookApi for Account {
    fn list_call(&self) -> Option<Call> {
        Some(self.call(Verb::Get, "/Webhook/GetWebhook"))
    }

    /// The settings may come without a result code. A response that is neither settings nor a known text for "no
    /// webhook" is an error, not an empty list: an update would overwrite the settings.
    fn parse(&self, reply: &Reply) -> Result<CurrentRegistrations, ApiError> {
        let body = reply.json().unwrap_or_default();
        let settings = body.as_object().filter(|_| reply.is_success()).map(parse_settings).transpose();
        if let Some(settings) = settings.map_err(|NotAUrl| reply.unreadable(SETTINGS))?.flatten() {
            return Ok(settings);
        }
        let text = reply.text().to_ascii_lowercase();
        if NOTHING_SET.iter().any(|words| text.contains(words)) {
            return Ok(CurrentRegistrations::default());
        }
        let result = Outcome::read(&body);
        match reply.error(&result.words) {
            Some(error) => Err(error),
            None if result.failed() => Err(reply.reported_error(&result.words)),
            None => Err(reply.unreadable(SETTINGS)),
        }
    }

    fn plan(&self, current: &CurrentRegistrations, change: Change<'_>) -> Result<Vec<Step>, PlanError> {
        match change {
            Change::Register { events, options } => self.plan_register(current, events, options),
            Change::Unregister { events } => self.plan_unregister(current, events),
        }
    }

    fn call_result(&self, reply: &Reply) -> CallResult {
        let body = reply.json();
        let result = Outcome::read(&body.clone().unwrap_or_default());
        match reply.error(&result.words) {
            Some(failed @ ApiError::Failed { .. }) => CallResult::Unconfirmed(failed),
            Some(error) => CallResult::Rejected(error),
            None if result.failed() => CallResult::Rejected(reply.reported_error(&result.words)),
            None if body.is_some_and(|body| body.is_object()) => CallResult::Done,
            None => CallResult::Unconfirmed(reply.unreadable("an object with a resCode")),
        }
    }
}

impl Account {
    fn plan_register(
        &self,
        current: &CurrentRegistrations,
        events: &[&'static EventSpec],
        options: ChangeOptions,
    ) -> Result<Vec<Step>, PlanError> {
        let keys = self.keys()?;
        let mut urls = urls(current);
        let (mut steps, mut items) = (Vec::new(), Vec::new());
        for event in named_or_all(events) {
            let target = self.target(event);
            let Some(slot) = slot(event.event) else {
                // Reported only if the user named the event.
                if !events.is_empty() {
                    let item = Item::new(Planned::Skip, event.event, target);
                    steps.push(Step::nothing(item.noted("ZORT does not document the field of its URL.")));
                }
                continue;
            };
            let planned = match urls.get(slot).and_then(Option::as_ref) {
                Some(existing) if *existing == target => Planned::Keep,
                Some(existing) if self.is_ours(existing) || options.take_over => Planned::Change,
                Some(existing) => {
                    let item = Item::new(Planned::Skip, event.event, existing.clone());
                    let note = "Another receiver uses this event; --replace replaces its URL.";
                    steps.push(Step::nothing(item.noted(note)));
                    continue;
                }
                None => Planned::Add,
            };
            urls.insert(slot.to_owned(), Some(target.clone()));
            items.push(Item::new(planned, event.event, target));
        }
        let same_keys = current
            .shared_secrets
            .as_ref()
            .is_some_and(|set| set.len() == keys.len() && set.iter().zip(&keys).all(|(a, b)| a.equals(b)));
        let has_others = urls.values().flatten().any(|target| !self.is_ours(target));
        if !items.is_empty() && has_others && !same_keys && !options.take_over {
            return Err(PlanError::Shared {
                what: "all receivers of a ZORT account share one set of keys, and another receiver uses keys that \
                       are not this store's"
                    .to_owned(),
                next: "give this store the account's keys with `{inlet} secret rotate {store}`, or change the keys of all \
                       receivers with --replace",
            });
        }
        if items.iter().all(|item| item.planned == Planned::Keep) && same_keys {
            steps.extend(items.into_iter().map(Step::nothing));
        } else if !items.is_empty() {
            if !same_keys {
                for item in items.iter_mut().filter(|item| item.planned == Planned::Keep) {
                    item.planned = Planned::Change;
                    item.note = Some("With the store's newest keys.".to_owned());
                }
            }
            steps.push(Step { items, action: self.update(&keys, &urls) });
        }
        Ok(steps)
    }

    fn plan_unregister(
        &self,
        current: &CurrentRegistrations,
        events: &[&'static EventSpec],
    ) -> Result<Vec<Step>, PlanError> {
        let is_named = |slot_name: &str| {
            events.is_empty() || events.iter().any(|event| slot(event.event) == Some(slot_name))
        };
        let mut urls = urls(current);
        let mut items = Vec::new();
        for registration in &current.registrations {
            let name = slot_of(registration);
            if is_named(name) && self.is_ours(&registration.target) {
                urls.insert(name.to_owned(), None);
                let (event, target) = (registration.event.as_str(), registration.target.clone());
                items.push(Item::new(Planned::Remove, event, target));
            }
        }
        if items.is_empty() {
            return Ok(Vec::new());
        }
        let has_others = urls.values().flatten().any(|target| !self.is_ours(target));
        let keys = match &current.shared_secrets {
            Some(keys) => keys.clone(),
            None if has_others => {
                return Err(PlanError::Shared {
                    what: "ZORT requires three keys for every change, does not show all keys of the account, and \
                           other receivers use them"
                        .to_owned(),
                    next: "remove the URLs in ZORT's own settings, or give the account this store's keys for all \
                           receivers with `{inlet} webhook register {store} --replace`",
                });
            }
            None => self.keys()?.to_vec(),
        };
        Ok(vec![Step { items, action: self.update(&keys, &urls) }])
    }

    fn is_ours(&self, target: &Target) -> bool {
        self.destination.contains(target)
    }

    /// Returns the call that sets all keys and URLs. An empty URL switches an event off.
    fn update(&self, keys: &[Secret], urls: &BTreeMap<String, Option<Target>>) -> Action {
        let keys =
            KEYS.iter().zip(keys).map(|(name, key)| ((*name).to_owned(), BodyPart::Secret(key.clone())));
        let url = |(name, target): (&String, &Option<Target>)| {
            (name.clone(), target.clone().map_or_else(|| BodyPart::text(""), BodyPart::Target))
        };
        let body = keys.chain(urls.iter().map(url));
        let call = self.call(Verb::Post, "/Webhook/UpdateWebhook");
        Action::Call(call.json(BodyPart::object(body)))
    }
}

/// ZORT's own result, which counts instead of the HTTP status: `resCode` and `resDesc`, at the root or in `res`.
struct Outcome {
    code: Option<String>,
    words: String,
}

impl Outcome {
    fn read(body: &Value) -> Self {
        let either = |name: &str| text_at(body, name).or_else(|| text_at(body, &format!("res.{name}")));
        let code = either("resCode");
        let words: Vec<String> =
            code.iter().map(|code| format!("resCode {code}")).chain(either("resDesc")).collect();
        Self { code, words: words.join(": ") }
    }

    /// Returns true for every code but 200 and 201, which are success.
    fn failed(&self) -> bool {
        self.code.as_ref().is_some_and(|code| code != "200" && code != "201")
    }
}

/// A URL field is not text, so it cannot be sent back unchanged.
struct NotAUrl;

/// Reads an account's settings: three keys, and the URLs that are not empty. None if no known field is there.
fn parse_settings(fields: &Map<String, Value>) -> Result<Option<CurrentRegistrations>, NotAUrl> {
    let fields: BTreeMap<String, &Value> =
        fields.iter().map(|(name, value)| (name.to_ascii_lowercase(), value)).collect();
    let is_url = |name: &str| name.ends_with("url");
    if !fields.keys().any(|name| name == "key1" || is_url(name)) {
        return Ok(None);
    }
    let key = |name: &&str| Secret::new(fields.get(*name)?.as_str()?).ok();
    let registration = |(name, value): (&String, &&Value)| match value {
        Value::Null => None,
        Value::String(url) if url.trim().is_empty() => None,
        Value::String(url) => Some(Ok(Registration {
            event: event(name).unwrap_or(name).to_owned(),
            target: Target::from_provider(url.as_str()),
            ..Registration::default()
        })),
        _ => Some(Err(NotAUrl)),
    };
    let urls = fields.iter().filter(|(name, _)| is_url(name));
    Ok(Some(CurrentRegistrations {
        registrations: urls.filter_map(registration).collect::<Result<_, _>>()?,
        shared_secrets: KEYS.iter().map(key).collect(),
    }))
}

/// Returns the URLs by field name.
fn urls(current: &CurrentRegistrations) -> BTreeMap<String, Option<Target>> {
    let url = |one: &Registration| (slot_of(one).to_owned(), Some(one.target.clone()));
    current.registrations.iter().map(url).collect()
}

/// Returns the field of a registration: the field of its event, or its own name if no event is known for the field.
fn slot_of(registration: &Registration) -> &str {
    slot(&registration.event).unwrap_or(&registration.event)
}

fn named_or_all(events: &[&'static EventSpec]) -> Vec<&'static EventSpec> {
    if events.is_empty() { EVENTS.iter().collect() } else { events.to_vec() }
}

/// Returns the field of an event.
fn slot(event: &str) -> Option<&'static str> {
    SLOTS.iter().find(|(name, _)| *name == event).map(|(_, slot)| *slot)
}

/// Returns the event of a field.
fn event(slot: &str) -> Option<&'static str> {
    SLOTS.iter().find(|(_, name)| *name == slot).map(|(event, _)| *event)
}

#[cfg(test)]
mod tests;
