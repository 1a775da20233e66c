//! The dead letters that a command received: it gives them back at once, however it ends.

use std::io::{Read as _, Write as _};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::json;

use crate::console::Opened;
use crate::inlet::{Running, run_in};
use crate::small_aws::{SmallAws, letter_id};

/// The time of the receive during which a command is stopped.
const RECEIVE: Duration = Duration::from_millis(1_500);

/// Less than the time after which SQS gives letters back by itself.
const AT_ONCE: Duration = Duration::from_secs(20);

/// More letters than one receive returns, so that a stop meets letters that are held and letters on their way.
const LETTERS: usize = 15;

fn slow() -> SmallAws {
    SmallAws::start(&["zid/riyadh"], LETTERS).slow_receives(RECEIVE)
}

#[test]
fn every_stop_of_a_look_gives_its_letters_back() {
    let (first, signals) = (letter_id(0), ["INT", "TERM", "HUP"]);
    let commands: [(&[&str], i32, &str); 5] = [
        (&["dead-letters", "list"], 1, "the dead letters are given back"),
        (&["dead-letters", "show", &first], 1, "the dead letters are given back"),
        (&["redrive", &first], 5, "`inlet --local redrive m-0 --rate 50`"),
        (&["redrive", "--store", "zid/riyadh", "--dry-run"], 1, "the dead letters are given back"),
        (&["dead-letters", "discard", &first, "--yes"], 5, "`inlet --local dead-letters discard m-0 --yes`"),
    ];
    for (at, (command, code, says)) in commands.into_iter().enumerate() {
        let (aws, signal) = (slow(), signals[at % signals.len()]);
        let running = Running::start_in(&aws.folder, command);
        aws.wait_for_receives(2);
        let start = Instant::now();
        running.signal(signal);
        let (ended, said) = running.end();
        let said = said.join("\n");
        assert_eq!(aws.letters(), (0, LETTERS), "{command:?} {signal}: {said}");
        assert!(ended == code && said.contains(says), "{command:?} {signal}: {ended} {said}");
        assert!(start.elapsed() < AT_ONCE, "{command:?} {signal}: {:?}", start.elapsed());
    }
}

#[test]
fn a_look_that_ends_gives_its_letters_back() {
    let aws = SmallAws::start(&["zid/riyadh"], LETTERS);
    let first = letter_id(0);
    for (command, code) in [
        (&["dead-letters", "list"][..], 0),
        (&["dead-letters", "show", &first], 0),
        (&["dead-letters", "show", "00c0ffee"], 3),
        (&["redrive", &first, "--dry-run"], 0),
        // There is no terminal to ask.
        (&["redrive", &first], 2),
        (&["dead-letters", "discard", &first], 2),
    ] {
        let ran = run_in(&aws.folder, command);
        assert_eq!((ran.code, aws.letters()), (code, (0, LETTERS)), "{command:?}: {ran:?}");
    }
}

/// Runs `inlet --local` on a terminal, types this at its question, and returns the exit code and the output.
fn asked(aws: &SmallAws, arguments: &[&str], typed: &str) -> (Option<i32>, String) {
    let line = format!("exec '{}' --local {}", env!("CARGO_BIN_EXE_inlet"), arguments.join(" "));
    let mut script = Command::new("script");
    script.args(["--quiet", "--return", "--command", &line, "/dev/null"]).env("TERM", "xterm");
    script.current_dir(&aws.folder).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = script.spawn().expect("script");
    let (mut input, mut output) =
        (child.stdin.take().expect("its input"), child.stdout.take().expect("its output"));
    let mut said = Vec::new();
    let mut byte = [0];
    while !said.ends_with(b"[y/N] ") && output.read(&mut byte).expect("output") > 0 {
        said.push(byte[0]);
    }
    input.write_all(typed.as_bytes()).expect("its input");
    output.read_to_end(&mut said).expect("its output");
    (child.wait().expect("an end").code(), String::from_utf8_lossy(&said).into_owned())
}

#[test]
fn no_and_ctrl_c_at_the_question_leave_nothing_hidden() {
    let aws = SmallAws::start(&["zid/riyadh"], LETTERS);
    let first = letter_id(0);
    for (typed, code, says) in
        [("n\n", 1, "nothing was changed"), ("\u{3}", 5, "was stopped before it began")]
    {
        let (ended, said) = asked(&aws, &["redrive", &first], typed);
        assert_eq!((ended, aws.letters()), (Some(code), (0, LETTERS)), "{typed:?}: {said}");
        assert!(said.contains(says), "{typed:?}: {said}");
    }
}

#[test]
fn a_console_that_ends_gives_back_what_its_page_holds() {
    let aws = slow();
    let console = Opened::of(&aws);
    let page = console.begin("/dead-letters");
    aws.wait_for_receives(2);
    // The reader closes the page before it is there.
    drop(page);
    console.running.signal("TERM");
    let (code, said) = console.running.end();
    assert_eq!((code, aws.letters()), (0, (0, LETTERS)), "{said:?}");
}

#[test]
fn an_agent_that_leaves_gets_the_letters_given_back() {
    let aws = slow();
    let mut command = Command::new(env!("CARGO_BIN_EXE_inlet"));
    command.args(["--local", "mcp"]).current_dir(&aws.folder);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("the binary");
    let mut input = child.stdin.take().expect("its input");
    let client = json!({"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "t", "version": "1"}});
    for message in [
        json!({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": client}),
        json!({"jsonrpc": "2.0", "method": "notifications/initialized"}),
        json!({"jsonrpc": "2.0", "id": 2, "method": "tools/call", "params": {"name": "list_dead_letters", "arguments": {}}}),
    ] {
        writeln!(input, "{message}").expect("its input");
    }
    aws.wait_for_receives(2);
    drop(input);
    let code = child.wait().expect("an end").code();
    assert_eq!((code, aws.letters()), (Some(0), (0, LETTERS)));
}
