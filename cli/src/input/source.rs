//! Input from a file or from standard input.

use std::io::{self, Read as _};
use std::path::PathBuf;
use std::str::FromStr;

use serde_json::Value;

use crate::failure::Failure;
use crate::providers::ProviderHandle;

/// A source of input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    /// Standard input, written `-`.
    Stdin,
    /// A file.
    File(PathBuf),
}

impl FromStr for Source {
    type Err = std::convert::Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(if text == "-" { Self::Stdin } else { Self::File(text.into()) })
    }
}

impl Source {
    /// Reads all bytes.
    ///
    /// # Errors
    /// If the source cannot be read.
    pub(crate) fn bytes(&self) -> Result<Vec<u8>, Failure> {
        match self {
            Self::Stdin => {
                let mut bytes = Vec::new();
                io::stdin().read_to_end(&mut bytes)?;
                Ok(bytes)
            }
            Self::File(path) => {
                std::fs::read(path).map_err(|error| Failure::file("it cannot be read", path, error))
            }
        }
    }

    /// Reads a credential of this provider: a JSON object, or the first of a list.
    ///
    /// # Errors
    /// If the source cannot be read, or is not a credential of the provider.
    pub(crate) fn credential(&self, provider: ProviderHandle) -> Result<Value, Failure> {
        let given: Value = serde_json::from_slice(&self.bytes()?).unwrap_or_default();
        let first = match given {
            Value::Array(list) => list.into_iter().next().unwrap_or_default(),
            one => one,
        };
        provider.shape_of(&first)?;
        Ok(first)
    }
}
