//! Any fallback attribute is a whole event or is refused.

#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| inlet_fuzz::whole_event(input));
