//! The actions: a page that asks with the count, and a page that shows the progress and the result.

use std::sync::Arc;

use askama::Template;
use axum::body::Bytes;
use axum::extract::{Query, State};
use axum::response::{IntoResponse as _, Redirect, Response};
use inlet::event::EventId;
use inlet::request::{Fields, Plus};
use inlet_aws::dynamodb::time_index::Arrival;
use inlet_aws::operate::forget::{Entity, NOT_REACHED};

use crate::console::pages::events::wanted;
use crate::console::pages::{Params, Shell, given, respond};
use crate::console::state::{Console, Shared, now};
use crate::console::text::Text;
use crate::console::work::{Counted, Job, Plan};
use crate::events::page::read_all;
use crate::failure::Failure;
use crate::input::filters::Filters;

/// Events that one form may select.
const SELECTED: usize = 200;

#[derive(Template)]
#[template(path = "console/confirm.html")]
struct ConfirmPage {
    shell: Shell,
    question: Text,
    about: &'static str,
    button: String,
    is_destructive: bool,
    /// The name of the plan; `None` if there is nothing to do.
    plan: Option<String>,
    notes: Vec<&'static str>,
    back: &'static str,
}

#[derive(Template)]
#[template(path = "console/job.html")]
struct JobPage {
    shell: Shell,
    view: JobView,
}

/// The state of a job, also as the fragment of its live update.
#[derive(Template)]
#[template(path = "console/job_state.html")]
struct JobView {
    number: u64,
    title: &'static str,
    count: u64,
    done: u64,
    is_running: bool,
    is_complete: bool,
    lines: Vec<Text>,
}

/// Asks for a replay of the selected events, of an entity's, or of all that match a search.
pub(crate) async fn replay(State(console): State<Shared>, body: Bytes) -> Response {
    let plan = plan_replay(&console, &body).await;
    ask(&console, plan).await
}

/// Asks for a redrive of the dead letters.
pub(crate) async fn redrive(State(console): State<Shared>) -> Response {
    ask(&console, Ok(Plan::Redrive)).await
}

/// Asks for a reverification of a store's quarantine, or of all.
pub(crate) async fn reverify(State(console): State<Shared>, body: Bytes) -> Response {
    let plan = plan_reverify(&console, &body).await;
    ask(&console, plan).await
}

/// Asks for the deletion of an entity's events.
pub(crate) async fn forget(State(console): State<Shared>, body: Bytes) -> Response {
    let params = params(&body);
    let entity = Entity::parse(given(&params, "path").unwrap_or_default());
    let plan = entity.map(Plan::Forget).map_err(|error| unusable(error.to_string()));
    ask(&console, plan).await
}

/// Carries a plan out that was asked for.
pub(crate) async fn run(State(console): State<Shared>, body: Bytes) -> Response {
    let params = params(&body);
    let Some(counted) = given(&params, "plan").and_then(|name| console.work.take_plan(name)) else {
        let gone = Failure::Unusable {
            what: "this action was carried out already, or is too old".to_owned(),
            next: "start it again from its page".to_owned(),
        };
        return respond::<JobPage>(&console, Err(gone));
    };
    let job = console.work.start(counted, console.deployment.clone());
    console.expire();
    Redirect::to(&format!("/actions/job?number={}", job.number)).into_response()
}

/// Shows a job.
pub(crate) async fn job(State(console): State<Shared>, Query(params): Query<Params>) -> Response {
    let job =
        given(&params, "number").and_then(|number| number.parse().ok()).and_then(|n| console.work.job(n));
    let Some(job) = job else {
        let missing = Failure::NotFound {
            what: "such action in this console".to_owned(),
            next: "choose a page in the navigation".to_owned(),
        };
        return respond::<JobPage>(&console, Err(missing));
    };
    let view = JobView::of(&job);
    if !view.is_running {
        console.expire();
    }
    if params.contains_key("rows") {
        return respond(&console, Ok::<_, Failure>(view));
    }
    respond(&console, Ok(JobPage { shell: Shell::new(&console, "", view.title), view }))
}

impl JobView {
    fn of(job: &Arc<Job>) -> Self {
        let outcome = job.outcome();
        Self {
            number: job.number,
            title: job.title,
            count: job.count,
            done: job.done(),
            is_running: outcome.is_none(),
            is_complete: outcome.as_ref().is_some_and(|outcome| outcome.is_complete),
            lines: outcome.iter().flat_map(|outcome| &outcome.lines).map(|line| Text::line(line)).collect(),
        }
    }
}

/// Counts a plan and shows the page that asks.
async fn ask(console: &Console, plan: Result<Plan, Failure>) -> Response {
    let counted = match plan {
        Ok(plan) => plan.count(&console.deployment).await,
        Err(failure) => Err(failure),
    };
    respond(console, counted.map(|counted| ConfirmPage::of(console, counted)))
}

