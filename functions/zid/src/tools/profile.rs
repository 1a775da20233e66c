//! Zid in the words of people, and its demo store.

use inlet::tools::profile::Profile;

pub(crate) const PROFILE: Profile = Profile {
    title: "Zid",
    about: "Saudi Arabia, online stores",
    demo_credential: &[("username", "receiver-demo"), ("password", "S3cure-Passw0rd-Example")],
    sample: "order.create",
};
