//! The tools of an agent. Tools that change something have names of their own, exist with --allow-write only, and act
//! only when they are given the count of a call before.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use inlet::received_at::ReceivedAt;
use inlet_aws::client::clock;
use inlet_aws::dynamodb::time_index::Arrival;
use inlet_aws::history::entity;
use inlet_aws::history::event_status::event_statuses;
use inlet_aws::operate::dead_letters::{HeldLetters, LetterFilter};
use inlet_aws::operate::forget::Entity;
use inlet_aws::operate::quarantine_list::count_quarantined;
use rmcp::model::{JsonObject, Tool};
use serde_json::{Value, json};

use crate::console::overview::Overview;
use crate::console::work::{Counted, Plan, Work};
use crate::credentials::without_credentials;
use crate::deployment::Deployment;
use crate::deployment::address::StoreAddress;
use crate::deployment::stores;
use crate::events::list::State;
use crate::events::page::{Wanted, read};
use crate::events::quarantined::newest_quarantined;
use crate::failure::Failure;
use crate::input::event_ids::EventRef;
use crate::input::filters::{EntityArg, Filters};
use crate::input::time_arg::{TimeArg, now_plus_skew};
use crate::mcp::arguments::{
    ForgetEntity, ListEvents, Listing, MAX_LIMIT, Nothing, RedriveAll, ReplayEvents, ReverifyStores,
    ShowEvent, Timeline, limit, parsed, unusable,
};
use crate::mcp::descriptions::{Description, Effect, descriptions};
use crate::mcp::dry_calls::{Counts, key_of};
use crate::mcp::fence::{RULE, fenced};
use crate::options::DeploymentArgs;
use crate::output::counted;
use crate::personal::{mask_data, mask_message};
use crate::providers::{ALL, ProviderHandle};
use crate::zone::Zone;

/// The time after which a search pauses.
const TIME_LIMIT: Duration = Duration::from_secs(5);

/// The tools of one deployment.
pub(super) struct Tools {
    deployment: Deployment,
    allow_write: bool,
    work: Arc<Work>,
    counts: Mutex<Counts>,
}

impl Tools {
    /// Returns the tools of a deployment.
    pub(super) fn new(deployment: Deployment, allow_write: bool) -> Self {
        Self { deployment, allow_write, work: Arc::default(), counts: Mutex::default() }
    }

    /// Returns what outlives the last call of a tool: the actions that run, and the dead letters that are held.
    pub(super) fn unfinished(&self) -> (Arc<Work>, HeldLetters) {
        (Arc::clone(&self.work), self.deployment.held_letters.clone())
    }

    /// Returns the options that selected the deployment, for hints.
    pub(super) fn options(&self) -> &DeploymentArgs {
        &self.deployment.options
    }

    /// Returns the instructions to the agent.
    pub(super) fn instructions(&self) -> String {
        let inlet = &self.deployment.inlet;
        let writes = if self.allow_write {
            "Tools whose names begin with `change_` change the deployment. Call each without `confirm_count` first: it \
             counts and changes nothing. Show the count to the person you work for, and repeat the call with it only \
             if that person agrees."
                .to_owned()
        } else {
            format!(
                "All tools only read. To change something, the person you work for starts `{inlet} mcp --allow-write`."
            )
        };
        format!(
            "Inlet receives webhooks of commerce providers. These tools show the deployment of the stack {}. Personal \
             data is masked as •••, and no tool shows it. {RULE} {writes}",
            self.deployment.stack
        )
    }

    /// Returns the descriptions of all tools that exist.
    pub(super) fn list(&self) -> Vec<Tool> {
        descriptions()
            .into_iter()
            .filter(|tool| self.allow_write || tool.effect == Effect::Reads)
            .map(Description::into_tool)
            .collect()
    }

