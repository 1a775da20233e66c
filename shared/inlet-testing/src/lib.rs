//! What every provider's tests share: the contract, and ports in memory that fail at the nth call.

pub mod contract;
pub mod ports;
