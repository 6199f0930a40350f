//! The last circuit's key is pinned in `testdata/last.txt`, for the development setup: it is the same for every block.

use std::{fs, path::Path};

use verbatim_aggregator::{
    final_proof::{Body, FinalVerifier, K},
    keyset::KeySet,
    last::LastCircuit,
};
use verbatim_prover::setup::Setup;

/// `VERBATIM_WRITE_TESTDATA=1 cargo test --release --workspace --test final_proof -- --ignored the_last_key` writes the file.
#[test]
#[ignore = "makes a key of 2^22 rows: some minutes"]
fn the_last_key_is_that_of_this_version() {
    let (keys, setup) = (KeySet::development().expect("the pinned keys"), Setup::unsafe_development(None));
    let digest = FinalVerifier::new(&keys, &setup, None).expect("a key").digest() + "\n";
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../testdata/last.txt");
    if std::env::var_os("VERBATIM_WRITE_TESTDATA").is_some() {
        fs::write(&path, &digest).expect("the file");
    }
    assert_eq!(fs::read_to_string(&path).expect("the file"), digest, "see docs/src/security.md");
}

/// What the last circuit takes.
#[test]
#[ignore = "for the figures"]
fn cells_of_the_last_circuit() {
    let body = Body::new(&KeySet::development().expect("the pinned keys"));
    let circuit = LastCircuit::keygen(K, body.run());
    let total: usize = circuit.spent().values().sum();
    println!("{:?}: {total} cells; {:?}", circuit.spent(), circuit.params());
}
