//! `inlet console`: the command, its address and its end. The pages are tested in a browser:
//! `local/tests/test_console.py`.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use inlet_aws::client::clock;
use serde_json::Value;

use crate::inlet::{Running, bare, run};
use crate::small_aws::SmallAws;

/// Returns the response to a GET.
fn get(address: &str, path: &str, cookie: &str) -> String {
    let mut response = String::new();
    begin(address, path, cookie).read_to_string(&mut response).expect("a response");
    response
}

/// Sends a GET, and returns the connection.
fn begin(address: &str, path: &str, cookie: &str) -> TcpStream {
    let host = address.strip_prefix("http://").expect("an address");
    let mut stream = TcpStream::connect(host).expect("a console");
    let request =
        format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nCookie: {cookie}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).expect("a request");
    stream
}

/// A console in a browser: its session.
pub(crate) struct Opened {
    /// The console.
    pub(crate) running: Running,
    address: String,
    cookie: String,
}

impl Opened {
    /// Starts a console of a small AWS and opens its address.
    pub(crate) fn of(aws: &SmallAws) -> Self {
        let mut running = Running::start_in(&aws.folder, &["--json", "console"]);
        let printed: Value = serde_json::from_str(&running.wait_for("token=")).expect("JSON");
        let (address, token) = printed["url"].as_str().expect("a URL").split_once("/?").expect("a token");
        let entered = get(address, &format!("/?{token}"), "");
        let cookie = entered.lines().find_map(|line| line.strip_prefix("set-cookie: ")).expect("a cookie");
        let cookie = cookie.split(';').next().expect("a value").to_owned();
        Self { running, address: address.to_owned(), cookie }
    }

    /// Returns the response to a GET.
    pub(crate) fn get(&self, path: &str) -> String {
        get(&self.address, path, &self.cookie)
    }

    /// Sends a GET, and returns the connection.
    pub(crate) fn begin(&self, path: &str) -> TcpStream {
        begin(&self.address, path, &self.cookie)
    }
}

#[test]
fn a_mistyped_store_of_a_page_has_a_suggestion() {
    let aws = SmallAws::start(&["zid/riyadh"], 0);
    let console = Opened::of(&aws);
    for page in [
        "/stores?store=zid%2Friyad",
        "/stores?store=riyad",
        "/events?store=zid%2Friyad",
        "/quarantine?store=zid%2Friyad",
        "/entity?path=zid%2Friyad%2Forder%2F8",
        "/event?id=zid%2Friyad%2Forder%2F8%2F0123456789abcdef",
    ] {
        let shown = console.get(page);
        assert!(shown.contains("did you mean zid/riyadh?"), "{page}: {shown}");
    }
    let known = console.get("/stores?store=riyadh");
    assert!(known.starts_with("HTTP/1.1 200") && !known.contains("did you mean"), "{known}");
}

