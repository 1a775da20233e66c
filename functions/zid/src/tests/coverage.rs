//! The leaves of the payload files that no canonical field holds, each with the reason.

use inlet_testing::coverage::LeftOut::{Because, Credential};
use inlet_testing::coverage::every_leaf_is_mapped_or_left_out;

use super::ZidContract;

#[test]
fn every_leaf_of_every_body_is_mapped_or_left_out() {
    every_leaf_is_mapped_or_left_out::<ZidContract>(&[]);
}
