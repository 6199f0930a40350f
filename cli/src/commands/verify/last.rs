//! `verbatim verify` of a final proof.

use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::time::Instant;

use anyhow::Context;
use serde::Serialize;
use verbatim_aggregator::contract::onchain;
use verbatim_aggregator::final_proof::{FinalProof, FinalVerifier, MOST_BYTES};
use verbatim_prover::setup::Setup;

use super::Arguments;
use crate::output::{Verdict, json, seconds};

#[derive(Debug, Serialize)]
struct Report {
    valid: bool,
    reason: Option<String>,
    chain_id: u64,
    block_hash: String,
    parent_hash: String,
    about_block: Option<u64>,
    seconds: f64,
}

#[derive(Debug, Serialize)]
struct OnChainReport {
    valid: bool,
    gas_used: u64,
    code_size: usize,
    calldata_size: usize,
}

pub(super) fn run(arguments: &Arguments) -> anyhow::Result<Verdict> {
    let proof = read(&arguments.proof)?;
    let setup = arguments.setup.setup_for_last()?;
    let verifier = arguments.setup.final_verifier(&setup)?;
    match arguments.onchain {
        true => on_chain(arguments, &proof, &verifier, &setup),
        false => off_chain(arguments, &proof, &verifier, &setup),
    }
}

fn read(path: &Path) -> anyhow::Result<FinalProof> {
    let mut bytes = Vec::new();
    let file = File::open(path).with_context(|| format!("cannot read {}", path.display()))?;
    file.take(MOST_BYTES as u64 + 1).read_to_end(&mut bytes)?;
    anyhow::ensure!(bytes.len() <= MOST_BYTES, "{} is too large for a final proof", path.display());
    FinalProof::decode(&bytes).with_context(|| format!("cannot read the final proof {}", path.display()))
}

fn off_chain(
    arguments: &Arguments,
    proof: &FinalProof,
    verifier: &FinalVerifier,
    setup: &Setup,
) -> anyhow::Result<Verdict> {
    let machine = arguments.block.as_deref().map(super::super::machine).transpose()?;
    let start = Instant::now();
    let holds = verifier.verify(proof, &setup.verifier()).map_err(|error| error.to_string());
    let verdict = holds.and_then(|()| match &machine {
        Some(machine) => proof.is_about(machine.assembly().public()).map_err(|error| error.to_string()),
        None => Ok(()),
    });
    let hash = |[high, low]: [u128; 2]| format!("0x{high:032x}{low:032x}");
    let report = Report {
        valid: verdict.is_ok(),
        reason: verdict.err(),
        chain_id: proof.label.chain_id,
        block_hash: hash(proof.label.block_hash),
        parent_hash: hash(proof.label.parent_hash),
        about_block: machine.as_ref().map(|machine| machine.info().number),
        seconds: seconds(start.elapsed()),
    };
    if arguments.json {
        json(&report)?;
    } else {
        match (&report.reason, report.about_block) {
            (Some(reason), _) => println!("INVALID: {reason}"),
            (None, Some(block)) => println!("valid, about block {block}, {}", report.block_hash),
            (None, None) => println!(
                "valid, about the public messages of a block that says it is {} (name a block with --block)",
                report.block_hash
            ),
        }
    }
    Ok(report.valid.into())
}

fn on_chain(
    arguments: &Arguments,
    proof: &FinalProof,
    verifier: &FinalVerifier,
    setup: &Setup,
) -> anyhow::Result<Verdict> {
    let contract = verifier.contract(&setup.verifier())?;
    let compiled = arguments.setup.compiler()?.compile(&contract)?;
    let answer = onchain(&compiled, &proof.instance(), &proof.proof)?;
    let report = OnChainReport {
        valid: answer.valid(),
        gas_used: answer.gas_used,
        code_size: answer.code_size,
        calldata_size: answer.calldata_size,
    };
    if arguments.json {
        json(&report)?;
    } else {
        let verdict = if report.valid { "valid".to_owned() } else { format!("INVALID: {:?}", answer.verdict) };
        let OnChainReport { gas_used, code_size, calldata_size, .. } = report;
        println!("{verdict}: {gas_used} gas, {code_size} bytes of code, {calldata_size} bytes of calldata");
    }
    Ok(report.valid.into())
}
