//! The keys that the machine allows are pinned in `testdata/keys.txt`, for the development setup.

use std::{fs, path::Path};

use halo2_proofs::poly::commitment::Params as _;
use rand::SeedableRng;
use rand_chacha::ChaCha20Rng;
use verbatim_aggregator::{
    keyset::{KeySet, circuits, key_digest},
    verifier,
};
use verbatim_prover::{Params, block::GREATEST_K, machine::ShardCircuit, setup::Setup};

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

/// Under another setup they are made once, if there is a cache.
#[test]
#[ignore = "makes all keys: some minutes"]
fn keys_of_another_setup_are_made_once() {
    let dir = tempfile::tempdir().expect("a folder");
    let (path, greatest_k) = (dir.path().join("setup"), GREATEST_K.max(*verifier::SIZES.end()));
    let mut file = fs::File::create(&path).expect("a file");
    Params::setup(greatest_k, ChaCha20Rng::seed_from_u64(1)).write(&mut file).expect("the file");
    let setup = Setup::from_srs(&path, greatest_k, None).expect("a setup");
    let load = || {
        let mut made = 0;
        let keys = KeySet::load(&setup, Some(dir.path()), |_| made += 1).expect("keys");
        (keys.to_string(), made)
    };
    let pinned = KeySet::development().expect("the pinned keys");
    let (first, made) = load();
    assert_eq!(made, pinned.keys().len());
    assert_ne!(first, pinned.to_string());
    assert_eq!(load(), (first, 0));
}
