//! Full shards at k = 16 with halo2's stock prover: CPU-milliseconds for an execution step, a keccak permutation and an access
//! to state. Not a criterion bench: each shard is proven once, and CPU time is what counts.
//!
//! `cargo bench -p verbatim-benches --bench full_shards`: some ten CPU-minutes.

#![allow(clippy::print_stdout, reason = "a bench")]

use std::collections::BTreeMap;

use verbatim_benches::{Alone, Repeated, machine, permutations};
use verbatim_gadgets::machine::Workload;
use verbatim_prover::{
    Fr, backend::Cpu, challenge::Challenges, keys::KeyStore, setup::Setup, shard, shards::PlanCircuit,
};

const K: u32 = 16;

/// The circuits whose windows are execution steps, or parts of them.
const STEPS: [&str; 6] = ["light", "memory", "storage", "calls", "copy", "transfer"];

/// What steps ask of others, but for keccak.
const SERVICES: [&str; 3] = ["arith", "bytecode", "state"];

/// Proves a shard, verifies it, and answers the CPU-milliseconds of both rounds.
fn prove(setup: &Setup, index: u32, work: &dyn Workload) -> f64 {
    let circuit = PlanCircuit::new(work.circuit().clone(), index, K);
    let key = KeyStore::new(None).key(&circuit, setup.params(K).expect("a setup")).expect("a key");
    let witness = Alone { work, k: K };
    let challenges = Challenges { alpha: Fr::from(0x1234_5678), gamma: Fr::from(0x9abc_def0) };
    let committed = shard::commit(&Cpu, &key, &witness, [7; 32]).expect("it fits");
    let proven = shard::prove(&Cpu, &key, &witness, &committed, &challenges).expect("it fits");
    shard::verify(&setup.verifier(), key.verifying(), proven.bus_sum, &proven.proof, &challenges).expect("it is valid");
    1000.0 * (committed.cost().cpu + proven.cost.cpu).as_secs_f64()
}

fn main() {
    let machine = machine("first-light");
    let setup = Setup::unsafe_development(None);
    let steps = machine.assembly().steps().total as f64;
    let mut per_row = BTreeMap::new();
    let mut rows_of_block = BTreeMap::new();
    for (index, work) in (0..).zip(machine.assembly().workloads()) {
        let name = work.circuit().name;
        let Some(full) = Repeated::to_fill(work, K) else { continue };
        let (full, rows): (&dyn Workload, _) = (&full, work.rows());
        let cpu = prove(&setup, index, full);
        println!("{name}: {} windows, {} rows: {:.1} CPU-s", full.len(), full.rows(), cpu / 1000.0);
        per_row.insert(name, cpu / full.rows() as f64);
        rows_of_block.insert(name, rows as f64);
    }
    let mean = |names: &[&str]| {
        let known = names.iter().filter_map(|name| Some(per_row.get(name)? * rows_of_block.get(name)?));
        known.sum::<f64>() / steps
    };
    println!("a step of light: {:.2} CPU-ms", per_row["light"]);
    println!("a step of the test block, {STEPS:?}: {:.2} CPU-ms", mean(&STEPS));
    println!("what it asks of {SERVICES:?}: {:.2} CPU-ms", mean(&SERVICES));
    println!("an access to state, one row: {:.2} CPU-ms", per_row["state"]);

    let work = permutations(K);
    let index = machine.assembly().workloads().iter().position(|known| known.circuit().name == work.circuit().name);
    let cpu = prove(&setup, index.map_or(0, |index| index as u32), &work);
    let count = work.states().len();
    println!("{count} permutations: {:.1} CPU-s; {:.0} CPU-ms each", cpu / 1000.0, cpu / count as f64);
}
