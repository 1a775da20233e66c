//! No request verifies as Zip without the secret.

#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| inlet_fuzz::verify::<inlet_zip::Zip>(input));
