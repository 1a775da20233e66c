//! Any accepted event id parses back to itself.

#![no_main]

libfuzzer_sys::fuzz_target!(|input: &str| inlet_fuzz::event_id(input));
