//! Runs of the reconciler against an API and AWS in memory.

#![expect(clippy::arithmetic_side_effects, reason = "the small numbers of a test")]

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicUsize, Ordering};

use inlet::canonical::{Kind, Order};
use inlet::delivery::Delivery;
use inlet::event::EventId;
use inlet::proof::{Claim, Rejection, Verified};
use inlet::provider::Provider;
use inlet::provider::parsed_event::{ParsedEvent, UnknownReason};
use inlet::provider::response::Outcome as Answer;
use inlet::provider::retry_policy::RetryPolicy;
use inlet::reconcile::{
    Comparison, Counts, Coverage, Failure, HeaderValue, Observation, Page, Request, RequestLimit, Response,
    Source, Then, Token, Window,
};
use inlet::request::Unverified;
use inlet::secret::Secret;
use inlet::store::StoreName;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::*;
use crate::dynamodb::reconciliation::{Cursor, ListName, OpenWindow};
use crate::fake_aws::{FakeAws, arrival, event_id, stored_event};

const MINUTE: Duration = Duration::from_mins(1);
const HOUR: Duration = Duration::from_hours(1);

/// The time of the first run, in milliseconds after the first change.
const LATER: usize = 10 * 60 * 60 * 1_000;

/// The orders on a page of the API, so that few orders take several requests.
const PAGE_LEN: usize = 5;

/// A provider with a list of orders.
struct Acme;

#[derive(Deserialize)]
struct Access {
    key: Secret,
    /// True if the list needs a field that the access lacks.
    #[serde(default)]
    is_partial: bool,
    /// The merchant, whose requests Acme counts together.
    #[serde(default)]
    merchant: Option<String>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Walk {
    window: Window,
    page: usize,
}

impl Provider for Acme {
    const NAME: &'static str = "acme";
    const RETRY_POLICY: RetryPolicy = RetryPolicy::not_documented("it is none");
    /// As long as the longest of the providers.
    const RETRY_WINDOW: Duration = Duration::from_mins(23);
    type Credential = Secret;
    type Settings = ();

    fn claim(_: &Unverified, _: &Secret) -> Result<Claim, Rejection> {
        Err(Rejection::NoCredentialForTopic)
    }

    fn parse(_: &Verified<Delivery>) -> ParsedEvent {
        ParsedEvent::unknown("", UnknownReason::Event, None)
    }

    fn respond(_: &Answer<'_>, (): &()) -> inlet::provider::response::Response {
        inlet::provider::response::Response::ok(Value::Null)
    }
}

impl Source for Acme {
    type Access = Access;
    type Walk = Walk;
    const ACCESS: &'static [(&'static str, &'static str)] = &[("key", "the key")];
    const KINDS: &'static [Kind] = &[Kind::Order];
    const LIMIT: RequestLimit = RequestLimit { requests: 3, every: Duration::from_secs(30) };

    fn lacks(_: Kind, access: &Access) -> Option<&'static str> {
        access.is_partial.then_some("number")
    }

    fn limit_scope(access: &Access) -> Option<String> {
        access.merchant.clone()
    }

    fn begin(kind: Kind, window: Window) -> Option<Walk> {
        (kind == Kind::Order).then_some(Walk { window, page: 0 })
    }

    fn next(walk: &Walk, access: &Access, _: Option<&Token>) -> Request {
        let url = format!("https://acme.example/orders/{}/{}", walk.window.since.as_millisecond(), walk.page);
        Request::get(url).header("key", HeaderValue::secret(&access.key))
    }

    fn read(walk: &Walk, response: &Response) -> Result<Page<Walk>, Failure> {
        let mut object = response.object()?;
        let is_last = object.get("last") == Some(&Value::Bool(true));
        let is_again = object.get("again") == Some(&Value::Bool(true));
        let orders = response.list(&mut object, "orders")?;
        let next = Walk { page: walk.page + 1, ..walk.clone() };
        let then = match (is_again, is_last) {
            (true, _) => Then::Done(Coverage::Incomplete),
            (false, true) => Then::Done(Coverage::Complete),
            (false, false) => Then::Continue(next),
        };
        Ok(Page { observations: orders.into_iter().map(observed).collect(), then })
    }
}

