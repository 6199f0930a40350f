//! Blocks of any bytes, with the witness of a test block.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    verbatim_integration_tests::block(bytes, include_bytes!("../../../testdata/second-light/witness.json"));
});
