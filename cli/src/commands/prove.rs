//! `verbatim prove`.

use std::path::PathBuf;

use clap::Args;
use serde::Serialize;
use verbatim_prover::block::BlockProof;
use verbatim_prover::bundle::{Prover, ShardCost};
use verbatim_prover::clock::Clock;
use verbatim_prover::jobs::Jobs;
use verbatim_prover::progress::Cancel;

use super::SetupArguments;
use crate::output::{Verdict, json, peak_memory, seconds};
use crate::progress::Bars;

/// Arguments of `verbatim prove`.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// The block.
    block: PathBuf,
    /// The folder that the proof is written to.
    #[arg(short, long, value_name = "DIR", default_value = "proofs")]
    output: PathBuf,
    /// Where what is done of each shard is kept, so that it is not done again. Processes that prove the same block, also on
    /// several machines, share its shards by sharing this folder [default: nothing is kept].
    #[arg(long, value_name = "DIR")]
    work: Option<PathBuf>,
    #[command(flatten)]
    setup: SetupArguments,
    /// Print one JSON document.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Serialize)]
struct Report {
    block: u64,
    steps: u64,
    steps_proven: u64,
    shards: Vec<Shard>,
    public_messages: std::collections::BTreeMap<&'static str, usize>,
    wall_seconds: f64,
    cpu_seconds: f64,
    proving_cpu_seconds: f64,
    peak_memory_bytes: Option<u64>,
    proof_bytes: usize,
}

#[derive(Debug, Serialize)]
struct Shard {
    circuit: String,
    k: u32,
    commit_cpu_seconds: f64,
    prove_cpu_seconds: f64,
}

impl From<&ShardCost> for Shard {
    fn from(cost: &ShardCost) -> Self {
        Self {
            circuit: cost.circuit.clone(),
            k: cost.k,
            commit_cpu_seconds: seconds(cost.commit.cpu),
            prove_cpu_seconds: seconds(cost.prove.cpu),
        }
    }
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<Verdict> {
    super::interruptible(|cancel| prove(arguments, cancel))
}

fn prove(arguments: &Arguments, cancel: &Cancel) -> anyhow::Result<Verdict> {
    BlockProof::check_output(&arguments.output)?;
    let clock = Clock::start();
    let machine = super::machine(&arguments.block)?;
    let setup = arguments.setup.setup()?;
    let bars = Bars::default();
    eprintln!("making keys where the cache has none, then committing and proving");
    let mut prover = Prover::new().progress(&bars).cancel(cancel.clone());
    if let Some(work) = &arguments.work {
        prover = prover.jobs(Jobs::new(work));
    }
    let proven = machine.prove(&setup, &arguments.setup.keys(), &prover)?;
    let verdict = proven.proof.verify_for(machine.assembly().public(), &setup, &bars);
    proven.proof.write(&arguments.output)?;
    let cost = clock.cost();
    let proving: std::time::Duration = proven.costs.iter().map(|cost| cost.commit.cpu + cost.prove.cpu).sum();
    let report = Report {
        block: machine.info().number,
        steps: machine.assembly().steps().total,
        steps_proven: machine.assembly().steps().proven,
        shards: proven.costs.iter().map(Shard::from).collect(),
        public_messages: machine.assembly().public().kinds(),
        wall_seconds: seconds(cost.wall),
        cpu_seconds: seconds(cost.cpu),
        proving_cpu_seconds: seconds(proving),
        peak_memory_bytes: peak_memory(),
        proof_bytes: proven.proof.bundle().shards.iter().map(|shard| shard.proof.len()).sum(),
    };
    if arguments.json {
        json(&report)?;
    } else {
        print(&report, &arguments.output);
    }
    if let Err(rejection) = &verdict {
        eprintln!("the proof does not verify: {rejection}");
    }
    Ok(verdict.is_ok().into())
}

fn print(report: &Report, folder: &std::path::Path) {
    println!(
        "block {}: {} shards, {} bytes of proofs in {}",
        report.block,
        report.shards.len(),
        report.proof_bytes,
        folder.display()
    );
    for shard in &report.shards {
        let (name, k) = (&shard.circuit, shard.k);
        println!(
            "  {name:<14} k = {k:>2}  commit {:>7.2}  prove {:>7.2} CPU-s",
            shard.commit_cpu_seconds, shard.prove_cpu_seconds
        );
    }
    let memory = report.peak_memory_bytes.map_or(0.0, |bytes| bytes as f64 / f64::from(1 << 30));
    println!(
        "  {} s, {} CPU-s ({} for proving), {memory:.2} GiB at the peak",
        report.wall_seconds, report.cpu_seconds, report.proving_cpu_seconds
    );
    println!("proven: the execution of {} of {} steps", report.steps_proven, report.steps);
    println!("not proven yet, so public:");
    for (kind, count) in &report.public_messages {
        println!("  {count:>8} {kind}");
    }
}
