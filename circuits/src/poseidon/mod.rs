//! The permutation of Poseidon over BN254's scalar field: width 3, S-box `x^5`, 8 full and 57 partial rounds, the one of the
//! proofs' transcripts.
//!
//! One chip, one permutation in a window of [`HEIGHT`] rows, every cell of which is in use: 3 of input, 136
//! *steps* (`rounds.rs`), of which the last three are the output, and a multiplicity. With the two auxiliary columns, 148 cells.
//!
//! # Why not otherwise
//!
//! Cells, main and auxiliary, for a permutation:
//!
//! | variant | cells |
//! |---|---|
//! | a row a round, the state and the squares of the S-boxes: 7 + 2 columns, 65 rows | 585 |
//! | a cell for the square and one for the output of every S-box, four rows | 180 |
//! | **rounds two by two (`rounds.rs`), the rest of the state six times, four rows** | 148 |
//! | the same, the rest never: five times the multiplications for who verifies without common subexpressions | 136 |
//!
//! Fewer rows would save the auxiliary cells of some, and cost as many columns as they save rows; columns are what a
//! verifier pays by. More rows would make the gates, which are evaluated in every row, as dear as the columns. Constants in
//! fixed columns would let several rows share gates, for as many columns again.

mod constants;
mod permutation;
mod reference;
mod rounds;
mod work;

#[cfg(test)]
mod tests;

use verbatim_gadgets::chips;
use verbatim_gadgets::circuit::{CircuitBuilder, Rows, Slot};
use verbatim_gadgets::expr::{Cell, F};

use crate::bus::PoseidonPermutation;

pub use constants::{Constants, Shifted, State, constants, shifted};
pub use reference::permute;
pub use work::Permutations;

/// Elements of a state.
pub const WIDTH: usize = 3;

/// Rounds with an S-box on every element, half of them before the partial rounds and half behind.
pub const FULL_ROUNDS: usize = 8;

/// Rounds with an S-box on the first element.
pub const PARTIAL_ROUNDS: usize = 57;

/// All rounds.
pub const ROUNDS: usize = FULL_ROUNDS + PARTIAL_ROUNDS;

/// Rows of a permutation.
pub const HEIGHT: usize = 4;

/// How the partial rounds but the last are cut: pairs of rounds between two places where the rest of the state has cells.
const RUNS: &[usize] = &[5, 5, 5, 5, 4, 4];

/// The most pairs of a run.
const LONGEST_RUN: usize = 5;

/// Main columns.
const COLUMNS: usize = 35;

/// The cells of a window that are not steps: input and multiplicity.
const OTHER_CELLS: usize = WIDTH + 1;

/// The steps of a permutation.
const STEPS: usize = HEIGHT * COLUMNS - OTHER_CELLS;

/// Cell `index` of a window: input, steps, multiplicity.
fn cell(index: usize) -> Cell {
    Cell::main(index % COLUMNS).shifted((index / COLUMNS) as i16)
}

/// The columns and slots of the circuit.
#[derive(Debug)]
pub struct Layout {
    /// One in the first row of every window.
    head: Cell,
    slot: Slot<PoseidonPermutation>,
}

fn layout(builder: &mut CircuitBuilder) -> Layout {
    for column in 0..COLUMNS {
        builder.main(format!("column {column}"));
    }
    let head = builder.fixed("head", |rows: Rows| {
        (0..rows.usable / HEIGHT * HEIGHT).map(|row| F::from(u64::from(row % HEIGHT == 0))).collect()
    });
    let output = OTHER_CELLS - 1 + STEPS - WIDTH;
    let fields = (0..WIDTH).chain(output..output + WIDTH).map(|index| cell(index).expr());
    let slot = builder.slot("permutation", fields.collect());
    Layout { head, slot }
}

chips! {
    /// The chips of the circuit.
    pub struct PoseidonChips, PoseidonEvent = "poseidon", layout {
        Permutation: permutation::Permutation,
    }
}
