//! `inlet webhook`, against stand-ins for the providers' own APIs.

use inlet::store::StoreName;
use inlet_tests::stack::Stack;
use inlet_tests::stand_in::{Behaviour, StandIn, TIKI_ACCESS, ZID_ACCESS, ZORT_ACCESS};
use serde_json::{Value, json};

use crate::inlet::{Ran, run_with, snapshot};

/// A store for one test, and a provider's API.
struct Scene {
    provider: &'static str,
    store: StoreName,
    access: &'static str,
    api: StandIn,
    stack: Stack,
}

impl Scene {
    async fn of(provider: &'static str, credentials: Value) -> Self {
        let stack = Stack::up();
        let store = stack.store(provider, &credentials).await;
        let access = match provider {
            "zort" => ZORT_ACCESS,
            "zid" => ZID_ACCESS,
            _ => TIKI_ACCESS,
        };
        Self { provider, store, access, api: StandIn::start(), stack }
    }

    async fn zort() -> Self {
        Self::of("zort", json!([{"key1": "s3cret-1", "key2": "s3cret-2", "key3": "s3cret-3"}])).await
    }

    async fn zid() -> Self {
        Self::of("zid", json!([{"username": "inlet", "password": "s3cret-\"pass"}])).await
    }

    async fn tiki() -> Self {
        let key = "s3cret-s3cret-s3cret-s3cret-1234";
        Self::of("tiki", json!([{"order": key, "stock": key, "aftersale": key}])).await
    }

    /// Runs a command on the store with these further arguments. Its output may not contain a secret.
    #[track_caller]
    fn run(&self, arguments: &[&str]) -> Ran {
        self.run_with(arguments, self.access)
    }

    #[track_caller]
    fn run_with(&self, arguments: &[&str], access: &str) -> Ran {
        let store = format!("{}/{}", self.provider, self.store);
        let (command, rest) = arguments.split_first().expect("a command");
        let mut all =
            vec!["webhook", *command, &store, "--access", "-", "--api", &self.api.url, "--wait", "2"];
        all.extend(rest);
        let ran = run_with(&all, access);
        for text in [&ran.out, &ran.err] {
            assert!(!text.contains("s3cret") && !text.contains("acc3ss-"), "a secret is printed: {text}");
        }
        ran
    }

    fn url(&self, topic: &str) -> String {
        format!("{}/{}/{}/{topic}", self.stack.facts.api, self.provider, self.store)
    }
}

#[tokio::test]
async fn zort_is_registered_once_and_others_are_kept() {
    let scene = Scene::zort().await;
    let keys = json!({"key1": "s3cret-1", "key2": "s3cret-2", "key3": "s3cret-3",
        "addcontacturl": "https://other.example/contact", "addorderurl": "https://other.example/o?token=s3cret"});
    scene.api.state().zort = keys.as_object().cloned();

    snapshot(
        "webhook-register-zort-dry",
        &scene.run(&["register", "ADDORDER", "UPDATEORDER", "--dry-run"]).done(),
    );
    assert_eq!(scene.api.take_requests(), ["GET /Webhook/GetWebhook"], "a dry run changes nothing");

    let first = scene.run(&["register", "ADDORDER", "UPDATEORDER", "DELETEORDER"]);
    snapshot("webhook-register-zort", &first);
    assert_eq!(
        scene.api.take_requests(),
        ["GET /Webhook/GetWebhook", "POST /Webhook/UpdateWebhook", "GET /Webhook/GetWebhook"]
    );
    let settings = scene.api.state().zort.clone().expect("settings");
    assert_eq!(settings["updateorderurl"], json!(scene.url("UPDATEORDER")));
    assert_eq!(settings["addorderurl"], json!("https://other.example/o?token=s3cret"), "another's stays");

    scene.run(&["register", "UPDATEORDER", "DELETEORDER"]).done();
    assert_eq!(scene.api.take_requests(), ["GET /Webhook/GetWebhook"], "the second time changes nothing");

    snapshot("webhook-list-zort", &scene.run(&["list"]).done());
    snapshot("webhook-unregister-zort", &scene.run(&["unregister", "--yes"]).done());
    let settings = scene.api.state().zort.clone().expect("settings");
    let left: Vec<&String> = settings.keys().filter(|name| name.ends_with("url")).collect();
    assert_eq!(left, ["addcontacturl", "addorderurl"]);
    let again = scene.run(&["unregister", "--yes"]).done();
    assert!(again.out.contains("Nothing to do."), "{again:?}");
}

