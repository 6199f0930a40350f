//! The keys that the machine allows are pinned in `testdata/keys.txt`, for the development setup.

use std::{fs, path::Path};

use verbatim_aggregator::{
    keyset::{KeySet, circuits, key_digest},
    verifier,
};
use verbatim_prover::{machine::ShardCircuit, setup::Setup};

/// The greatest size at which every run of the tests makes keys.
const SMALL_K: u32 = 11;

/// Of the verifier circuit, whose rom is made of all circuits, the smallest key is made, too.
#[test]
fn the_small_keys_are_those_of_this_version() {
    let setup = Setup::unsafe_development(None);
    let pinned = KeySet::development().expect("the pinned keys");
    let circuits = circuits();
    assert_eq!(pinned.keys().len(), circuits.len());
    let mut seen = 0;
    for (key, circuit) in pinned.keys().iter().zip(&circuits) {
        assert_eq!((key.index, key.name.as_str(), key.k), (circuit.index(), circuit.name(), circuit.k()));
        let least_k = if circuit.index() == verifier::INDEX { verifier::LEAST_K } else { SMALL_K };
        if circuit.k() <= least_k {
            assert_eq!(*key, key_digest(circuit, &setup).expect("a key"), "see docs/src/security.md");
            seen += 1;
        }
    }
    assert!(seen > 30, "{seen} keys");
}

/// `VERBATIM_WRITE_TESTDATA=1 cargo test --release --workspace --test keys -- --ignored` writes the file.
#[test]
#[ignore = "makes all keys: some minutes"]
fn all_keys_are_those_of_this_version() {
    let setup = Setup::unsafe_development(None);
    let keys = KeySet::compute(&setup, |key| println!("{key}")).expect("keys").to_string();
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../testdata/keys.txt");
    if std::env::var_os("VERBATIM_WRITE_TESTDATA").is_some() {
        fs::write(&path, &keys).expect("the file");
    }
    assert_eq!(fs::read_to_string(&path).expect("the file"), keys, "see docs/src/security.md");
}