fn observed(object: Value) -> Observation {
    let text = |name: &str| object[name].as_str().unwrap().to_owned();
    let (entity, status) = (text("id"), text("status"));
    let data = Order { id: Some(entity.clone()), status: Some(status.clone()), ..Order::default() };
    Observation {
        kind: Kind::Order,
        entity,
        changed_at: text("changed").parse().ok(),
        comparison: Comparison::Newest,
        state: vec![("status", status)],
        history: Vec::new(),
        data: data.into(),
        object,
    }
}

/// The API of Acme: the orders of a store by number, each with its status and its last change.
struct AcmeApi {
    now: AtomicI64,
    orders: Mutex<Vec<(&'static str, ReceivedAt)>>,
    /// The times of the requests.
    requests: Mutex<Vec<i64>>,
    /// The status of every response, if it is no success.
    status: Mutex<Option<u16>>,
    /// The orders on a page.
    page_len: AtomicUsize,
    /// True if the API returns the first page for ever.
    is_stuck: AtomicBool,
}

impl AcmeApi {
    fn advance(&self, time: Duration) {
        self.now.fetch_add(i64::try_from(time.as_millis()).unwrap(), Ordering::Relaxed);
    }

    fn answer(&self, path: &str) -> Response {
        if let Some(status) = *self.status.lock().unwrap() {
            return Response::new(status, None, b"{}".to_vec());
        }
        let parts: Vec<usize> = path.rsplit('/').take(2).map(|part| part.parse().unwrap()).collect();
        let (page, since) = (parts[0], i64::try_from(parts[1]).unwrap());
        let orders = self.orders.lock().unwrap();
        let changed = orders.iter().enumerate().filter(|(_, (_, at))| at.millis() >= since);
        let listed: Vec<Value> = changed
            .map(
                |(n, (status, at))| json!({"id": n.to_string(), "status": status, "changed": at.to_string()}),
            )
            .collect();
        let page_len = self.page_len.load(Ordering::Relaxed);
        let of_page: Vec<&Value> = listed.iter().skip(page * page_len).take(page_len).collect();
        let body = json!({"orders": of_page, "last": listed.len() <= (page + 1) * page_len,
            "again": self.is_stuck.load(Ordering::Relaxed)});
        Response::new(200, None, body.to_string().into_bytes())
    }
}

impl Api for AcmeApi {
    fn now(&self) -> ReceivedAt {
        ReceivedAt::from_millis(self.now.load(Ordering::Relaxed)).unwrap()
    }

    async fn send(&self, request: &Request) -> Result<Response, Fault> {
        self.requests.lock().unwrap().push(self.now.load(Ordering::Relaxed));
        assert_eq!(request.headers()[0].1.text(), "s3cret");
        let response = self.answer(request.url());
        self.advance(Duration::from_millis(120));
        Ok(response)
    }

    async fn pause(&self, time: Duration) {
        self.advance(time);
    }
}

/// A store of Acme and its reconciler.
pub(super) struct Scene {
    pub(super) aws: FakeAws,
    reconciler: Reconciler<AcmeApi>,
    runs: AtomicI64,
    /// The lists that ended.
    ended: Mutex<Vec<ListName>>,
}

impl Scene {
    /// A store with this number of orders, created one a second. The webhook of every order that `arrives` selects was
    /// received.
    pub(super) async fn start(orders: usize, arrives: impl Fn(usize) -> bool) -> Self {
        let aws = FakeAws::default();
        let log = TableEventLog { table: aws.table(), queue: aws.queue("events") };
        let created: Vec<_> = (0..orders).map(|n| ("new", arrival(n * 1_000))).collect();
        let api = AcmeApi {
            now: AtomicI64::new(arrival(LATER).millis()),
            orders: Mutex::new(created),
            requests: Mutex::default(),
            status: Mutex::default(),
            page_len: AtomicUsize::new(PAGE_LEN),
            is_stuck: AtomicBool::new(false),
        };
        let scene = Self {
            aws,
            reconciler: Reconciler { log, api },
            runs: AtomicI64::new(0),
            ended: Mutex::default(),
        };
        for n in (0..orders).filter(|n| arrives(*n)) {
            scene.deliver(n, "new", arrival(n * 1_000)).await;
        }
        scene.aws.forget_calls();
        scene
    }

