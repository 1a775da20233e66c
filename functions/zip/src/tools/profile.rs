//! Zip US in the words of people, and its demo store.

use inlet::tools::profile::Profile;

pub(crate) const PROFILE: Profile = Profile {
    title: "Zip US",
    about: "payments",
    demo_credential: &[("secret", "demo-zip-shared-secret-7f1c")],
    sample: "authorize",
};
