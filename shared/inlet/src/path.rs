//! The path of a webhook's URL, `/{provider}/{store}/{topic}`, read tolerantly.
//!
//! People type these URLs into portals, and no provider documents whether it appends something to them. So a path is
//! read as its parts, and small differences do not matter: case, empty parts, percent-encoding, blanks around a part,
//! parts in front of the provider (a stage, a base path) and parts behind the store that are not a topic.

use percent_encoding::percent_decode_str;

use crate::store::StoreName;

/// The provider and the store that a path names, and the parts behind them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target<'p> {
    /// The provider's name.
    pub provider: &'p str,
    /// The store.
    pub store: StoreName,
    /// The parts behind the store, decoded, in their order.
    pub rest: Vec<String>,
}

impl<'p> Target<'p> {
    /// Returns the first provider in the path that is followed by a store's name; `None` if there is none.
    pub fn find(path: &str, providers: &[&'p str]) -> Option<Self> {
        // Some gateways decode the path and others do not. Decoding a decoded path changes a literal `%` only.
        let decoded = percent_decode_str(path).decode_utf8_lossy();
        let parts: Vec<&str> = decoded
            .split('/')
            .map(|part| part.trim_matches(is_blank))
            .filter(|part| !part.is_empty())
            .collect();
        parts.iter().enumerate().find_map(|(index, part)| {
            let provider = providers.iter().find(|provider| provider.eq_ignore_ascii_case(part))?;
            let mut behind = parts.iter().skip(index).skip(1);
            let store = StoreName::parse(&behind.next()?.to_ascii_lowercase()).ok()?;
            Some(Self { provider, store, rest: behind.map(|part| (*part).to_owned()).collect() })
        })
    }

    /// Returns the topic: the last part behind the store for which `is_topic` returns true, because a provider that
    /// appends the event's name appends it to a URL that may have a topic already.
    ///
    /// If there is no such part, it is the last part that does not look like a part of an API's address.
    pub fn topic(&self, is_topic: impl Fn(&str) -> bool) -> Option<&str> {
        let last =
            |fits: &dyn Fn(&str) -> bool| self.rest.iter().map(String::as_str).rfind(|part| fits(part));
        last(&is_topic).or_else(|| last(&|part| !is_of_an_api(part)))
    }
}

/// Returns true for characters that are invisible at the end of a URL.
fn is_blank(c: char) -> bool {
    c.is_whitespace() || c.is_control() || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}')
}

