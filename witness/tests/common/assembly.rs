//! Whether a block's events hold in the circuits of steps and state, without the services and tables that they ask.

use std::collections::BTreeMap;

use verbatim_gadgets::plan::Plan;
use verbatim_witness::{
    assemble::{Assembler, Assembly},
    execute::{block_info, execute},
    input::BlockInput,
};

/// The circuits that are filled.
const CIRCUITS: [&str; 9] =
    ["light", "memory", "storage", "state", "calls", "copy", "transfer", "transaction", "statement"];

/// The messages whose senders and receivers all stand in these circuits, or are the verifier.
const MESSAGES: [&str; 38] = [
    "exec",
    "fault",
    "halt",
    "frame",
    "memory",
    "memory init",
    "stack",
    "tally",
    "context",
    "environment",
    "storage",
    "account",
    "account job",
    "public slot",
    "public account",
    "copy job",
    "code copy job",
    "hash job",
    "deposit job",
    "log job",
    "copy state",
    "public log",
    "public log data",
    "transaction clock",
    "cursor",
    "pending",
    "access",
    "creation",
    "delegation",
    "public environment",
    "public transaction",
    "public access",
    "public input",
    "public receipt",
    "public withdrawal",
    "public untouched",
    "block end",
    "fold",
];

/// Checks the constraints of these circuits and the balance of these messages.
pub fn check(assembly: &Assembly) -> Result<(), String> {
    let workloads = assembly.workloads().into_iter().filter(|work| CIRCUITS.contains(&work.circuit().name)).collect();
    let plan = Plan::new(workloads, 18).map_err(|error| format!("{error:?}"))?;
    let report = plan.check(assembly.public().balance()).map_err(|error| format!("{error:?}"))?;
    if let Some(failure) = report.local.failures.first() {
        return Err(format!("{failure:?}"));
    }
    match report.unbalanced.iter().find(|left| MESSAGES.contains(&left.tag.name)) {
        Some(left) => Err(format!("{left:?}")),
        None => Ok(()),
    }
}

/// Assembles a block, and checks every constraint of every shard and the whole bus.
pub fn holds(input: &BlockInput) -> Assembly {
    let number = input.block.header.number;
    let mut assembler = Assembler::new(&block_info(input).unwrap()).with_codes(&input.witness.codes);
    let outcome = execute(input, |block, trace| Ok(assembler.transaction(block, &trace)?)).unwrap();
    let assembly = assembler.finish(&outcome).unwrap();
    println!("{number}: {:?} {:?}", assembly.steps(), assembly.public().kinds());
    let plan = Plan::new(assembly.workloads(), 18).unwrap();
    let report = plan.check(assembly.public().balance()).unwrap();
    let failures = &report.local.failures;
    assert!(failures.is_empty(), "{number}: {} {:?}", failures.len(), &failures[..failures.len().min(5)]);
    let left = &report.unbalanced;
    assert!(left.is_empty(), "{number}: {} {:?}", left.len(), &left[..left.len().min(8)]);
    assembly
}

/// How many windows each chip of a circuit fills.
pub fn windows(assembly: &Assembly, circuit: &str) -> BTreeMap<String, usize> {
    let mut windows = BTreeMap::new();
    for work in assembly.workloads().into_iter().filter(|work| work.circuit().name == circuit) {
        for index in 0..work.len() {
            *windows.entry(work.circuit().chips[work.chip(index)].name.to_string()).or_default() += 1;
        }
    }
    windows
}
