//! A provider's own options of a registration, such as a warehouse or a condition.

use super::plan_error::PlanError;

/// An option that a provider knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProviderOption {
    /// The name.
    pub name: &'static str,
    /// The purpose and the values, in whole sentences.
    pub help: &'static str,
}

/// The options that the user gave. Each name is one of the provider's.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Options(Vec<(&'static str, String)>);

impl Options {
    /// Checks the names. Keeps the order.
    ///
    /// # Errors
    /// [`PlanError::NoSuchOption`] for a name that is not in `options`.
    pub fn parse(given: &[(String, String)], options: &[ProviderOption]) -> Result<Self, PlanError> {
        let known = |name: &str| match options.iter().find(|option| option.name == name) {
            Some(option) => Ok(option.name),
            None => {
                let known: Vec<&str> = options.iter().map(|option| option.name).collect();
                let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
                Err(PlanError::NoSuchOption { name: name.to_owned(), known })
            }
        };
        given
            .iter()
            .map(|(name, value)| Ok((known(name)?, value.clone())))
            .collect::<Result<_, _>>()
            .map(Self)
    }

    /// Returns true if there is no option.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns all values of an option.
    pub fn all(&self, name: &str) -> Vec<&str> {
        self.0.iter().filter(|(n, _)| *n == name).map(|(_, value)| value.as_str()).collect()
    }

    /// Returns the value of an option that may be given once.
    ///
    /// # Errors
    /// [`PlanError::Option`] if there are several values, or an empty one.
    pub fn one(&self, name: &'static str) -> Result<Option<&str>, PlanError> {
        match self.all(name)[..] {
            [] => Ok(None),
            [value] if !value.is_empty() => Ok(Some(value)),
            _ => Err(PlanError::Option { name, why: "takes one value".to_owned() }),
        }
    }
}