#[tokio::test]
async fn zort_refuses_in_a_response_with_status_200() {
    let scene = Scene::zort().await;
    let stranger = scene.run_with(&["register"], r#"{"storename":"x","apikey":"y","apisecret":"z"}"#);
    snapshot("webhook-register-zort-wrong-access", &stranger);
    scene.api.behaviours([
        Behaviour::Well,
        Behaviour::Says(200, r#"{"resCode":"100","resDesc":"no, s3cret-1 is too short"}"#),
    ]);
    snapshot("webhook-register-zort-refused", &scene.run(&["register", "ADDORDER"]));
    let theirs =
        json!({"key1": "their", "key2": "own", "key3": "keys", "addorderurl": "https://other.example/o"});
    scene.api.state().zort = theirs.as_object().cloned();
    snapshot("webhook-register-zort-shared-keys", &scene.run(&["register"]));
    scene.run(&["register", "--replace"]).done();
    assert_eq!(scene.api.state().zort.clone().expect("settings")["key1"], json!("s3cret-1"));
}

#[tokio::test]
async fn zid_gets_a_subscription_for_each_event() {
    let scene = Scene::zid().await;
    scene.api.state().zid.push(json!({"event": "order.create", "target_url": "https://other.example/hook",
        "original_id": "4410", "status": "ready", "health_status": "degraded"}));

    let arguments = ["register", "order.status.update", "--option", "status=delivered", "--dry-run"];
    snapshot("webhook-register-zid-dry", &scene.run(&arguments).done());
    assert_eq!(scene.api.take_requests(), ["GET /v1/managers/webhooks"], "a dry run changes nothing");

    snapshot("webhook-register-zid", &scene.run(&["register", "order.create", "product.update"]).done());
    scene.api.take_requests();
    scene.run(&["register", "order.create", "product.update"]).done();
    assert_eq!(scene.api.take_requests(), ["GET /v1/managers/webhooks"], "the second time changes nothing");

    {
        let mut state = scene.api.state();
        let broken = &mut state.zid[1];
        broken["health_status"] = json!("broken");
        broken["broken_at"] = json!("2026-01-02 03:04:05");
    }
    let registered = scene.run(&["list"]);
    snapshot("webhook-list-zid", &registered);
    let broken = scene.run(&["register", "order.create", "product.update"]);
    assert!(broken.code == 5 && broken.out.contains("--renew"), "{broken:?}");

    // The provider does not accept both, so the old one is deleted first.
    scene.api.state().zid_duplicate = Some(409);
    scene.api.take_requests();
    scene.run(&["register", "order.create", "--renew"]).done();
    let methods: Vec<String> = scene
        .api
        .take_requests()
        .iter()
        .map(|call| call.split(' ').next().unwrap_or_default().to_owned())
        .collect();
    assert_eq!(methods, ["GET", "POST", "GET", "DELETE", "POST", "GET"], "looks again before it removes");

    snapshot("webhook-unregister-zid", &scene.run(&["unregister", "--yes"]).done());
    let left = scene.api.state().zid.clone();
    assert_eq!(left.len(), 1, "{left:?}");
    assert_eq!(left[0]["original_id"], json!("4410"), "another's stays");
}

#[tokio::test]
async fn a_refusal_of_zid_is_checked_in_its_list() {
    let scene = Scene::zid().await;
    // It did it, and responds that it exists: another caller was quicker.
    scene.api.behaviours([Behaviour::Well, Behaviour::DoesAndSays(422, r#"{"message":"exists"}"#)]);
    snapshot("webhook-register-zid-exists", &scene.run(&["register", "order.create"]).done());
    scene.api.behaviours([Behaviour::Well, Behaviour::Says(422, r#"{"message":"no: s3cret-\"pass"}"#)]);
    snapshot("webhook-register-zid-refused", &scene.run(&["register", "product.create", "product.update"]));
    scene.api.behaviours([Behaviour::Well, Behaviour::Says(429, "")]);
    let busy = scene.run(&["register", "category.create", "category.update"]);
    assert_eq!(busy.code, 4, "{busy:?}");
    assert_eq!(busy.out.matches("not tried").count(), 1, "it goes on asking after a 429: {busy:?}");
    scene.api.behaviours([Behaviour::Well, Behaviour::BreaksOff]);
    let cut = scene.run(&["register", "category.create"]).done();
    assert!(cut.out.contains("shows that the change is made"), "{cut:?}");
    snapshot("webhook-register-zid-app-market", &scene.run(&["register", "app.market.application.install"]));
}

#[tokio::test]
async fn tiki_gets_the_newest_keys_and_has_no_list() {
    let scene = Scene::tiki().await;
    let key = |text: &str| json!({"order": text, "stock": text, "aftersale": text});
    let (newer, older) = (key("s3cret-newer-newer-newer-newer-1"), key("s3cret-older-older-older-older-1"));
    scene.stack.set(&format!("tiki/{}", scene.store), &json!([newer, older]).to_string()).await;
    let register = ["register", "--option", "warehouse=sgn", "--option", "warehouse=hn5"];
    snapshot("webhook-register-tiki-dry", &scene.run(&[&register[..], &["--dry-run"]].concat()).done());
    assert_eq!(scene.api.take_requests(), [""; 0], "a dry run changes nothing");
    let unasked = scene.run(&[&register[..], &["stock"]].concat());
    assert_eq!((unasked.code, scene.api.take_requests()), (2, Vec::new()), "replaces unasked: {unasked:?}");
    let register = [&register[..], &["--yes"]].concat();
    snapshot("webhook-register-tiki", &scene.run(&register).done());
    let sent = scene.api.state().tiki.pop().expect("a registration");
    assert_eq!(sent["sync_webhook"]["stock"]["secret_key"], newer["stock"]);
    assert_eq!(sent["sync_webhook"]["stock"]["url"], json!(scene.url("stock")));

    snapshot("webhook-register-tiki-no-warehouse", &scene.run(&["register"]));
    snapshot("webhook-register-tiki-401", &scene.run_with(&register, r#"{"token":"somebody-else"}"#));
    snapshot("webhook-list-tiki", &scene.run(&["list"]).done());
    snapshot("webhook-unregister-tiki", &scene.run(&["unregister", "--yes"]));
}

#[tokio::test]
async fn a_failing_api_differs_from_a_rejecting_one() {
    let scene = Scene::zid().await;
    for (mood, name) in [
        (Behaviour::Says(500, "<html>oops</html>"), "webhook-register-500"),
        (Behaviour::Says(200, "<html>log in first</html>"), "webhook-register-unreadable"),
        (Behaviour::Says(302, ""), "webhook-register-redirect"),
        (Behaviour::Slowly, "webhook-register-slow"),
        (Behaviour::BreaksOff, "webhook-register-broken-off"),
    ] {
        scene.api.behaviours([mood]);
        snapshot(name, &scene.run(&["register"]));
        assert_eq!(
            scene.api.take_requests().len(),
            1,
            "{name}: goes on after it could not learn what is there"
        );
    }
    let store = format!("zid/{}", scene.store);
    let nobody = run_with(
        &["webhook", "register", &store, "--access", "-", "--api", "http://127.0.0.1:9"],
        ZID_ACCESS,
    );
    assert_eq!(nobody.code, 1, "{nobody:?}");
    let domain = ["--base-url", "https://hooks.example"];
    let plain = ["webhook", "register", &store, "--access", "-", "--api", "http://api.example"];
    let plain = run_with(&[&plain[..], &domain].concat(), ZID_ACCESS);
    assert!(plain.code == 2 && plain.err.contains("must not be sent to"), "{plain:?}");
}

#[tokio::test]
async fn no_real_provider_gets_the_address_of_this_machine() {
    let scene = Scene::tiki().await;
    let store = format!("tiki/{}", scene.store);
    let local = ["webhook", "register", &store, "--access", "-", "--option", "warehouse=sgn", "--yes"];
    // It ends before anything is sent: the sandbox does not exist.
    for api in [&[][..], &["--api", "https://sandbox.invalid"]] {
        let ran = run_with(&[&local[..], api].concat(), TIKI_ACCESS);
        assert!(ran.code == 2 && ran.err.contains("no provider can send to"), "{ran:?}");
    }
    let domain = ["--api", &scene.api.url, "--base-url", "https://hooks.example"];
    run_with(&[&local[..], &domain].concat(), TIKI_ACCESS).done();
    let sent = scene.api.state().tiki.pop().expect("a registration");
    assert_eq!(sent["sync_webhook"]["order"]["url"], json!(format!("https://hooks.example/{store}/order")));
}

#[tokio::test]
async fn a_providers_list_cannot_write_to_the_terminal() {
    let scene = Scene::zid().await;
    scene.api.state().zid.push(json!({"event": "order\u{1b}[2Jx", "status": "rea\u{9b}dy", "active": false,
        "target_url": "https://other.example/\u{7}", "original_id": "1"}));
    let listed = scene.run(&["list"]);
    assert!(listed.out.contains("order\u{fffd}[2Jx") && listed.out.contains("rea\u{fffd}dy"), "{listed:?}");
    assert!(!listed.out.contains(|char: char| char.is_control() && char != '\n'), "{listed:?}");
}

#[tokio::test]
async fn a_program_can_read_the_changes() {
    let scene = Scene::zid().await;
    let dry = scene.run(&["register", "order.create", "--dry-run", "--json"]).done().json();
    assert_eq!(dry["calls"][0]["body"]["password"], json!("***"));
    assert_eq!(dry["items"][0]["result"], json!("would_add"));
    let printed = scene.run(&["register", "order.create", "--json"]).done().json();
    assert_eq!((&printed["confirmed"], &printed["items"][0]["result"]), (&json!(true), &json!("added")));
    let listed = scene.run(&["list", "--json"]).done().json();
    assert_eq!(listed["registrations"][0]["ours"], json!(true));
    assert_eq!(listed["missing"].as_array().map(Vec::len), Some(15));
    let gone = scene.run(&["unregister", "--yes", "--json"]).done().json();
    assert_eq!(gone["items"][0]["result"], json!("removed"));
    let unasked = scene.run(&["register", "--option", "shop=1", "--json"]);
    assert_eq!(unasked.code, 2, "{unasked:?}");
}

#[tokio::test]
async fn without_an_api_the_manual_steps_are_printed() {
    snapshot("webhook-register-dealpos", &run_with(&["webhook", "register", "dealpos/demo"], "").done());
    snapshot("webhook-register-zip", &run_with(&["webhook", "register", "zip/demo"], "").done());
    let printed = run_with(&["--json", "webhook", "list", "zip/demo"], "").done().json();
    assert_eq!(printed["providers"][0]["steps"].as_array().map(Vec::len), Some(5), "{printed}");
}

#[tokio::test]
async fn a_missing_secret_or_access_has_a_hint() {
    let scene = Scene::zid().await;
    let here = ["--api", &scene.api.url];
    let nobody = ["webhook", "register", "zid/nobody-has-set-this"];
    snapshot("webhook-register-no-secret", &run_with(&[&nobody[..], &here].concat(), ZID_ACCESS));
    let store = format!("zid/{}", scene.store);
    snapshot(
        "webhook-register-no-access",
        &run_with(&[&["webhook", "register", &store][..], &here].concat(), ""),
    );
    snapshot("webhook-register-odd-access", &scene.run_with(&["register"], "[]"));
    snapshot(
        "webhook-register-half-access",
        &scene.run_with(&["register"], r#"{"authorization":"acc3ss-app"}"#),
    );
}
