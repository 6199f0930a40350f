//! A permutation.
//!
//! Given the state before it, proves what the state behind it is: provides
//! [`PoseidonPermutation`](crate::bus::PoseidonPermutation). Every row that is not needed permutes zeros.
//!
//! The state's elements are those before the round's constants are added. With `k_i` the constants of a round, shifted so
//! that a partial round has one only, `M` the matrix, and `s_i` the state:
//!
//! | label | degree | meaning |
//! |---|---|---|
//! | `fourth power: round r, i` | 4 | `e_i = x_i^4`, with `x_i = s_i + k_i`, the input of an S-box of the first of two rounds; its output is `x_i e_i` |
//! | `square: round r, i` | 4 | `q_i = u_i^2`, with `u_i` the input of an S-box of the second, by the outputs of the first, the matrix and a constant; its output is `q_i^2 u_i` |
//! | `state: round r, i` | 4, 2 | `s_i` behind round `r`, by the outputs of its S-boxes and the matrix; of partial rounds in pairs the first element, and behind the last pair of a run the others |
//! | `output: i` | 2 | the state behind the last round |
//!
//! How a pair of partial rounds passes on what has no cell is said where its coefficients are (`Pair` in `constants.rs`).
//! Each label gives its cell as a function of cells before it, so the input determines every cell.

use verbatim_gadgets::chip::ChipBuilder;
use verbatim_gadgets::expr::{Cell, Expr};
use verbatim_gadgets::grid::WindowWriter;
use verbatim_gadgets::machine::Chip;

use super::constants::State;
use super::rounds::{Steps, permutation};
use super::{HEIGHT, Layout, OTHER_CELLS, STEPS, WIDTH, cell};

/// The chip.
#[derive(Debug)]
pub struct Permutation;

/// Steps become cells, one behind the other.
struct Definitions<'b, 'c> {
    chip: &'b mut ChipBuilder<'c>,
    next: usize,
}

impl Steps for Definitions<'_, '_> {
    type Number = Expr;

    fn step(&mut self, label: String, value: Expr) -> Expr {
        let cell = cell(self.next);
        self.next += 1;
        self.chip.define(label, cell, value);
        cell.expr()
    }
}

impl Chip for Permutation {
    type Layout = Layout;
    /// The state before.
    type Event = State;
    const NAME: &'static str = "permutation";
    const HEIGHT: usize = HEIGHT;

    fn selector(layout: &Layout) -> Option<Cell> {
        Some(layout.head)
    }

    fn build(chip: &mut ChipBuilder<'_>, layout: &Layout) -> Self {
        let fact = chip.peek(&layout.slot, 0);
        chip.provide(&layout.slot, 0, cell(OTHER_CELLS - 1 + STEPS), &fact);
        let mut steps = Definitions { chip, next: WIDTH };
        permutation(&mut steps, &std::array::from_fn(|i| cell(i).expr()));
        assert_eq!(steps.next, WIDTH + STEPS, "the window has a cell for every step");
        Self
    }

    fn fill(&self, state: &State, row: &mut WindowWriter<'_>) {
        state.iter().enumerate().for_each(|(i, element)| row.field(&cell(i).expr(), *element));
    }
}
