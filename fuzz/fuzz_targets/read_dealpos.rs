//! Any request with a valid proof of DealPOS becomes a sound event.

#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| inlet_fuzz::read::<inlet_dealpos::DealPos>(input));
