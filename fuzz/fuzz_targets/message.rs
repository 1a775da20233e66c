//! Whatever stands on the queue is a message of ours or is refused.

#![no_main]

libfuzzer_sys::fuzz_target!(|input: &str| inlet_fuzz::message(input));
