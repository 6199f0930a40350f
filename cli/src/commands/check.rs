//! `verbatim check`.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Instant;

use clap::Args;
use serde::Serialize;
use verbatim_gadgets::bus::{Place, Unbalanced};
use verbatim_gadgets::check::Failure;
use verbatim_prover::block::Machine;

use crate::output::{Verdict, json, seconds};

/// Arguments of `verbatim check`.
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
    steps: u64,
    steps_proven: u64,
    unproven: usize,
    first_unproven: Option<String>,
    rows: BTreeMap<String, usize>,
    constraints_evaluated: u64,
    messages: u64,
    public_messages: BTreeMap<&'static str, usize>,
    failures: Vec<FailureReport>,
    seconds: f64,
}

#[derive(Debug, Serialize)]
struct FailureReport {
    chip: String,
    label: String,
    transaction: Option<u32>,
    step: Option<u64>,
    pc: Option<u64>,
    detail: String,
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<Verdict> {
    let machine = super::machine(&arguments.block)?;
    let start = Instant::now();
    let found = machine.check()?;
    let elapsed = start.elapsed();
    let local = found.local.failures.iter().map(|failure| local(&machine, failure));
    let failures: Vec<_> = local.chain(found.unbalanced.iter().map(|left| unbalanced(&machine, left))).collect();
    let report = Report {
        block: machine.info().number,
        fork: format!("{:?}", machine.info().fork).to_lowercase(),
        transactions: machine.outcome().receipts.len(),
        steps: machine.assembly().steps().total,
        steps_proven: machine.assembly().steps().proven,
        unproven: machine.assembly().unproven().len(),
        first_unproven: machine.assembly().unproven().first().map(ToString::to_string),
        rows: rows(&machine),
        constraints_evaluated: found.local.evaluated,
        messages: found.messages,
        public_messages: machine.assembly().public().kinds(),
        failures,
        seconds: seconds(elapsed),
    };
    if arguments.json {
        json(&report)?;
    } else {
        print(&report);
    }
    Ok(report.failures.is_empty().into())
}

/// Rows in use, by `circuit/chip`.
fn rows(machine: &Machine) -> BTreeMap<String, usize> {
    let mut rows = BTreeMap::new();
    for workload in machine.assembly().workloads() {
        let circuit = workload.circuit();
        for window in 0..workload.len() {
            let chip = &circuit.chips[workload.chip(window)];
            *rows.entry(format!("{}/{}", circuit.name, chip.name)).or_default() += chip.height;
        }
    }
    rows
}

/// Only the light circuit's windows are named by the block's steps.
fn report(machine: &Machine, circuit: &str, origin: u64, chip: String, label: String, detail: String) -> FailureReport {
    let step = machine.assembly().position(circuit, origin);
    FailureReport {
        chip,
        label,
        transaction: step.map(|step| step.ordinal),
        step: step.map(|step| step.step as u64),
        pc: step.map(|step| step.pc),
        detail,
    }
}

fn local(machine: &Machine, failure: &Failure) -> FailureReport {
    let Failure { circuit, chip, label, row, origin, value } = failure;
    let detail = format!("row {row} of a shard: {value:?} should be zero");
    report(machine, circuit, *origin, format!("{circuit}/{chip}"), label.clone(), detail)
}

fn unbalanced(machine: &Machine, left: &Unbalanced) -> FailureReport {
    let label = format!("the message {} has no partner", left.tag.name);
    let detail = format!("{:?}, {:?} times", left.tuple, left.sum);
    match &left.place {
        Place::Row { circuit, chip, origin, .. } => {
            report(machine, circuit, *origin, format!("{circuit}/{chip}"), label, detail)
        }
        Place::Public => report(machine, "", 0, "public".to_owned(), label, detail),
    }
}

fn print(report: &Report) {
    println!("block {} ({})", report.block, report.fork);
    println!(
        "  {} transactions, {} of {} steps proven by circuits",
        report.transactions, report.steps_proven, report.steps
    );
    println!(
        "  {} constraints evaluated, {} messages, {} s",
        report.constraints_evaluated, report.messages, report.seconds
    );
    if let Some(first) = &report.first_unproven {
        println!("  {} steps and transactions that no circuit proves, the first at {first}", report.unproven);
    }
    println!("  not proven yet, so public:");
    for (kind, count) in &report.public_messages {
        println!("    {count:>8} {kind}");
    }
    for failure in report.failures.iter().take(20) {
        let place = match (failure.transaction, failure.step, failure.pc) {
            (Some(transaction), Some(step), Some(pc)) => format!("execution {transaction}, step {step}, pc {pc}: "),
            _ => String::new(),
        };
        println!("  FAILS: {place}{}: {}: {}", failure.chip, failure.label, failure.detail);
    }
    match report.failures.len() {
        0 => println!("everything holds"),
        count => println!("{count} failures"),
    }
}
