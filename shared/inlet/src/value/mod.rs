//! The values that a body contains: numbers, money, times and JSON fields, each read tolerantly.

pub mod decimal;
pub mod money;
pub mod time;
mod local_time;
pub mod zone;
pub mod json;