#[test]
fn the_search_accepts_a_short_id_as_show_does() {
    let at = clock::now().earlier(Duration::from_mins(1)).to_string();
    let aws = SmallAws::start(&["zid/riyadh"], 0)
        .with_event("zid/riyadh/order/1/0a23456789abcdef", &at)
        .with_event("zid/riyadh/order/2/7777777700000001", &at)
        .with_event("zid/riyadh/order/3/c0ffee0000000001", &at)
        .with_event("zid/riyadh/order/4/c0ffee0000000002", &at);
    let console = Opened::of(&aws);
    for (short, event) in
        [("0a234567", "order%2F1%2F0a23456789abcdef"), ("77777777", "order%2F2%2F7777777700000001")]
    {
        let found = console.get(&format!("/events?entity={short}"));
        let location = found.lines().find_map(|line| line.strip_prefix("location: "));
        assert_eq!(location, Some(format!("/event?id=zid%2Friyadh%2F{event}").as_str()), "{short}: {found}");
    }
    let several = console.get("/events?entity=c0ffee00");
    assert!(several.contains("2 events have the short id c0ffee00"), "{several}");
    assert!(several.contains("order/3") && several.contains("order/4"), "{several}");
    let none = console.get("/events?entity=00c0ffee");
    assert!(none.contains("there is no event 00c0ffee among those of the last 7 days"), "{none}");
    // A number is that of an entity, or a short id: the page says that there is no event.
    let number = console.get("/events?entity=81230457");
    assert!(number.contains(">No event<") && !number.contains("there is no event"), "{number}");
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

/// A folder with a local stack that does not run, and a program in place of the one that opens a browser.
struct Desktop {
    folder: PathBuf,
}

impl Desktop {
    fn new(name: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("inlet-desktop-{}-{name}", std::process::id()));
        std::fs::create_dir_all(folder.join(".local")).unwrap();
        std::fs::create_dir_all(folder.join("bin")).unwrap();
        let stack = serde_json::json!({
            "region": "us-east-1", "endpoint": "http://127.0.0.1:9", "stage": "local", "api": "http://127.0.0.1:9/api",
            "table": "t", "queue_url": "http://127.0.0.1:9/q", "dlq_url": "http://127.0.0.1:9/d", "bus": "b",
        });
        std::fs::write(folder.join(".local/stack.json"), stack.to_string()).unwrap();
        let opener = folder.join("bin/xdg-open");
        let script =
            "#!/bin/sh\n{ echo \"$1\"; cat \"$1\"; } > \"$OPENED.part\"; mv \"$OPENED.part\" \"$OPENED\"\n";
        std::fs::write(&opener, script).unwrap();
        std::fs::set_permissions(&opener, std::fs::Permissions::from_mode(0o755)).unwrap();
        Self { folder }
    }

    /// Runs the console until it has printed its notes, and returns the address, and what the opener got.
    fn console(&self, is_terminal: bool, options: &str) -> (String, Option<String>) {
        let opened = self.folder.join("opened");
        let line = format!(
            "PATH=\"$OPENERS:$PATH\" exec '{}' --local console {options}",
            env!("CARGO_BIN_EXE_inlet")
        );
        let mut command = if is_terminal {
            let mut script = Command::new("script");
            script.args(["--quiet", "--return", "--command", &line, "/dev/null"]);
            script
        } else {
            let mut shell = Command::new("sh");
            shell.args(["-c", &format!("{line} 2>&1")]);
            shell
        };
        command
            .env("OPENERS", self.folder.join("bin"))
            .env("DISPLAY", ":0")
            .env("OPENED", &opened)
            .env("TERM", "xterm");
        command
            .env("TMPDIR", &self.folder)
            .env_remove("SSH_CONNECTION")
            .env_remove("SSH_TTY")
            .current_dir(&self.folder);
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().expect("a console");
        let mut lines =
            BufReader::new(child.stdout.take().expect("its output")).lines().map_while(Result::ok);
        let address = lines.find(|line| line.contains("token=")).expect("the address");
        lines.find(|line| line.contains("Ctrl-C ends the console")).expect("the note");
        // An opener that was started writes its file soon; one that was not, never.
        let time_limit = Duration::from_secs(if is_terminal && options.is_empty() { 30 } else { 1 });
        let start = Instant::now();
        while !opened.exists() && start.elapsed() < time_limit {
            std::thread::sleep(Duration::from_millis(20));
        }
        child.kill().expect("its end");
        child.wait().expect("its end");
        (address, std::fs::read_to_string(opened).ok())
    }
}

impl Drop for Desktop {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

#[test]
fn a_browser_opens_and_its_arguments_have_no_token() {
    let (printed, opened) = Desktop::new("opens").console(true, "");
    let url = printed.trim_end().rsplit(' ').next().expect("an address").to_owned();
    let opened = opened.expect("the opener was started");
    let (argument, file) = opened.split_once('\n').expect("an argument");
    assert!(
        !argument.contains("token") && Path::new(argument).extension().is_some_and(|kind| kind == "html"),
        "{argument}"
    );
    assert!(file.contains(&format!("content=\"0;url={url}\"")), "{file}");
}

#[test]
fn no_browser_opens_in_a_pipe_or_if_it_is_unwanted() {
    assert_eq!(Desktop::new("pipe").console(false, "").1, None);
    assert_eq!(Desktop::new("unwanted").console(true, "--no-open").1, None);
}