    fn api(&self) -> &AcmeApi {
        &self.reconciler.api
    }

    /// Stores the event of a webhook.
    async fn deliver(&self, order: usize, status: &str, at: ReceivedAt) {
        let id = event_id(order, order);
        let mut event = stored_event(&id, at);
        let mut message: Value = serde_json::from_str(&event.message).unwrap();
        message["data"] = json!({"id": order.to_string(), "status": status});
        event.message = message.to_string();
        self.aws.run(self.reconciler.log.table.events.put(&event)).await.0.unwrap();
    }

    /// Changes an order, and stores these events of it.
    pub(super) async fn change(&self, order: usize, events: usize, body_len: usize, at: ReceivedAt) {
        for n in 0..events {
            let id = event_id(order, order * events + n);
            let mut event = stored_event(&id, later(at, Duration::from_secs(u64::try_from(n).unwrap())));
            let mut message: Value = serde_json::from_str(&event.message).unwrap();
            message["data"] = json!({"id": order.to_string(), "status": "new"});
            event.message = message.to_string();
            // Bodies compress to about a half.
            let random = |at: usize| at.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ id.digest().len();
            event.body =
                (0..body_len / 8).flat_map(|at| format!("{:08x}", random(at) >> 32).into_bytes()).collect();
            event.record.size = event.body.len();
            event.record.sha256 = crate::dynamodb::record::sha256_hex(&event.body);
            self.aws.run(self.reconciler.log.table.events.put(&event)).await.0.unwrap();
        }
        self.api().orders.lock().unwrap().push(("new", at));
    }

    /// Returns the time of the next run.
    pub(super) fn next_run(&self) -> ReceivedAt {
        later(self.api().now(), 15 * MINUTE)
    }

    /// Sets the number of orders on a page of the API.
    pub(super) fn set_page_len(&self, page_len: usize) {
        self.api().page_len.store(page_len, Ordering::Relaxed);
    }

    /// Returns the number of requests to the API so far.
    pub(super) fn requests(&self) -> usize {
        self.api().requests.lock().unwrap().len()
    }

    /// Runs for this long at most, a quarter of an hour after the last run.
    pub(super) async fn run_for(&self, time: Duration) -> RunOutcome {
        self.api().advance(15 * MINUTE);
        self.run_now(time, json!({"key": "s3cret"})).await
    }

    async fn run_now(&self, time: Duration, access: Value) -> RunOutcome {
        self.aws.run(self.work(time, access)).await.0
    }

    async fn work(&self, time: Duration, access: Value) -> RunOutcome {
        self.work_on(time, &[("riyadh", Ok(access))]).await
    }

    /// Runs over these stores. All of them have the same orders.
    async fn run_stores(&self, time: Duration, stores: &[(&str, Result<Value, String>)]) -> Vec<ListReport> {
        let RunOutcome::Done(reports) = self.aws.run(self.work_on(time, stores)).await.0 else {
            panic!("it was skipped")
        };
        reports
    }

    async fn work_on(&self, time: Duration, stores: &[(&str, Result<Value, String>)]) -> RunOutcome {
        let sources = [SourceReconciler::of::<Acme>()];
        let store = |(name, access): &(&str, Result<Value, String>)| StoreAccess {
            provider: "acme".to_owned(),
            store: StoreName::parse(name).unwrap(),
            access: access.clone(),
            defaults: inlet::canonical::StoreDefaults::default(),
        };
        let stores: Vec<StoreAccess> = stores.iter().map(store).collect();
        let owner = format!("run {}", self.runs.fetch_add(1, Ordering::Relaxed));
        let until = later(self.api().now(), time + Acme::LIMIT.every);
        let on_list = |report: &ListReport| self.ended.lock().unwrap().push(report.list.clone());
        self.reconciler.reconcile(&sources, &stores, &owner, until, &on_list).await.unwrap()
    }

    /// Runs to the end of the list.
    pub(super) async fn run(&self) -> Reading {
        reading(self.run_for(10 * MINUTE).await)
    }

