//! DealPOS in the words of people, and its demo store.

use inlet::tools::profile::Profile;

pub(crate) const PROFILE: Profile = Profile {
    title: "DealPOS",
    about: "Indonesia, point of sale",
    demo_credential: &[("api_key", "demo-dealpos-api-key-4f1d")],
    sample: "invoiceCreated",
};
