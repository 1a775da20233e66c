//! The shapes of a provider's credential in the parameter store, for the command that writes it.

use crate::secret::is_blank;

/// One shape of a provider's credential: the fields that belong together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CredentialShape {
    /// Its name.
    pub name: &'static str,
    /// Its fields, in the order in which the command asks for them.
    pub fields: &'static [Field],
    /// The issuer of the values.
    pub issuer: Issuer,
}

/// A field of a credential.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Field {
    /// Its name in the JSON object.
    pub name: &'static str,
    /// Its description for the person who enters it.
    pub about: &'static str,
    /// True if the shape requires it.
    pub required: bool,
    /// Its documented number of characters.
    pub characters: Option<usize>,
}

/// The issuer of a credential's values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Issuer {
    /// The store: random values work.
    Store,
    /// The provider: the place where the values are found.
    Other(&'static str),
}

impl Field {
    /// Returns a required field.
    pub const fn required(name: &'static str, about: &'static str) -> Self {
        Self { name, about, required: true, characters: None }
    }

    /// Returns an optional field.
    pub const fn optional(name: &'static str, about: &'static str) -> Self {
        Self { required: false, ..Self::required(name, about) }
    }

    /// Sets the exact number of characters.
    #[must_use]
    pub const fn of(self, characters: usize) -> Self {
        Self { characters: Some(characters), ..self }
    }
}

/// The problem of a credential. Quotes nothing of it but names of fields that exist.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidCredential {
    /// It is not a JSON object with text in each of its fields.
    #[error("a credential is a JSON object with text in each of its fields")]
    NotAnObject,
    /// Its fields belong to no shape.
    #[error("its fields are those of no shape: {0}")]
    Fields(String),
    /// A field is empty or blank.
    #[error("{0} is empty")]
    Empty(&'static str),
    /// A field has too few or too many characters.
    #[error("{field} has {characters} characters and must have exactly {required}")]
    Characters {
        /// The field.
        field: &'static str,
        /// Its number of characters.
        characters: usize,
        /// The required number of characters.
        required: usize,
    },
}

/// Returns the shape of a credential.
///
/// # Errors
/// An [`InvalidCredential`] with its first problem.
pub fn shape_of(
    shapes: &'static [CredentialShape],
    credential: &serde_json::Value,
) -> Result<&'static CredentialShape, InvalidCredential> {
    let object = credential.as_object().ok_or(InvalidCredential::NotAnObject)?;
    if !object.values().all(serde_json::Value::is_string) {
        return Err(InvalidCredential::NotAnObject);
    }
    let known = |shape: &&CredentialShape| {
        let fits = |name: &String| shape.fields.iter().any(|field| field.name == name);
        object.keys().all(fits)
            && shape.fields.iter().all(|field| !field.required || object.contains_key(field.name))
    };
    let shape = shapes.iter().find(known).ok_or_else(|| InvalidCredential::Fields(describe(shapes)))?;
    for field in shape.fields {
        let Some(text) = object.get(field.name).and_then(serde_json::Value::as_str) else {
            continue;
        };
        let characters = text.chars().count();
        match field.characters {
            _ if is_blank(text) => return Err(InvalidCredential::Empty(field.name)),
            Some(required) if required != characters => {
                return Err(InvalidCredential::Characters { field: field.name, characters, required });
            }
            _ => {}
        }
    }
    Ok(shape)
}

/// Returns the shapes in words: `username and password, or url_token`.
pub fn describe(shapes: &[CredentialShape]) -> String {
    let name =
        |field: &Field| if field.required { field.name.to_owned() } else { format!("[{}]", field.name) };
    let shape = |shape: &CredentialShape| shape.fields.iter().map(name).collect::<Vec<_>>().join(" and ");
    shapes.iter().map(shape).collect::<Vec<_>>().join(", or ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const SHAPES: &[CredentialShape] = &[
        CredentialShape {
            name: "pair",
            fields: &[Field::required("user", "u"), Field::optional("word", "w").of(4)],
            issuer: Issuer::Store,
        },
        CredentialShape {
            name: "token",
            fields: &[Field::required("token", "t")],
            issuer: Issuer::Other("ask"),
        },
    ];

    #[test]
    fn a_credential_has_one_shape_or_an_error() {
        let shape = |credential| shape_of(SHAPES, &credential).map(|shape| shape.name);
        assert_eq!(shape(json!({"user": "a", "word": "wörd"})), Ok("pair"));
        assert_eq!(shape(json!({"user": "a"})), Ok("pair"));
        assert_eq!(shape(json!({"token": "a"})), Ok("token"));
        assert_eq!(shape(json!("canary")), Err(InvalidCredential::NotAnObject));
        assert_eq!(shape(json!({"token": 7})), Err(InvalidCredential::NotAnObject));
        for blank in ["", "   ", "\t\n", "\u{a0}"] {
            assert_eq!(shape(json!({"token": blank})), Err(InvalidCredential::Empty("token")), "{blank:?}");
        }
        let characters = InvalidCredential::Characters { field: "word", characters: 3, required: 4 };
        assert_eq!(shape(json!({"user": "a", "word": "abc"})), Err(characters));
        for mixed in [json!({}), json!({"word": "abcd"}), json!({"user": "a", "canary": "b"})] {
            let Err(invalid @ InvalidCredential::Fields(_)) = shape(mixed.clone()) else {
                panic!("{mixed} is taken")
            };
            assert_eq!(invalid.to_string(), "its fields are those of no shape: user and [word], or token");
        }
    }
}
