//! The conventions of these tests.
//!
//! - One file per command, named after it, and a `mod` line in `main.rs`: one program, linked once.
//! - [`run`] calls the binary with `--local`, from the repository's folder; [`bare`] without it, [`in_an_account`] with a stack's
//!   name instead.
//! - Output for people is a snapshot ([`snapshot`]): standard output, standard error and the exit code. Filters
//!   replace values that differ from run to run and fold runs of spaces into two. Write new snapshots with
//!   `INSTA_UPDATE=always cargo test -p inlet-cli`, then review them.
//! - Output for programs (`--json`) is parsed and asserted.
//! - A test that stores anything has a store of its own: `Stack::up().store("zid", &credentials)`.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

use inlet_tests::repository;
use inlet_tests::stack::Facts;
use serde_json::Value;

/// The result of a run.
#[derive(Debug)]
pub(crate) struct Ran {
    /// The exit code.
    pub(crate) code: i32,
    /// Standard output.
    pub(crate) out: String,
    /// Standard error.
    pub(crate) err: String,
}

impl Ran {
    /// The one JSON document on standard output.
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// Returns the result if the exit code is 0.
    #[track_caller]
    pub(crate) fn done(self) -> Self {
        assert_eq!(self.code, 0, "{}{}", self.out, self.err);
        self
    }
}

/// Values that differ from run to run, and their placeholders in snapshots, in order.
const FILTERS: [(&str, &str); 11] = [
    (r#"("original_id": )\d+"#, "$1[id]"),
    (r"https?://(127\.0\.0\.1|localhost):\d+(/_aws/execute-api/\w+)?", "[api]"),
    (r"\bt\d{13}-\d+-\d+\b", "[store]"),
    (r"/[0-9a-f]{16}\b", "/[digest]"),
    (r"\b[0-9a-f]{16}\b", "[digest]"),
    (r"\b127\.0\.0\.1:\d+", "[host]"),
    (r"ureq/[\d.]+", "ureq/[version]"),
    (r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)?", "[time]"),
    (r"\b\d+(\.\d+)? ?(µs|ms|s)\b", "[duration]"),
    (r"[ \t]+\n", "\n"),
    (r"(\S) {2,}", "$1  "),
];

/// Runs `inlet --local` with these arguments.
pub(crate) fn run(arguments: &[&str]) -> Ran {
    run_with(arguments, "")
}

/// The same with this on standard input.
pub(crate) fn run_with(arguments: &[&str], input: &str) -> Ran {
    end(&mut local(arguments, &repository::root()), input)
}

/// Runs `inlet --local` in a folder with a `.local/stack.json` of its own.
pub(crate) fn run_in(folder: &Path, arguments: &[&str]) -> Ran {
    end(&mut local(arguments, folder), "")
}

/// The same with this on standard input.
pub(crate) fn run_with_in(folder: &Path, arguments: &[&str], input: &str) -> Ran {
    end(&mut local(arguments, folder), input)
}

fn local(arguments: &[&str], folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_inlet"));
    command.arg("--local").args(arguments).current_dir(folder);
    command
}

/// An `inlet --local` that runs until it is stopped.
pub(crate) struct Running {
    child: Child,
    received: Receiver<String>,
    /// Lines that came while another was waited for: each output has its own reader, so lines of two outputs can change
    /// places.
    passed: Vec<String>,
}

impl Running {
    /// Starts it.
    pub(crate) fn start(arguments: &[&str]) -> Self {
        Self::run(local(arguments, &repository::root()))
    }

    /// The same in a folder with a `.local/stack.json` of its own.
    pub(crate) fn start_in(folder: &Path, arguments: &[&str]) -> Self {
        Self::run(local(arguments, folder))
    }

    /// The same as in an AWS account.
    pub(crate) fn in_an_account(facts: &Facts, arguments: &[&str]) -> Self {
        Self::run(account(facts, arguments))
    }

    fn run(mut command: Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the binary");
        let (say, received) = channel();
        let out = BufReader::new(child.stdout.take().expect("its output"));
        let err = BufReader::new(child.stderr.take().expect("its notes"));
        let say_it = say.clone();
        thread::spawn(move || out.lines().map_while(Result::ok).all(|line| say_it.send(line).is_ok()));
        thread::spawn(move || err.lines().map_while(Result::ok).all(|line| say.send(line).is_ok()));
        Self { child, received, passed: Vec::new() }
    }

    /// Waits for a line that contains this, on either output, and returns it.
    #[track_caller]
    pub(crate) fn wait_for(&mut self, word: &str) -> String {
        if let Some(at) = self.passed.iter().position(|line| line.contains(word)) {
            return self.passed.remove(at);
        }
        while let Ok(line) = self.received.recv_timeout(TIME_LIMIT) {
            if line.contains(word) {
                return line;
            }
            self.passed.push(line);
        }
        let _ = self.child.kill();
        panic!("no line contains {word:?}:\n{}", self.passed.join("\n"))
    }

    /// Returns all lines up to one that contains this, on either output.
    #[track_caller]
    pub(crate) fn lines_until(&mut self, word: &str) -> Vec<String> {
        let mut lines = Vec::new();
        while let Ok(line) = self.received.recv_timeout(TIME_LIMIT) {
            let is_last = line.contains(word);
            lines.push(line);
            if is_last {
                return lines;
            }
        }
        let _ = self.child.kill();
        panic!("no line contains {word:?}: {lines:?}")
    }

    /// Sends the signal of Ctrl-C.
    pub(crate) fn stop(&self) {
        self.signal("INT");
    }

    /// Sends a signal, such as INT.
    pub(crate) fn signal(&self, name: &str) {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args(["-s", name, &pid]).status().expect("kill").success());
    }

    /// Returns the exit code, and the lines that were not waited for.
    pub(crate) fn end(mut self) -> (i32, Vec<String>) {
        let code = self.child.wait().expect("an end").code().unwrap_or(-1);
        (code, self.received.iter().collect())
    }
}

