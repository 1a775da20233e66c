//! The confirm redirect: a shopper's browser sends fields that Zip signed. The signature is a weak proof.
//!
//! Zip signs names and values sorted by name and joined **without separators**
//! (developers.zip.co/v9-US/docs/signing-requests). Text that the shopper typed, such as an address, can therefore be
//! split into other fields under the same signature. So a redirect is read only if the signed text can be split into
//! documented fields in one way. Every other verified request is stored as an unknown event.

use std::collections::BTreeSet;

use inlet::delivery::Delivery;
use inlet::proof::Covered;
use inlet::request::Fields;

use crate::SIGNATURE;

/// The names that Zip documents for the redirect. `line2` is not among them, but the address has such a field.
const NAMES: [(&str, Form); 18] = [
    ("amount", Form::Amount),
    ("currency", Form::Currency),
    ("customer.address.city", Form::Text),
    ("customer.address.country", Form::Text),
    ("customer.address.line1", Form::Text),
    ("customer.address.line2", Form::Text),
    ("customer.address.postalCode", Form::Text),
    ("customer.address.state", Form::Text),
    ("customer.email", Form::Text),
    ("customer.firstName", Form::Text),
    ("customer.lastName", Form::Text),
    ("customer.phone", Form::Text),
    ("merchantId", Form::Id),
    ("merchantReference", Form::Text),
    ("orderId", Form::Id),
    ("success", Form::Bool),
    ("test", Form::Bool),
    ("timestamp", Form::Timestamp),
];

/// The prefix of the merchant's own names.
const METADATA: &str = "metadata.";

/// The form in which Zip documents a value.
#[derive(Clone, Copy)]
enum Form {
    /// Decimal text: `123.45`.
    Amount,
    /// Three capital letters: `USD`.
    Currency,
    /// Letters, digits and dashes. Zip's are UUIDs.
    Id,
    /// `True` or `False`.
    Bool,
    /// `MM/dd/yyyy HH:mm:ss`.
    Timestamp,
    /// Any text: the shopper or the merchant wrote it.
    Text,
}

impl Form {
    fn fits(self, value: &str) -> bool {
        match self {
            Self::Amount => {
                let (whole, fraction) = value.split_once('.').unwrap_or((value, "0"));
                [whole, fraction].iter().all(|part| is_all(part, 1..=18, |b| b.is_ascii_digit()))
            }
            Self::Currency => is_all(value, 3..=3, |b| b.is_ascii_uppercase()),
            Self::Id => is_all(value, 1..=64, |b| b.is_ascii_alphanumeric() || b == b'-'),
            Self::Bool => matches!(value, "True" | "False"),
            Self::Timestamp => {
                let digits: String =
                    value.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect();
                digits == "00/00/0000 00:00:00"
            }
            Self::Text => true,
        }
    }
}

fn is_all(text: &str, lengths: std::ops::RangeInclusive<usize>, fits: impl Fn(u8) -> bool) -> bool {
    lengths.contains(&text.len()) && text.bytes().all(fits)
}

/// Returns the fields of a redirect if the signed text cannot be split into documented fields in another way.
///
/// It cannot if every name is documented or below `metadata.` and occurs once, every value has the documented form, and
/// a documented name occurs in the signed text only where a field begins. Zip's own fields begin at such places too. So
/// a documented name in typed text would begin one more field, with a name that already exists or that sorts elsewhere,
/// and the redirect is not read. A genuine redirect whose shopper lives in `12 test road` is not read either.
pub(crate) fn unambiguous_fields(delivery: &Delivery) -> Option<Fields> {
    let Covered::Fields { text, plus } = delivery.covered() else { return None };
    let fields = Fields::parse(delivery.query().as_bytes(), *plus);
    let mut sorted: Vec<(&[u8], &[u8])> =
        fields.iter().filter(|(name, _)| !name.eq_ignore_ascii_case(SIGNATURE.as_bytes())).collect();
    sorted.sort_by_key(|(name, _)| *name);
    let mut starts = BTreeSet::new();
    let (mut at, mut previous): (usize, &[u8]) = (0, b"");
    for (name, value) in sorted {
        let fits = form_of(name)?.fits(std::str::from_utf8(value).ok()?);
        if name == previous || !fits {
            return None;
        }
        starts.insert(at);
        at = at.saturating_add(name.len()).saturating_add(value.len());
        previous = name;
    }
    (starts == places_of_names(text)).then_some(fields)
}

/// Returns every position in a text where a documented name begins.
fn places_of_names(text: &[u8]) -> BTreeSet<usize> {
    let names = NAMES.iter().map(|(name, _)| *name).chain([METADATA]);
    let places = |name: &'static str| {
        let windows = text.windows(name.len()).enumerate();
        windows.filter(move |(_, window)| *window == name.as_bytes()).map(|(at, _)| at)
    };
    names.flat_map(places).collect()
}

/// Returns the documented form of a field's value, `None` if the name is not documented.
fn form_of(name: &[u8]) -> Option<Form> {
    let documented = NAMES.iter().find(|(known, _)| known.as_bytes() == name).map(|(_, form)| *form);
    documented.or_else(|| name.starts_with(METADATA.as_bytes()).then_some(Form::Text))
}

/// Returns the page that the shopper sees next, with the fields that the page needs.
///
/// `None` if the store set no page for this outcome: a failed checkout never goes to the page for a successful one,
/// also if the shopper splits the signed text into other fields.
pub(crate) fn page(delivery: &Delivery, success: Option<&str>, failure: Option<&str>) -> Option<String> {
    let fields = delivery.query_fields();
    let failed = is_failed(delivery);
    let page = if failed { failure } else { success }?;
    let (page, fragment) = page.split_once('#').map_or((page, None), |(page, after)| (page, Some(after)));
    let mut url = page.to_owned();
    for name in ["orderId", "merchantReference", "success"] {
        // A split may have moved another value there.
        let value = if failed && name == "success" { Some(&b"False"[..]) } else { fields.bytes(name) };
        if let Some(value) = value {
            url.push(if url.contains('?') { '&' } else { '?' });
            url.push_str(name);
            url.push('=');
            url.extend(percent_encoding::percent_encode(value, percent_encoding::NON_ALPHANUMERIC));
        }
    }
    Some(fragment.map_or(url.clone(), |fragment| format!("{url}#{fragment}")))
}

/// Returns whether the checkout failed, by the signed text: however it is split, Zip's `successFalse` stays in it.
fn is_failed(delivery: &Delivery) -> bool {
    const FAILED: &[u8] = b"successfalse";
    let Covered::Fields { text, .. } = delivery.covered() else { return false };
    text.windows(FAILED.len()).any(|window| window.eq_ignore_ascii_case(FAILED))
}
