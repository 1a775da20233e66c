//! Values that Zid writes in several ways: a text or an object with a code, a number or an object with an amount.

use inlet::canonical::{Image, Words};
use inlet::personal::Personal;
use inlet::value::decimal::Decimal;
use inlet::value::json::{FromJson, field};
use serde_json::Value;

/// Text that is not blank. Zid writes `""` for values that are not set. A number's digits are text too.
#[derive(Clone, PartialEq)]
pub(crate) struct Text(String);

impl FromJson for Text {
    fn from_json(value: &Value) -> Option<Self> {
        String::from_json(value).filter(|text| !text.trim().is_empty()).map(Self)
    }
}

impl Text {
    /// Returns the text.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<Text> for String {
    fn from(text: Text) -> Self {
        text.0
    }
}

/// Returns the text, or `None` if it is absent or blank.
pub(crate) fn text(value: Option<Text>) -> Option<String> {
    value.map(String::from)
}

/// A value that comes as a text or as an object with a code and a name.
///
/// Only its place in the body decides whether a text is a code (the short view of an order) or a translated name.
#[derive(Clone, Default, PartialEq)]
pub(crate) struct Coded {
    code: Option<String>,
    name: Option<String>,
}

inlet::outline!(Coded: code, name);

impl FromJson for Coded {
    fn from_json(value: &Value) -> Option<Self> {
        let Value::Object(object) = value else {
            return Text::from_json(value).map(|Text(name)| Self { code: None, name: Some(name) });
        };
        let code = text(field(object, &["code", "slug"]));
        let name = field::<Words>(object, &["name", "label"]).and_then(Words::into_one);
        let name = name.filter(|name| !name.trim().is_empty());
        (code.is_some() || name.is_some()).then_some(Self { code, name })
    }
}

impl Coded {
    /// Returns the code, or the text if there is no code.
    pub(crate) fn code(&self) -> Option<String> {
        self.code.clone().or_else(|| self.name.clone())
    }

    /// Returns the name, or the code if there is no name.
    pub(crate) fn name(&self) -> Option<String> {
        self.name.clone().or_else(|| self.code.clone())
    }
}

/// An amount that comes as a number, as a text or as an object around either.
#[derive(Clone, PartialEq)]
pub(crate) struct Amount(pub(crate) Decimal);

impl FromJson for Amount {
    fn from_json(value: &Value) -> Option<Self> {
        match value {
            Value::Object(object) => field(object, &["amount", "total"]).map(Self),
            other => Decimal::from_json(other).map(Self),
        }
    }
}

/// Returns the text, or `None` for the placeholder that Zid writes for "not available".
pub(crate) fn unless_placeholder(value: Option<Personal>) -> Option<Personal> {
    value.filter(|text| text != &Personal::new("N/A"))
}

/// A weight: a number alone, or a number with its unit.
#[derive(Clone, Default, PartialEq)]
pub(crate) struct Weight {
    pub(crate) value: Option<Decimal>,
    pub(crate) unit: Option<String>,
}

inlet::outline!(Weight: value, unit);

impl FromJson for Weight {
    fn from_json(value: &Value) -> Option<Self> {
        match value {
            Value::Object(object) => {
                Some(Self { value: field(object, &["value"]), unit: text(field(object, &["unit"])) })
            }
            other => Decimal::from_json(other).map(|value| Self { value: Some(value), unit: None }),
        }
    }
}

inlet::payload! {
    /// A picture. Products put the versions under `image`, lines of orders and carts under `thumbs`.
    pub(crate) struct Picture {
        /// The versions by size.
        versions: Versions = "image" | "thumbs",
        /// The uploaded file.
        origin: Text = "origin",
        /// The text that describes the picture.
        alt_text: Text = "alt_text",
    }
    /// The addresses of a picture, one for each size.
    pub(crate) struct Versions {
        /// The largest.
        url: Text = "full_size" | "fullSize" | "large" | "medium" | "small" | "thumbnail",
    }
}

/// Returns the pictures of a product or a line; `None` if there is none.
pub(crate) fn images(pictures: Option<Vec<Picture>>) -> Option<Vec<Image>> {
    let image = |picture: Picture| {
        let url = text(picture.versions.and_then(|versions| versions.url).or(picture.origin));
        Image { url, alt: text(picture.alt_text) }.known()
    };
    filled(pictures?.into_iter().filter_map(image).collect())
}

/// Returns the list, or `None` if it is empty: Zid writes `[]` for unset values.
pub(crate) fn filled<T>(list: Vec<T>) -> Option<Vec<T>> {
    (!list.is_empty()).then_some(list)
}