impl ConfirmPage {
    fn of(console: &Console, counted: Counted) -> Self {
        let Counted { plan, count } = &counted;
        let (question, about) = plan.question(*count);
        let (title, button, is_destructive) = (plan.title(), plan.button(*count), plan.is_destructive());
        let notes = if is_destructive { NOT_REACHED.to_vec() } else { Vec::new() };
        let back = match plan {
            Plan::Redrive => "/dead-letters",
            Plan::Reverify(_) => "/quarantine",
            Plan::ReplayEvents(_) | Plan::ReplaySelection(_) | Plan::Forget(_) => "/events",
        };
        // An entity without a stored event is forgotten too: its only event may still be on the queue.
        let has_work = *count > 0 || is_destructive;
        Self {
            shell: Shell::new(console, "", title),
            question: Text::line(&question),
            about,
            button,
            is_destructive,
            plan: has_work.then(|| console.work.store_plan(counted)),
            notes,
            back,
        }
    }
}

async fn plan_replay(console: &Console, body: &[u8]) -> Result<Plan, Failure> {
    let fields = Fields::parse(body, Plus::Space);
    let ids = fields.iter().filter(|(name, _)| *name == b"id");
    let ids: Vec<String> = ids.map(|(_, value)| String::from_utf8_lossy(value).into_owned()).collect();
    if ids.len() > SELECTED {
        return Err(unusable(format!("a form selects at most {SELECTED} events")));
    }
    if !ids.is_empty() {
        let mut events = Vec::new();
        for id in &ids {
            let id = EventId::parse(id).map_err(|_| unusable(format!("{id} is not the id of an event")))?;
            events.extend(arrival(console, id).await?);
        }
        events.sort_by(|a: &Arrival, b| (&a.received, &a.id).cmp(&(&b.received, &b.id)));
        return Ok(Plan::ReplayEvents(events));
    }
    let params = params(body);
    if !params.contains_key("all") {
        return Err(unusable("no event is selected".to_owned()));
    }
    let now = now();
    let mut wanted = wanted(console, &params, now)?;
    // Events that arrive from now on are processed anyway.
    wanted.selection.until = wanted.selection.until.min(now);
    // A selection has neither an id without a kind nor every state of the list.
    if wanted.entity_id.is_some() || wanted.state.is_some() {
        return Ok(Plan::ReplayEvents(read_all(&console.deployment.table(), wanted).await?));
    }
    Ok(Plan::ReplaySelection(Box::new(wanted.selection)))
}

/// Returns a stored event; `None` if it has expired since it was listed.
async fn arrival(console: &Console, id: EventId) -> Result<Option<Arrival>, Failure> {
    let stored = console.deployment.table().events.get(&id).await;
    let stored = stored.map_err(|fault| Failure::Inlet { context: "an event cannot be read", fault })?;
    Ok(stored.map(|stored| Arrival {
        id,
        received: stored.record.received,
        event_type: stored.record.event_type,
        canonical_type: stored.record.canonical_type,
    }))
}

async fn plan_reverify(console: &Console, body: &[u8]) -> Result<Plan, Failure> {
    let params = params(body);
    let known = console.stores().await?;
    let Some(wanted) = given(&params, "store") else { return Ok(Plan::Reverify(known)) };
    let filters = Filters::parse(Some(wanted), None, None)?;
    filters.check_store(&known, &console.deployment.inlet)?;
    Ok(Plan::Reverify(filters.stores_among(&known)))
}

fn unusable(what: String) -> Failure {
    Failure::Unusable { what, next: "go back and choose again".to_owned() }
}

fn params(body: &[u8]) -> Params {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Fields::parse(body, Plus::Space).iter().map(|(name, value)| (text(name), text(value))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::console::security::AccessGuard;
    use crate::deployment::Deployment;

    #[tokio::test]
    async fn every_search_can_be_replayed_as_a_whole() {
        let (guard, _) = AccessGuard::new(1);
        let console = Console::new(Deployment::unreachable(), guard, true);
        for search in
            ["entity=81230457", "state=waiting", "state=processed&entity=8", "type=order.create&state=parked"]
        {
            // The table does not respond: the search was accepted, and its events are read.
            let failure = plan_replay(&console, format!("form_token=t&all=yes&{search}").as_bytes())
                .await
                .err()
                .unwrap();
            assert!(matches!(failure, Failure::Inlet { .. }), "{search}: {failure}");
        }
        let plan =
            plan_replay(&console, b"form_token=t&all=yes&store=zid&where=data.status%3Dnew").await.unwrap();
        let Plan::ReplaySelection(selection) = plan else { panic!("a selection has these filters") };
        assert!(selection.needs_reads() && selection.provider.as_deref() == Some("zid"));
        let refused = plan_replay(&console, b"all=yes&colour=red").await.err().unwrap();
        assert!(refused.to_string().contains("no parameter colour"), "{refused}");
    }
}
