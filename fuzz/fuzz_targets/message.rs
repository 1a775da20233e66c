//! Any queue text is a message or is refused.

#![no_main]

libfuzzer_sys::fuzz_target!(|input: &str| inlet_fuzz::message(input));
