//! Any request with a valid proof becomes an event that can be stored, sent and found again.

#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| inlet_fuzz::read(input));
