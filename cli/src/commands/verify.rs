//! `verbatim verify`.

mod last;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Instant;

use clap::Args;
use serde::Serialize;
use verbatim_prover::block::BlockProof;

use super::SetupArguments;
use crate::output::{Verdict, json, seconds};
use crate::progress::Bars;

/// Arguments of `verbatim verify`.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// The folder with a block's proof, or the file with a final proof.
    proof: PathBuf,
    /// The block that the proof must be about: its public messages are then computed anew, not taken from the folder.
    #[arg(long)]
    block: Option<PathBuf>,
    /// Of a final proof: deploy the contract in a local EVM, under the rules of Osaka, and call it.
    #[arg(long, conflicts_with = "block")]
    onchain: bool,
    #[command(flatten)]
    setup: SetupArguments,
    /// Print one JSON document.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Serialize)]
struct Report {
    valid: bool,
    reason: Option<String>,
    shards: usize,
    about_block: Option<u64>,
    public_messages: BTreeMap<&'static str, usize>,
    seconds: f64,
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<Verdict> {
    if arguments.proof.is_file() {
        return last::run(arguments);
    }
    anyhow::ensure!(!arguments.onchain, "--onchain is for a final proof, which `verbatim aggregate` makes");
    let setup = arguments.setup.setup()?;
    let proof = BlockProof::read(&arguments.proof, &setup, &arguments.setup.keys())?;
    let machine = arguments.block.as_deref().map(super::machine).transpose()?;
    let public = machine.as_ref().map_or(proof.public(), |machine| machine.assembly().public());
    let start = Instant::now();
    let verdict = proof.verify_for(public, &setup, &Bars::default());
    let report = Report {
        valid: verdict.is_ok(),
        reason: verdict.err().map(|rejection| rejection.to_string()),
        shards: proof.bundle().shards.len(),
        about_block: machine.as_ref().map(|machine| machine.info().number),
        public_messages: public.kinds(),
        seconds: seconds(start.elapsed()),
    };
    if arguments.json {
        json(&report)?;
    } else {
        match (&report.reason, report.about_block) {
            (Some(reason), _) => println!("INVALID: {reason}"),
            (None, Some(block)) => println!("valid: {} shards, about block {block}", report.shards),
            (None, None) => println!(
                "valid: {} shards, about the public messages in the folder (name a block with --block)",
                report.shards
            ),
        }
        for (kind, count) in &report.public_messages {
            println!("  public: {count:>8} {kind}");
        }
    }
    Ok(report.valid.into())
}
