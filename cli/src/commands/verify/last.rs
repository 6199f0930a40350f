//! `verbatim verify` of a final proof.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use anyhow::Context;
use serde::Serialize;
use verbatim_aggregator::contract::onchain;
use verbatim_aggregator::final_proof::{FinalProof, FinalVerifier, MOST_BYTES, hash_hex};
use verbatim_prover::Fr;
use verbatim_prover::file::field_hex;
use verbatim_prover::setup::Setup;

use super::{Arguments, Report};
use crate::output::{Verdict, json};

#[derive(Debug, Serialize)]
struct Statement {
    chain_id: u64,
    fork: u64,
    block_hash: String,
    parent_hash: String,
    #[serde(with = "field_hex")]
    public_digest: Fr,
    #[serde(with = "field_hex")]
    public_count: Fr,
}

impl Statement {
    fn of(proof: &FinalProof) -> Self {
        let label = &proof.label;
        Self {
            chain_id: label.chain_id,
            fork: label.fork,
            block_hash: hash_hex(label.block_hash),
            parent_hash: hash_hex(label.parent_hash),
            public_digest: proof.digest,
            public_count: proof.count,
        }
    }
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
    let verifier = arguments.setup.final_verifier(&arguments.setup.key_set(&setup)?, &setup)?;
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
    let details = Statement::of(proof);
    let messages = format!("the public messages of a block that says it is {}", details.block_hash);
    let report = Report::new(machine.as_ref(), details, || {
        verifier.verify(proof, &setup.verifier())?;
        machine.as_ref().map_or(Ok(()), |machine| proof.is_about(machine.assembly().public()))
    });
    report.print(arguments.json, "final proof", &messages)
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
        let verdict = if report.valid { "valid".to_owned() } else { format!("INVALID, {}", answer.verdict) };
        let OnChainReport { gas_used, code_size, calldata_size, .. } = report;
        println!("{verdict}: {gas_used} gas, {code_size} bytes of code, {calldata_size} bytes of calldata");
    }
    Ok(report.valid.into())
}
