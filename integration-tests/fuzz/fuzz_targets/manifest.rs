//! Descriptions of bundles.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    verbatim_integration_tests::manifest(bytes);
});
