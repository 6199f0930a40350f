//! What a block costs before it is proven: execution, assembly, and the check. `check` is the whole check of an assembled
//! block; `plan` fills its shards and counts what they consume, and `weigh` is the rest of it. `fill`, `constraints` and `count`
//! are parts of these; `bus` is the balance with all contents, which is drawn up only where something is left over.
//!
//! `cargo bench -p verbatim-benches --bench block`. With `VERBATIM_BLOCK=PATH` it measures that block of mainnet in place of
//! the test block. What is measured is processor time.

use std::{env, path::PathBuf};

use criterion::{BatchSize, Criterion, Throughput};
use verbatim_benches::{cpu::CpuTime, path};
use verbatim_gadgets::{
    bus::{Balance, FactCounts},
    check::check,
    plan::Plan,
};
use verbatim_prover::block::{GREATEST_K, Machine};
use verbatim_witness::{execute::execute, input::BlockInput};

fn block(criterion: &mut Criterion<CpuTime>) {
    let path = env::var_os("VERBATIM_BLOCK").map_or_else(|| path("first-light"), PathBuf::from);
    let input = BlockInput::load(&path, None).expect("a block");
    let machine = Machine::new(&input).expect("the block holds");
    let steps = machine.assembly().steps().total;
    let mut group = criterion.benchmark_group("block");
    group.sample_size(10).throughput(Throughput::Elements(steps));
    group.bench_function("execute", |bencher| bencher.iter(|| execute(&input, |_, _| Ok(())).expect("it holds")));
    group.bench_function("execute and assemble", |bencher| bencher.iter(|| Machine::new(&input).expect("it holds")));
    group.bench_function("check", |bencher| bencher.iter(|| assert!(machine.check().expect("it fits").holds())));

    let plan = Plan::new(machine.assembly().workloads(), GREATEST_K).expect("it fits");
    let shards = 0..plan.shards().len();
    group.bench_function("plan", |bencher| {
        bencher.iter(|| Plan::new(machine.assembly().workloads(), GREATEST_K).expect("it fits"));
    });
    group.bench_function("fill", |bencher| {
        // Not by way of the plan, which keeps small shards.
        let fill = |shard: usize| {
            let cut = &plan.shards()[shard];
            plan.workload(shard).grid(cut.k, cut.windows.clone()).expect("it fits")
        };
        bencher.iter(|| shards.clone().for_each(|shard| drop(fill(shard))));
    });
    let grids: Vec<_> = shards.map(|shard| plan.grid(shard).expect("it fits")).collect();
    group.bench_function("constraints", |bencher| {
        bencher.iter(|| grids.iter().for_each(|grid| assert!(check(grid).failures.is_empty())));
    });
    group.bench_function("count", |bencher| {
        bencher.iter(|| {
            let mut counts = FactCounts::default();
            grids.iter().for_each(|grid| counts.consume(grid));
            assert!(counts.messages() > 0);
        });
    });
    group.bench_function("weigh", |bencher| {
        bencher.iter(|| assert!(plan.check(machine.assembly().public().balance()).expect("it fits").holds()));
    });
    group.bench_function("bus", |bencher| {
        bencher.iter_batched(
            || machine.assembly().public().balance(),
            |mut balance: Balance| {
                grids.iter().for_each(|grid| balance.add_grid(grid));
                assert!(balance.unbalanced().is_empty());
            },
            BatchSize::LargeInput,
        );
    });
    group.finish();
}

fn main() {
    let mut criterion = Criterion::default().with_measurement(CpuTime).configure_from_args();
    block(&mut criterion);
    criterion.final_summary();
}
