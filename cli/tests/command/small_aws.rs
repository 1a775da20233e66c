//! A small AWS in memory, for tests that need no deployment: a dead-letter queue whose receives hide its letters, a time
//! index of events that have no items, and the names of stores. It needs no `make up`.

use std::io::Write as _;
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread;
use std::time::{Duration, Instant, UNIX_EPOCH};

use inlet_aws::client::clock;
use serde_json::{Value, json};

use crate::fake_aws::Call;

/// Maximum time to wait for a state.
const TIME_LIMIT: Duration = Duration::from_secs(30);

/// The services, and a folder whose local stack they are.
pub(crate) struct SmallAws {
    /// The folder.
    pub(crate) folder: PathBuf,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    /// True for each letter that is hidden.
    letters: Vec<bool>,
    stores: Vec<&'static str>,
    /// Ids of events with their arrivals.
    events: Vec<(String, String)>,
    receives: usize,
    /// The time of every receive but the first.
    takes: Duration,
}

impl SmallAws {
    /// Starts the services with these stores and this number of dead letters, of one entity each.
    pub(crate) fn start(stores: &[&'static str], letters: usize) -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let endpoint = format!("http://{}", listener.local_addr().expect("an address"));
        let state = State { letters: vec![false; letters], stores: stores.to_vec(), ..State::default() };
        let state = Arc::new(Mutex::new(state));
        let shared = Arc::clone(&state);
        thread::spawn(move || {
            for stream in listener.incoming() {
                let (stream, state) = (stream.expect("a connection"), Arc::clone(&shared));
                thread::spawn(move || respond(&stream, &state));
            }
        });
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let folder = std::env::temp_dir().join(format!("inlet-small-{}-{number}", std::process::id()));
        std::fs::create_dir_all(folder.join(".local")).expect("a folder");
        let stack = json!({
            "region": "us-east-1", "endpoint": endpoint, "stage": "local", "api": format!("{endpoint}/api"),
            "table": "t", "queue_url": format!("{endpoint}/events.fifo"), "dlq_url": format!("{endpoint}/dead.fifo"),
            "bus": "b",
        });
        std::fs::write(folder.join(".local/stack.json"), stack.to_string()).expect("a file");
        Self { folder, state }
    }

    /// Lets every receive but the first take this long. It hides its letters at its start.
    pub(crate) fn slow_receives(self, takes: Duration) -> Self {
        self.state().takes = takes;
        self
    }

    /// Lists an event that arrived then.
    pub(crate) fn with_event(self, id: &str, arrival: &str) -> Self {
        self.state().events.push((id.to_owned(), arrival.to_owned()));
        self
    }

    /// Waits until so many receives have begun.
    #[track_caller]
    pub(crate) fn wait_for_receives(&self, count: usize) {
        let start = Instant::now();
        while self.state().receives < count {
            assert!(start.elapsed() < TIME_LIMIT, "{} of {count} receives", self.state().receives);
            thread::sleep(Duration::from_millis(10));
        }
    }

    /// Returns the numbers of hidden letters and of all letters.
    pub(crate) fn letters(&self) -> (usize, usize) {
        let letters = &self.state().letters;
        (letters.iter().filter(|hidden| **hidden).count(), letters.len())
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("no panic")
    }
}

impl Drop for SmallAws {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// The id of the letter of this number.
pub(crate) fn letter_id(number: usize) -> String {
    format!("m-{number}")
}

fn letter(number: usize) -> Value {
    let id = format!("zid/riyadh/order/{number}/{number:016x}");
    let message = json!({
        "id": id, "type": "commerce.order.created", "provider": "zid", "store": "riyadh", "data": {},
        "receivedtime": "2025-06-12T08:00:00.000Z",
    });
    json!({
        "MessageId": letter_id(number), "ReceiptHandle": number.to_string(), "Body": message.to_string(),
        "Attributes": {
            "MessageGroupId": number.to_string(), "MessageDeduplicationId": id,
            "ApproximateReceiveCount": "1", "SentTimestamp": "1749718800000",
        },
    })
}

fn respond(mut stream: &TcpStream, state: &Mutex<State>) -> Option<()> {
    let call = Call::read(stream)?;
    let input: Value = serde_json::from_slice(&call.body).unwrap_or_default();
    let (takes, status, output) = output(&call.operation(), &input, &mut state.lock().expect("no panic"));
    thread::sleep(takes);
    let body = output.to_string();
    let date =
        httpdate::fmt_http_date(UNIX_EPOCH + Duration::from_millis(clock::now().millis().unsigned_abs()));
    let head = format!(
        "HTTP/1.1 {status}\r\ndate: {date}\r\ncontent-type: application/x-amz-json-1.0\r\ncontent-length: {}\r\n\
         connection: close\r\n\r\n",
        body.len()
    );
    stream.write_all((head + &body).as_bytes()).ok()
}

/// Returns an event as a query of the time index finds it.
fn indexed((id, arrival): &(String, String), query: &Value) -> Option<Value> {
    let value = |name: &str| query["ExpressionAttributeValues"][name]["S"].as_str();
    // All events are in the first shard of their hour.
    let bucket = format!("{}#0", &arrival[.."2025-06-12T08".len()]);
    let is_in = value(":first")? <= arrival.as_str() && arrival.as_str() <= value(":last")?;
    (value(":bucket") == Some(&bucket) && is_in).then(|| {
        let (entity, digest) = id.rsplit_once('/').expect("an id");
        json!({
            "pk": {"S": entity}, "sk": {"S": format!("event/{digest}")}, "arrival": {"S": arrival},
            "bucket": {"S": bucket}, "type": {"S": "order.create"}, "canonical_type": {"S": "commerce.order.created"},
        })
    })
}

/// Returns the response to a call, with the time that it takes and its status.
fn output(operation: &str, input: &Value, state: &mut State) -> (Duration, &'static str, Value) {
    let mut takes = Duration::ZERO;
    let output = match operation {
        "sqs/GetQueueAttributes" => {
            let hidden = state.letters.iter().filter(|hidden| **hidden).count();
            json!({"Attributes": {
                "ApproximateNumberOfMessages": (state.letters.len() - hidden).to_string(),
                "ApproximateNumberOfMessagesNotVisible": hidden.to_string(),
            }})
        }
        "sqs/ReceiveMessage" => {
            state.receives += 1;
            if state.receives > 1 {
                takes = state.takes;
            }
            let visible = (0..state.letters.len()).filter(|number| !state.letters[*number]);
            let received: Vec<usize> = visible.take(10).collect();
            for number in &received {
                state.letters[*number] = true;
            }
            json!({"Messages": received.into_iter().map(letter).collect::<Vec<_>>()})
        }
        "sqs/ChangeMessageVisibility" => {
            let number = input["ReceiptHandle"].as_str().and_then(|handle| handle.parse::<usize>().ok());
            state.letters[number.expect("a handle")] = input["VisibilityTimeout"] != json!(0);
            json!({})
        }
        "dynamodb/BatchGetItem" => json!({"Responses": {}, "UnprocessedKeys": {}}),
        "dynamodb/Query" => {
            let items: Vec<Value> = state.events.iter().filter_map(|event| indexed(event, input)).collect();
            json!({"Count": items.len(), "ScannedCount": items.len(), "Items": items})
        }
        "dynamodb/GetItem" => json!({}),
        "ssm/GetParametersByPath" => {
            let path = input["Path"].as_str().expect("a path");
            let names = state.stores.iter().map(|store| format!("/inlet/local/{store}"));
            let names = names.filter(|name| name.starts_with(path));
            let parameters = names.map(|name| json!({"Name": name, "Type": "SecureString", "Value": "x"}));
            json!({"Parameters": parameters.collect::<Vec<_>>()})
        }
        "ssm/GetParameter" | "ssm/GetParameterHistory" => {
            return (takes, "400 Bad Request", json!({"__type": "ParameterNotFound", "message": "none"}));
        }
        "dynamodb/Scan" => json!({"Items": [], "Count": 0, "ScannedCount": 0}),
        "logs/FilterLogEvents" => json!({"events": []}),
        // The command prints it.
        other => {
            let error =
                json!({"__type": "ValidationException", "message": format!("{other} is not understood")});
            return (takes, "400 Bad Request", error);
        }
    };
    (takes, "200 OK", output)
}
