//! Tests that cross crates, and what the fuzz targets do.
//!
//! Each function here takes bytes that somebody else made and must come to an end without a panic, whatever they are. The
//! targets in `fuzz/` call them under cargo-fuzz; the tests of this crate call them with mutated files of the test blocks, so
//! that they are built and run where no fuzzer is.
//!
//! ```
//! use verbatim_integration_tests::{Reached, block};
//!
//! assert_eq!(block(b"not a block", b"{}"), Reached::Refused);
//! ```

mod shard;

use verbatim_aggregator::{final_proof::FinalProof, keyset::KeySet, pipeline::decode_sums};
use verbatim_prover::{
    block::{Machine, decode_public},
    file::{Limits, decode_manifest},
};
use verbatim_witness::{
    chain::{ChainSpec, Fork},
    input::BlockInput,
};

pub use shard::{shard, shard_file};

/// The chain of the test blocks.
const CHAIN: u64 = 31337;

/// How far an input came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reached {
    /// It is not what it should be, and an error said so.
    Refused,
    /// It could be read, but the block does not hold.
    Read,
    /// All of it is right.
    Accepted,
}

/// Reads a block with its witness, executes it and assembles its work.
pub fn block(block_rlp: &[u8], witness_json: &[u8]) -> Reached {
    match BlockInput::from_bytes(ChainSpec::fixed(CHAIN, Fork::Osaka), block_rlp, witness_json) {
        Err(_) => Reached::Refused,
        Ok(input) => match Machine::new(&input) {
            Err(_) => Reached::Read,
            Ok(_) => Reached::Accepted,
        },
    }
}

/// Reads the description of a bundle.
pub fn manifest(bytes: &[u8]) -> Reached {
    match decode_manifest(bytes, &Limits::default()) {
        Err(_) => Reached::Refused,
        Ok(_) => Reached::Accepted,
    }
}

/// Reads public messages. What can be read has one encoding.
///
/// # Panics
/// If it has two.
pub fn public(bytes: &[u8]) -> Reached {
    match decode_public(bytes) {
        Err(_) => Reached::Refused,
        Ok(messages) => {
            assert!(bytes.ends_with(&messages.to_bytes()), "public messages with two encodings");
            Reached::Accepted
        }
    }
}

/// Reads a final proof. What can be read is written and read again.
///
/// # Panics
/// If it is another one then.
pub fn final_proof(bytes: &[u8]) -> Reached {
    match FinalProof::decode(bytes) {
        Err(_) => Reached::Refused,
        Ok(proof) => {
            let again = FinalProof::decode(proof.encode().as_bytes()).expect("what was written");
            assert!(proof == again && proof.instance() == again.instance(), "a final proof that changes on disk");
            Reached::Accepted
        }
    }
}

/// Reads the description of a level.
pub fn level(bytes: &[u8]) -> Reached {
    match decode_sums(bytes) {
        Err(_) => Reached::Refused,
        Ok(_) => Reached::Accepted,
    }
}

/// Reads a set of keys. What can be read has one encoding but for the end of its last line.
///
/// # Panics
/// If it has two.
pub fn key_set(bytes: &[u8]) -> Reached {
    let Ok(text) = std::str::from_utf8(bytes) else { return Reached::Refused };
    match text.parse::<KeySet>() {
        Err(_) => Reached::Refused,
        Ok(keys) => {
            let lines = keys.to_string();
            assert!(lines.lines().eq(text.lines()), "a set of keys with two encodings");
            Reached::Accepted
        }
    }
}
