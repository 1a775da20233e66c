//! The values that a body contains: numbers, money, times and JSON fields, each read tolerantly.

pub mod decimal;
pub mod money;
pub mod time;
pub mod json;
