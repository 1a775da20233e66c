//! Every delivery is answered before anybody gives up waiting: the deadlines, the template and the providers agree.

use std::time::Duration;

use inlet::provider::Provider;
use inlet_aws::deadline::{GATEWAY, MEMORY_OF_A_PROCESSOR, WAITING, WARM, WORKING};
use inlet_dealpos::DealPos;
use inlet_tests::repository;
use inlet_tiki::Tiki;
use inlet_zid::Zid;
use inlet_zip::Zip;
use inlet_zort::Zort;

/// What `Globals` of the template sets for every function.
fn global(setting: &str) -> u64 {
    let template = repository::text("template.yaml");
    let (_, globals) = template.split_once("\nGlobals:\n").expect("globals");
    let (globals, _) = globals.split_once("\nResources:\n").expect("resources behind them");
    let value = globals.lines().find_map(|line| line.trim().strip_prefix(setting)?.strip_prefix(": "));
    value.and_then(|value| value.parse().ok()).unwrap_or_else(|| panic!("no {setting} in the globals"))
}

fn timeout() -> Duration {
    Duration::from_secs(global("Timeout"))
}

/// How long a provider waits, where it tells.
fn patience<P: Provider>() -> (&'static str, Option<Duration>) {
    assert!(!P::AFTER_FAILURE.source.is_empty(), "{} names no source", P::NAME);
    (P::NAME, P::AFTER_FAILURE.answer_within)
}

#[test]
fn the_slowest_delivery_is_answered_before_lambda_ends_the_function() {
    let memory = u32::try_from(global("MemorySize")).expect("megabytes");
    let processor = u32::try_from(MEMORY_OF_A_PROCESSOR).expect("megabytes");
    let slowest = WAITING + WORKING * processor / memory;
    assert!(slowest < timeout(), "{slowest:?} of waiting and working, {:?} of time", timeout());
}

#[test]
fn the_function_ends_before_the_gateway_and_the_providers_give_up() {
    let told =
        [patience::<DealPos>(), patience::<Tiki>(), patience::<Zid>(), patience::<Zip>(), patience::<Zort>()];
    let told = told.into_iter().filter_map(|(name, limit)| Some((name, limit?)));
    for (who, limit) in told.chain([("API Gateway", GATEWAY)]) {
        let longest = WARM + timeout();
        assert!(longest < limit, "{who} waits {limit:?}, a cold function may take {longest:?}");
    }
}

#[test]
fn no_receiver_has_a_time_or_a_memory_of_its_own() {
    let template = repository::text("template.yaml");
    for provider in ["Dealpos", "Tiki", "Zid", "Zip", "Zort"] {
        let (_, block) = template.split_once(&format!("\n  {provider}Function:\n")).expect("a function");
        let block = block.split("\n\n").next().unwrap_or_default();
        assert!(block.contains("Receives the webhooks"), "{block}");
        for setting in ["Timeout:", "MemorySize:"] {
            assert!(!block.contains(setting), "{provider} has its own {setting}");
        }
    }
}
