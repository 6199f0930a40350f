//! Theta.
//!
//! Given a row of a batch that is not its last, proves that its `theta` cells hold what theta adds to the columns of the
//! state, if its `state` cells hold the state with those cells added.
//!
//! There are no local constraints. The digits of `theta` are bits: three slots look up pairs of its cells. Let `A` be the state before theta,
//! `C[x]` the parity of its column `x`, and `D[x]` the bits in `theta`; so `state[x, y] = A[x, y] xor D[x]`, and column
//! `x` of `state` has the parity `C[x] xor D[x]`, five being odd. A slot for each `x` shows that the sum of column `x - 1` of `state`, `D[x - 1]`,
//! the same of `x + 1` one bit lower, and `D[x]` is even, that is `C[x-1][z] xor C[x+1][z-1] xor D[x][z] = 0`, which is theta's definition.
//! The sum has thirteen binary digits, so it stays below the base.

use verbatim_gadgets::chip::ChipBuilder;
use verbatim_gadgets::expr::Cell;
use verbatim_gadgets::grid::WindowWriter;
use verbatim_gadgets::machine::Chip;

use super::layout::Layout;

/// A row with theta applied.
#[derive(Clone, Debug)]
pub struct Theta;

impl Chip for Theta {
    type Layout = Layout;
    type Event = ();
    const NAME: &'static str = "theta";

    fn selector(layout: &Layout) -> Option<Cell> {
        Some(layout.marks.theta)
    }

    fn build(chip: &mut ChipBuilder<'_>, layout: &Layout) -> Self {
        for slot in layout.even.iter().chain(&layout.bits) {
            chip.learn(slot, 0);
        }
        Self
    }

    fn fill(&self, (): &(), _row: &mut WindowWriter<'_>) {}
}
