//! The canonical objects: one vocabulary for all providers.
//!
//! A field that a provider does not send is absent. Money, time and numbers keep the digits that were sent.

mod objects;
mod lines;
mod parties;
mod delivery;
mod amounts;
mod words;
mod state;
mod object;
pub(crate) mod complete;
mod kinds;
#[cfg(feature = "schema")]
mod schema;

pub use amounts::{Charge, Currencies, Discount, ExchangeRate, OutletPrice, Points, Receivables};
pub use complete::{Completed, StoreDefaults};
pub use delivery::{Delivery, Dimensions, Flags, Marketplace, Parcel};
pub use kinds::{Canonical, ENTITY_FORGOTTEN, Kind};
pub use lines::{Bundle, Component, Line, Lot, StockLevel};
pub use objects::*;
pub use parties::{Actor, Address, Driver, Gift, Location, Party};
#[cfg(feature = "schema")]
pub use schema::{event_schema, forgotten_schema};
pub use state::{Direction, Purpose, State, StateWords, Unit};
pub use words::{CategoryReference, CustomField, Image, ProductOption, SelectedOption, Words};
