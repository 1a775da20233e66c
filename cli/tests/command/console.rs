//! `inlet console`: the command, its address and its end. The pages are tested in a browser:
//! `local/tests/test_console.py`.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use serde_json::Value;

use crate::inlet::{Running, bare, run};

/// Returns the response to a GET.
fn get(address: &str, path: &str, cookie: &str) -> String {
    let host = address.strip_prefix("http://").expect("an address");
    let mut stream = TcpStream::connect(host).expect("a console");
    let request =
        format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nCookie: {cookie}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).expect("a request");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("a response");
    answer
}

#[test]
fn the_printed_address_opens_the_console_until_ctrl_c() {
    let mut running = Running::start(&["--json", "console"]);
    let printed: Value = serde_json::from_str(&running.wait_for("token=")).unwrap();
    let (address, path) = printed["url"].as_str().unwrap().split_once("/?").unwrap();
    assert!(address.starts_with("http://127.0.0.1:"), "{address}");
    assert_eq!(printed["allow_write"], false);
    let entered = get(address, &format!("/?{path}"), "");
    let cookie = entered.lines().find_map(|line| line.strip_prefix("set-cookie: ")).expect("a cookie");
    let cookie = cookie.split(';').next().unwrap();
    for path in ["/", "/events", "/quarantine", "/dead-letters", "/stores"] {
        let page = get(address, path, cookie);
        assert!(page.starts_with("HTTP/1.1 200"), "{path}: {page}");
        assert!(page.contains("inlet-local"), "{path}");
    }
    assert!(get(address, "/events", "").starts_with("HTTP/1.1 401"));
    running.stop();
    assert_eq!(running.end().0, 0);
}

#[test]
fn a_console_needs_a_deployment_and_a_free_port() {
    assert_ne!(bare(&["--local", "console"]).code, 0);
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let refused = run(&["console", "--port", &port]);
    assert_eq!(refused.code, 2);
    assert!(refused.err.contains("--port"), "{}", refused.err);
}
