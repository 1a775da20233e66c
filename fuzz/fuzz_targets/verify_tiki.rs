//! No request verifies as Tiki without the secret.

#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| inlet_fuzz::verify::<inlet_tiki::Tiki>(input));