    /// Calls a tool. None if there is no tool of this name.
    pub(super) async fn call(&self, name: &str, arguments: JsonObject) -> Option<Result<String, Failure>> {
        let known = descriptions().into_iter().find(|tool| tool.name == name)?;
        if known.effect != Effect::Reads && !self.allow_write {
            return None;
        }
        let arguments = Value::Object(arguments);
        Some(match name {
            "status" => match parsed::<Nothing>(arguments) {
                Ok(_) => Ok(Box::pin(self.status()).await),
                Err(failure) => Err(failure),
            },
            "list_events" => match parsed(arguments) {
                Ok(wanted) => self.list_events(wanted).await,
                Err(failure) => Err(failure),
            },
            "show_event" => match parsed(arguments) {
                Ok(ShowEvent { id }) => self.show_event(&id).await,
                Err(failure) => Err(failure),
            },
            "entity_timeline" => match parsed(arguments) {
                Ok(Timeline { entity }) => self.timeline(&entity).await,
                Err(failure) => Err(failure),
            },
            "list_quarantine" => match parsed(arguments) {
                Ok(wanted) => self.quarantine(wanted).await,
                Err(failure) => Err(failure),
            },
            "list_dead_letters" => match parsed(arguments) {
                Ok(wanted) => self.dead_letters(wanted).await,
                Err(failure) => Err(failure),
            },
            "list_stores" => match parsed::<Nothing>(arguments) {
                Ok(_) => self.stores().await,
                Err(failure) => Err(failure),
            },
            _ => self.change(name, arguments).await,
        })
    }

    async fn status(&self) -> String {
        let Overview { read_at, figures, queue, dead_letters, alarms, breakers } =
            Box::pin(Overview::read(&self.deployment)).await;
        let milliseconds = |delay: Duration| u64::try_from(delay.as_millis()).unwrap_or(u64::MAX);
        let problem = |text: String| json!({ "not_known": text });
        let figures = figures.map(|figures| {
            json!({
                "accepted": figures.accepted.iter().sum::<u64>(),
                "duplicates": figures.duplicates,
                "refused": figures.refused.iter().sum::<u64>(),
                "refused_by_reason": figures.by_reason,
                "delay_ms_p50_p95_p99": figures.delays.map(|delays| delays.map(milliseconds)),
                "oldest_unprocessed_seconds": figures.oldest_waiting.map(|age| age.as_secs()),
            })
        });
        let depth =
            |depth: inlet_aws::sqs::QueueDepth| json!({"waiting": depth.visible, "in_work": depth.in_flight});
        let alarms = alarms.map(|alarms| json!({"known": alarms.known, "in_alarm": alarms.ringing}));
        let breakers = breakers.map(|rows| {
            let row = |row: &crate::console::overview::BreakerStatus| {
                json!({
                    "store": row.store, "failures": row.failures, "provider_warns_at": row.warn_at,
                    "provider_stops_at": row.disable_at, "window_minutes": row.minutes,
                })
            };
            Value::Array(rows.iter().map(row).collect())
        });
        let data = json!({
            "stack": self.deployment.stack,
            "stage": self.deployment.stage,
            "read_at": read_at.to_string(),
            "last_24_hours": figures.unwrap_or_else(problem),
            "queue": queue.map_or_else(problem, depth),
            "dead_letters": dead_letters.map_or_else(problem, depth),
            "alarms": alarms.unwrap_or_else(problem),
            "distance_to_being_disabled": breakers.unwrap_or_else(problem),
        });
        fenced("The status of the deployment.", &data)
    }

    async fn list_events(&self, asked: ListEvents) -> Result<String, Failure> {
        let now = clock::now();
        let table = self.deployment.table();
        let time = |text: &str| {
            text.parse::<TimeArg>()
                .map(|time| time.before(now, &Zone::default()))
                .map_err(|error| unusable(error.to_string()))
        };
        let from =
            asked.since.as_deref().map_or_else(|| time("24h"), time)?.max(table.time_index.oldest(now));
        let until = asked.until.as_deref().map_or_else(|| Ok(now_plus_skew(now)), time)?;
        let (types, entity) = (asked.event_type.as_deref(), asked.entity.as_deref());
        let filters = Filters::parse(asked.store.as_deref(), types, entity)?;
        let (selection, entity_id) = filters.selection_and_id(from, until)?;
        let state = match asked.state.as_deref() {
            None => None,
            Some("waiting") => Some(State::Waiting),
            Some("parked") => Some(State::Parked),
            Some("processed") => Some(State::Processed),
            Some(other) => {
                return Err(unusable(format!("{other} is not a state: waiting, parked or processed")));
            }
        };
        // Before the search, which may be long.
        filters.check_types(&self.deployment.inlet)?;
        let limit = limit(asked.limit);
        let mut page =
            read(&table, &Wanted { selection, entity_id, state, limit, time_limit: TIME_LIMIT }).await?;
        if page.events.is_empty() {
            filters.check_names(&self.deployment).await?;
        }
        for event in &mut page.events {
            event.parked_because = event.parked_because.as_deref().map(without_credentials);
        }
        let heading = counted(page.events.len(), "event, newest first", "events, newest first");
        let more = match (&page.older_before, page.is_paused) {
            (None, _) => ". There are no more.".to_owned(),
            (Some(until), false) => format!(". For older ones, call again with until={until}."),
            (Some(until), true) => format!(". The search paused at {until}: call again with until={until}."),
        };
        Ok(fenced(&format!("{heading}{more}"), &json!({ "events": page.events })))
    }

