//! The deployment and the identity that a command uses.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpListener;
use std::thread;

use crate::inlet::bare_with;

#[test]
fn options_override_the_environment() {
    for (local, arguments, words) in [
        ("true", &["urls"][..], "no local stack"),
        ("1", &["urls"], "no local stack"),
        ("0", &["urls"], "no AWS region"),
        ("", &["urls"], "no AWS region"),
        ("true", &["urls", "--stack", "inlet-prod"], "no AWS region"),
        ("true", &["--region", "me-south-1", "urls"], "no valid AWS credentials"),
    ] {
        let ran = bare_with(&[("INLET_LOCAL", local)], arguments);
        assert!(ran.err.contains(words), "INLET_LOCAL={local} {arguments:?}: {ran:?}");
    }
    let ran = bare_with(&[("INLET_LOCAL", "true"), ("INLET_STACK", "inlet-prod")], &["urls"]);
    assert!(ran.err.contains("no local stack"), "a stack in the environment does not decide: {ran:?}");
    assert_eq!(bare_with(&[], &["--local", "--stack", "inlet-prod", "urls"]).code, 2);
}

#[test]
fn a_named_profile_overrides_keys_in_the_environment() {
    let (endpoint, asked) = ears();
    let keys = std::env::temp_dir().join(format!("inlet-keys-{}", std::process::id()));
    std::fs::write(&keys, "[prod]\naws_access_key_id=OFTHEPROFILE\naws_secret_access_key=test\n")
        .expect("a file");
    let environment = [
        ("AWS_ENDPOINT_URL", endpoint.as_str()),
        ("AWS_SHARED_CREDENTIALS_FILE", keys.to_str().expect("a path")),
        ("AWS_ACCESS_KEY_ID", "OFTHEENVIRONMENT"),
        ("AWS_SECRET_ACCESS_KEY", "test"),
    ];
    let region = ["--region", "me-south-1", "urls"];
    bare_with(&environment, &region);
    bare_with(&environment, &[&["--profile", "prod"], &region[..]].concat());
    std::fs::remove_file(&keys).expect("its end");
    let asked: Vec<String> = asked.try_iter().collect();
    let seen = |key: &str| asked.iter().map(|line| line.contains(key)).collect::<Vec<_>>();
    assert_eq!(seen("Credential=OFTHEENVIRONMENT/"), [true, false], "{asked:?}");
    assert_eq!(seen("Credential=OFTHEPROFILE/"), [false, true], "{asked:?}");
}

/// An AWS that denies everything, and records the credentials of each request.
fn ears() -> (String, std::sync::mpsc::Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let endpoint = format!("http://{}", listener.local_addr().expect("an address"));
    let (say, asked) = std::sync::mpsc::channel();
    thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let lines = BufReader::new(&stream).lines().map_while(Result::ok);
            let head = lines.take_while(|line| !line.is_empty());
            for line in head.filter(|line| line.to_lowercase().starts_with("authorization:")) {
                let _ = say.send(line);
            }
            let _ = (&stream)
                .write_all(b"HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
        }
    });
    (endpoint, asked)
}
