//! Whether a block's events hold in the circuits of steps and state, without the services and tables that they ask.

use verbatim_gadgets::plan::Plan;
use verbatim_witness::assemble::Assembly;

/// The circuits that are filled.
const CIRCUITS: [&str; 5] = ["light", "memory", "storage", "state", "transaction"];

/// The messages whose senders and receivers all stand in these circuits, or are the verifier.
const MESSAGES: [&str; 27] = [
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
    "cursor",
    "pending",
    "access",
    "transaction clock",
    "creation",
    "delegation",
    "public environment",
    "public transaction",
    "public access",
    "public input",
    "public receipt",
    "public withdrawal",
    "block end",
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
