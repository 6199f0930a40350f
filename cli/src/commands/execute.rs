//! `verbatim execute`.

use std::path::PathBuf;
use std::time::Instant;

use clap::Args;
use serde::Serialize;
use verbatim_witness::execute::{block_info, execute};
use verbatim_witness::trace::TxKind;

use crate::output::{Verdict, json, seconds};

/// Arguments of `verbatim execute`.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// The block.
    block: PathBuf,
    /// Print one JSON document.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Serialize)]
struct Report {
    block: u64,
    fork: String,
    transactions: usize,
    system_calls: usize,
    steps: u64,
    gas_used: u64,
    state_root: String,
    seconds: f64,
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<Verdict> {
    let input = super::load(&arguments.block)?;
    let start = Instant::now();
    let info = block_info(&input)?;
    let (mut transactions, mut system_calls, mut steps) = (0, 0, 0);
    let outcome = execute(&input, |_, trace| {
        match trace.kind {
            TxKind::Transaction(_) => transactions += 1,
            TxKind::System(_) => system_calls += 1,
        }
        steps += trace.steps.len() as u64;
        Ok(())
    })?;
    let report = Report {
        block: info.number,
        fork: format!("{:?}", info.fork).to_lowercase(),
        transactions,
        system_calls,
        steps,
        gas_used: outcome.gas_used,
        state_root: outcome.state_root.to_string(),
        seconds: seconds(start.elapsed()),
    };
    if arguments.json {
        json(&report)?;
    } else {
        println!("block {} ({}): its header holds", report.block, report.fork);
        println!(
            "  {} transactions, {} system calls, {} steps",
            report.transactions, report.system_calls, report.steps
        );
        println!("  gas used {}, state root {}", report.gas_used, report.state_root);
    }
    Ok(Verdict::Holds)
}
