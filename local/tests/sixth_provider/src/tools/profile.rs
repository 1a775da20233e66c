//! The toy provider in the words of people, and its demo store.

use inlet::tools::profile::Profile;

pub(crate) const PROFILE: Profile = Profile {
    title: "Toy",
    about: "does not exist",
    demo_credential: &[("secret", "demo-toy-secret-91c4")],
    sample: "order.created",
};
