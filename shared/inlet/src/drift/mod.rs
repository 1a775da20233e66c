//! Drift: differences between a delivery and the known shape of its event. They are reported, and nothing else happens.
//!
//! 1. [`shapes`]: the known shapes. A generator writes them as text from a provider's payload files.
//! 2. [`detector`]: compares a delivery with them.
//!
//! A difference is reported as a path and a type, never a value. In an object that is a table, the name of a field may
//! be data (a phone number, an address). So a name that does not look like a field's is reported as `*`.

pub mod shapes;

pub mod detector;
