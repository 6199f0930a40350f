//! `verbatim vk`.

use clap::Args;
use serde::Serialize;
use verbatim_prover::block::{GREATEST_K, circuits};
use verbatim_prover::keys::circuit_digest;
use verbatim_prover::machine::ShardCircuit;
use verbatim_prover::shards::PlanCircuit;

use crate::output::{Verdict, json};

/// The least size that every circuit can be laid out in.
const LEAST: i64 = 12;

/// Arguments of `verbatim vk`.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// The size of the circuits that have no size of their own: they have 2^K rows.
    #[arg(long, value_name = "K", default_value_t = LEAST as u32,
        value_parser = clap::value_parser!(u32).range(LEAST..=i64::from(GREATEST_K)))]
    k: u32,
    /// Print one JSON document.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Serialize)]
struct Report {
    circuits: Vec<Row>,
}

#[derive(Debug, Serialize)]
struct Row {
    index: u32,
    name: String,
    k: u32,
    digest: String,
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<Verdict> {
    let row = |circuit: &PlanCircuit| -> anyhow::Result<Row> {
        let digest = hex::encode(circuit_digest(circuit)?);
        Ok(Row { index: circuit.index(), name: circuit.name().to_owned(), k: circuit.k(), digest })
    };
    let circuits = circuits(arguments.k).iter().map(row).collect::<anyhow::Result<_>>()?;
    let report = Report { circuits };
    if arguments.json {
        json(&report)?;
    } else {
        report
            .circuits
            .iter()
            .for_each(|Row { index, name, k, digest }| println!("{index:>2} {name:<14} {k:>2} {digest}"));
    }
    Ok(Verdict::Holds)
}
