//! The last circuit and its key are pinned in `testdata/last.txt`, for the development setup: they are the same for every block.

use std::{env, fs, path::PathBuf};

use verbatim_aggregator::{
    final_proof::{Body, FinalVerifier, K},
    keyset::KeySet,
    last::LastCircuit,
};
use verbatim_prover::setup::Setup;

/// Compares a digest with the one that is pinned under a name, which is written first if that is asked for.
fn is_pinned(name: &str, digest: &str) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../testdata/last.txt");
    let line = format!("{name} {digest}");
    let mut text = fs::read_to_string(&path).expect("the file");
    if env::var_os("VERBATIM_WRITE_TESTDATA").is_some() {
        let other = |old: &str| if old.starts_with(&format!("{name} ")) { line.clone() } else { old.to_owned() };
        text = text.lines().map(|old| other(old) + "\n").collect();
        fs::write(&path, &text).expect("the file");
    }
    assert!(text.lines().any(|pinned| pinned == line), "{line} is not in {text}see docs/src/security.md");
}

fn circuit() -> LastCircuit {
    LastCircuit::keygen(K, Body::new(&KeySet::development().expect("the pinned keys")).run())
}

/// All that the key follows from, but the setup. `VERBATIM_WRITE_TESTDATA=1 cargo test --release --workspace --test
/// final_proof the_last_circuit` writes it.
#[test]
fn the_last_circuit_is_that_of_this_version() {
    is_pinned("circuit", &hex::encode(circuit().digest().expect("a circuit")));
}

/// `VERBATIM_WRITE_TESTDATA=1 cargo test --release --workspace --test final_proof -- --ignored the_last_key` writes it.
#[test]
#[ignore = "makes a key of 2^22 rows: some minutes"]
fn the_last_key_is_that_of_this_version() {
    let (keys, setup) = (KeySet::development().expect("the pinned keys"), Setup::unsafe_development(None));
    is_pinned("key", &FinalVerifier::new(&keys, &setup, None).expect("a key").digest());
}

/// What the last circuit takes.
#[test]
#[ignore = "for the figures"]
fn cells_of_the_last_circuit() {
    let circuit = circuit();
    let total: usize = circuit.spent().values().sum();
    println!("{:?}: {total} cells; {:?}", circuit.spent(), circuit.params());
}
