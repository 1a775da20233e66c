//! `packages/samples/`: the events of the payload files as consumers get them.

use inlet::message::CloudEvent;
use inlet::proof::verify;
use inlet::received_at::ReceivedAt;
use inlet::request::{Request, Unverified};
use inlet::tools::registration::Registering;
use inlet::tools::sender::Sender;
use inlet_providers::{ToolsVisitor, for_each_with_tools};
use serde_json::Value;

use crate::repository::Files;
use crate::samples::{request, unknown_event};

/// The folder of the samples that consumers test their code with.
pub const FOLDER: &str = "packages/samples";

/// Returns every file below [`FOLDER`]: the `CloudEvent` of each payload file, and of a delivery that no catalogue
/// has.
pub fn files() -> Files {
    let mut samples = Samples(Files::new());
    for_each_with_tools(&mut samples);
    samples.0
}

struct Samples(Files);

impl ToolsVisitor for Samples {
    fn visit<P: Registering>(&mut self) {
        let first = P::PAYLOADS.iter().find(|payload| !payload.is_form()).expect("a payload in JSON");
        let unknown = ("unknown-event", unknown_event::<P>(first));
        let all = P::PAYLOADS.iter().map(|payload| (payload.name(), request::<P>(payload))).chain([unknown]);
        self.0.extend(
            all.map(|(name, request)| {
                (format!("{FOLDER}/{}/{name}.json", P::NAME), cloud_event::<P>(request))
            }),
        );
    }
}

/// Returns the event that a consumer gets of this delivery, as if it arrived at a fixed time.
fn cloud_event<S: Sender>(request: Request) -> String {
    let credential = serde_json::from_value(S::PROFILE.demo_credential()).expect("a credential");
    let received_at = ReceivedAt::from_millis(1_749_715_272_345).expect("a time");
    let Ok(delivery) = verify::<S>(Unverified::new(request), &[credential], received_at) else {
        panic!("a sample of {} does not verify", S::NAME)
    };
    let parsed = S::parse(&delivery);
    let message = CloudEvent::of(&delivery.into_event::<S>(parsed)).to_json();
    let message: Value = serde_json::from_str(&message).expect("JSON");
    serde_json::to_string_pretty(&message).expect("JSON") + "\n"
}
