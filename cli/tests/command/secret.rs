//! `inlet secret`.

use std::os::unix::fs::PermissionsExt as _;

use inlet_tests::stack::{Stack, eventually};
use serde_json::{Value, json};

use crate::inlet::{Ran, run, run_with, snapshot, unheard_of};

const PAIR: &str = r#"{"username": "inlet", "password": "canary-first-canary"}"#;

async fn stored(stack: &Stack, store: &str) -> Value {
    let name = format!("/inlet/{}/{store}", stack.facts.stage);
    let got =
        stack.clients.ssm.get_parameter().name(name).with_decryption(true).send().await.expect("a parameter");
    let parameter = got.parameter.expect("a parameter");
    assert_eq!(parameter.r#type().map(aws_sdk_ssm::types::ParameterType::as_str), Some("SecureString"));
    serde_json::from_str(parameter.value().expect("a value")).expect("JSON")
}

fn shows_nothing(ran: &Ran) {
    assert!(!format!("{ran:?}").contains("canary"), "{ran:?}");
}

#[tokio::test]
async fn a_secret_is_set_rotated_and_retired() {
    let (stack, store) = (Stack::up(), unheard_of("zid"));
    let set = run_with(&["secret", "set", &store], PAIR);
    shows_nothing(&set);
    snapshot("secret-set", &set.done());
    assert_eq!(
        stored(&stack, &store).await,
        json!([{"username": "inlet", "password": "canary-first-canary"}])
    );

    let rotated = run_with(&["secret", "rotate", &store], "username=inlet\npassword=canary-second\n");
    shows_nothing(&rotated);
    snapshot("secret-rotate", &rotated.done());
    let both = stored(&stack, &store).await;
    assert_eq!(
        (&both[0]["password"], &both[1]["password"]),
        (&json!("canary-second"), &json!("canary-first-canary"))
    );

    let listed = run(&["secret", "list", &store]);
    shows_nothing(&listed);
    snapshot("secret-list", &listed.done());

    let retired = run(&["secret", "retire", &store, "--yes"]);
    snapshot("secret-retire", &retired.done());
    let left = stored(&stack, &store).await;
    assert_eq!(left, json!([{"username": "inlet", "password": "canary-second"}]));

    snapshot("secret-retire-the-only-one", &run(&["secret", "retire", &store, "--yes"]));
    let gone = run(&["secret", "retire", &store, "--all", "--yes", "--json"]).done().json();
    assert_eq!(gone, json!({"store": store, "done": "retired", "live": 0}));
    assert_no_secret(&run(&["secret", "list", &store]), &store);
}

/// Asserts that the store has no secret. The stores of other tests have similar names, so the suggestions differ.
fn assert_no_secret(ran: &Ran, store: &str) {
    assert_eq!(ran.code, 3, "{ran:?}");
    assert!(ran.err.contains(&format!("error: there is no secret of {store}\n")), "{ran:?}");
    assert!(ran.err.contains(&format!("set one with `inlet --local secret set {store}`")), "{ran:?}");
}

#[tokio::test]
async fn an_invalid_credential_is_rejected_and_not_shown() {
    let store = unheard_of("tiki");
    for given in
        ["canary", r#"{"order":"canary"}"#, r#"{"canary":"canary"}"#, r#"["canary"]"#, "order=canary\nstock"]
    {
        let refused = run_with(&["secret", "set", &store], given);
        assert_eq!(refused.code, 2, "{given}");
        shows_nothing(&refused);
    }
    snapshot("secret-invalid", &run_with(&["secret", "set", &store], r#"{"order":"canary"}"#));
    assert_no_secret(&run_with(&["secret", "rotate", &store], "order=x"), &store);
    snapshot("secret-not-generated", &run(&["secret", "set", &unheard_of("zip"), "--generate"]));
}

#[tokio::test]
async fn set_never_overwrites_and_retire_needs_confirmation() {
    let (stack, store) = (Stack::up(), unheard_of("zid"));
    run_with(&["secret", "set", &store], PAIR).done();
    snapshot("secret-set-again", &run_with(&["secret", "set", &store], PAIR));
    snapshot("secret-rotate-to-the-same", &run_with(&["secret", "rotate", &store], PAIR));
    run_with(&["secret", "rotate", &store], "username=inlet\npassword=other").done();
    snapshot("secret-retire-unconfirmed", &run(&["secret", "retire", &store]));
    assert_eq!(stored(&stack, &store).await.as_array().map(Vec::len), Some(2));
    run(&["secret", "retire", &store, "--all", "--yes"]).done();
}

#[test]
fn the_file_of_an_unwritten_credential_is_removed() {
    let store = unheard_of("zid");
    // A parameter has no room for another one.
    let long = json!({"username": "inlet", "password": "x".repeat(8120)}).to_string();
    run_with(&["secret", "set", &store], &long).done();
    let file = std::env::temp_dir().join(format!("inlet-unwritten-{}.json", std::process::id()));
    let path = file.to_str().expect("a path");
    let rotated = run(&["secret", "rotate", &store, "--generate", "--save", path]);
    assert_eq!(rotated.code, 2, "{rotated:?}");
    assert!(!file.exists(), "the next try would fail by its own file");
    run(&["secret", "retire", &store, "--all", "--yes"]).done();
}

#[tokio::test]
async fn generated_credentials_are_valid_and_saved() {
    let (stack, store) = (Stack::up(), unheard_of("tiki"));
    let revealed = run(&["--quiet", "secret", "set", &store, "--generate", "--reveal"]).done();
    let first = stored(&stack, &store).await[0].clone();
    assert_eq!(revealed.json(), first);
    for topic in ["order", "stock", "aftersale"] {
        assert_eq!(first[topic].as_str().map(str::len), Some(32), "{topic}");
    }

    let file = std::env::temp_dir().join(format!("inlet-secret-{}.json", std::process::id()));
    let path = file.to_str().expect("a path");
    let saved = run(&["secret", "rotate", &store, "--generate", "--save", path]).done();
    let second = stored(&stack, &store).await[0].clone();
    assert!(!format!("{saved:?}").contains(second["order"].as_str().unwrap()));
    let text = std::fs::read_to_string(&file).expect("a file");
    assert_eq!(serde_json::from_str::<Value>(&text).expect("JSON"), second);
    assert_eq!(std::fs::metadata(&file).expect("a file").permissions().mode() & 0o777, 0o600);
    let again = run(&["secret", "rotate", &store, "--generate", "--save", path]);
    assert_eq!(again.code, 1, "an existing file is not overwritten: {again:?}");
    assert_eq!(stored(&stack, &store).await[0], second, "and nothing was rotated");

    let unseen = run(&["secret", "rotate", &store, "--generate"]).done();
    snapshot("secret-generated", &unseen);
    std::fs::remove_file(&file).expect("its end");
    run(&["secret", "retire", &store, "--all", "--yes"]).done();
}

#[tokio::test]
async fn only_live_credentials_verify() {
    let store = unheard_of("zid");
    let name = store.split_once('/').expect("two halves").1.to_owned();
    run_with(&["secret", "set", &store], PAIR).done();
    let send = ["send", "zid", "order.create", "--store", &name];
    // A receiver refreshes a secret at most every ten seconds, and there may be several.
    let proves = |arguments: &[&str], input: &str| {
        let done = eventually(|| (run_with(arguments, input).code == 0).then_some(()));
        assert!(done.is_some(), "{arguments:?} does not prove");
    };
    proves(&send, "");
    run(&["secret", "rotate", &store, "--generate"]).done();
    proves(&send, "");
    proves(&[&send[..], &["--credential", "-"]].concat(), PAIR);
    run(&["secret", "retire", &store, "--yes"]).done();
    proves(&send, "");
    run(&["secret", "retire", &store, "--all", "--yes"]).done();
}

#[tokio::test]
async fn two_concurrent_rotations_are_both_live() {
    let (stack, store) = (Stack::up(), unheard_of("zid"));
    run_with(&["secret", "set", &store], PAIR).done();
    let rotating: Vec<_> = (0..3)
        .map(|n| {
            let store = store.clone();
            std::thread::spawn(move || {
                run_with(&["secret", "rotate", &store], &format!("username=u\npassword=p{n}"))
            })
        })
        .collect();
    for thread in rotating {
        thread.join().expect("an end").done();
    }
    let live = stored(&stack, &store).await;
    for n in 0..3 {
        let there = live.as_array().expect("a list").iter().any(|one| one["password"] == format!("p{n}"));
        assert!(there, "p{n} is lost: {} are left", live.as_array().map_or(0, Vec::len));
    }
    run(&["secret", "retire", &store, "--all", "--yes"]).done();
}
