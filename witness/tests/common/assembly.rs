//! Whether a block's events hold in the circuits of steps and state, without the services and tables that they ask.

use verbatim_circuits::opcodes::FORK;
use verbatim_gadgets::{bus::Unbalanced, expr::F, plan::Plan};
use verbatim_witness::assemble::Assembly;

/// The circuits that are filled.
const CIRCUITS: [&str; 6] = ["light", "memory", "storage", "state", "copy", "transfer"];

/// The messages whose senders and receivers all stand in these circuits, or are the verifier.
const MESSAGES: [&str; 23] = [
    "exec",
    "fault",
    "halt",
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
];

/// Checks the constraints of these circuits and the balance of these messages.
pub fn check(assembly: &Assembly) -> Result<(), String> {
    let workloads = assembly.workloads().into_iter().filter(|work| CIRCUITS.contains(&work.circuit().name)).collect();
    let plan = Plan::new(workloads, 18).map_err(|error| format!("{error:?}"))?;
    let report = plan.check(assembly.public().balance()).map_err(|error| format!("{error:?}"))?;
    if let Some(failure) = report.local.failures.first() {
        return Err(format!("{failure:?}"));
    }
    // The circuit of opcodes asks for the fork.
    let fork = F::from(u64::from(FORK as u8));
    let forks = |left: &Unbalanced| left.tag.name == "environment" && left.tuple[..2] == [F::from(0), fork];
    match report.unbalanced.iter().find(|left| MESSAGES.contains(&left.tag.name) && !forks(left)) {
        Some(left) => Err(format!("{left:?}")),
        None => Ok(()),
    }
}
