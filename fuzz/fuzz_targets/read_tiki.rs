//! Whatever is sent with a proof, Tiki's reader makes a sound event of it.

#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| inlet_fuzz::read::<inlet_tiki::Tiki>(input));
