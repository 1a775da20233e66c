//! ZORT's `GetWebhook` and `UpdateWebhook`: one set of three keys and one URL a trigger, for all receivers of an
//! account together. An update replaces the whole, as far as can be told, so it carries everything that was there.
//!
//! <https://developers.zortout.com/overview/webhook>; the names of the later fields, the answers and what an
//! account without webhooks answers are those that a public integration works with.

use std::collections::BTreeMap;

use inlet::provider::catalogue::{EventSpec, text_at};
use inlet::secret::Secret;
use inlet::tools::registration::{
    Action, Api, ApiContext, BodyPart, Call, CallResult, ChangeOptions, CurrentRegistrations, Destination,
    Item, ListRequest, PlanError, Planned, Refusal, Registering, Registration, Reply, Step, Target, Verb,
    WebhookApi,
};
use inlet::tools::sender::Sender as _;
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::{Credential, EVENTS, Zort};

/// The field of each trigger's URL. No field is known for three of the deletions, and no trigger for the fields of
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

/// What an account without webhooks answers with, somewhere in its text.
const NOTHING_SET: [&str; 2] = ["invalid webhook", "webhook not found"];

/// What is expected of `GetWebhook`.
const SETTINGS: &str = "an object with key1 and the triggers' URLs";

impl Registering for Zort {
    const PORTAL: inlet::tools::portal::Portal = crate::tools::portal::PORTAL;

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

    /// The keys that are to be registered.
    fn keys(&self) -> Result<Keys, PlanError> {
        let newest = self.newest.as_ref();
        let keys =
            newest.and_then(|newest| Some([newest.key1.clone(), newest.key2.clone()?, newest.key3.clone()?]));
        keys.ok_or(PlanError::Credential("ZORT asks for all of key1, key2 and key3"))
    }

    fn target(&self, event: &EventSpec) -> Target {
        self.destination.target(Zort::address(event).topic.as_deref())
    }
}

type Keys = [Secret; 3];

impl WebhookApi for Account {
    fn list_request(&self) -> ListRequest<'_> {
        ListRequest::Call(self.call(Verb::Get, "/Webhook/GetWebhook"))
    }

    /// The settings may come without a result code. What is neither they nor a known word for none is not taken for
    /// empty: an update would overwrite it.
    fn present(&self, reply: &Reply) -> Result<Box<dyn CurrentRegistrations + '_>, Refusal> {
        let body = reply.json().unwrap_or_default();
        let settings = body.as_object().filter(|_| reply.is_success()).map(Settings::read).transpose();
        if let Some(settings) = settings.map_err(|NotAUrl| reply.unreadable(SETTINGS))?.flatten() {
            return Ok(Box::new(Triggers { account: self, settings }));
        }
        let text = reply.text().to_ascii_lowercase();
        if NOTHING_SET.iter().any(|words| text.contains(words)) {
            return Ok(Box::new(Triggers { account: self, settings: Settings::default() }));
        }
        let result = Outcome::read(&body);
        match reply.refusal(&result.words) {
            Some(refusal) => Err(refusal),
            None if result.failed() => Err(reply.refused(&result.words)),
            None => Err(reply.unreadable(SETTINGS)),
        }
    }

    fn call_result(&self, reply: &Reply) -> CallResult {
        let body = reply.json();
        let result = Outcome::read(&body.clone().unwrap_or_default());
        match reply.refusal(&result.words) {
            Some(failed @ Refusal::Failed { .. }) => CallResult::Unconfirmed(failed),
            Some(refusal) => CallResult::Refused(refusal),
            None if result.failed() => CallResult::Refused(reply.refused(&result.words)),
            None if body.is_some_and(|body| body.is_object()) => CallResult::Done,
            None => CallResult::Unconfirmed(reply.unreadable("an object with a resCode")),
        }
    }
}

/// ZORT's own result, which counts whatever the HTTP status is: `resCode` and `resDesc`, at the root or in `res`.
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

    /// 200 is success, and 201 another one.
    fn failed(&self) -> bool {
        self.code.as_ref().is_some_and(|code| code != "200" && code != "201")
    }
}

/// What an account has set: three keys, and the URLs that are not empty, by their fields' names.
#[derive(Default)]
struct Settings {
    keys: Option<Keys>,
    urls: BTreeMap<String, Target>,
}

/// A URL is no text, so that it could not be sent back as it is.
struct NotAUrl;

impl Settings {
    /// Reads the settings; none where no field of theirs is there.
    fn read(fields: &Map<String, Value>) -> Result<Option<Self>, NotAUrl> {
        let fields: BTreeMap<String, &Value> =
            fields.iter().map(|(name, value)| (name.to_ascii_lowercase(), value)).collect();
        let is_url = |name: &str| name.ends_with("url");
        if !fields.keys().any(|name| name == "key1" || is_url(name)) {
            return Ok(None);
        }
        let key = |name: &str| Secret::new(fields.get(name)?.as_str()?).ok();
        let keys = || Some([key(KEYS[0])?, key(KEYS[1])?, key(KEYS[2])?]);
        let url = |(name, value): (&String, &&Value)| match value {
            Value::Null => None,
            Value::String(url) if url.trim().is_empty() => None,
            Value::String(url) => Some(Ok((name.clone(), Target::from_provider(url.as_str())))),
            _ => Some(Err(NotAUrl)),
        };
        let urls: BTreeMap<String, Target> =
            fields.iter().filter(|(name, _)| is_url(name)).filter_map(url).collect::<Result<_, _>>()?;
        Ok(Some(Self { keys: keys(), urls }))
    }
}

