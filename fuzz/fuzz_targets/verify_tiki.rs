//! Whatever is sent, Tiki's proof holds for those who know the secret and for nobody else.

#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| inlet_fuzz::verify::<inlet_tiki::Tiki>(input));
