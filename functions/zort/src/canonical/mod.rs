//! ZORT's objects as canonical objects. A field that the body lacks stays absent.
//!
//! ZORT documents nine product fields and the head of an order as webhook bodies. All other names are those of the
//! REST object of the same thing (developers.zortout.com/api-reference), which public receivers read as well; no page
//! confirms them for a webhook. All five kinds of document share one vocabulary, so one reader serves them all.

mod documents;
mod transfer;
mod goods;
mod contacts;
mod parts;
mod parties;
mod states;
mod fields;
mod time;
#[cfg(test)]
mod tests;

pub(crate) use contacts::{contact, warehouse};
pub(crate) use documents::{order, purchase_order, return_order, return_purchase_order};
pub(crate) use goods::{product, stock};
pub(crate) use time::parse_time;
pub(crate) use transfer::transfer;
