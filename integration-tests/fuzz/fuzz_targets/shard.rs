//! Files of shards, with the key of the circuit of opcodes.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    verbatim_integration_tests::shard(bytes);
});
