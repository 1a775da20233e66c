//! Whatever is taken for an event's id reads back as itself.

#![no_main]

libfuzzer_sys::fuzz_target!(|input: &str| inlet_fuzz::event_id(input));
