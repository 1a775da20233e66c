//! Compares a sender's proof with a store's secrets. A value that passes is wrapped as verified.

pub(crate) mod claim;
pub(crate) mod verify;

pub use claim::{
    Claim, Comparison, Covered, MacAlgorithm, Rejection, Signature, SignedContent, base64_signature,
};
pub use verify::{Prove, VerificationFailed, Verified, verify};
