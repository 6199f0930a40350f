//! `verbatim vk`.

use clap::Args;
use serde::Serialize;
use verbatim_aggregator::keyset::{KeyDigest, element};
use verbatim_prover::block::{GREATEST_K, circuits};
use verbatim_prover::keys::circuit_digest;
use verbatim_prover::machine::ShardCircuit;
use verbatim_prover::shards::PlanCircuit;

use super::SetupArguments;
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
    /// Print the digests of all keys under the setup instead: of each circuit at each size, and of the last circuit. They are
    /// what a contract stands for.
    #[arg(long)]
    keys: bool,
    #[command(flatten)]
    setup: SetupArguments,
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

impl Row {
    fn print(&self) {
        let Self { index, name, k, digest } = self;
        println!("{index:>2} {name:<14} {k:>2} {digest}");
    }
}

#[derive(Debug, Serialize)]
struct Keys {
    keys: Vec<Row>,
    block_root: String,
    verifier_root: String,
    last: String,
}

/// The digests of all keys.
fn keys(arguments: &Arguments) -> anyhow::Result<Verdict> {
    let setup = arguments.setup.setup_for_last()?;
    let set = arguments.setup.key_set(&setup)?;
    let last = arguments.setup.final_verifier(&set, &setup)?;
    let row = |key: &KeyDigest| {
        let KeyDigest { index, name, k, digest } = key.clone();
        Row { index, name, k, digest: element(&digest) }
    };
    let report = Keys {
        keys: set.keys().iter().map(row).collect(),
        block_root: element(&set.block().root()),
        verifier_root: element(&set.verifier().root()),
        last: last.digest(),
    };
    if arguments.json {
        json(&report)?;
    } else {
        report.keys.iter().for_each(Row::print);
        println!("root of the keys of blocks       {}", report.block_root);
        println!("root of the keys of the verifier {}", report.verifier_root);
        println!("last                             {}", report.last);
    }
    Ok(Verdict::Holds)
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<Verdict> {
    if arguments.keys {
        return keys(arguments);
    }
    let row = |circuit: &PlanCircuit| -> anyhow::Result<Row> {
        let digest = hex::encode(circuit_digest(circuit)?);
        Ok(Row { index: circuit.index(), name: circuit.name().to_owned(), k: circuit.k(), digest })
    };
    let circuits = circuits(arguments.k).iter().map(row).collect::<anyhow::Result<_>>()?;
    let report = Report { circuits };
    if arguments.json {
        json(&report)?;
    } else {
        report.circuits.iter().for_each(Row::print);
    }
    Ok(Verdict::Holds)
}
