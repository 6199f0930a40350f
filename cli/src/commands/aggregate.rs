//! `verbatim aggregate`.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context;
use clap::Args;
use serde::Serialize;
use verbatim_aggregator::final_proof::{self, FinalKeys};
use verbatim_aggregator::pipeline::{AggregateError, Aggregation, LevelReport};
use verbatim_prover::block::BlockProof;
use verbatim_prover::bundle::{Prover, ShardCost};
use verbatim_prover::clock::Clock;
use verbatim_prover::progress::Cancel;

use super::SetupArguments;
use crate::output::{Verdict, json, peak_memory, seconds};
use crate::progress::{Bars, spinner};

/// What the last circuit's keys take to make, in processor time.
const KEYS: Duration = Duration::from_secs(220);

/// What the last proof takes.
const PROOF: Duration = Duration::from_secs(600);

/// Arguments of `verbatim aggregate`.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// The folder with the proof of a block.
    proof: PathBuf,
    /// The file that the last proof is written to.
    #[arg(short, long, value_name = "FILE", default_value = "final.proof")]
    output: PathBuf,
    /// Where what is done is kept, so that it is not done again. Processes that aggregate the same proof, also on several
    /// machines, share the work by sharing this folder [default: the output's name and `.work`].
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
    commitments: usize,
    wall_seconds: f64,
    cpu_seconds: f64,
    peak_memory_bytes: Option<u64>,
    proof_bytes: usize,
}

/// A shard of a level, or a step of the last circuit.
#[derive(Debug, Serialize)]
struct Job {
    name: String,
    circuit: String,
    k: u32,
    cpu_seconds: f64,
    /// The most memory that the process has had until then.
    peak_memory_bytes: Option<u64>,
}

impl Job {
    fn new(name: String, circuit: &str, k: u32, cpu: Duration) -> Self {
        let circuit = circuit.to_owned();
        Self { name, circuit, k, cpu_seconds: seconds(cpu), peak_memory_bytes: peak_memory() }
    }

    fn of_level(report: &LevelReport) -> Vec<Self> {
        let name = format!("level {}", report.level);
        let job = |cost: &ShardCost| Self::new(name.clone(), &cost.circuit, cost.k, cost.commit.cpu + cost.prove.cpu);
        report.proof.costs.iter().map(job).collect()
    }
}

/// A proof that does not hold is no bad input.
pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<Verdict> {
    super::interruptible(|cancel| aggregate(arguments, cancel)).or_else(|error| match error.downcast_ref() {
        Some(AggregateError::Rejected { .. } | AggregateError::Pairing(_)) => {
            eprintln!("INVALID: {error}");
            Ok(Verdict::Fails)
        }
        _ => Err(error),
    })
}

fn aggregate(arguments: &Arguments, cancel: &Cancel) -> anyhow::Result<Verdict> {
    let Arguments { output, .. } = arguments;
    anyhow::ensure!(!output.exists(), "{} exists: name another file, or remove it", output.display());
    let clock = Clock::start();
    let setup = arguments.setup.setup_for_last()?;
    let store = arguments.setup.keys();
    let keys = arguments.setup.key_set(&setup)?;
    let proof = BlockProof::read(&arguments.proof, &setup, &store)
        .with_context(|| format!("cannot read the proof in {}", arguments.proof.display()))?;
    let bars = Bars::default();
    let prover = Prover::new().progress(&bars).cancel(cancel.clone());
    let aggregation = Aggregation::new(&proof, &keys, &setup, &store)?;
    let folder = arguments.work.clone().unwrap_or_else(|| work_folder(output));
    let mut jobs = Vec::new();
    let top = aggregation.levels(&folder, &prover, |report| {
        let shards = report.proof.bundle.shards.len();
        eprintln!("level {}: {shards} shards, {} s", report.level, seconds(report.cost.wall));
        jobs.extend(Job::of_level(report));
    })?;
    let mut verifier = None;
    let last_proof = aggregation.final_proof(&top, &folder, cancel, || {
        let witness = aggregation.last(&top)?;
        let last = step("making the last keys", "last keys", KEYS, &mut jobs, || {
            Ok(FinalKeys::new(&keys, &setup, arguments.setup.folder().as_deref())?)
        })?;
        verifier = Some(last.verifier());
        cancel.check()?;
        step("proving the last circuit", "last proof", PROOF, &mut jobs, || {
            Ok(last.prove(&witness, *aggregation.label(), rand::rngs::OsRng)?)
        })
    })?;
    // Another process, or an earlier run, may have made the proof.
    let verifier = verifier.map_or_else(|| arguments.setup.final_verifier(&keys, &setup), Ok)?;
    let verdict = verifier.verify(&last_proof, &setup.verifier());
    std::fs::write(output, last_proof.encode()).with_context(|| format!("cannot write {}", output.display()))?;
    let cost = clock.cost();
    let report = Report {
        jobs,
        commitments: aggregation.commitments(),
        wall_seconds: seconds(cost.wall),
        cpu_seconds: seconds(cost.cpu),
        peak_memory_bytes: peak_memory(),
        proof_bytes: last_proof.proof.len(),
    };
    if arguments.json {
        json(&report)?;
    } else {
        print(&report, output);
    }
    if let Err(rejection) = &verdict {
        eprintln!("the proof does not verify: {rejection}");
    }
    Ok(verdict.is_ok().into())
}

/// A step of the last circuit, with a bar that says that there is work, and its cost among the jobs.
fn step<T>(
    doing: &'static str,
    name: &str,
    expected: Duration,
    jobs: &mut Vec<Job>,
    work: impl FnOnce() -> anyhow::Result<T>,
) -> anyhow::Result<T> {
    let (spinner, clock) = (spinner(doing, expected), Clock::start());
    let done = work()?;
    spinner.finish_and_clear();
    jobs.push(Job::new(name.to_owned(), "last", final_proof::K, clock.cost().cpu));
    Ok(done)
}

fn print(report: &Report, output: &Path) {
    println!("{}: {} bytes of proof", output.display(), report.proof_bytes);
    let gigabytes = |bytes: Option<u64>| bytes.map_or(0.0, |bytes| bytes as f64 / f64::from(1 << 30));
    for Job { name, circuit, k, cpu_seconds, peak_memory_bytes } in &report.jobs {
        let memory = gigabytes(*peak_memory_bytes);
        println!("  {name:<11} {circuit:<9} k = {k}  {cpu_seconds:>8.2} CPU-s, {memory:>6.2} GiB at the peak so far");
    }
    println!(
        "  {} s, {} CPU-s, {:.2} GiB at the peak; {} commitments of the block's proof",
        report.wall_seconds,
        report.cpu_seconds,
        gigabytes(report.peak_memory_bytes),
        report.commitments
    );
}

fn work_folder(output: &Path) -> PathBuf {
    let mut name = output.as_os_str().to_owned();
    name.push(".work");
    name.into()
}
