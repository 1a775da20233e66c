//! The commands while AWS hangs, refuses or cannot be reached.

use std::time::{Duration, Instant};

use inlet_aws::client::clock;

use crate::fake_aws::{Behaviour, FakeAws};
use crate::given::{orders, unsent};
use crate::inlet::{Ran, Running, in_an_account};

/// The stack's name as an argument.
const STACK: [&str; 2] = ["--stack", "inlet-local"];

fn run(aws: &FakeAws, arguments: &[&str]) -> (Ran, Duration) {
    let start = Instant::now();
    let ran = in_an_account(&aws.facts, &[&STACK, arguments].concat());
    (ran, start.elapsed())
}

#[test]
fn doctor_checks_the_rest_while_a_service_hangs() {
    let aws = FakeAws::start();
    for service in ["dynamodb", "monitoring", "logs"] {
        aws.set(service, Behaviour::Hang);
    }
    let (ran, took) = run(&aws, &["doctor"]);
    assert!(took < Duration::from_secs(25), "{took:?}");
    let line = |word: &str| ran.out.lines().position(|line| line.contains(word)).unwrap_or(usize::MAX);
    assert!(
        line("events are published on") < line("it cannot be described: no response in time"),
        "{}",
        ran.out
    );
    assert!(ran.out.contains("check the network, the proxy and the region"), "{}", ran.out);
    assert!(!ran.out.contains("doctor`"), "it does not send to itself: {}", ran.out);
}

#[test]
fn a_list_gives_up_after_ten_seconds() {
    for service in ["cloudformation", "dynamodb"] {
        let aws = FakeAws::start();
        aws.set(service, Behaviour::Hang);
        let (ran, took) = run(&aws, &["list"]);
        assert!((9..25).contains(&took.as_secs()), "{service}: {took:?}");
        assert_eq!(ran.code, 1, "{service}: {ran:?}");
        assert!(ran.err.contains("no response in time") && ran.err.contains("check the network"), "{ran:?}");
    }
}

#[test]
fn every_service_s_refusal_has_its_own_next_step() {
    let login = "aws sso login";
    let (permission, slow) = ("permission in the message", "wait a minute");
    let doctor = "`inlet --stack inlet-local doctor`";
    for (service, code, next, command) in [
        ("cloudformation", "ExpiredToken", login, &["list"][..]),
        ("cloudformation", "AccessDenied", permission, &["list"]),
        ("cloudformation", "Throttling", slow, &["list"]),
        ("dynamodb", "ExpiredTokenException", login, &["list"]),
        ("dynamodb", "AccessDeniedException", permission, &["list"]),
        ("dynamodb", "ThrottlingException", slow, &["list"]),
        ("dynamodb", "ResourceNotFoundException", doctor, &["list"]),
        ("sqs", "ExpiredToken", login, &["redrive", "--dry-run"]),
        ("sqs", "AccessDenied", permission, &["redrive", "--dry-run"]),
        ("sqs", "RequestThrottled", slow, &["redrive", "--dry-run"]),
        ("sqs", "AWS.SimpleQueueService.NonExistentQueue", doctor, &["dead-letters", "list"]),
        ("ssm", "ExpiredTokenException", login, &["secret", "list"]),
        ("ssm", "AccessDeniedException", permission, &["secret", "list"]),
        ("ssm", "ThrottlingException", slow, &["secret", "list"]),
        ("logs", "AccessDeniedException", permission, &["stats"]),
    ] {
        let aws = FakeAws::start();
        aws.set(service, Behaviour::Refuse(code));
        let (ran, _) = run(&aws, command);
        assert_eq!(ran.code, 1, "{service} {code}: {ran:?}");
        assert!(ran.err.contains(next), "{service} {code}: {ran:?}");
    }
}

#[test]
fn inside_doctor_a_refusal_names_its_own_next_step_too() {
    let aws = FakeAws::start();
    aws.set("dynamodb", Behaviour::Refuse("ExpiredTokenException"));
    aws.set("sqs", Behaviour::Refuse("AccessDenied"));
    let (ran, _) = run(&aws, &["doctor"]);
    assert!(
        ran.out.contains("aws sso login") && ran.out.contains("permission in the message"),
        "{}",
        ran.out
    );
}

#[tokio::test]
async fn tail_survives_a_lost_connection() {
    let (stack, store, created) = unsent("order.create").await;
    let aws = FakeAws::start();
    let address = format!("zid/{store}");
    let mut tail = Running::in_an_account(
        &aws.facts,
        &[&STACK[..], &["tail", "--store", &address, "--limit", "1"]].concat(),
    );
    tail.wait_for("waiting for events");
    aws.set("dynamodb", Behaviour::Drop);
    tail.wait_for("trying again until it works");
    assert_eq!(stack.send("zid", &created).status, 200);
    aws.set("dynamodb", Behaviour::Pass);
    tail.wait_for("it works again");
    tail.wait_for("order.create");
    assert_eq!(tail.end().0, 0);
}

#[tokio::test]
async fn tail_ends_if_waiting_does_not_help() {
    let (_, store, _) = unsent("order.create").await;
    let aws = FakeAws::start();
    let address = format!("zid/{store}");
    let mut tail = Running::in_an_account(&aws.facts, &[&STACK[..], &["tail", "--store", &address]].concat());
    tail.wait_for("waiting for events");
    aws.set("dynamodb", Behaviour::Refuse("ExpiredTokenException"));
    tail.wait_for("aws sso login");
    assert_eq!(tail.end().0, 1);
}

#[tokio::test]
async fn forgetting_that_stopped_half_way_goes_on_by_its_hint() {
    let given = orders(1).await;
    let entity = given.ids[0].entity_path();
    let aws = FakeAws::start();
    aws.set("sqs/SendMessage", Behaviour::Refuse("AccessDenied"));
    let (ran, _) = run(&aws, &["forget", entity, "--yes", "--settle", "0"]);
    let next = format!("`inlet --stack inlet-local forget {entity} --yes`");
    assert_eq!(ran.code, 5, "{ran:?}");
    assert!(ran.err.contains(&next) && ran.err.contains("permission in the message"), "{ran:?}");
    aws.set("sqs/SendMessage", Behaviour::Pass);
    assert_eq!(run(&aws, &["forget", entity, "--yes", "--settle", "0"]).0.code, 0);
    let notices = given.stack.published_once(2, &given.store);
    assert_eq!(notices.last().map(|notice| &notice["type"]), Some(&"inlet.entity.forgotten".into()));
}

#[tokio::test]
async fn a_replay_that_stopped_half_way_goes_on_by_its_hint() {
    let given = orders(2).await;
    given.stack.table().receipts.park(&given.ids[0], "for a test", clock::now()).await.unwrap();
    let aws = FakeAws::start();
    aws.set("sqs/SendMessage", Behaviour::Drop);
    let (ran, _) = run(&aws, &["replay", "--since", "10m", "--store", &given.address, "--yes"]);
    assert_eq!(ran.code, 5, "{ran:?}");
    assert!(
        ran.err.contains("check the network") && ran.err.contains("continue with `inlet --stack"),
        "{ran:?}"
    );
}