/// Ends a command that a test did not end, also one that failed.
impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Timeout of a line of a running command.
const TIME_LIMIT: Duration = Duration::from_mins(1);

/// Runs `inlet` with these arguments, without a stack and an AWS account.
pub(crate) fn bare(arguments: &[&str]) -> Ran {
    bare_with(&[], arguments)
}

/// The same with these variables in the environment.
pub(crate) fn bare_with(environment: &[(&str, &str)], arguments: &[&str]) -> Ran {
    let mut command = Command::new(env!("CARGO_BIN_EXE_inlet"));
    let nowhere = std::env::temp_dir();
    command.env_clear().env("AWS_EC2_METADATA_DISABLED", "true").env("HOME", &nowhere);
    command.envs(environment.iter().copied());
    end(command.args(arguments).current_dir(&nowhere), "")
}

/// Compares a result with the snapshot of this name.
pub(crate) fn snapshot(name: &str, ran: &Ran) {
    let mut settings = insta::Settings::clone_current();
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    for (pattern, stands_for) in FILTERS {
        settings.add_filter(pattern, stands_for);
    }
    let Ran { code, out, err } = ran;
    settings.bind(|| {
        insta::assert_snapshot!(name, format!("{out}--- standard error\n{err}--- exit code {code}"));
    });
}

/// Returns the name of a store of this provider that is not configured.
pub(crate) fn unheard_of(provider: &str) -> String {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let since = std::time::UNIX_EPOCH.elapsed().expect("a clock").as_millis();
    format!("{provider}/t{since}-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed))
}

/// Runs `inlet` as in an AWS account: found by its stack's name, with the credentials and the endpoint of the
/// environment.
pub(crate) fn in_an_account(facts: &Facts, arguments: &[&str]) -> Ran {
    end(&mut account(facts, arguments), "")
}

fn account(facts: &Facts, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_inlet"));
    command.env_clear().env("AWS_ENDPOINT_URL", &facts.endpoint).env("AWS_REGION", &facts.region);
    command.env("AWS_ACCESS_KEY_ID", "test").env("AWS_SECRET_ACCESS_KEY", "test");
    command.args(arguments).current_dir(std::env::temp_dir());
    command
}

/// Runs `inlet --local` on a terminal of this many columns, and returns what the terminal shows, with its colours.
pub(crate) fn on_a_terminal(columns: u16, arguments: &[&str]) -> String {
    let ran = typed_on_a_terminal(columns, arguments, "");
    assert_eq!(ran.code, 0, "{ran:?}");
    ran.out
}

/// The same with this typed in reply to its questions. Returns the exit code too.
pub(crate) fn typed_on_a_terminal(columns: u16, arguments: &[&str], typed: &str) -> Ran {
    let words = arguments.iter().map(|word| format!("'{word}'")).collect::<Vec<_>>().join(" ");
    let line = format!(
        "stty cols {columns} rows 40; exec '{}' --local --quiet {words}",
        env!("CARGO_BIN_EXE_inlet")
    );
    let mut script = Command::new("script");
    script.args(["--quiet", "--return", "--command", &line, "/dev/null"]).env("TERM", "xterm");
    let ran = end(script.current_dir(repository::root()), typed);
    Ran { out: ran.out.replace("\r\n", "\n"), ..ran }
}

fn end(command: &mut Command, input: &str) -> Ran {
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("the binary");
    let mut stdin = child.stdin.take().expect("its standard input");
    // A command that does not read closes the pipe.
    let _ = stdin.write_all(input.as_bytes());
    drop(stdin);
    let output = child.wait_with_output().expect("an end");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("text");
    Ran { code: output.status.code().unwrap_or(-1), out: text(output.stdout), err: text(output.stderr) }
}
