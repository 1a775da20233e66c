//! Displayed and sent text, the owner of a URL, the options.

use serde_json::json;

use super::*;
use crate::secret::Secret;
use crate::store::StoreName;

fn secret(text: &str) -> Secret {
    Secret::new(text).unwrap()
}

fn destination() -> Destination {
    Destination::new("https://abc.execute-api.example/", "zid", &StoreName::parse("riyadh").unwrap()).unwrap()
}

fn call() -> Call {
    Call::new(Verb::Post, "/v1/hooks")
        .query("original_id", "a b")
        .secret_header("authorization", "Bearer ", &secret("t0ken-in-header"))
        .json(BodyPart::object([
            (
                "url",
                BodyPart::Target(
                    destination().target(Some("order.create")).with("token", &secret("t0ken-in-url")),
                ),
            ),
            ("inner", BodyPart::object([("key", BodyPart::Secret(secret("k\"ey-in-body")))])),
            ("list", BodyPart::Plain(json!(["a", 1]))),
        ]))
}

#[test]
fn a_call_shows_everything_but_its_secrets() {
    let shown = call().shown("https://api.example");
    assert_eq!(
        shown,
        "POST https://api.example/v1/hooks?original_id=a%20b\n\
         authorization: Bearer ***\n\
         content-type: application/json\n\
         \n\
         {\n  \"inner\": {\n    \"key\": \"***\"\n  },\n  \"list\": [\n    \"a\",\n    1\n  ],\n  \
         \"url\": \"https://abc.execute-api.example/zid/riyadh/order.create?token=***\"\n}"
    );
    for shown in [format!("{:?}", call()), call().to_string(), format!("{:?}", call().reply(200, vec![]))] {
        assert!(
            !shown.contains("in-header") && !shown.contains("in-url") && !shown.contains("in-body"),
            "{shown}"
        );
    }
}

#[test]
fn the_sent_request_contains_the_secrets() {
    let wire = call().raw_request();
    assert_eq!((wire.verb, wire.path.as_str()), (Verb::Post, "/v1/hooks?original_id=a%20b"));
    assert!(wire.headers.contains(&("authorization", "Bearer t0ken-in-header".to_owned())));
    let body: serde_json::Value = serde_json::from_slice(&wire.body.unwrap()).unwrap();
    assert_eq!(
        body,
        json!({
            "url": "https://abc.execute-api.example/zid/riyadh/order.create?token=t0ken%2Din%2Durl",
            "inner": {"key": "k\"ey-in-body"},
            "list": ["a", 1],
        })
    );
}

#[test]
fn a_providers_message_is_shown_without_repeated_secrets() {
    let reply = call().reply(422, vec![]);
    let text = r#"no: t0ken-in-header
        {"key":"k\"ey-in-body","raw":k"ey-in-body,"url":"https://abc.execute-api.example/zid/riyadh/order.create?token=t0ken%2Din%2Durl"}"#;
    let ApiError::Rejected { status: 422, message } = reply.reported_error(text) else { panic!("no error") };
    assert_eq!(message, r#"no: *** {"key":"***","raw":***,"url":"***"}"#);
    let Some(ApiError::Rejected { message, .. }) = reply.error(&"x".repeat(1_000)) else {
        panic!("no error")
    };
    assert_eq!(message.chars().count(), 201, "{message}");
}

#[test]
fn the_status_alone_determines_whose_fault_it_is() {
    let error = |status| call().reply(status, vec![]).error("");
    assert_eq!(error(201), None);
    assert!(matches!(error(401), Some(ApiError::Unauthorized { .. })));
    assert!(matches!(error(403), Some(ApiError::Unauthorized { .. })));
    assert!(matches!(error(429), Some(ApiError::TooMany { .. })));
    assert!(matches!(error(409), Some(ApiError::Rejected { status: 409, .. })));
    assert!(matches!(error(302), Some(ApiError::Rejected { status: 302, .. })));
    assert!(matches!(error(503), Some(ApiError::Failed { status: 503, .. })));
}

#[test]
fn a_target_contains_its_own_urls_and_no_others() {
    for own in [
        "https://abc.execute-api.example/zid/riyadh",
        "https://ABC.execute-api.example/zid/riyadh/order.create",
        "https://abc.execute-api.example/zid/riyadh?token=x",
    ] {
        assert!(destination().contains(&Target::from_provider(own)), "{own}");
    }
    for other in [
        "",
        "https://abc.execute-api.example",
        "https://abc.execute-api.example/zid/riyadh-2/order.create",
        "https://abc.execute-api.example/ZID/riyadh",
        "http://abc.execute-api.example/zid/riyadh",
        "https://abc.execute-api.example.evil/zid/riyadh",
        "https://evil/?https://abc.execute-api.example/zid/riyadh",
        "https://abc.execute-api.example@evil/zid/riyadh",
    ] {
        assert!(!destination().contains(&Target::from_provider(other)), "{other}");
    }
}

#[test]
fn a_target_needs_a_plain_address() {
    let store = StoreName::parse("s").unwrap();
    for api in ["https://a", "http://127.0.0.1:4566/_aws/x/", "https://a/b"] {
        assert!(Destination::new(api, "p", &store).is_ok(), "{api}");
    }
    for api in
        ["", "https://", "https:///", "ftp://a", "a.example", "https://a?b", "https://a b", "https://u@a"]
    {
        assert_eq!(Destination::new(api, "p", &store), Err(NotAnAddress), "{api}");
    }
}

#[test]
fn a_url_is_shown_without_possible_secrets() {
    for (url, shown) in [
        ("https://a/b/c", "https://a/b/c"),
        ("https://a/b?token=s3cret&x=y", "https://a/b?token=***&x=***"),
        ("https://a?s3cret#s3cret", "https://a?***"),
        ("https://user:s3cret@a/b", "https://***@a/b"),
        ("not a url", "not a url"),
        ("", ""),
    ] {
        assert_eq!(Target::from_provider(url).to_string(), shown);
    }
}

#[test]
fn an_unknown_option_is_rejected_with_the_known_ones() {
    const OPTIONS: &[ProviderOption] =
        &[ProviderOption { name: "a", help: "" }, ProviderOption { name: "b", help: "" }];
    let given = |pairs: &[(&str, &str)]| -> Vec<(String, String)> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    };
    let options = Options::parse(&given(&[("a", "1"), ("b", "x"), ("a", "2")]), OPTIONS).unwrap();
    assert_eq!((options.all("a"), options.one("b")), (vec!["1", "2"], Ok(Some("x"))));
    assert_eq!(options.one("a"), Err(PlanError::Option { name: "a", why: "takes one value".into() }));
    let unknown = Options::parse(&given(&[("c", "1")]), OPTIONS);
    assert_eq!(unknown, Err(PlanError::NoSuchOption { name: "c".into(), known: "a, b".into() }));
}

#[test]
fn an_access_without_a_field_is_rejected_and_not_quoted() {
    #[derive(Debug, serde::Deserialize)]
    #[expect(dead_code, reason = "only reading the access is tested")]
    struct Access {
        token: Secret,
    }
    for access in [json!({}), json!({"token": ""}), json!({"token": 420_815}), json!("s3cret")] {
        let context = ApiContext {
            destination: destination(),
            access,
            credentials: vec![],
            options: Options::default(),
        };
        assert_eq!(context.access::<Access>().map(|_| ()), Err(PlanError::Access));
    }
}
