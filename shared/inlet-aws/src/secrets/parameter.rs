//! The content of a store's parameter.

use std::sync::Arc;

use inlet::provider::Provider;
use inlet::receive::Store;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// The content of a store's parameter.
pub(super) enum Parameter<P: Provider> {
    /// There is no such parameter.
    Absent,
    /// A list with usable credentials, or an empty one: the store's credentials were revoked.
    Readable(Arc<Store<P>>),
    /// Not a list, or a list in which nothing is usable.
    Unreadable(Arc<Store<P>>),
}

/// The credentials of a parameter.
pub(super) struct Usable<C> {
    pub(super) credentials: Vec<C>,
    /// True if the parameter is an empty list or has a usable credential.
    pub(super) is_readable: bool,
}

/// Parses the credentials in a parameter's list. An unusable credential does not affect the others.
pub(super) fn usable_credentials<C: DeserializeOwned>(text: &str) -> Usable<C> {
    let list: Option<Vec<Value>> = serde_json::from_str(text).ok();
    let is_revoked = list.as_ref().is_some_and(Vec::is_empty);
    let entries = list.into_iter().flatten();
    let credentials: Vec<C> = entries.filter_map(|entry| serde_json::from_value(entry).ok()).collect();
    let is_readable = is_revoked || !credentials.is_empty();
    Usable { credentials, is_readable }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_unusable_credential_does_not_affect_the_others() {
        let usable = usable_credentials::<String>(r#"["new", {"not": "one"}, "old"]"#);
        assert_eq!((usable.credentials, usable.is_readable), (vec!["new".to_owned(), "old".into()], true));
    }

    #[test]
    fn an_empty_list_revokes_and_a_damaged_one_does_not() {
        for (text, is_readable) in
            [("[]", true), ("{}", false), ("nonsense", false), (r#"[{"not": "one"}]"#, false)]
        {
            let usable = usable_credentials::<String>(text);
            assert_eq!((usable.credentials.len(), usable.is_readable), (0, is_readable), "{text}");
        }
    }
}
