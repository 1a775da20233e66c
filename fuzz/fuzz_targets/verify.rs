//! No request verifies without the secret, and a signature covers every byte.

#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| inlet_fuzz::verify(input));
