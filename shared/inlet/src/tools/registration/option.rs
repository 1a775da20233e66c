//! What may be given beside the events: a provider's own settings of a registration, by name.

use super::PlanError;

/// A setting of a provider's own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProviderOption {
    /// Its name.
    pub name: &'static str,
    /// What it is for and which values it takes, as a sentence.
    pub help: &'static str,
}

/// The settings that were given. Each has a name that the provider knows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Options(Vec<(&'static str, String)>);

impl Options {
    /// Takes names and values, in the order in which they were given.
    ///
    /// # Errors
    /// [`PlanError::NoSuchOption`] for a name that is none of `options`.
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

    /// Whether nothing was given.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Every value under a name.
    pub fn all(&self, name: &str) -> Vec<&str> {
        self.0.iter().filter(|(n, _)| *n == name).map(|(_, value)| value.as_str()).collect()
    }

    /// The one value under a name, if it was given.
    ///
    /// # Errors
    /// [`PlanError::Option`] when there are several, or an empty one.
    pub fn one(&self, name: &'static str) -> Result<Option<&str>, PlanError> {
        match self.all(name)[..] {
            [] => Ok(None),
            [value] if !value.is_empty() => Ok(Some(value)),
            _ => Err(PlanError::Option { name, why: "takes one value".to_owned() }),
        }
    }
}
