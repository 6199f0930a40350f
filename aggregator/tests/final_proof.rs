//! The last proof.

use verbatim_aggregator::{
    final_proof::{Body, K},
    keyset::KeySet,
    last::LastCircuit,
};

/// What the last circuit takes.
#[test]
#[ignore = "for the figures"]
fn cells_of_the_last_circuit() {
    let body = Body::new(&KeySet::development().expect("the pinned keys"));
    let circuit = LastCircuit::keygen(K, body.run());
    let total: usize = circuit.spent().values().sum();
    println!("{:?}: {total} cells; {:?}", circuit.spent(), circuit.params());
}
