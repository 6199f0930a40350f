//! What a shard of each circuit costs: its commit round and its prove round, and the filling of its auxiliary columns.
//!
//! `cargo bench -p verbatim-benches --bench circuits [-- CIRCUIT]`. Shards are full, with windows of the test block over and
//! over, at k = 12; tables have their own sizes. What is measured is processor time.

use std::time::Duration;

use criterion::{Criterion, SamplingMode};
use verbatim_benches::{Alone, Repeated, cpu::CpuTime, machine, permutations, price::challenges};
use verbatim_gadgets::machine::Workload;
use verbatim_prover::{backend::Cpu, keys::KeyStore, machine::ShardWitness, setup::Setup, shard, shards::PlanCircuit};

const K: u32 = 12;
const SEED: [u8; 32] = [7; 32];

fn measure(criterion: &mut Criterion<CpuTime>, index: u32, work: &dyn Workload, k: u32) {
    let circuit = PlanCircuit::new(work.circuit().clone(), index, k);
    let params = Setup::unsafe_development(None).params(k).expect("a setup");
    let key = KeyStore::new(None).key(&circuit, params).expect("a key");
    let witness = Alone { work, k };
    let challenges = challenges();
    let mut group = criterion.benchmark_group(format!("{} (k = {k})", work.circuit().name));
    // A proof takes seconds: each sample is one, behind one to warm up.
    group.sample_size(10).sampling_mode(SamplingMode::Flat);
    group.warm_up_time(Duration::from_millis(1)).measurement_time(Duration::from_millis(100));
    group.bench_function("fill", |bencher| bencher.iter(|| witness.grid()));
    group.bench_function("auxiliary columns", |bencher| {
        bencher.iter(|| witness.aux_columns(&[], challenges.alpha, challenges.gamma));
    });
    group.bench_function("commit", |bencher| {
        bencher.iter(|| shard::commit(&Cpu, &key, &witness, SEED).expect("it fits"));
    });
    let committed = shard::commit(&Cpu, &key, &witness, SEED).expect("it fits");
    group.bench_function("prove", |bencher| {
        bencher.iter(|| shard::prove(&Cpu, &key, &witness, &committed, &challenges).expect("it fits"));
    });
    group.finish();
}

fn circuits(criterion: &mut Criterion<CpuTime>) {
    let machine = machine("first-light");
    let filter = std::env::args().skip(1).find(|argument| !argument.starts_with('-'));
    for (index, work) in (0..).zip(machine.assembly().workloads()) {
        let name = work.circuit().name;
        if filter.as_ref().is_some_and(|filter| !name.contains(filter.as_str())) {
            continue;
        }
        match (Repeated::to_fill(work, K), work.size()) {
            (Some(full), _) => measure(criterion, index, &full, K),
            (None, Some(k)) => measure(criterion, index, work, k),
            (None, None) if work.capacity(K).is_none() => {
                let k = (K..20).find(|k| work.grid(*k, 0..work.len()).is_ok()).expect("a size with room");
                measure(criterion, index, work, k);
            }
            (None, None) => {
                let k = (K..20).find(|k| permutations(*k).len() > 0).expect("a size with room");
                measure(criterion, index, &permutations(k), k);
            }
        }
    }
}

fn main() {
    let mut criterion = Criterion::default().with_measurement(CpuTime).configure_from_args();
    circuits(&mut criterion);
    criterion.final_summary();
}
