//! What a level above a block's proof costs, before it is proven and to prove.
//!
//! `cargo bench -p verbatim-benches --bench aggregation`: some five CPU-minutes, most of them for one proof of the level. With
//! `VERBATIM_BLOCK=PATH` for another block than the empty one, which is proven first. What is measured is processor time.

#![allow(clippy::print_stdout, reason = "a bench")]

use std::{env, path::PathBuf, time::Duration};

use criterion::{Criterion, SamplingMode};
use verbatim_aggregator::{
    aggregate::Below,
    keyset::KeySet,
    pipeline::Aggregation,
    verifier::{self, VerifierChips},
};
use verbatim_benches::{
    Alone,
    cpu::CpuTime,
    path,
    price::{challenges, prove},
};
use verbatim_gadgets::{
    machine::{Sheet, Workload},
    plan::Plan,
};
use verbatim_prover::{
    block::{BlockProof, Machine},
    bundle::Prover,
    keys::{KeyStore, ShardVerifyingKey},
    machine::ShardWitness,
    setup::Setup,
};
use verbatim_witness::input::BlockInput;

fn proof(setup: &Setup, block: &std::path::Path) -> BlockProof {
    let input = BlockInput::load(block, None).expect("a block");
    let machine = Machine::new(&input).expect("the block holds");
    machine.prove(setup, &KeyStore::new(None), &Prover::new()).expect("a proof").proof
}

fn before_the_proof(criterion: &mut Criterion<CpuTime>, below: &Below<'_>, sheet: &Sheet<VerifierChips>, k: u32) {
    let mut group = criterion.benchmark_group(format!("level 1 (k = {k})"));
    group.sample_size(10).sampling_mode(SamplingMode::Flat);
    group.warm_up_time(Duration::from_millis(1)).measurement_time(Duration::from_millis(100));
    group.bench_function("programs and sums", |bencher| {
        bencher.iter(|| below.work().expect("it holds").finish().expect("sums"));
    });
    let (witness, challenges) = (Alone { work: sheet, k }, challenges());
    group.bench_function("fill", |bencher| bencher.iter(|| witness.grid()));
    group.bench_function("auxiliary columns", |bencher| {
        bencher.iter(|| witness.aux_columns(&[], challenges.alpha, challenges.gamma));
    });
    group.finish();
}

fn main() {
    let mut criterion = Criterion::default().with_measurement(CpuTime).configure_from_args();
    let setup = Setup::unsafe_development(None);
    let block = env::var_os("VERBATIM_BLOCK").map_or_else(|| path("empty"), PathBuf::from);
    let (proof, keys) = (proof(&setup, &block), KeySet::development().expect("the pinned keys"));
    let bundle = proof.bundle();
    let key = |name: &str, k| proof.registry().key(name, k).expect("it was proven under it");
    let shard_keys: Vec<&ShardVerifyingKey> =
        bundle.shards.iter().map(|shard| &**key(&shard.circuit, shard.k)).collect();
    let store = KeyStore::new(None);
    let aggregation = Aggregation::new(&proof, &keys, &setup, &store).expect("the proof holds");
    let below =
        Below { statement: aggregation.statement().clone(), sums: None, bundle, keys: &shard_keys, tree: keys.block() };
    let (sheet, _) = below.work().expect("it holds").finish().expect("sums");
    let plan = Plan::new(vec![&sheet], *verifier::SIZES.end()).expect("it fits");
    let [shard] = plan.shards() else { panic!("the block is too large for one shard") };
    before_the_proof(&mut criterion, &below, &sheet, shard.k);
    criterion.final_summary();

    let work: &dyn Workload = &sheet;
    let cpu = prove(&setup, work.circuit(), shard.k, &Alone { work, k: shard.k });
    let commitments = aggregation.commitments();
    let columns = work.circuit().main.len() + work.circuit().aux_columns();
    let cells = columns << shard.k;
    println!(
        "{} shards, {commitments} commitments: {} of {} rows, {} cells a commitment, {cpu:.1} CPU-s, {:.1} us a cell",
        bundle.shards.len(),
        work.rows(),
        1 << shard.k,
        cells / commitments,
        1e6 * cpu / cells as f64
    );
}
