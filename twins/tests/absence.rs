//! Deletions whose webhooks were lost, in simulated time: what two reads of a list prove, and what they do not.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::large_futures,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that cannot go on has failed"
)]

use std::time::Duration;

use inlet::canonical::Kind;
use inlet::provider::Provider as _;
use inlet::reconcile::{Deletions, NoAbsence, Source};
use inlet_dealpos::DealPos;
use inlet_tiki::Tiki;
use inlet_twins::world::World;
use inlet_twins::zid::ZidTwin;
use inlet_twins::zort::ZortTwin;
use inlet_twins::{ApiResponse, Webhook};
use inlet_zid::Zid;
use inlet_zip::Zip;
use inlet_zort::Zort;
use serde_json::{Value, json};

const IDS: [&str; 3] = ["5e0a1b2c-0001", "5e0a1b2c-0002", "5e0a1b2c-0003"];

/// Returns a store whose three products were created a day ago.
fn store_with_products() -> World<ZidTwin> {
    let world = World::new(ZidTwin::default(), 18);
    for id in IDS {
        world.deliver(&Webhook { event: "product.create", body: product(id).to_string().into_bytes() });
    }
    world.rest(Duration::from_hours(24));
    world
}

fn product(id: &str) -> Value {
    json!({"id": id, "sku": id, "name": "Tea", "price": 20.0, "updated_at": "2025-06-11T00:00:00Z"})
}

/// A page of the list, which has so many products in all.
fn page(ids: &[&str], count: usize) -> ApiResponse {
    let products: Vec<Value> = ids.iter().map(|id| product(id)).collect();
    let next = (ids.len() < count).then_some("https://api.zid.sa/v1/products/?page=2");
    ApiResponse::json(200, &json!({"count": count, "next": next, "previous": null, "results": products}))
}

fn gone() -> ApiResponse {
    ApiResponse::json(404, &json!({"detail": "Not found."}))
}

fn path(id: &str) -> String {
    format!("zid/twin/product/{id}")
}

#[tokio::test]
async fn a_product_that_two_lists_lack_is_absent() {
    let world = store_with_products();
    let before = world.time();
    world.set_responses([page(&IDS[..2], 2), page(&IDS[..2], 2), gone()]);
    let Deletions::Known { absent, hidden } = world.find_absent(Kind::Product).await else { panic!() };
    assert_eq!((absent, hidden), (vec![path(IDS[2])], 0));
    let waited = Duration::try_from(world.time().duration_since(before)).unwrap();
    assert!(waited >= Zid::RETRY_WINDOW, "{waited:?}: a webhook could still arrive");
}

#[tokio::test]
async fn a_product_of_one_list_alone_is_not_absent() {
    let world = store_with_products();
    world.set_responses([page(&IDS[..2], 2), page(&IDS, 3)]);
    let Deletions::Known { absent, hidden } = world.find_absent(Kind::Product).await else { panic!() };
    assert_eq!((absent, hidden), (Vec::new(), 0));
}

#[tokio::test]
async fn a_product_that_the_list_hides_is_not_absent() {
    let world = store_with_products();
    world.set_responses([page(&IDS[..2], 2), page(&IDS[..2], 2), ApiResponse::json(200, &product(IDS[2]))]);
    let Deletions::Known { absent, hidden } = world.find_absent(Kind::Product).await else { panic!() };
    assert_eq!((absent, hidden), (Vec::new(), 1));
}

#[tokio::test]
async fn a_deletion_that_a_webhook_brought_is_not_reported() {
    let world = store_with_products();
    world.deliver(&Webhook { event: "product.delete", body: product(IDS[2]).to_string().into_bytes() });
    world.set_responses([page(&IDS[..2], 2), page(&IDS[..2], 2)]);
    let Deletions::Known { absent, hidden } = world.find_absent(Kind::Product).await else { panic!() };
    assert_eq!((absent, hidden), (Vec::new(), 0));
}

#[tokio::test]
async fn a_list_that_is_half_read_proves_no_deletion() {
    let failing = vec![ApiResponse::json(500, &json!({})); 4];
    let repeated = vec![page(&IDS[..1], 3), page(&IDS[..1], 3)];
    for (responses, is_half) in [
        (repeated.clone(), true),
        (failing.clone(), false),
        ([vec![page(&IDS[..2], 2)], repeated].concat(), true),
        ([vec![page(&IDS[..2], 2)], failing].concat(), false),
    ] {
        let world = store_with_products();
        world.set_responses(responses);
        let Deletions::Unknown(reason) = world.find_absent(Kind::Product).await else { panic!() };
        assert_eq!(matches!(reason, NoAbsence::IncompleteList), is_half, "{reason}");
        assert_eq!(matches!(reason, NoAbsence::Unread(_)), !is_half, "{reason}");
    }
}

#[tokio::test]
async fn the_empty_list_of_another_store_proves_no_deletion() {
    let world = store_with_products();
    let Deletions::Unknown(reason) = world.find_absent(Kind::Product).await else { panic!() };
    assert!(matches!(reason, NoAbsence::UnrelatedList), "{reason}");
}

#[tokio::test]
async fn a_list_of_a_window_proves_no_deletion() {
    let zid = World::new(ZidTwin::default(), 18).find_absent(Kind::Order).await;
    let zort = World::new(ZortTwin::default(), 18).find_absent(Kind::Product).await;
    for found in [zid, zort] {
        assert!(matches!(found, Deletions::Unknown(NoAbsence::WindowedList)), "{found:?}");
    }
}

#[test]
fn only_zids_products_are_documented_as_a_whole_list() {
    assert_eq!(Zid::WHOLE_LISTS, [Kind::Product]);
    for whole in [Zort::WHOLE_LISTS, DealPos::WHOLE_LISTS, Zip::WHOLE_LISTS, Tiki::WHOLE_LISTS] {
        assert_eq!(whole, [Kind::Product; 0]);
    }
}
