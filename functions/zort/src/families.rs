//! Triggers that no page names. ZORT's settings have URL fields for contacts and warehouses, and none of the pages
//! names their triggers. A name is read as its parts: `ADD` `CONTACT`, `UPDATE` `ORDER` `STATUS`.
