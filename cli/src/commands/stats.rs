//! `verbatim stats`.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;
use serde::Serialize;
use verbatim_circuits::schedule::Fork;
use verbatim_gadgets::machine::Workload;
use verbatim_gadgets::plan::Plan;
use verbatim_gadgets::stats::CircuitStats;
use verbatim_prover::block::Machine;
use verbatim_witness::assemble::{Assembly, PublicMessages};

use crate::output::{Verdict, json};

/// Arguments of `verbatim stats`.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// A block, to count rows and cells for.
    block: Option<PathBuf>,
    /// Print one JSON document.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Serialize)]
struct Report {
    circuits: Vec<Row>,
    per_unit: BTreeMap<&'static str, f64>,
    public_message_kinds: Vec<&'static str>,
}

#[derive(Debug, Serialize)]
struct Row {
    #[serde(flatten)]
    stats: CircuitStats,
    k: Vec<u32>,
    rows_used: usize,
    cells: usize,
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<Verdict> {
    let machine = arguments.block.as_deref().map(super::machine).transpose()?;
    let empty = Assembly::empty(Fork::Osaka);
    let assembly = machine.as_ref().map_or(&empty, Machine::assembly);
    let circuits = rows(assembly, machine.as_ref())?;
    let public_message_kinds = match &machine {
        Some(machine) => machine.assembly().public().kinds().into_keys().collect(),
        None => PublicMessages::statement_kinds().collect(),
    };
    let per_unit = if machine.is_some() { per_unit(assembly, &circuits) } else { BTreeMap::new() };
    let report = Report { circuits, per_unit, public_message_kinds };
    if arguments.json {
        json(&report)?;
    } else {
        print(&report);
    }
    Ok(Verdict::Holds)
}

fn rows(assembly: &Assembly, machine: Option<&Machine>) -> anyhow::Result<Vec<Row>> {
    let plan: Option<Plan<'_>> = machine.map(Machine::plan).transpose()?;
    let workloads = assembly.workloads();
    let row = |(index, workload): (usize, &&dyn Workload)| {
        let stats = CircuitStats::of(&Arc::clone(workload.circuit()));
        let shards = plan.iter().flat_map(|plan| plan.shards()).filter(|shard| shard.workload == index);
        let rows_used = if machine.is_some() { workload.rows() } else { 0 };
        let cells = rows_used * stats.cells_per_row();
        Row { k: shards.map(|shard| shard.k).collect(), rows_used, cells, stats }
    };
    Ok(workloads.iter().enumerate().map(row).collect())
}

/// Cells by the unit of work, for the units that the block has.
fn per_unit(assembly: &Assembly, circuits: &[Row]) -> BTreeMap<&'static str, f64> {
    let cells = |name: &str| circuits.iter().find(|row| row.stats.name == name).map_or(0, |row| row.cells);
    let units = assembly.units();
    let per = |cells: usize, count: u64| (count > 0).then(|| cells as f64 / count as f64);
    // A location has its boundary row. The accesses to accounts, in the same circuit, are of steps and transactions.
    let row = circuits.iter().find(|row| row.stats.name == "state").map_or(0, |row| row.stats.cells_per_row());
    let boundaries = row * usize::try_from(units.locations).unwrap_or_default();
    let accesses = cells("state").saturating_sub(boundaries);
    let steps = units.step_circuits.iter().map(|name| cells(name)).sum::<usize>() + cells("transaction") + accesses;
    let entries = [
        ("evm_cells_per_step", per(steps, assembly.steps().proven)),
        ("bytecode_cells_per_byte", per(cells("bytecode"), units.code_bytes)),
        ("keccak_cells_per_permutation", per(units.keccak_cells + cells("keccak-sponge"), units.permutations)),
        ("state_cells_per_location", per(boundaries, units.locations)),
        ("copy_cells_per_word", per(cells("copy"), units.words)),
    ];
    entries.into_iter().filter_map(|(name, value)| Some((name, (value? * 10.0).round() / 10.0))).collect()
}

fn print(report: &Report) {
    println!(
        "{:<14} {:>5} {:>4} {:>5} {:>11} {:>11} {:>5} {:>6} {:>9} {:>12}  k",
        "circuit", "main", "aux", "fixed", "commitments", "constraints", "mult", "degree", "rows", "cells"
    );
    for Row { stats, k, rows_used, cells } in &report.circuits {
        let CircuitStats {
            name,
            main_columns,
            aux_columns,
            fixed_columns,
            commitments,
            constraints,
            multiplications,
            degree,
            ..
        } = stats;
        println!(
            "{name:<14} {main_columns:>5} {aux_columns:>4} {fixed_columns:>5} {commitments:>11} {constraints:>11} {multiplications:>5} {degree:>6} {rows_used:>9} {cells:>12}  {k:?}"
        );
    }
    for (unit, value) in &report.per_unit {
        println!("{unit}: {value}");
    }
    println!("public messages: {}", report.public_message_kinds.join(", "));
}
