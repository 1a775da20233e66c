//! Tiki's `register-webhooks`: all topics with their URLs and keys in one call. Tiki documents no call that lists,
//! changes or removes a registration, and its page ends before the response to a success.

use inlet::provider::catalogue::text_at;
use inlet::secret::Secret;
use inlet::tools::registration::{
    Action, Api, ApiContext, ApiError, BodyPart, Call, CallResult, Change, CurrentRegistrations, Destination,
    Item, Options, PlanError, Planned, ProviderOption, Registering, Reply, SourceVisitor, Step, Verb,
    WebhookApi,
};
use inlet::tools::sender::Sender as _;
use serde::Deserialize;
use serde_json::Value;

use crate::{Credential, Tiki};

/// Length of a key: "must be a 32-character string".
const KEY_CHARACTERS: usize = 32;

/// The topics in the order of the documented sample. `order` is mandatory.
const TOPICS: [&str; 3] = ["order", "stock", "aftersale"];

const WAREHOUSE: &str = "warehouse";
const PARTNER: &str = "partner";

impl Registering for Tiki {
    const PORTAL: inlet::tools::portal::Portal = crate::tools::portal::PORTAL;

    fn visit_source(visitor: &mut impl SourceVisitor) {
        visitor.visit::<Self>();
    }

    /// From the newest copy of the page. Older copies have <https://tikinowapi.tiki.vn>.
    const API: Option<Api> = Some(Api {
        base: "https://api.tikinow.vn",
        source: "https://open.tiki.vn/docs/docs/tikinow-smart-logistics/logistics-services/fulfillment-service/inventory/",
        access: &[("token", "the token of Tiki's get-token API, or of your public or in-house app")],
        options: &[
            ProviderOption {
                name: WAREHOUSE,
                help: "Code of a warehouse, such as sgn, hn5 or tbn1. Required; repeat the option for several.",
            },
            ProviderOption {
                name: PARTNER,
                help: "Id or code of your shop. Stock events then contain it as partner_id.",
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

    /// Returns the key of a topic from the newest credential. Older credentials stay live until they are retired.
    fn key(&self, topic: &str) -> Result<&Secret, PlanError> {
        let key = self.newest.as_ref().and_then(|newest| match topic {
            "order" => newest.order.as_ref(),
            "stock" => newest.stock.as_ref(),
            _ => newest.aftersale.as_ref(),
        });
        let key = key.ok_or(PlanError::Credential("it has no key of 32 characters for every topic"))?;
        if key.characters() == KEY_CHARACTERS {
            Ok(key)
        } else {
            Err(PlanError::Credential("Tiki requires keys of exactly 32 characters"))
        }
    }

    fn call(&self, topics: &[&'static str]) -> Result<Call, PlanError> {
        let warehouses = self.options.all(WAREHOUSE);
        if warehouses.is_empty() || warehouses.contains(&"") {
            let why = "is required: Tiki registers webhooks per warehouse code";
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
    /// The API documents no list.
    fn list_call(&self) -> Option<Call> {
        None
    }

    fn parse(&self, _: &Reply) -> Result<CurrentRegistrations, ApiError> {
        Ok(CurrentRegistrations::default())
    }

    /// Each call contains all wanted topics, and always orders.
    fn plan(&self, _: &CurrentRegistrations, change: Change<'_>) -> Result<Vec<Step>, PlanError> {
        let Change::Register { events, .. } = change else {
            return Err(PlanError::NotDocumented("the removal of Tiki's webhooks"));
        };
        let is_wanted = |topic: &&'static str| {
            *topic == "order"
                || events.is_empty()
                || events.iter().any(|event| Tiki::address(event).topic.as_deref() == Some(*topic))
        };
        let topics: Vec<&'static str> = TOPICS.into_iter().filter(is_wanted).collect();
        let call = self.call(&topics)?;
        let left_out: Vec<&str> = TOPICS.into_iter().filter(|topic| !topics.contains(topic)).collect();
        // "Leave out to not receive": probably, but not documented, a call replaces the one before it.
        let loss = match &left_out[..] {
            [] => String::new(),
            _ => format!(
                " Left out: {}. Tiki will probably stop sending these topics to every receiver.",
                left_out.join(" and ")
            ),
        };
        let note = format!("Tiki cannot list registrations: this call replaces any earlier one.{loss}");
        let items = topics.iter().map(|topic| {
            let item = Item::new(Planned::Change, *topic, self.destination.target(Some(topic)));
            item.noted(note.clone())
        });
        Ok(vec![Step { items: items.collect(), action: Action::Call(call) }])
    }

    /// The documented success is `{"success": true, "meta_data": {"request_id"}}`, the documented error `{"success":
    /// false, "error": {"message", "message_code"}, "meta_data": {"request_id"}}`. Any other body is neither, for
    /// example HTML with a 2xx status. Tiki's support asks for the request id.
    fn call_result(&self, reply: &Reply) -> CallResult {
        let body = reply.json().unwrap_or_default();
        let words: Vec<String> =
            ["error.message_code", "error.message"].iter().filter_map(|path| text_at(&body, path)).collect();
        let request = text_at(&body, "meta_data.request_id").map(|id| format!("request {id}"));
        let words = [words.join(": "), request.clone().unwrap_or_default()];
        let words = words.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(", ");
        match (reply.error(&words), body.get("success").and_then(Value::as_bool)) {
            (None, Some(true)) => match request {
                Some(request) => CallResult::DoneWithNote(format!("Tiki's {request}")),
                None => CallResult::Done,
            },
            (None, Some(false)) => CallResult::Rejected(reply.reported_error(&words)),
            (None, None) => CallResult::Unconfirmed(reply.unreadable("an object with success: true")),
            (Some(failed @ ApiError::Failed { .. }), _) => CallResult::Unconfirmed(failed),
            (Some(error), _) => CallResult::Rejected(error),
        }
    }
}

#[cfg(test)]
mod tests;
