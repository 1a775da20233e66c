//! TikiNOW Smart Logistics in the words of people, and its demo store.

use inlet::tools::profile::Profile;

pub(crate) const PROFILE: Profile = Profile {
    title: "TikiNOW Smart Logistics",
    about: "Vietnam, fulfilment",
    demo_credential: &[
        ("order", "Qm7vT2xLk9Rw4ZpB8nYc1HsD6fJg3AeU"),
        ("stock", "hT5nWq8ZcV2xJ7mKd4LpY9sRb3GfE6Ua"),
        ("aftersale", "Xk3PzN6vBw9TqL2rMy8HcJ5dSg7FeA4Q"),
    ],
    sample: "order.status",
};
