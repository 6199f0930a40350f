//! `verbatim setup`.

use clap::Args;
use serde::Serialize;
use verbatim_prover::clock::Clock;

use super::SetupArguments;
use crate::output::{Verdict, json, seconds};

/// Arguments of `verbatim setup`.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    setup: SetupArguments,
    /// Prepare parameters for shards of up to 2^K rows.
    #[arg(short, default_value_t = 18, value_parser = clap::value_parser!(u32).range(1..=20))]
    k: u32,
    /// Print one JSON document.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Serialize)]
struct Report {
    k: u32,
    r#unsafe: bool,
    digest: String,
    seconds: f64,
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<Verdict> {
    let clock = Clock::start();
    let setup = arguments.setup.setup()?;
    setup.params(arguments.k)?;
    let digest = hex::encode(setup.digest());
    let report = Report { k: arguments.k, r#unsafe: setup.is_unsafe(), digest, seconds: seconds(clock.cost().wall) };
    if arguments.json {
        json(&report)?;
    } else {
        println!("parameters for 2^{} rows are ready in {} s, digest {}", report.k, report.seconds, report.digest);
    }
    Ok(Verdict::Holds)
}