/// An account's triggers and where they are sent.
struct Triggers<'r> {
    account: &'r Account,
    settings: Settings,
}

impl Triggers<'_> {
    fn ours(&self, target: &Target) -> bool {
        self.account.destination.contains(target)
    }

    /// Everything that is set, and blank what is to be switched off.
    fn update(&self, keys: &Keys, urls: &BTreeMap<String, Option<Target>>) -> Action {
        let keys =
            KEYS.iter().zip(keys).map(|(name, key)| ((*name).to_owned(), BodyPart::Secret(key.clone())));
        let url = |(name, target): (&String, &Option<Target>)| {
            (name.clone(), target.clone().map_or_else(|| BodyPart::text(""), BodyPart::Target))
        };
        let body = keys.chain(urls.iter().map(url));
        let call = self.account.call(Verb::Post, "/Webhook/UpdateWebhook");
        Action::Call(call.json(BodyPart::object(body)))
    }

    fn urls(&self) -> BTreeMap<String, Option<Target>> {
        self.settings.urls.iter().map(|(name, target)| (name.clone(), Some(target.clone()))).collect()
    }
}

impl CurrentRegistrations for Triggers<'_> {
    fn registrations(&self) -> Vec<Registration> {
        let known = |slot: &str| SLOTS.iter().find(|(_, name)| *name == slot);
        let registration = |(slot, target): (&String, &Target)| Registration {
            event: known(slot).map_or_else(|| slot.clone(), |(event, _)| (*event).to_owned()),
            target: target.clone(),
            state: String::new(),
            problem: None,
        };
        self.settings.urls.iter().map(registration).collect()
    }

    fn register(
        &self,
        events: &[&'static EventSpec],
        options: ChangeOptions,
    ) -> Result<Vec<Step>, PlanError> {
        let keys = self.account.keys()?;
        let mut urls = self.urls();
        let (mut steps, mut items) = (Vec::new(), Vec::new());
        for event in named_or_all(events) {
            let target = self.account.target(event);
            let Some(slot) = slot(event) else {
                // Where nobody asked for it, it needs no word.
                if !events.is_empty() {
                    let item = Item::new(Planned::Skip, event.event, target);
                    steps.push(Step::nothing(
                        item.noted("Which field its URL belongs into is not documented."),
                    ));
                }
                continue;
            };
            let planned = match self.settings.urls.get(slot) {
                Some(there) if *there == target => Planned::Keep,
                Some(there) if self.ours(there) || options.take_over => Planned::Change,
                Some(there) => {
                    let note = "Another receiver has it; --replace takes it over.";
                    steps.push(Step::nothing(
                        Item::new(Planned::Skip, event.event, there.clone()).noted(note),
                    ));
                    continue;
                }
                None => Planned::Add,
            };
            urls.insert(slot.to_owned(), Some(target.clone()));
            items.push(Item::new(planned, event.event, target));
        }
        let set = self.settings.keys.as_ref();
        let same_keys = set.is_some_and(|set| set.iter().zip(&keys).all(|(a, b)| a.equals(b)));
        let others = urls.values().flatten().any(|target| !self.ours(target));
        if !items.is_empty() && others && !same_keys && !options.take_over {
            return Err(PlanError::Shared {
                what: "all receivers of an account share one set of keys, and another one goes by keys that are not \
                       this store's"
                    .to_owned(),
                next: "give this store the account's keys too, with `inlet secret rotate`; or change them for all \
                       with --replace",
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

    fn unregister(&self, events: &[&'static EventSpec]) -> Result<Vec<Step>, PlanError> {
        let wished =
            |slot_name: &str| events.is_empty() || events.iter().any(|event| slot(event) == Some(slot_name));
        let mut urls = self.urls();
        let mut items = Vec::new();
        for (name, target) in self.settings.urls.iter().filter(|(name, _)| wished(name)) {
            let event = SLOTS.iter().find(|(_, slot)| slot == name).map_or(name.as_str(), |(event, _)| event);
            if self.ours(target) {
                urls.insert(name.clone(), None);
                items.push(Item::new(Planned::Remove, event, target.clone()));
            }
        }
        if items.is_empty() {
            return Ok(Vec::new());
        }
        let others = urls.values().flatten().any(|target| !self.ours(target));
        let keys = match &self.settings.keys {
            Some(keys) => keys.clone(),
            None if others => {
                return Err(PlanError::Shared {
                    what: "ZORT asks for three keys with every change and does not show all that the account has, and \
                           other receivers go by them"
                        .to_owned(),
                    next: "take the URLs out in ZORT's own settings; or give the account this store's keys, for all \
                           receivers, with `inlet webhook register --replace`",
                });
            }
            None => self.account.keys()?,
        };
        Ok(vec![Step { items, action: self.update(&keys, &urls) }])
    }
}

fn named_or_all(events: &[&'static EventSpec]) -> Vec<&'static EventSpec> {
    if events.is_empty() { EVENTS.iter().collect() } else { events.to_vec() }
}

fn slot(event: &EventSpec) -> Option<&'static str> {
    SLOTS.iter().find(|(name, _)| *name == event.event).map(|(_, slot)| *slot)
}

#[cfg(test)]
mod tests;
