//! `verbatim aggregate`.

use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::Args;
use serde::Serialize;
use verbatim_aggregator::keyset::KeySet;
use verbatim_aggregator::pipeline::{Aggregation, LevelReport};
use verbatim_prover::block::BlockProof;
use verbatim_prover::bundle::Prover;
use verbatim_prover::clock::Clock;
use verbatim_prover::progress::Cancel;
use verbatim_prover::setup::Setup;

use super::SetupArguments;
use crate::output::{Verdict, json, peak_memory, seconds};
use crate::progress::Bars;

/// Arguments of `verbatim aggregate`.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// The folder with the proof of a block.
    proof: PathBuf,
    /// The file that the last proof is written to.
    #[arg(short, long, value_name = "FILE", default_value = "final.proof")]
    output: PathBuf,
    /// Where what is done is kept, so that it is not done again [default: the output's name and `.work`].
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
    jobs: Vec<Job>,
    wall_seconds: f64,
    cpu_seconds: f64,
    peak_memory_bytes: Option<u64>,
}

/// A shard of a level.
#[derive(Debug, Serialize)]
struct Job {
    level: usize,
    circuit: String,
    k: u32,
    cpu_seconds: f64,
    peak_memory_bytes: Option<u64>,
}

/// The keys that are allowed: pinned ones, or for a setup that is not the development one those that are made now.
pub(crate) fn key_set(setup: &Setup) -> anyhow::Result<KeySet> {
    if setup.is_unsafe() {
        return Ok(KeySet::development()?);
    }
    eprintln!("making all keys of the machine");
    Ok(KeySet::compute(setup, |_| ())?)
}

fn jobs(report: &LevelReport) -> Vec<Job> {
    let job = |cost: &verbatim_prover::bundle::ShardCost| Job {
        level: report.level,
        circuit: cost.circuit.clone(),
        k: cost.k,
        cpu_seconds: seconds(cost.commit.cpu + cost.prove.cpu),
        peak_memory_bytes: peak_memory(),
    };
    report.proof.costs.iter().map(job).collect()
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<Verdict> {
    let clock = Clock::start();
    let setup = arguments.setup.setup()?;
    let store = arguments.setup.keys();
    let keys = key_set(&setup)?;
    let proof = BlockProof::read(&arguments.proof, &setup, &store)
        .with_context(|| format!("cannot read the proof in {}", arguments.proof.display()))?;
    let cancel = Cancel::new();
    let token = cancel.clone();
    ctrlc::set_handler(move || token.cancel())?;
    let bars = Bars::default();
    let prover = Prover::new().progress(&bars).cancel(cancel);
    let aggregation = Aggregation::new(&proof, &keys, &setup, &store)?;
    let folder = arguments.work.clone().unwrap_or_else(|| work_folder(&arguments.output));
    let mut all = Vec::new();
    let top = aggregation.levels(&folder, &prover, |report| {
        eprintln!(
            "level {}: {} shards, {} s",
            report.level,
            report.proof.bundle.shards.len(),
            seconds(report.cost.wall)
        );
        all.extend(jobs(report));
    })?;
    let _ = top;
    let cost = clock.cost();
    let report = Report {
        jobs: all,
        wall_seconds: seconds(cost.wall),
        cpu_seconds: seconds(cost.cpu),
        peak_memory_bytes: peak_memory(),
    };
    if arguments.json {
        json(&report)?;
    } else {
        for job in &report.jobs {
            println!("level {}  {:<10} k = {}  {:>8.2} CPU-s", job.level, job.circuit, job.k, job.cpu_seconds);
        }
        println!("{} s, {} CPU-s", report.wall_seconds, report.cpu_seconds);
    }
    Ok(Verdict::Holds)
}

fn work_folder(output: &Path) -> PathBuf {
    let mut name = output.as_os_str().to_owned();
    name.push(".work");
    name.into()
}
