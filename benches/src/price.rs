//! What a shard costs: measured to prove, and by the price list to aggregate.

use std::sync::Arc;

use rayon::ThreadPoolBuilder;
use verbatim_gadgets::{circuit::Circuit, stats::CircuitStats};
use verbatim_prover::{
    Fr, backend::Cpu, challenge::Challenges, keys::KeyStore, machine::ShardWitness, setup::Setup, shard,
    shards::PlanCircuit,
};

/// The challenges of all shards that are proven by themselves.
pub fn challenges() -> Challenges<Fr> {
    Challenges { alpha: Fr::from(0x1234_5678), gamma: Fr::from(0x9abc_def0) }
}

/// Proves a shard of `2^k` rows, verifies the proof, and answers the CPU-seconds of both rounds.
///
/// Both rounds run on threads that are named after the circuit, so that a profiler can tell them from each other and from
/// key generation.
///
/// # Panics
/// If the shard cannot be proven, or its proof is not valid.
pub fn prove(setup: &Setup, circuit: &Arc<Circuit>, k: u32, witness: &dyn ShardWitness) -> f64 {
    let plan = PlanCircuit::new(Arc::clone(circuit), 0, k);
    let key = KeyStore::new(None).key(&plan, setup.params(k).expect("a setup")).expect("a key");
    let challenges = challenges();
    let name = circuit.name;
    let threads = ThreadPoolBuilder::new().thread_name(move |_| name.to_owned()).build().expect("threads");
    let (committed, proven) = threads.install(|| {
        let committed = shard::commit(&Cpu, &key, witness, [7; 32]).expect("it fits");
        let proven = shard::prove(&Cpu, &key, witness, &committed, &challenges).expect("it fits");
        (committed, proven)
    });
    shard::verify(&setup.verifier(), key.verifying(), proven.bus_sum, &proven.proof, &challenges).expect("it is valid");
    (committed.cost().cpu + proven.cost.cpu).as_secs_f64()
}

/// Cells of an aggregation for each commitment of a shard, in millions.
const CELLS_PER_COMMITMENT: f64 = 0.12;

/// Cells of an aggregation for each shard besides, in millions.
const CELLS_PER_SHARD: f64 = 0.75;

/// The cells, in millions, that an aggregation takes for a shard of `circuit`, whatever its size is. An opening's own two
/// commitments are part of what each shard costs.
pub fn aggregation(circuit: &Arc<Circuit>) -> f64 {
    let commitments = CircuitStats::of(circuit).commitments - 2;
    CELLS_PER_COMMITMENT * commitments as f64 + CELLS_PER_SHARD
}
