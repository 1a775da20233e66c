//! An event's way through the receiver, with the units that it costs.

use serde::{Deserialize, Serialize};

use crate::backends::Units;

/// The units of an event of one body.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub struct Flow {
    /// The length of the body, in bytes.
    pub body_len: usize,
    /// The receiver's calls for a delivery that it accepts.
    pub accepted: Units,
    /// The receiver's calls for the same delivery again, after the event was processed.
    pub repeated: Units,
}
