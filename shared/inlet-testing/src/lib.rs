//! The parts that every provider's tests share: the contract, the coverage of bodies, and ports in memory that fail
//! at the nth call.

pub mod contract;
pub mod coverage;
pub mod ports;