/// Returns true for `api` and for a version such as `v3`: `DealPOS` prints its webhooks' names behind `/api/v3/`.
fn is_of_an_api(part: &str) -> bool {
    let part = part.to_ascii_lowercase();
    let is_version = |digits: &str| !digits.is_empty() && digits.bytes().all(|digit| digit.is_ascii_digit());
    part == "api" || part.strip_prefix('v').is_some_and(is_version)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const PROVIDERS: [&str; 2] = ["acme", "other"];

    fn is_topic(part: &str) -> bool {
        ["paid", "order.create"].iter().any(|topic| topic.eq_ignore_ascii_case(part))
    }

    /// Returns provider, store and topic.
    fn read(path: &str) -> Option<(&'static str, String, Option<String>)> {
        let target = Target::find(path, &PROVIDERS)?;
        let topic = target.topic(is_topic).map(str::to_owned);
        Some((target.provider, target.store.to_string(), topic))
    }

    #[test]
    fn a_path_that_is_slightly_wrong_has_the_same_target() {
        let cases = [
            ("/acme/riyadh", None),
            ("/acme/riyadh/", None),
            ("//acme//riyadh//", None),
            ("acme/riyadh", None),
            ("/prod/acme/riyadh", None),
            ("/acme/riyadh/paid", Some("paid")),
            ("/acme/riyadh/paid/", Some("paid")),
            ("/acme/riyadh//paid", Some("paid")),
            ("/ACME/Riyadh/Paid", Some("Paid")),
            ("/acme/riyadh/api/v3/paid", Some("paid")),
            ("/acme/riyadh/paid/api/v3/", Some("paid")),
            ("/acme/riyadh/paid/callback", Some("paid")),
            ("/acme/riyadh/paid/order.create", Some("order.create")),
            ("/acme/riyadh/api/v3/new.event", Some("new.event")),
            ("/acme/riyadh/api/V3/", None),
            ("/acme/riyadh/vip", Some("vip")),
            ("/%61cme/r%69yadh/order%2Ecreate", Some("order.create")),
            ("/acme%2Friyadh%2fpaid", Some("paid")),
            ("/acme/riyadh%20/paid%0A", Some("paid")),
            ("/acme/riyadh/paid%E2%80%8B", Some("paid")),
            ("/api/v3/acme/riyadh/paid", Some("paid")),
            ("/acme/acme/riyadh", None),
        ];
        for (path, topic) in cases {
            let store = if path.starts_with("/acme/acme") { "acme" } else { "riyadh" };
            let topic = if store == "acme" { Some("riyadh") } else { topic };
            assert_eq!(read(path), Some(("acme", store.to_owned(), topic.map(str::to_owned))), "{path}");
        }
        assert_eq!(read("/acme/other/riyadh"), Some(("acme", "other".to_owned(), Some("riyadh".to_owned()))));
    }

    #[test]
    fn a_path_without_provider_or_store_has_no_target() {
        for path in
            ["", "/", "//", "/acme", "/acme/", "/ACME//", "/acmee/riyadh", "/riyadh/paid", "/acme/a_b", "/%"]
        {
            assert_eq!(read(path), None, "{path}");
        }
        assert_eq!(read(&format!("/acme/{}", "x".repeat(StoreName::MAX_LEN + 1))), None);
    }

    /// A part as senders may write it: in any case, with some characters percent-encoded.
    fn spelling(part: String) -> impl Strategy<Value = String> {
        let letters = part.len();
        (prop::collection::vec(any::<bool>(), letters), prop::collection::vec(any::<bool>(), letters))
            .prop_map(move |(upper, encoded)| {
                let letter = |((c, upper), encoded): ((char, bool), bool)| {
                    let c = if upper { c.to_ascii_uppercase() } else { c };
                    if encoded { format!("%{:02X}", u32::from(c)) } else { c.to_string() }
                };
                part.chars().zip(upper).zip(encoded).map(letter).collect()
            })
    }

    fn slashes() -> impl Strategy<Value = String> {
        prop::sample::select(vec!["/", "//", "///", "/%20/", "%2F"]).prop_map(str::to_owned)
    }

    prop_compose! {
        fn spelled()(store in "[a-z0-9][a-z0-9-]{0,62}", front in prop::sample::select(vec!["", "prod", "api/v3"]))
            (
                parts in (spelling("acme".into()), spelling(store.clone()), spelling("order.create".into())),
                slashes in prop::collection::vec(slashes(), 5),
                behind in prop::sample::select(vec!["", "api", "v3", "callback"]),
                front in Just(front),
                store in Just(store),
            ) -> (String, String) {
            let (provider, spelt, topic) = parts;
            let separated = [front, &provider, &spelt, &topic, behind];
            let path = slashes.iter().zip(separated).flat_map(|(slash, part)| [slash.clone(), part.to_owned()]).collect();
            (store, path)
        }
    }

    proptest! {
        #[test]
        fn every_spelling_of_a_path_has_the_same_target((store, path) in spelled()) {
            let (provider, found, topic) = read(&path).unwrap();
            prop_assert_eq!((provider, found), ("acme", store), "{}", path);
            let topic = topic.map(|topic| topic.to_ascii_lowercase());
            prop_assert_eq!(topic.as_deref(), Some("order.create"));
        }

        #[test]
        fn any_text_has_a_target_or_none(path: String) {
            if let Some(target) = Target::find(&path, &PROVIDERS) {
                prop_assert!(PROVIDERS.contains(&target.provider));
            }
        }
    }
}
