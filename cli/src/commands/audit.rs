//! `verbatim audit`.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Context;
use clap::Args;
use serde::Serialize;
use verbatim_gadgets::audit::{Audit, Exception, Finding};

use crate::output::{Verdict, json};
use crate::progress::bar;

/// Arguments of `verbatim audit`.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// The blocks whose windows are changed.
    #[arg(default_values = ["testdata/first-light", "testdata/corner-cases"])]
    blocks: Vec<PathBuf>,
    /// How many windows of each chip and shard.
    #[arg(long, default_value_t = 24)]
    windows: usize,
    /// Print one JSON document.
    #[arg(long)]
    json: bool,
}

/// What was found in one circuit.
#[derive(Debug, Serialize)]
struct Row {
    circuit: &'static str,
    /// How many windows and cells were changed.
    windows: usize,
    cells: usize,
    constraints: usize,
    needed: usize,
    open: usize,
    choices: usize,
    idle: usize,
    /// Findings that no exception covers, and exceptions that are wrong. None may be left.
    unsettled: Vec<String>,
    /// How many findings are right as they are; which, and why.
    excepted: usize,
    exceptions: Vec<String>,
    /// Exceptions of chips with windows that these blocks do not ask for.
    unused: Vec<String>,
    /// Chips of which the blocks have no window.
    not_covered: Vec<&'static str>,
}

/// A finding in words.
fn word(finding: Finding) -> &'static str {
    match finding {
        Finding::Redundant => "not shown to be needed",
        Finding::Open => "open",
        Finding::Choice => "choice",
        Finding::Idle => "idle",
    }
}

/// Fails if anything is neither settled nor excepted.
pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<Verdict> {
    let machines = arguments.blocks.iter().map(|block| super::machine(block)).collect::<anyhow::Result<Vec<_>>>()?;
    let plans = machines.iter().map(|machine| machine.plan()).collect::<Result<Vec<_>, _>>()?;
    let plan = plans.first().context("name a block")?;
    let shards: Vec<_> =
        plans.iter().flat_map(|plan| (0..plan.shards().len()).map(move |shard| (plan, shard))).collect();
    // Every block has the same circuits, in the same order.
    let mut found: Vec<Audit> = plan.workloads().iter().map(|_| Audit::default()).collect();
    let progress = bar("auditing", 2 * shards.len());
    for (plan, shard) in &shards {
        let mut grid = Arc::unwrap_or_clone(plan.grid(*shard)?);
        found[plan.shards()[*shard].workload].survey(&mut grid, arguments.windows);
        progress.inc(1);
    }
    // What one shard settles need not be searched for in another.
    for (plan, shard) in &shards {
        found[plan.shards()[*shard].workload].search(&*plan.grid(*shard)?, arguments.windows);
        progress.inc(1);
    }
    progress.finish();
    let row = |(workload, audit): (&&dyn verbatim_gadgets::machine::Workload, &Audit)| {
        row(workload.circuit().name, audit, workload.exceptions())
    };
    let rows: Vec<Row> = plan.workloads().iter().zip(&found).map(row).collect();
    if arguments.json {
        json(&rows)?;
    } else {
        rows.iter().for_each(print);
        print_total(&rows);
    }
    Ok(Verdict::from(rows.iter().all(|row| row.unsettled.is_empty())))
}

fn row(circuit: &'static str, audit: &Audit, exceptions: &[Exception]) -> Row {
    let settlement = audit.settle(exceptions);
    let unsettled =
        settlement.unsettled.iter().map(|(finding, chip, name)| format!("{}: {chip}: {name}", word(*finding)));
    let refuted = settlement.refuted.iter().map(|(chip, name)| format!("an exception, but needed: {chip}: {name}"));
    let mut excepted: BTreeMap<_, Vec<&str>> = BTreeMap::new();
    for (finding, chip, name, why) in &settlement.excepted {
        excepted.entry((*finding, *chip, *why)).or_default().push(name);
    }
    let excepted = excepted.into_iter();
    let exceptions = excepted
        .map(|((finding, chip, why), names)| format!("{}: {chip}: {} ({why})", word(finding), names.join(", ")));
    let unused = settlement.unused.iter();
    Row {
        circuit,
        windows: audit.windows.values().sum(),
        cells: audit.cells,
        constraints: audit.constraints.len(),
        needed: audit.needed(),
        open: audit.open.len(),
        choices: audit.choices.len(),
        idle: audit.idle().count(),
        unsettled: unsettled.chain(refuted).collect(),
        excepted: settlement.excepted.len(),
        exceptions: exceptions.collect(),
        unused: unused.map(|(finding, chip, name)| format!("{}: {chip}: {name}", word(*finding))).collect(),
        not_covered: audit.unseen().collect(),
    }
}

fn print(row: &Row) {
    println!(
        "{}: {} of {} constraints needed; {} cells open, {} fields a choice, {} cells idle; {} windows",
        row.circuit, row.needed, row.constraints, row.open, row.choices, row.idle, row.windows
    );
    row.unsettled.iter().for_each(|name| println!("  UNSETTLED {name}"));
    row.exceptions.iter().for_each(|name| println!("  excepted {name}"));
    row.unused.iter().for_each(|name| println!("  exception not met by these blocks: {name}"));
    if !row.not_covered.is_empty() {
        println!("  not covered by these blocks: {}", row.not_covered.join(", "));
    }
}

fn print_total(rows: &[Row]) {
    let sum = |count: fn(&Row) -> usize| rows.iter().map(count).sum::<usize>();
    println!(
        "{} of {} constraints needed, {} findings excepted, {} unsettled, {} chips not covered",
        sum(|row| row.needed),
        sum(|row| row.constraints),
        sum(|row| row.excepted),
        sum(|row| row.unsettled.len()),
        sum(|row| row.not_covered.len())
    );
}