    async fn show_event(&self, id: &str) -> Result<String, Failure> {
        let id = id.parse::<EventRef>().map_err(|error| unusable(error.to_string()))?;
        let id = id.resolve(&self.deployment).await?;
        let table = self.deployment.table();
        let unreadable = |fault| Failure::Inlet { context: "the event cannot be read", fault };
        let stored = table.events.get(&id).await.map_err(unreadable)?;
        let stored = stored.ok_or_else(|| Failure::NotFound {
            what: format!("event {id}"),
            next: "list events with list_events".to_owned(),
        })?;
        let received = ReceivedAt::parse(&stored.record.received).unwrap_or(ReceivedAt::EPOCH);
        let statuses = event_statuses(&table, &[(&id, received)]).await.map_err(unreadable)?;
        let status = statuses.into_iter().next().unwrap_or_default();
        let mut path = id.entity_path().split('/');
        let provider = path.next().and_then(|name| name.parse::<ProviderHandle>().ok());
        let kind = path.nth(1).unwrap_or_default();
        let message: Value = serde_json::from_str(&stored.message).unwrap_or_default();
        let drift =
            provider.and_then(|provider| provider.drift_of_body(&stored.record.event_type, &stored.body));
        let drift: Option<Vec<String>> = drift.map(|drift| {
            drift.contradictions.iter().chain(&drift.undocumented).map(ToString::to_string).collect()
        });
        let record = stored.record;
        let data = json!({
            "id": record.id, "type": record.canonical_type, "provider_type": record.event_type,
            "received": record.received, "origin": record.origin, "trust": record.trust,
            "state": State::of(&status), "processed": status.processed.map(|at| at.to_string()),
            "parked_because": status.parked.map(|parked| without_credentials(&parked.reason)),
            "drift": drift, "body_bytes": record.size, "message": mask_message(kind, &message),
        });
        Ok(fenced("One event, as consumers read it.", &data))
    }

    async fn timeline(&self, entity: &str) -> Result<String, Failure> {
        let entity = entity.parse::<EntityArg>().map_err(|error| unusable(error.to_string()))?;
        let entity = entity.path(&self.deployment).await?;
        let kind = entity.split('/').nth(2).unwrap_or_default();
        let entries = entity::load(&self.deployment.table(), &entity).await;
        let entries =
            entries.map_err(|fault| Failure::Inlet { context: "the history cannot be read", fault })?;
        let (total, left_out) = (entries.len(), entries.len().saturating_sub(MAX_LIMIT));
        let steps = entries.into_iter().skip(left_out).map(|entry| {
            let data = entry.message.as_ref().ok().and_then(|text| serde_json::from_str::<Value>(text).ok());
            let data = data.and_then(|message| message.get("data").cloned()).unwrap_or_default();
            json!({
                "id": entry.arrival.id.as_str(), "received": entry.arrival.received,
                "type": entry.arrival.canonical_type, "provider_type": entry.arrival.event_type,
                "state": State::of(&entry.status), "parked_because": entry.status.parked.map(|parked| without_credentials(&parked.reason)),
                "replays": entry.replays.len(), "data": mask_data(kind, &data),
            })
        });
        let data = json!({"entity": entity, "events": steps.collect::<Vec<_>>()});
        let note = if left_out > 0 { format!(" The oldest {left_out} are left out.") } else { String::new() };
        Ok(fenced(&format!("{}, oldest first.{note}", counted(total, "event", "events")), &data))
    }

    async fn quarantine(&self, asked: Listing) -> Result<String, Failure> {
        let (table, limit) = (self.deployment.table(), limit(asked.limit));
        let span = (ReceivedAt::EPOCH, now_plus_skew(clock::now()));
        let stores = self.selected_stores(asked.store.as_deref()).await?;
        let rows: Vec<Value> = newest_quarantined(&table, &stores, span, limit, || {})
            .await?
            .into_iter()
            .map(|(address, one)| {
                json!({
                    "store": address.to_string(), "received": one.received.to_string(), "reason": one.reason,
                    "topic": one.topic, "body_bytes": one.size,
                    "expires": one.expires.map(|at| at.to_string()),
                })
            })
            .collect();
        let heading = counted(
            rows.len(),
            "quarantined delivery, newest first.",
            "quarantined deliveries, newest first.",
        );
        Ok(fenced(&heading, &json!({ "quarantined": rows })))
    }

