//! A provider's names, its demo store and its usual sample, from which files about all providers are generated.

use serde_json::{Map, Value};

/// A provider in the words of people, and its demo store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Profile {
    /// The name as the provider writes it, such as `DealPOS`.
    pub title: &'static str,
    /// The country, if it is one, and the subject, such as `Indonesia, point of sale`.
    pub about: &'static str,
    /// The credential of the store `demo`, by field. Public: only the local stack and the samples use it.
    pub demo_credential: &'static [(&'static str, &'static str)],
    /// The file of the folder `payloads`, without its ending, that `make up` sends.
    pub sample: &'static str,
}

impl Profile {
    /// Returns the credential of the store `demo` as Parameter Store keeps it.
    pub fn demo_credential(&self) -> Value {
        let fields = self.demo_credential.iter();
        Value::Object(
            fields.map(|(name, secret)| ((*name).to_owned(), (*secret).into())).collect::<Map<_, _>>(),
        )
    }
}