    /// Returns the number of messages on the queue.
    fn published(&self) -> usize {
        self.aws.messages("events").len()
    }
}

/// Returns the reading of the one list.
fn reading(outcome: RunOutcome) -> Reading {
    let RunOutcome::Done(mut reports) = outcome else { panic!("{outcome:?}") };
    assert_eq!(reports.len(), 1, "{reports:?}");
    reports.remove(0).reading.unwrap()
}

fn counts(reading: &Reading) -> Counts {
    let (ListResult::Read(outcome) | ListResult::Unfinished(outcome) | ListResult::Unread(outcome)) =
        &reading.result
    else {
        panic!("{reading:?}")
    };
    outcome.counts
}

#[tokio::test]
async fn a_run_publishes_what_no_webhook_brought_once() {
    let scene = Scene::start(20, |n| n % 4 != 0).await;
    let first = scene.run().await;
    assert_eq!((first.published(), first.completeness()), (5, Some(75)));
    assert_eq!((scene.published(), counts(&first).missed), (5, 5));

    let second = scene.run().await;
    assert_eq!((second.published(), scene.published()), (0, 5));
    assert_eq!(second.completeness(), None, "nothing changed in its window");
}

#[tokio::test]
async fn a_run_writes_only_items_that_its_role_allows() {
    let scene = Scene::start(20, |n| n % 4 != 0).await;
    assert_eq!(scene.run().await.published(), 5);
    let items = |operation: &str, item: &str| -> Vec<Value> {
        scene.aws.calls(operation).iter().map(|call| call.input[item].clone()).collect()
    };
    let batches = items("BatchWriteItem", "RequestItems");
    let requests =
        batches.iter().flat_map(|tables| tables.as_object().unwrap().values()).flat_map(|requests| {
            requests.as_array().unwrap().iter().map(|one| match &one["PutRequest"] {
                Value::Null => one["DeleteRequest"]["Key"].clone(),
                put => put["Item"].clone(),
            })
        });
    let written = [items("PutItem", "Item"), items("UpdateItem", "Key"), items("DeleteItem", "Key")].concat();
    let all: Vec<String> = written
        .into_iter()
        .chain(requests)
        .map(|item| item["pk"]["S"].as_str().unwrap().to_owned())
        .collect();
    // template.yaml: the keys of ReconcilerFunctionRole.
    let is_allowed = |pk: &&String| {
        ["reconciler", "sweeper"].contains(&pk.as_str())
            || pk.starts_with("acme/")
            || pk.starts_with("chunk/acme/")
            || pk.starts_with("hours/acme/")
    };
    assert_eq!(all.iter().find(|pk| !is_allowed(pk)), None);
    assert!(all.len() > 10, "{all:?}");
}

#[tokio::test]
async fn the_next_window_overlaps_the_last_one() {
    let scene = Scene::start(1, |_| true).await;
    let first = scene.run().await;
    let second = scene.run().await;
    assert_eq!(first.until.since(first.since), Duration::from_hours(24));
    assert_eq!(first.until.since(second.since), 21 * MINUTE + <Acme as Provider>::RETRY_WINDOW);
}

#[tokio::test]
async fn changes_of_an_outage_are_published_after_it() {
    let scene = Scene::start(10, |_| true).await;
    scene.run().await;
    *scene.api().status.lock().unwrap() = Some(503);
    for n in 0..10 {
        scene.api().advance(MINUTE);
        scene.api().orders.lock().unwrap()[n] = ("paid", scene.api().now());
    }
    for _ in 0..12 {
        let during = scene.run().await;
        assert!(matches!(during.result, ListResult::Unread(_)), "{during:?}");
        assert_eq!((during.published(), during.completeness()), (0, None));
    }
    *scene.api().status.lock().unwrap() = None;
    let after = scene.run().await;
    assert_eq!((after.published(), after.completeness(), scene.published()), (10, Some(0), 10));
    assert!(after.age < HOUR, "{:?}", after.age);
}

#[tokio::test]
async fn pages_that_cannot_be_read_are_not_passed() {
    let scene = Scene::start(20, |n| n < PAGE_LEN).await;
    scene.api().is_stuck.store(true, Ordering::Relaxed);
    for _ in 0..8 {
        let stuck = scene.run().await;
        assert!(matches!(stuck.result, ListResult::Unread(_)), "{stuck:?}");
        assert_eq!((stuck.published(), stuck.completeness()), (0, None));
    }
    let RunOutcome::Done(reports) = scene.run_for(MINUTE).await else { panic!("it was skipped") };
    let line = reports[0].line("prod", scene.api().now());
    assert!(line["reason"].as_str().is_some_and(|reason| reason.contains("page again")), "{line}");
    assert!(reports[0].reading.as_ref().unwrap().age > 2 * HOUR, "{line}");
    scene.api().is_stuck.store(false, Ordering::Relaxed);
    assert_eq!(scene.run().await.published(), 15, "every order of the later pages");
}

#[tokio::test]
async fn a_change_that_a_late_event_hid_is_read_again() {
    let scene = Scene::start(2, |_| true).await;
    scene.run().await;
    // Order 0 changed hours ago, no webhook brought it, and a webhook of an older change arrives after the read.
    scene.api().advance(5 * HOUR);
    let changed = scene.api().now().earlier(2 * HOUR);
    scene.api().orders.lock().unwrap()[0] = ("paid", changed);
    let (end, after_read) = (later(scene.api().now(), 15 * MINUTE), Duration::from_secs(1));
    scene.change(0, 2, 8, later(end, after_read)).await;
    scene.api().orders.lock().unwrap().pop();
    let hidden = scene.run().await;
    assert_eq!((hidden.published(), counts(&hidden).young), (0, 1), "{hidden:?}");
    let next = scene.run().await;
    assert!(next.since < changed, "{next:?}");
    assert_eq!((next.published(), counts(&next).missed), (1, 1), "{next:?}");
}

#[test]
fn an_unjudged_change_holds_the_cursor_for_half_a_day() {
    let until = arrival(LATER);
    let held = |unsettled: ReceivedAt| {
        source::read_until(until, Some(Timestamp::from_millisecond(unsettled.millis()).unwrap()))
    };
    assert_eq!(source::read_until(until, None), until);
    assert_eq!(held(until.earlier(HOUR)), until.earlier(HOUR));
    assert_eq!(held(until.earlier(13 * HOUR)), until.earlier(12 * HOUR));
    assert_eq!(held(later(until, HOUR)), until);
}

#[test]
fn an_open_window_begins_again_after_half_a_day() {
    let (since, until) = (arrival(LATER), arrival(LATER + 1_000));
    let place: inlet::reconcile::Place =
        serde_json::from_value(json!({"walk": {"page": 7}, "verdicts": {}})).unwrap();
    let open = OpenWindow { since, until, place: place.clone() };
    let cursor = Cursor { read_until: since, current_at: since, open: Some(open) };
    let after = |age: Duration| {
        let now = later(until, age);
        let window = source::Window::after::<Acme>(Some(&cursor), now, ReceivedAt::EPOCH);
        (window.place, window.until == until)
    };
    assert_eq!(after(11 * HOUR), (Some(place), true));
    assert_eq!(after(12 * HOUR), (None, false));
}

#[tokio::test]
async fn the_age_grows_while_a_list_cannot_be_read() {
    let scene = Scene::start(1, |_| true).await;
    *scene.api().status.lock().unwrap() = Some(401);
    assert!(scene.run().await.age < MINUTE, "it was never read, and this is the first run");
    for _ in 0..8 {
        scene.run().await;
    }
    let RunOutcome::Done(reports) = scene.run_for(MINUTE).await else { panic!("it was skipped") };
    let line = run_line(&reports, "prod", scene.api().now());
    assert!(line["ReconciliationAge"].as_u64().is_some_and(|age| age > 2 * 60 * 60), "{line}");
    assert_eq!((&line["Unread"], &line["Completeness"]), (&json!(1), &Value::Null));
    let of_list = reports[0].line("prod", scene.api().now());
    assert_eq!((&of_list["outcome"], &of_list["Completeness"]), (&json!("unread"), &Value::Null));
    assert!(of_list["reason"].as_str().is_some_and(|reason| reason.contains("401")), "{of_list}");
}

#[tokio::test]
async fn a_run_that_was_stopped_goes_on_at_its_cursor() {
    let scene = Scene::start(60, |n| n % 10 != 0).await;
    // Three requests in 30 seconds: no run reads the twelve pages in a minute.
    let mut readings = Vec::new();
    while readings.len() < 10 {
        let reading = reading(scene.run_for(MINUTE).await);
        let is_read = matches!(reading.result, ListResult::Read(_));
        readings.push(reading);
        if is_read {
            break;
        }
    }
    assert_eq!(readings.len(), 2, "six pages in each run");
    assert_eq!((readings[0].completeness(), readings[1].completeness()), (None, Some(90)));
    assert_eq!(counts(&readings[1]), Counts { arrived: 54, missed: 6, ..Counts::default() });
    assert_eq!((scene.published(), scene.api().requests.lock().unwrap().len()), (6, 12));
    assert_eq!(readings[0].since, readings[1].since);
    assert_eq!(readings[0].until, readings[1].until, "the window is that of the first run");
}

#[tokio::test]
async fn one_of_two_runs_gets_the_lease() {
    let scene = Scene::start(20, |_| false).await;
    let run = || scene.work(HOUR, json!({"key": "s3cret"}));
    let (one, other) = scene.aws.run(async { tokio::join!(run(), run()) }).await.0;
    let outcomes = [matches!(one, RunOutcome::Skipped), matches!(other, RunOutcome::Skipped)];
    assert_eq!(outcomes.iter().filter(|is_skipped| **is_skipped).count(), 1, "{one:?} {other:?}");
    assert_eq!(scene.published(), 20);
    assert_eq!(scene.api().requests.lock().unwrap().len(), 4, "four pages, each once");
}

#[tokio::test]
async fn an_invocation_that_lambda_repeats_is_another_run() {
    let scene = Scene::start(1, |_| false).await;
    let (now, later) = (scene.api().now(), later(scene.api().now(), MINUTE));
    let leases = &scene.reconciler.log.table.reconciliations;
    let take = |owner: String| async move { leases.take_lease(&owner, now, later).await.unwrap() };
    let (first, second) =
        (owner("2f8c", now), owner("2f8c", ReceivedAt::from_millis(now.millis() + 1).unwrap()));
    assert!(scene.aws.run(take(first.clone())).await.0);
    assert!(scene.aws.run(take(first)).await.0, "the SDK repeats a call");
    assert!(!scene.aws.run(take(second)).await.0, "Lambda delivers the event again");
}

#[tokio::test]
async fn runs_that_follow_each_other_keep_the_limit() {
    let scene = Scene::start(60, |_| true).await;
    for _ in 0..200 {
        // A run that begins too early is skipped.
        scene.api().advance(Duration::from_secs(5));
        scene.run_now(Duration::from_secs(20), json!({"key": "s3cret"})).await;
    }
    let requests = scene.api().requests.lock().unwrap().clone();
    assert!(requests.len() > 20, "{}", requests.len());
    let RequestLimit { requests: most, every } = Acme::LIMIT;
    let every = i64::try_from(every.as_millis()).unwrap();
    for first in &requests {
        let within = requests.iter().filter(|at| (0..every).contains(&(*at - first))).count();
        assert!(within <= most as usize, "{within} requests from {first} on");
    }
}

#[tokio::test]
async fn a_run_ends_its_lease_within_its_time() {
    let scene = Scene::start(60, |_| true).await;
    let end = later(scene.api().now(), MINUTE + Acme::LIMIT.every);
    let outcome = scene.run_now(MINUTE, json!({"key": "s3cret"})).await;
    assert!(matches!(reading(outcome).result, ListResult::Unfinished(_)), "it used all of its time");
    let leases = &scene.reconciler.log.table.reconciliations;
    let next = leases.take_lease("next", later(end, Duration::from_secs(1)), later(end, HOUR));
    assert!(scene.aws.run(next).await.0.unwrap());
}

#[tokio::test]
async fn a_run_that_crashed_leaves_its_lease_for_minutes() {
    let scene = Scene::start(1, |_| false).await;
    let leases = &scene.reconciler.log.table.reconciliations;
    let (now, end) = (scene.api().now(), later(scene.api().now(), MINUTE + CRASH_MARGIN));
    assert!(scene.aws.run(leases.take_lease("crashed", now, end)).await.0.unwrap());
    let key = || json!({"key": "s3cret"});
    assert!(matches!(scene.run_now(MINUTE, key()).await, RunOutcome::Skipped));
    scene.api().advance(MINUTE + CRASH_MARGIN);
    assert_eq!(reading(scene.run_now(MINUTE, key()).await).published(), 1);
    assert!(Acme::LIMIT.every < CRASH_MARGIN);
}

#[tokio::test]
async fn an_unusable_access_costs_no_request() {
    let scene = Scene::start(1, |_| false).await;
    let reading = reading(scene.run_now(MINUTE, json!({"token": "x"})).await);
    assert!(matches!(reading.result, ListResult::NoAccess(_)), "{reading:?}");
    assert_eq!(scene.api().requests.lock().unwrap().len(), 0);
}

#[tokio::test]
async fn an_access_that_cannot_be_read_stops_no_other_store() {
    let scene = Scene::start(3, |_| false).await;
    let good = || Ok(json!({"key": "s3cret"}));
    let stores = [("jeddah", good()), ("mecca", Err("denied".to_owned())), ("riyadh", good())];
    let reports = scene.run_stores(10 * MINUTE, &stores).await;
    let now = scene.api().now();
    let lines: Vec<Value> = reports.iter().map(|report| report.line("prod", now)).collect();
    let outcome = |line: &Value| [&line["store"], &line["outcome"], &line["reason"]].map(Value::clone);
    assert_eq!(outcome(&lines[1]), [json!("mecca"), json!("unread"), json!("denied")]);
    assert_eq!(lines[1]["level"], "warn");
    assert_eq!([&lines[0]["published"], &lines[2]["published"]], [&json!(3), &json!(3)]);
    assert_eq!(run_line(&reports, "prod", now)["Unread"], 1);
}

/// Returns the most requests of any stretch of the limit's time.
fn most_requests(scene: &Scene) -> usize {
    let requests = scene.api().requests.lock().unwrap();
    let stretch = i64::try_from(Acme::LIMIT.every.as_millis()).unwrap();
    let within = |first: &i64| requests.iter().filter(|at| (*first..=first + stretch).contains(at)).count();
    requests.iter().map(within).max().unwrap_or_default()
}

#[tokio::test]
async fn stores_of_one_merchant_keep_its_limit_together() {
    let of = |merchant: &str| Ok(json!({"key": "s3cret", "merchant": merchant}));
    let limit = usize::try_from(Acme::LIMIT.requests).unwrap();
    let both = [("jeddah", of("a")), ("riyadh", of("a"))];
    let scene = Scene::start(30, |_| false).await;
    let reports = scene.run_stores(10 * MINUTE, &both).await;
    let published: Vec<u64> =
        reports.iter().map(|report| report.reading.as_ref().unwrap().published()).collect();
    assert_eq!((published, scene.requests(), most_requests(&scene)), (vec![30, 30], 12, limit));

    let scene = Scene::start(30, |_| false).await;
    scene.run_stores(10 * MINUTE, &[("jeddah", of("a")), ("riyadh", of("b"))]).await;
    assert!(most_requests(&scene) > limit, "each merchant has a limit of its own");
}

#[tokio::test]
async fn a_list_that_is_not_configured_has_no_age() {
    let scene = Scene::start(1, |_| false).await;
    let access = || json!({"key": "s3cret", "is_partial": true});
    for _ in 0..9 {
        scene.api().advance(HOUR);
        scene.run_now(MINUTE, access()).await;
    }
    scene.api().advance(HOUR);
    let RunOutcome::Done(reports) = scene.run_now(MINUTE, access()).await else { panic!("it was skipped") };
    let line = reports[0].line("prod", scene.api().now());
    assert_eq!((&line["outcome"], &line["level"]), (&json!("not configured"), &json!("info")), "{line}");
    assert_eq!((&line["age_s"], &line["reason"]), (&Value::Null, &json!("the access has no number")));
    let run = run_line(&reports, "prod", scene.api().now());
    assert_eq!((&run["ReconciliationAge"], &run["Unread"]), (&json!(0), &Value::Null), "{run}");
    assert_eq!(scene.requests(), 0);
}

#[tokio::test]
async fn a_lease_that_cannot_be_ended_loses_no_line() {
    let scene = Scene::start(1, |_| false).await;
    scene.aws.fail("UpdateItem", "lease");
    let outcome = Ok(scene.run_for(MINUTE).await);
    assert_eq!(scene.ended.lock().unwrap().len(), 1, "the list's line");
    let lines = lines(&outcome, "prod", scene.api().now());
    assert_eq!(
        (&lines[0]["outcome"], &lines[0]["published"]),
        (&json!("reconciled"), &json!(1)),
        "{lines:?}"
    );
    assert_eq!(
        (&lines[1]["outcome"], &lines[1]["level"]),
        (&json!("lease kept"), &json!("warn")),
        "{lines:?}"
    );
    let reason = lines[1]["reason"].as_str().unwrap();
    assert!(reason.starts_with("the lease cannot be ended"), "{reason}");
}

#[test]
fn each_run_begins_with_another_store() {
    let first: Vec<usize> = (0..6).map(|run| turn(later(arrival(LATER), run * 15 * MINUTE), 3)).collect();
    let mut sorted = first[..3].to_vec();
    sorted.sort_unstable();
    assert_eq!((sorted, &first[..3]), (vec![0, 1, 2], &first[3..]));
    assert_eq!(turn(arrival(LATER), 0), 0);
}

#[tokio::test]
async fn a_fault_of_the_table_leaves_no_age() {
    let scene = Scene::start(1, |_| false).await;
    scene.aws.fail("GetItem", "cursor/acme");
    let RunOutcome::Done(reports) = scene.run_for(MINUTE).await else { panic!("it was skipped") };
    let line = run_line(&reports, "prod", scene.api().now());
    assert_eq!((&line["outcome"], &line["ReconciliationAge"]), (&json!("failed"), &Value::Null));
    assert_eq!(reports[0].line("prod", scene.api().now())["level"], "error");
}

#[tokio::test]
async fn a_line_has_the_share_for_stage_and_store() {
    let scene = Scene::start(8, |n| n > 1).await;
    let RunOutcome::Done(reports) = scene.run_for(MINUTE).await else { panic!("it was skipped") };
    let line = reports[0].line("prod", scene.api().now());
    assert_eq!((&line["Completeness"], &line["missed"]), (&json!(75), &json!(2)), "{line}");
    let sets = &line["_aws"]["CloudWatchMetrics"][0]["Dimensions"];
    assert_eq!(sets, &json!([["Stage"], ["Stage", "Provider", "Store"]]));
    let run = run_line(&reports, "prod", scene.api().now());
    assert_eq!(
        (&run["Reconciled"], &run["ReconciliationAge"], &run["Unread"]),
        (&json!(2), &json!(0), &Value::Null)
    );
}

#[tokio::test]
async fn one_lost_webhook_of_few_is_no_share_of_the_stage() {
    // The alarm watches the share of the stage.
    for (changes, lost, share, is_of_stage) in
        [(1, 1, 0, false), (9, 1, 88, false), (10, 1, 90, true), (2, 2, 0, true), (9, 0, 100, true)]
    {
        let scene = Scene::start(changes, |n| n >= lost).await;
        let RunOutcome::Done(reports) = scene.run_for(MINUTE).await else { panic!("it was skipped") };
        let line = reports[0].line("prod", scene.api().now());
        assert_eq!(line["Completeness"], share, "{changes} changes, {lost} lost: {line}");
        let sets = line["_aws"]["CloudWatchMetrics"][0]["Dimensions"].as_array().unwrap();
        assert_eq!(sets.contains(&json!(["Stage"])), is_of_stage, "{changes} changes, {lost} lost: {line}");
        assert!(sets.contains(&json!(["Stage", "Provider", "Store"])), "{line}");
    }
}

#[test]
fn a_published_event_belongs_to_the_entity() {
    // The paths of the test's events and of those that the reconciler publishes must be the same.
    let store = StoreName::parse("riyadh").unwrap();
    let path = EventId::path_of(<Acme as Provider>::NAME, &store, Kind::Order, "7");
    assert_eq!(event_id(7, 7).entity_path(), path);
}
