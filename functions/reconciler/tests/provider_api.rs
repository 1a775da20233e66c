//! The HTTP client of the reconciler, against a twin of Zid's API.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::unwrap_used,
    reason = "a test that cannot go on has failed"
)]

use inlet::canonical::Kind;
use inlet::reconcile::{Api as _, Failure, Request, Source, Window};
use inlet_aws::client::clock;
use inlet_aws::lambda::reconciler::ProviderApi;
use inlet_twins::random::Random;
use inlet_twins::server::TwinServer;
use inlet_twins::zid::ZidTwin;
use inlet_twins::{ApiResponse, Twin};
use jiff::Timestamp;
use serde::Deserialize as _;

type Zid = <ZidTwin as Twin>::Provider;

fn now() -> Timestamp {
    Timestamp::from_millisecond(clock::now().millis()).unwrap()
}

/// Serves a store with an order.
fn server() -> TwinServer<ZidTwin> {
    let server = TwinServer::start(ZidTwin::default(), now).unwrap();
    server.twin(|twin| twin.change(&mut Random::new(18), now()));
    server
}

fn api(server: &TwinServer<ZidTwin>) -> ProviderApi {
    ProviderApi::new().unwrap().of_twin(&server.url)
}

/// Returns the request for the orders of the last day, with the walk.
fn request() -> (Request, <Zid as Source>::Walk) {
    let window = Window { since: now() - jiff::SignedDuration::from_hours(24), now: now() };
    let walk = Zid::begin(Kind::Order, window).unwrap();
    let access = <Zid as Source>::Access::deserialize(ZidTwin::access()).unwrap();
    (Zid::next(&walk, &access, None), walk)
}

#[tokio::test]
async fn an_api_is_read_over_http() {
    let server = server();
    let (request, walk) = request();
    let response = api(&server).send(&request).await.unwrap();
    let page = Zid::read(&walk, &response).unwrap();
    assert_eq!((page.observations.len(), server.take_requests().len()), (1, 1));
}

#[tokio::test]
async fn a_refusal_has_the_time_to_wait() {
    let server = server();
    let (request, walk) = request();
    server.set_responses([ApiResponse { status: 429, retry_after: Some(7), body: String::new() }]);
    let response = api(&server).send(&request).await.unwrap();
    let retry_after = Some(std::time::Duration::from_secs(7));
    assert_eq!(Zid::read(&walk, &response).unwrap_err(), Failure::RateLimited { retry_after });
}

#[tokio::test]
async fn a_redirect_is_a_response_and_is_not_followed() {
    let server = server();
    let (request, walk) = request();
    server.set_responses([ApiResponse { status: 302, retry_after: None, body: String::new() }]);
    let response = api(&server).send(&request).await.unwrap();
    assert_eq!(Zid::read(&walk, &response).unwrap_err(), Failure::Unauthorized { status: 302 });
    assert_eq!(server.take_requests().len(), 1);
}

#[tokio::test]
async fn an_api_that_is_gone_is_a_fault_without_the_access() {
    let server = server();
    let (api, (request, _)) = (api(&server), request());
    drop(server);
    // The thread of the server ends a moment later.
    tokio::time::sleep(std::time::Duration::from_millis(200)).await;
    let fault = api.send(&request).await.unwrap_err();
    assert!(!format!("{fault:?} {}", fault.chain()).contains("tw1n-"), "{fault:?}");
    assert!(fault.chain().starts_with("there is no complete response"), "{}", fault.chain());
}

#[test]
fn every_readable_provider_is_reconciled() {
    struct Names(Vec<&'static str>);
    impl inlet::reconcile::SourceVisitor for Names {
        fn visit<S: Source>(&mut self) {
            self.0.push(<S as inlet::provider::Provider>::NAME);
        }
    }
    let mut names = Names(Vec::new());
    inlet_providers::for_each_source(&mut names);
    assert_eq!(names.0, ["zort", "dealpos", "zid", "tiki", "zip"]);
}
