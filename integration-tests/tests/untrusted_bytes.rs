//! Mutated files are read without a panic.

use std::{fs, path::Path, sync::LazyLock};

use proptest::prelude::*;
use verbatim_integration_tests::{Reached, block, final_proof, key_set, level, manifest, public, shard, shard_file};
use verbatim_prover::block::Machine;
use verbatim_witness::{
    chain::{ChainSpec, Fork},
    input::BlockInput,
};

fn file(name: &str) -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../testdata/second-light").join(name);
    fs::read(path).expect("a file of the test block")
}

/// A change of some bytes. Places are parts of the whole.
#[derive(Clone, Debug)]
enum Mutation {
    Flip(f64, u8),
    Truncate(f64),
    Insert(f64, Vec<u8>),
    Remove(f64, usize),
    Repeat(f64, usize),
}

impl Mutation {
    fn apply(&self, bytes: &mut Vec<u8>) {
        let Some(last) = bytes.len().checked_sub(1) else { return };
        let at = |part: &f64| ((last as f64 * part) as usize).min(last);
        let some = |part: &f64, count: &usize| at(part)..(at(part) + count).min(last);
        match self {
            Self::Flip(part, bits) => bytes[at(part)] ^= bits,
            Self::Truncate(part) => bytes.truncate(at(part)),
            Self::Insert(part, more) => drop(bytes.splice(at(part)..at(part), more.iter().copied())),
            Self::Remove(part, count) => drop(bytes.drain(some(part, count))),
            Self::Repeat(part, count) => {
                let copy = bytes[some(part, count)].to_vec();
                drop(bytes.splice(at(part)..at(part), copy));
            }
        }
    }
}

fn mutation() -> impl Strategy<Value = Mutation> {
    let part = || 0.0..1.0f64;
    prop_oneof![
        4 => (part(), 1..=255u8).prop_map(|(part, bits)| Mutation::Flip(part, bits)),
        1 => part().prop_map(Mutation::Truncate),
        1 => (part(), prop::collection::vec(any::<u8>(), 1..40)).prop_map(|(part, more)| Mutation::Insert(part, more)),
        1 => (part(), 1..40usize).prop_map(|(part, count)| Mutation::Remove(part, count)),
        1 => (part(), 1..600usize).prop_map(|(part, count)| Mutation::Repeat(part, count)),
    ]
}

fn mutated(bytes: &[u8], mutations: &[Mutation]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    mutations.iter().for_each(|mutation| mutation.apply(&mut bytes));
    bytes
}

const MANIFEST: &str = r#"{"format":"verbatim-bundle","version":1,"protocol":1,
"statement":"0x0000000000000000000000000000000000000000000000000000000000000001","circuits":{"light":1},
"shards":[{"circuit":"light","k":14,
"key_digest":"0x0000000000000000000000000000000000000000000000000000000000000002",
"bus_sum":"0x0000000000000000000000000000000000000000000000000000000000000003","proof_bytes":4096}]}"#;

/// The generator of the curve, and its negative, compressed.
const POINTS: [&str; 2] = [
    "0100000000000000000000000000000000000000000000000000000000000000",
    "0100000000000000000000000000000000000000000000000000000000000040",
];

fn level_description() -> String {
    let [left, right] = POINTS;
    format!(r#"{{"format":"verbatim-level","version":1,"sums":["{left}","{right}"]}}"#)
}

fn last_proof() -> String {
    let ([left, right], hash) = (POINTS, "0123456789abcdef".repeat(4));
    let number = "0".repeat(63) + "5";
    format!(
        r#"{{"format":"verbatim-proof","version":1,"protocol":1,"chain_id":1,"fork":4,"parent_hash":"0x{hash}",
"block_hash":"0x{hash}","public_digest":"0x{number}","public_count":"0x{number}","sums":["0x{left}","0x{right}"],
"proof":"0x00ff"}}"#
    )
}

fn keys() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../testdata/keys.txt");
    fs::read_to_string(path).expect("the pinned keys")
}

/// The file of the test block's public messages.
fn public_messages() -> Vec<u8> {
    let chain = ChainSpec::fixed(31337, Fork::Osaka);
    let input = BlockInput::from_bytes(chain, &file("block.rlp"), &file("witness.json")).expect("the test block");
    let machine = Machine::new(&input).expect("the test block executes");
    [b"VBMPUB02".as_slice(), &machine.assembly().public().to_bytes()].concat()
}

#[test]
fn the_files_themselves_are_right() {
    assert_eq!(block(&file("block.rlp"), &file("witness.json")), Reached::Accepted);
    assert_eq!(manifest(MANIFEST.as_bytes()), Reached::Accepted);
    assert_eq!(public(&public_messages()), Reached::Accepted);
    assert_eq!(shard(shard_file()), Reached::Accepted);
    assert_eq!(level(level_description().as_bytes()), Reached::Accepted);
    assert_eq!(final_proof(last_proof().as_bytes()), Reached::Accepted);
    assert_eq!(key_set(keys().as_bytes()), Reached::Accepted);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn a_mutated_block_does_no_harm(mutations in prop::collection::vec(mutation(), 1..4)) {
        block(&mutated(&file("block.rlp"), &mutations), &file("witness.json"));
    }

    #[test]
    fn a_mutated_witness_does_no_harm(mutations in prop::collection::vec(mutation(), 1..4)) {
        block(&file("block.rlp"), &mutated(&file("witness.json"), &mutations));
    }

    #[test]
    fn a_mutated_description_does_no_harm(mutations in prop::collection::vec(mutation(), 1..6)) {
        manifest(&mutated(MANIFEST.as_bytes(), &mutations));
    }

    /// No proof but the one that was written is accepted: one with other bytes is malformed or not valid.
    #[test]
    fn a_mutated_shard_is_not_accepted(mutations in prop::collection::vec(mutation(), 1..6)) {
        let bytes = mutated(shard_file(), &mutations);
        prop_assert!(bytes == shard_file() || shard(&bytes) != Reached::Accepted);
    }

    #[test]
    fn public_messages_have_one_encoding(mutations in prop::collection::vec(mutation(), 1..6)) {
        static MESSAGES: LazyLock<Vec<u8>> = LazyLock::new(public_messages);
        public(&mutated(&MESSAGES, &mutations));
    }
    #[test]
    fn a_mutated_level_does_no_harm(mutations in prop::collection::vec(mutation(), 1..6)) {
        level(&mutated(level_description().as_bytes(), &mutations));
    }

    #[test]
    fn a_mutated_final_proof_does_no_harm(mutations in prop::collection::vec(mutation(), 1..6)) {
        final_proof(&mutated(last_proof().as_bytes(), &mutations));
    }

    #[test]
    fn a_set_of_keys_has_one_encoding(mutations in prop::collection::vec(mutation(), 1..4)) {
        key_set(&mutated(keys().as_bytes(), &mutations));
    }
}