    async fn dead_letters(&self, asked: Listing) -> Result<String, Failure> {
        let queue = self.deployment.dead_letters();
        let unreadable = |fault| Failure::Inlet { context: "the dead-letter queue cannot be read", fault };
        let count = queue.count().await.map_err(unreadable)?;
        let peeked = queue.peek(&LetterFilter::default(), limit(asked.limit)).await.map_err(unreadable)?;
        let rows: Vec<Value> = peeked
            .letters
            .iter()
            .map(|letter| {
                json!({
                    "id": letter.event.as_ref().map(|event| event.id.as_str()),
                    "type": letter.event.as_ref().map(|event| &event.canonical_type),
                    "parked_because": letter.reason.as_deref().map(without_credentials),
                    "dead_since": letter.since.to_string(),
                })
            })
            .collect();
        let heading = format!("SQS counts about {}.", counted(count, "dead letter", "dead letters"));
        Ok(fenced(&heading, &json!({ "dead_letters": rows })))
    }

    async fn stores(&self) -> Result<String, Failure> {
        let known = stores::list_stores(&self.deployment, &ALL).await?;
        let rows: Vec<Value> = known
            .iter()
            .map(|address| {
                let api = &self.deployment.api;
                let urls = address.provider.events.iter().filter(|event| address.provider.sends(event));
                let urls = urls.map(|event| {
                    let topic = address.provider.address(event).topic.map(|topic| format!("/{topic}"));
                    (event.event, format!("{api}/{address}{}", topic.unwrap_or_default()))
                });
                json!({"store": address.to_string(), "urls": urls.collect::<HashMap<_, _>>()})
            })
            .collect();
        Ok(fenced(
            &counted(rows.len(), "store with credentials.", "stores with credentials."),
            &json!({ "stores": rows }),
        ))
    }

    async fn selected_stores(&self, store: Option<&str>) -> Result<Vec<StoreAddress>, Failure> {
        match store {
            Some(text) => {
                let filters = Filters::parse(Some(text), None, None)?;
                let known = stores::list_stores(&self.deployment, &ALL).await?;
                let chosen = filters.stores_among(&known);
                if !chosen.is_empty() {
                    return Ok(chosen);
                }
                // A store whose secret was deleted may have quarantined deliveries.
                if let Some(StoreAddress { provider, store }) = filters.store_address() {
                    let count = count_quarantined(&self.deployment.table(), provider.name, &store).await;
                    let unreadable =
                        |fault| Failure::Inlet { context: "the quarantine cannot be read", fault };
                    if count.map_err(unreadable)? > 0 {
                        return Ok(vec![StoreAddress { provider, store }]);
                    }
                }
                filters.check_store(&known, &self.deployment.inlet)?;
                Ok(Vec::new())
            }
            None => stores::list_stores(&self.deployment, &ALL).await,
        }
    }

    async fn change(&self, name: &str, arguments: Value) -> Result<String, Failure> {
        let (plan, confirmed) = match name {
            "change_replay" => {
                let ReplayEvents { ids, confirm_count } = parsed(arguments.clone())?;
                (Plan::ReplayEvents(self.arrivals(&ids).await?), confirm_count)
            }
            "change_redrive" => {
                let RedriveAll { confirm_count } = parsed(arguments.clone())?;
                (Plan::Redrive, confirm_count)
            }
            "change_reverify" => {
                let ReverifyStores { store, confirm_count } = parsed(arguments.clone())?;
                (Plan::Reverify(self.selected_stores(store.as_deref()).await?), confirm_count)
            }
            _ => {
                let ForgetEntity { entity, confirm_count } = parsed(arguments.clone())?;
                let entity = Entity::parse(&entity).map_err(|error| unusable(error.to_string()))?;
                (Plan::Forget(entity), confirm_count)
            }
        };
        let counted = plan.count(&self.deployment).await?;
        let key = key_of(name, &arguments);
        let Some(confirmed) = confirmed else {
            return Ok(self.dry(key, &counted));
        };
        let known = self.counts.lock().unwrap_or_else(PoisonError::into_inner).remove(&key);
        if known != Some(confirmed) || counted.count != confirmed {
            let text = format!("the count {confirmed} is not that of a dry call before, or changed since");
            return Err(Failure::Unusable {
                what: text,
                next: "call the tool without confirm_count, and show its count to the person you work for"
                    .to_owned(),
            });
        }
        let job = self.work.start(counted, self.deployment.clone());
        let outcome = Arc::clone(&job).ended().await;
        let heading = if outcome.is_complete { "Done." } else { "Not complete." };
        Ok(fenced(heading, &json!({ "results": outcome.lines })))
    }

