//! Full shards at k = 16 with halo2's stock prover: CPU-milliseconds for an execution step, a keccak permutation and an access
//! to state. Not a criterion bench: each shard is proven once, and CPU time is what counts.
//!
//! `cargo bench -p verbatim-benches --bench full_shards [-- CIRCUIT ...]`: some eight CPU-minutes for all. Tables have their
//! own sizes.

#![allow(clippy::print_stdout, reason = "a bench")]

use std::{collections::BTreeMap, env};

use verbatim_benches::{Alone, Repeated, machine, permutations, price::prove};
use verbatim_gadgets::machine::Workload;
use verbatim_prover::setup::Setup;

const K: u32 = 16;

/// The circuits whose windows are execution steps, or parts of them.
const STEPS: [&str; 6] = ["light", "memory", "storage", "calls", "copy", "transfer"];

/// What steps ask of others, but for keccak.
const SERVICES: [&str; 3] = ["arith", "bytecode", "state"];

/// CPU-milliseconds of a shard.
fn cost(setup: &Setup, work: &dyn Workload, k: u32) -> f64 {
    let cpu = prove(setup, work.circuit(), k, &Alone { work, k });
    println!("{}, k = {k}: {} windows, {} rows: {cpu:.1} CPU-s", work.circuit().name, work.len(), work.rows());
    1000.0 * cpu
}

/// CPU-milliseconds that a step of the block takes of some circuits; none if not all of them were measured.
fn mean(per_row: &BTreeMap<&str, f64>, rows: &BTreeMap<&str, usize>, names: &[&str], steps: u64) -> Option<f64> {
    let costs: Option<Vec<_>> = names.iter().map(|name| Some(per_row.get(name)? * *rows.get(name)? as f64)).collect();
    Some(costs?.iter().sum::<f64>() / steps as f64)
}

fn main() {
    let machine = machine("first-light");
    let setup = Setup::unsafe_development(None);
    let chosen: Vec<String> = env::args().skip(1).filter(|argument| !argument.starts_with('-')).collect();
    let (mut per_row, mut rows) = (BTreeMap::new(), BTreeMap::new());
    for work in machine.assembly().workloads() {
        let name = work.circuit().name;
        if !chosen.is_empty() && chosen.iter().all(|chosen| chosen != name) {
            continue;
        }
        if let Some(full) = Repeated::to_fill(work, K) {
            per_row.insert(name, cost(&setup, &full, K) / (&full as &dyn Workload).rows() as f64);
            rows.insert(name, work.rows());
        } else if let Some(k) = work.size() {
            cost(&setup, work, k);
        } else if work.capacity(K).is_some() {
            let full = permutations(K);
            let count = full.states().len() as f64;
            println!("a permutation: {:.0} CPU-ms", cost(&setup, &full, K) / count);
        }
    }
    let steps = machine.assembly().steps().total;
    let print = |what: &str, cost: Option<f64>| cost.iter().for_each(|cost| println!("{what}: {cost:.2} CPU-ms"));
    print("a step of light", per_row.get("light").copied());
    print(&format!("a step of the test block, {STEPS:?}"), mean(&per_row, &rows, &STEPS, steps));
    print(&format!("what it asks of {SERVICES:?}"), mean(&per_row, &rows, &SERVICES, steps));
    print("an access to state, one row", per_row.get("state").copied());
}
