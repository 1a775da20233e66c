//! A protocol within bounds: as it should be, or deliberately broken.

/// A protocol within the bounds of a scenario `S`, sound or with a flaw of the kind `F`.
#[derive(Clone, Debug)]
pub struct Variant<S, F> {
    /// The bounds.
    pub scenario: S,
    /// Its flaw, if it has one.
    pub flaw: Option<F>,
}

impl<S, F: PartialEq> Variant<S, F> {
    /// Returns the protocol as it should be.
    pub fn sound(scenario: S) -> Self {
        Self { scenario, flaw: None }
    }

    /// Returns the protocol with a flaw.
    pub fn flawed(scenario: S, flaw: F) -> Self {
        Self { scenario, flaw: Some(flaw) }
    }

    /// Returns true if it has this flaw.
    pub fn has(&self, flaw: F) -> bool {
        self.flaw == Some(flaw)
    }
}
