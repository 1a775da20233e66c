//! Text in one language or in several, and pairs of such texts.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

use super::complete::{Complete, Completed, StoreDefaults};
use super::object::object;
use crate::personal::Personal;
use crate::value::json::FromJson;
use crate::value::money::Money;

/// A text in one language or in several.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(untagged)]
pub enum Words {
    /// In one language that the provider does not name.
    Plain(String),
    /// By language tag, such as `ar` and `en`.
    ByLanguage(BTreeMap<String, String>),
}

impl FromJson for Words {
    fn from_json(value: &Value) -> Option<Self> {
        match value {
            Value::Object(languages) => {
                let words: BTreeMap<_, _> = languages
                    .iter()
                    .filter_map(|(tag, v)| Some((tag.clone(), v.as_str()?.to_owned())))
                    .collect();
                (!words.is_empty()).then_some(Self::ByLanguage(words))
            }
            other => String::from_json(other).map(Self::Plain),
        }
    }
}

impl Complete for Words {
    /// No setting completes a text.
    fn complete(&mut self, _: &StoreDefaults, _: &mut Completed) {}
}

impl Words {
    /// Returns one text: the only one, else the English one, else the first.
    pub fn into_one(self) -> Option<String> {
        match self {
            Self::Plain(text) => Some(text),
            Self::ByLanguage(mut texts) => texts.remove("en").or_else(|| texts.into_values().next()),
        }
    }
}

object! {
    /// A choice that makes a variant, such as `Size` = `42`.
    pub struct SelectedOption {
        /// The option's name; absent where the provider sends the value alone.
        name: Words,
        /// The chosen value.
        value: Words,
    }

    /// An option that a product's variants differ in.
    pub struct ProductOption {
        /// The provider's id.
        id: String,
        /// The name.
        name: Words,
        /// The values to choose from.
        values: Vec<Words>,
    }

    /// A field that the merchant defined and the customer filled in.
    pub struct CustomField {
        /// The field's name.
        name: String,
        /// The value that the customer entered.
        value: Personal,
        /// The price that the value adds.
        price: Money,
    }

    /// A picture.
    pub struct Image {
        /// The address of the largest version.
        url: String,
        /// The text that describes the picture.
        alt: String,
    }

    /// A category as named inside a product, or a category's child.
    pub struct CategoryReference {
        /// The provider's id.
        id: String,
        /// The name.
        name: Words,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn one_text_is_the_english_one_where_there_is_one() {
        for (sent, text) in [
            (json!("shoe"), "shoe"),
            (json!({"ar": "حذاء", "en": "shoe"}), "shoe"),
            (json!({"ar": "حذاء"}), "حذاء"),
        ] {
            let words = Words::from_json(&sent).unwrap();
            assert_eq!(words.into_one().as_deref(), Some(text), "{sent}");
        }
    }
}
