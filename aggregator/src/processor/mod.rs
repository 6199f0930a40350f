//! The chips that run programs: operations over field elements.
//!
//! A *run* is a program that is executed once: the numbers of runs go up by one from 0, where the level chip begins, to
//! the last, where it ends. A run's [`Execution`] goes from operation to operation; each consumes the
//! [`Instruction`] at its address, consumes the [values](crate::bus::RunValue) that it reads, and
//! provides its own. That is all: nothing says in which order, as nothing has to: the values of a run are a system of
//! equations, and each is provided once, because each operation is executed once.
//!
//! | chip | rows | operation |
//! |---|---|---|
//! | [`form`] | 1 | a form of values is zero, or another value |
//! | [`permute`] | 6 | Poseidon's permutation, after absorbing two elements |
//! | [`read`] | 2 | a point is read |
//! | [`term`] | 2 | a multiple of a point is added to a sum |
//! | [`turn`] | 2 | a program ends, and the next one begins |
//! | [`level`] | 4 | the first program begins, the last one ends: what the level shows |
//!
//! What a program is given, scalars and points, are values that no equation of the operation itself fixes.

pub mod form;
pub mod layout;
pub mod level;
pub mod permute;
pub mod read;
pub mod term;
#[cfg(test)]
mod testing;
pub mod turn;

use verbatim_gadgets::{
    audit::{Exception, Finding},
    chip::ChipBuilder,
    expr::Expr,
    expr::F,
    grid::WindowWriter,
};

use crate::bus::{Execution, ExecutionNative, Instruction, InstructionNative, RunValue, RunValueNative};
use crate::rom::Kind;

pub use layout::Layout;

/// An operation of a run: what it is, what it reads, and what its value is.
#[derive(Clone, Debug)]
pub struct Step {
    /// The run.
    pub run: u64,
    /// The operation.
    pub instruction: InstructionNative,
    /// The values at the three addresses that it reads.
    pub reads: [F; 3],
    /// Its value, the first if it has several.
    pub value: F,
}

/// An operation's messages in one row of a window.
#[derive(Debug)]
struct Operation {
    execution: Execution,
    instruction: Instruction,
    reads: [RunValue; 3],
}

impl Operation {
    /// The operation that is executed in `row`. It reads all three values.
    fn receive(chip: &mut ChipBuilder<'_>, layout: &Layout, row: i16) -> Self {
        let execution = chip.receive(&layout.execution, row);
        let instruction = chip.learn(&layout.instruction, row);
        let reads = [0, 1, 2].map(|i| chip.learn(&layout.reads[i], row));
        Self { execution, instruction, reads }
    }

    /// Requires that the operation is of a kind.
    fn require(&self, chip: &mut ChipBuilder<'_>, kind: Kind) {
        chip.require_equal("kind", &self.instruction.kind, Expr::from(kind as u64));
    }

    fn fill(&self, step: &Step, row: &mut WindowWriter<'_>) {
        let Step { run, instruction, reads, .. } = step;
        row.message(&self.execution, &ExecutionNative { run: *run, pc: instruction.pc });
        row.message(&self.instruction, instruction);
        for (i, (read, value)) in self.reads.iter().zip(reads).enumerate() {
            row.message(read, &RunValueNative { run: *run, address: instruction.reads[i], value: *value });
        }
    }
}

/// What the audit finds in these chips and is right.
pub(crate) const EXCEPTIONS: &[Exception] = &[
    Exception {
        chip: "form",
        finding: Finding::Open,
        names: &["checked 14 in row 0"],
        reason: "with kind 0 the value is what the program is given, or nothing that any operation reads",
    },
    Exception { chip: "form", finding: Finding::Choice, names: &["value: value in row 0"], reason: "likewise" },
];

/// Provides a value of the run in `row` of the window.
fn provide(chip: &mut ChipBuilder<'_>, layout: &Layout, row: i16) -> RunValue {
    let value = chip.peek(&layout.value, row);
    let multiplicity = chip.multiplicity(row);
    chip.provide(&layout.value, row, multiplicity, &value);
    value
}

/// The run goes on with the address behind that in `row`.
fn go_on(chip: &mut ChipBuilder<'_>, layout: &Layout, row: i16) {
    let next = chip.peek(&layout.next, row);
    chip.send(&layout.next, row, &next);
}

/// Requires that a row is of the same run as the one above, at the next address.
fn require_next(chip: &mut ChipBuilder<'_>, layout: &Layout, row: i16) {
    let [run, pc] = [layout.columns.run, layout.columns.pc];
    chip.define(format!("run in row {row}"), run.shifted(row), run.shifted(row - 1));
    chip.define(format!("address in row {row}"), pc.shifted(row), pc.shifted(row - 1) + Expr::one());
}
