//! Any gateway event becomes a request or is refused.

#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| inlet_fuzz::gateway_event(input));
