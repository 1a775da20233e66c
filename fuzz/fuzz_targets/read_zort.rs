//! Any request with a valid proof of ZORT becomes a sound event.

#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| inlet_fuzz::read::<inlet_zort::Zort>(input));
