//! Checks that the check finds a flaw.

use std::fmt::Debug;

use inlet_model::check::{Checkable, check};

/// Asserts that the flawed protocol breaks exactly these properties, and the sound one none within the same bounds.
pub(crate) fn breaks<M: Checkable>(flaw: &impl Debug, flawed: &M, sound: &M, properties: &[&str])
where
    M::Action: Clone + Debug + PartialEq + Send + Sync,
{
    let mut broken = check(flawed).broken_names();
    let mut expected = properties.to_vec();
    broken.sort_unstable();
    expected.sort_unstable();
    assert_eq!(broken, expected, "{flaw:?}");
    let sound = check(sound);
    assert!(sound.broken.is_empty(), "the same bounds without {flaw:?}: {:?}", sound.broken);
}
