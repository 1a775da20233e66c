//! The contract.

use inlet_testing::contract::Contract;

use crate::Toy;

struct ToyContract;

impl Contract for ToyContract {
    type Provider = Toy;
    const CREDENTIALS: &'static str = r#"[{"secret":"demo-toy-secret-91c4"},{"secret":"the-old-one"}]"#;
    const OTHER_CREDENTIAL: &'static str = r#"{"secret":"another-secret"}"#;
    const PROOF: (&'static str, usize) = ("x-toy-signature", 0);
    const COVERS_BODY: bool = true;
    const PAYLOADS: &'static [(&'static str, &'static str)] = &[
        ("order.created", include_str!("../payloads/order.created.json")),
        ("order.cancelled", include_str!("../payloads/order.cancelled.json")),
    ];
}

inlet_testing::contract!(ToyContract);
