//! Tiki's `register-webhooks`: all topics with their URLs and keys in one call. No page tells how to see, change or
//! remove what is registered, and the page ends before the answer to a success.

use inlet::provider::catalogue::{EventSpec, text_at};
use inlet::secret::Secret;
use inlet::tools::registration::{
    Action, Api, ApiContext, BodyPart, Call, CallResult, ChangeOptions, CurrentRegistrations, Destination,
    Item, ListRequest, Options, PlanError, Planned, ProviderOption, Refusal, Registering, Registration,
    Reply, Step, Verb, WebhookApi,
};
use inlet::tools::sender::Sender as _;
use serde::Deserialize;
use serde_json::Value;

use crate::{Credential, Tiki};

/// How long a key is: "must be a 32-character string".
const KEY_CHARACTERS: usize = 32;

/// The topics in the order of the documented sample. An order's is mandatory.
const TOPICS: [&str; 3] = ["order", "stock", "aftersale"];

const WAREHOUSE: &str = "warehouse";
const PARTNER: &str = "partner";

impl Registering for Tiki {
    const PORTAL: inlet::tools::portal::Portal = crate::tools::portal::PORTAL;

    /// The newest copy of the page; older ones have <https://tikinowapi.tiki.vn>.
    const API: Option<Api> = Some(Api {
        base: "https://api.tikinow.vn",
        source: "https://open.tiki.vn/docs/docs/tikinow-smart-logistics/logistics-services/fulfillment-service/inventory/",
        access: &[("token", "the token of Tiki's get-token API, or of your public or in-house app")],
        options: &[
            ProviderOption {
                name: WAREHOUSE,
                help: "A warehouse's code, such as sgn, hn5 or tbn1; at least one, repeat it for more.",
            },
            ProviderOption {
                name: PARTNER,
                help: "Your shop's id or code, which stock events then carry as partner_id.",
            },
        ],
        can_list: false,
        open: |context| Ok(Box::new(Registry::open(&context)?)),
    });
}

#[derive(Deserialize)]
struct Access {
    token: Secret,
}

/// The API, opened for a store.
struct Registry {
    token: Secret,
    destination: Destination,
    newest: Option<Credential>,
    options: Options,
}

impl Registry {
    fn open(context: &ApiContext) -> Result<Self, PlanError> {
        let Access { token } = context.access()?;
        let newest = context.credentials().into_iter().next();
        Ok(Self { token, destination: context.destination.clone(), newest, options: context.options.clone() })
    }

    /// The keys are those of the newest credential: the store's older ones stay live until they are retired.
    fn key(&self, topic: &str) -> Result<&Secret, PlanError> {
        let key = self.newest.as_ref().and_then(|newest| match topic {
            "order" => newest.order.as_ref(),
            "stock" => newest.stock.as_ref(),
            _ => newest.aftersale.as_ref(),
        });
        let key = key.ok_or(PlanError::Credential("it has no key for each of the topics"))?;
        if key.characters() == KEY_CHARACTERS {
            Ok(key)
        } else {
            Err(PlanError::Credential("Tiki asks for keys of exactly 32 characters"))
        }
    }

    fn call(&self, topics: &[&'static str]) -> Result<Call, PlanError> {
        let warehouses = self.options.all(WAREHOUSE);
        if warehouses.is_empty() || warehouses.contains(&"") {
            let why = "is needed: Tiki registers webhooks for warehouses, by their codes";
            return Err(PlanError::Option { name: WAREHOUSE, why: why.to_owned() });
        }
        let webhook = |topic: &&'static str| {
            let url = BodyPart::Target(self.destination.target(Some(topic)));
            let key = BodyPart::Secret(self.key(topic)?.clone());
            Ok((*topic, BodyPart::object([("url", url), ("secret_key", key)])))
        };
        let webhooks = topics.iter().map(webhook).collect::<Result<Vec<_>, PlanError>>()?;
        let mut body = vec![
            ("sync_inventory_location", BodyPart::Plain(Value::from(warehouses))),
            ("sync_webhook", BodyPart::object(webhooks)),
        ];
        if let Some(partner) = self.options.one(PARTNER)? {
            body.push(("external_partner_id", BodyPart::text(partner)));
        }
        Ok(Call::new(Verb::Post, "/business/v1/register-webhooks")
            .secret_header("authorization", "Bearer ", &self.token)
            .json(BodyPart::object(body)))
    }
}

impl WebhookApi for Registry {
    fn list_request(&self) -> ListRequest<'_> {
        ListRequest::NotDocumented(Box::new(Unseen(self)))
    }

    fn present(&self, _: &Reply) -> Result<Box<dyn CurrentRegistrations + '_>, Refusal> {
        Ok(Box::new(Unseen(self)))
    }

    /// The documented error is `{"success": false, "error": {"message", "message_code"}}`; a success's body is not
    /// readable, so any other 2xx is one.
    fn call_result(&self, reply: &Reply) -> CallResult {
        let body = reply.json().unwrap_or_default();
        let denied = body.get("success") == Some(&Value::Bool(false));
        let words: Vec<String> =
            ["error.message_code", "error.message"].iter().filter_map(|path| text_at(&body, path)).collect();
        let words = words.join(": ");
        match reply.refusal(&words) {
            None if denied => CallResult::Refused(reply.refused(&words)),
            None => CallResult::Done,
            Some(failed @ Refusal::Failed { .. }) => CallResult::Unconfirmed(failed),
            Some(refusal) => CallResult::Refused(refusal),
        }
    }
}

/// What is registered: nobody can tell.
struct Unseen<'r>(&'r Registry);

impl CurrentRegistrations for Unseen<'_> {
    fn registrations(&self) -> Vec<Registration> {
        Vec::new()
    }

    /// Each call carries all topics that are wished for, and orders in any case.
    fn register(&self, events: &[&'static EventSpec], _: ChangeOptions) -> Result<Vec<Step>, PlanError> {
        let wished = |topic: &&'static str| {
            *topic == "order"
                || events.is_empty()
                || events.iter().any(|event| Tiki::address(event).topic.as_deref() == Some(*topic))
        };
        let topics: Vec<&'static str> = TOPICS.into_iter().filter(wished).collect();
        let call = self.0.call(&topics)?;
        let left_out: Vec<&str> = TOPICS.into_iter().filter(|topic| !topics.contains(topic)).collect();
        // "ChangeOptions out to not receive": that a call replaces the one before it is not documented, and likely.
        let loss = match &left_out[..] {
            [] => String::new(),
            _ => format!(
                " Left out: {}. Tiki is likely to send nothing of it any more, to nobody.",
                left_out.join(" and ")
            ),
        };
        let note = format!("Registered anew: whether it was before cannot be asked.{loss}");
        let items = topics.iter().map(|topic| {
            let item = Item::new(Planned::Change, *topic, self.0.destination.target(Some(topic)));
            item.noted(note.clone())
        });
        Ok(vec![Step { items: items.collect(), action: Action::Call(call) }])
    }

    fn unregister(&self, _: &[&'static EventSpec]) -> Result<Vec<Step>, PlanError> {
        Err(PlanError::NotDocumented("how to remove a webhook of Tiki's"))
    }
}

#[cfg(test)]
mod tests;
