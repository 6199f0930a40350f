//! `verbatim audit`.

use std::path::PathBuf;

use clap::Args;
use serde::Serialize;
use verbatim_gadgets::audit::{Audit, ChipCell, audit};

use crate::output::{Verdict, json};
use crate::progress::bar;

/// Arguments of `verbatim audit`.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// The block whose windows are changed, cell by cell.
    #[arg(default_value = "testdata/first-light")]
    block: PathBuf,
    /// How many windows of each chip and shard.
    #[arg(long, default_value_t = 24)]
    windows: usize,
    /// Print one JSON document.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Serialize)]
struct Row {
    circuit: &'static str,
    windows: usize,
    cells: usize,
    constraints: usize,
    needed: usize,
    redundant: Vec<String>,
    open: Vec<String>,
    idle: Vec<String>,
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<Verdict> {
    let machine = super::machine(&arguments.block)?;
    let plan = machine.plan()?;
    let mut found: Vec<Audit> = plan.workloads().iter().map(|_| Audit::default()).collect();
    let progress = bar("auditing", plan.shards().len());
    for shard in 0..plan.shards().len() {
        let mut grid = std::sync::Arc::unwrap_or_clone(plan.grid(shard)?);
        found[plan.shards()[shard].workload].merge(audit(&mut grid, arguments.windows));
        progress.inc(1);
    }
    progress.finish();
    let rows: Vec<Row> = plan.workloads().iter().zip(&found).map(|(w, audit)| row(w.circuit().name, audit)).collect();
    if arguments.json {
        json(&rows)?;
    } else {
        rows.iter().for_each(print);
    }
    Ok(Verdict::Holds)
}

fn row(circuit: &'static str, audit: &Audit) -> Row {
    let cell = |cell: &ChipCell| format!("{}: {} in row {}", cell.chip, cell.column, cell.row);
    Row {
        circuit,
        windows: audit.windows,
        cells: audit.cells,
        constraints: audit.constraints.len(),
        needed: audit.needed(),
        redundant: audit.redundant().map(|(chip, label)| format!("{chip}: {label}")).collect(),
        open: audit.open.iter().map(cell).collect(),
        idle: audit.idle().map(cell).collect(),
    }
}

fn print(row: &Row) {
    println!(
        "{}: {} of {} constraints needed, {} cells open, {} idle ({} windows)",
        row.circuit,
        row.needed,
        row.constraints,
        row.open.len(),
        row.idle.len(),
        row.windows
    );
    for (kind, names) in [("not shown to be needed", &row.redundant), ("open", &row.open), ("idle", &row.idle)] {
        names.iter().for_each(|name| println!("  {kind}: {name}"));
    }
}
