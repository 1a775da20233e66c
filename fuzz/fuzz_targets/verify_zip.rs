//! Whatever is sent, Zip's proof holds for those who know the secret and for nobody else.

#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| inlet_fuzz::verify::<inlet_zip::Zip>(input));
