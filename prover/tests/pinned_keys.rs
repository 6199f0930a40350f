//! What the keys follow from is pinned in `testdata/circuits.txt`, so that a change of any circuit is seen in review.

use std::fmt::Write as _;
use std::path::Path;

use verbatim_prover::block::circuits;
use verbatim_prover::keys::circuit_digest;
use verbatim_prover::machine::ShardCircuit;

/// `VERBATIM_WRITE_TESTDATA=1 cargo test --release -p verbatim-prover --test pinned_keys` writes the file.
#[test]
fn circuits_are_those_of_this_version() {
    let mut text = String::new();
    for circuit in [12, 13].into_iter().flat_map(circuits) {
        let digest = hex::encode(circuit_digest(&circuit).expect("a circuit of the machine"));
        let line = format!("{} {} {} {digest}", circuit.index(), circuit.name(), circuit.k());
        if !text.lines().any(|other| other == line) {
            writeln!(text, "{line}").expect("text");
        }
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../testdata/circuits.txt");
    if std::env::var_os("VERBATIM_WRITE_TESTDATA").is_some() {
        std::fs::write(&path, &text).expect("the file");
    }
    assert_eq!(std::fs::read_to_string(&path).expect("the file"), text, "a circuit changed: see docs/src/security.md");
}

/// The digest tells circuits of one shape apart.
#[test]
fn digests_differ() {
    let digests = |k| circuits(k).iter().map(|circuit| circuit_digest(circuit).expect("a circuit")).collect::<Vec<_>>();
    let (mut all, again) = (digests(12), digests(12));
    assert_eq!(all, again);
    all.sort();
    all.dedup();
    assert_eq!(all.len(), again.len());
    let changed = digests(13).iter().zip(&again).filter(|(a, b)| a != b).count();
    assert_eq!(changed, again.len() - 3, "all but those of one size: opcodes and both circuits of tables");
}
