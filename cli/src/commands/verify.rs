//! `verbatim verify`.

mod last;

use std::collections::BTreeMap;
use std::fmt::Display;
use std::path::PathBuf;
use std::time::Instant;

use clap::Args;
use serde::Serialize;
use verbatim_prover::block::{BlockProof, Machine};

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

/// What a verification has come to.
#[derive(Debug, Serialize)]
struct Report<D> {
    valid: bool,
    reason: Option<String>,
    about_block: Option<u64>,
    #[serde(flatten)]
    details: D,
    seconds: f64,
}

impl<D: Serialize> Report<D> {
    /// Verifies a proof, about a block if one is named.
    fn new<E: Display>(machine: Option<&Machine>, details: D, verify: impl FnOnce() -> Result<(), E>) -> Self {
        let start = Instant::now();
        let reason = verify().err().map(|rejection| rejection.to_string());
        let about_block = machine.map(|machine| machine.info().number);
        Self { valid: reason.is_none(), reason, about_block, details, seconds: seconds(start.elapsed()) }
    }

    /// Prints what is valid, and what it is about where no block is named.
    fn print(&self, as_json: bool, proof: &str, messages: &str) -> anyhow::Result<Verdict> {
        match (&self.reason, self.about_block) {
            _ if as_json => json(self)?,
            (Some(reason), _) => println!("INVALID: {reason}"),
            (None, Some(block)) => println!("valid: {proof}, about block {block}"),
            (None, None) => println!("valid: {proof}, about {messages} (name a block with --block)"),
        }
        Ok(self.valid.into())
    }
}

#[derive(Debug, Serialize)]
struct Shards {
    shards: usize,
    public_messages: BTreeMap<&'static str, usize>,
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
    let details = Shards { shards: proof.bundle().shards.len(), public_messages: public.kinds() };
    let report = Report::new(machine.as_ref(), details, || proof.verify_for(public, &setup, &Bars::default()));
    let Shards { shards, public_messages } = &report.details;
    let verdict = report.print(arguments.json, &format!("{shards} shards"), "the public messages in the folder")?;
    if !arguments.json {
        for (kind, count) in public_messages {
            println!("  public: {count:>8} {kind}");
        }
    }
    Ok(verdict)
}
