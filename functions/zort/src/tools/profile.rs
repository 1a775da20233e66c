//! ZORT in the words of people, and its demo store.

use inlet::tools::profile::Profile;

pub(crate) const PROFILE: Profile = Profile {
    title: "ZORT",
    about: "Thailand, inventory and orders",
    demo_credential: &[("key1", "demo-zort-key-1"), ("key2", "demo-zort-key-2"), ("key3", "demo-zort-key-3")],
    sample: "ADDORDER",
};
