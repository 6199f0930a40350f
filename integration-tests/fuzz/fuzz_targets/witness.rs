//! Witnesses of any bytes, with a test block.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    verbatim_integration_tests::block(include_bytes!("../../../testdata/second-light/block.rlp"), bytes);
});
