//! The steps in the portal.

use inlet::tools::portal::Portal;
use inlet::tools::registration::Registering;

use crate::Toy;

impl Registering for Toy {
    const PORTAL: Portal = Portal {
        steps: &["There is no portal: the provider does not exist."],
        not_documented: &["All of it."],
        source: "https://example.com/toy",
    };
}
