//! Files of public messages.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    verbatim_integration_tests::public(bytes);
});