    /// Returns the response to a dry call, and keeps its count.
    fn dry(&self, key: String, counted: &Counted) -> String {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        counts.insert(key, counted.count);
        let (question, about) = counted.plan.question(counted.count);
        let heading = format!(
            "Nothing was changed. To carry it out, repeat the call with confirm_count={}, if the person you work for \
             agrees.",
            counted.count
        );
        fenced(&heading, &json!({"count": counted.count, "question": question, "effect": about}))
    }

    async fn arrivals(&self, ids: &[String]) -> Result<Vec<Arrival>, Failure> {
        if ids.is_empty() || ids.len() > MAX_LIMIT {
            return Err(unusable(format!("give 1 to {MAX_LIMIT} ids of events")));
        }
        let table = self.deployment.table();
        let mut arrivals = Vec::new();
        for id in ids {
            let id = id.parse::<EventRef>().map_err(|error| unusable(format!("{id}: {error}")))?;
            let id = id.resolve(&self.deployment).await?;
            let stored = table.events.get(&id).await;
            let stored =
                stored.map_err(|fault| Failure::Inlet { context: "an event cannot be read", fault })?;
            arrivals.extend(stored.map(|stored| Arrival {
                id,
                received: stored.record.received,
                event_type: stored.record.event_type,
                canonical_type: stored.record.canonical_type,
            }));
        }
        arrivals.sort_by(|a, b| (&a.received, &a.id).cmp(&(&b.received, &b.id)));
        Ok(arrivals)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tools_that_change_exist_on_request_only() {
        let names = |allow_write| {
            let tools = Tools::new(Deployment::unreachable(), allow_write).list();
            tools.into_iter().map(|tool| tool.name.into_owned()).collect::<Vec<String>>()
        };
        assert!(names(false).iter().all(|name| !name.starts_with("change_")), "{:?}", names(false));
        assert_eq!(names(true).iter().filter(|name| name.starts_with("change_")).count(), 4);
    }

    #[tokio::test]
    async fn a_tool_that_does_not_exist_does_nothing() {
        let tools = Tools::new(Deployment::unreachable(), false);
        for name in ["change_forget", "change_redrive", "none"] {
            assert!(tools.call(name, JsonObject::new()).await.is_none(), "{name}");
        }
    }

    #[tokio::test]
    async fn tools_take_the_forms_of_the_command() {
        let tools = Tools::new(Deployment::unreachable(), true);
        for (tool, arguments) in [
            ("show_event", json!({"id": "f673caa5"})),
            ("entity_timeline", json!({"entity": "81230457"})),
            ("entity_timeline", json!({"entity": "order/81230457"})),
            ("list_events", json!({"store": "riyadh", "type": "order.create,order.status.update"})),
            ("list_events", json!({"store": "zid", "entity": "81230457"})),
            ("list_quarantine", json!({"store": "riyadh"})),
            ("change_replay", json!({"ids": ["f673caa5"]})),
            ("change_reverify", json!({"store": "riyadh"})),
        ] {
            let Value::Object(object) = arguments.clone() else { panic!("{arguments}") };
            // No service responds: the arguments were accepted, and the events are looked up.
            let failure = tools.call(tool, object).await.unwrap().unwrap_err();
            let is_from_aws = matches!(failure, Failure::Inlet { .. } | Failure::Aws { .. });
            assert!(is_from_aws, "{tool} {arguments}: {failure}");
        }
    }

    #[tokio::test]
    async fn an_unknown_type_has_a_suggestion() {
        let tools = Tools::new(Deployment::unreachable(), false);
        let arguments = JsonObject::from_iter([("type".to_owned(), json!("ordr.create"))]);
        let refused = tools.call("list_events", arguments).await.unwrap().unwrap_err();
        let next = refused.hint(tools.options());
        assert!(next.contains("did you mean order.create"), "{refused}: {next}");
    }

    #[tokio::test]
    async fn unknown_arguments_are_refused() {
        let tools = Tools::new(Deployment::unreachable(), true);
        let arguments =
            JsonObject::from_iter([("ids".to_owned(), json!([])), ("force".to_owned(), json!(true))]);
        let refused = tools.call("change_replay", arguments).await.unwrap().unwrap_err();
        assert!(refused.to_string().contains("force"), "{refused}");
    }
}
