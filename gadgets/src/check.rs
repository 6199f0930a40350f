//! Checking without proving: every constraint on every row, by name.

use halo2_proofs::arithmetic::Field;
use rayon::prelude::*;

use crate::bus::origin;
use crate::circuit::ACTIVE;
use crate::expr::F;
use crate::grid::Grid;
use crate::program::{Program, Scratch};

/// A constraint that does not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The circuit.
    pub circuit: &'static str,
    /// The chip, or `dispatch` for the constraints on selectors.
    pub chip: &'static str,
    /// The constraint's label.
    pub label: String,
    /// The row in the shard.
    pub row: usize,
    /// What the window was filled from.
    pub origin: u64,
    /// What should have been zero.
    pub value: F,
}

/// The outcome of a check of one shard.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// Everything that does not hold.
    pub failures: Vec<Failure>,
    /// How many constraints were evaluated.
    pub evaluated: u64,
}

impl Report {
    /// Adds what `other` found.
    pub fn merge(&mut self, other: Self) {
        self.failures.extend(other.failures);
        self.evaluated += other.evaluated;
    }
}

/// Evaluates every local constraint of a shard, whatever its windows claim: the selectors in the cells decide.
pub fn check(grid: &Grid) -> Report {
    let circuit = &grid.circuit;
    let dispatch = Program::new(circuit.dispatch.iter().map(|c| &c.expr));
    let edges = Program::new(circuit.edges.iter().map(|c| &c.expr));
    let chunk = 1024;
    let usable = grid.rows().usable;
    (0..usable.div_ceil(chunk))
        .into_par_iter()
        .map(|index| {
            let mut report = Report::default();
            let mut scratch = Scratch::default();
            for row in index * chunk..usable.min((index + 1) * chunk) {
                check_row(grid, row, [&dispatch, &edges], &mut scratch, &mut report);
            }
            report
        })
        .reduce(Report::default, |mut a, b| {
            a.merge(b);
            a
        })
}

fn check_row(grid: &Grid, row: usize, system: [&Program; 2], scratch: &mut Scratch, report: &mut Report) {
    let circuit = &grid.circuit;
    let fixed = |column: usize| !bool::from(grid.fixed[column][row].is_zero());
    let lists = [(Some(ACTIVE), &circuit.dispatch, system[0]), (circuit.edge, &circuit.edges, system[1])];
    for (column, constraints, program) in lists {
        if !column.is_some_and(fixed) || constraints.is_empty() {
            continue;
        }
        report.evaluated += constraints.len() as u64;
        for (constraint, value) in constraints.iter().zip(program.run(grid, row, scratch)) {
            if !bool::from(value.is_zero()) {
                let label = constraint.label.clone();
                report.failures.push(Failure {
                    circuit: circuit.name,
                    chip: "dispatch",
                    label,
                    row,
                    origin: origin(grid, row),
                    value,
                });
            }
        }
    }
    if !fixed(ACTIVE) {
        return;
    }
    for chip in &circuit.chips {
        let selector = grid.evaluate(&chip.selector.expr(), row);
        if bool::from(selector.is_zero()) {
            continue;
        }
        report.evaluated += chip.constraints.len() as u64;
        for (constraint, value) in chip.constraints.iter().zip(chip.program.run(grid, row, scratch)) {
            if !bool::from(value.is_zero()) {
                let label = constraint.label.clone();
                report.failures.push(Failure {
                    circuit: circuit.name,
                    chip: chip.name,
                    label,
                    row,
                    origin: origin(grid, row),
                    value,
                });
            }
        }
    }
}
