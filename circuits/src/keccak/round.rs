//! Rho, pi, chi and iota of one round, with theta of the next.
//!
//! Given the row above, which holds the state before this round with theta applied, proves that this row holds the state
//! after it, with the bits of this row's `theta` cells added.
//!
//! There are no local constraints. Cell `state[x + 5 y]` is the output of the table entry `chi` whose input is
//! `2 (a + theta[x]) + b - c + 1` in every digit, where `a`, `b`, `c` are the bits that rho and pi bring to `x`, `x + 1`, `x + 2` of
//! row `y`. All four are numbers of binary digits: the state's because they are outputs of the same table one row up (or of
//! `xor`, in a batch's first row), and theta's because [`theta`](super::theta) looks them up. So the input's digits are the sums
//! themselves, 0 to 6, and no digit carries into the next. In rows where the round's constant has a one, a second slot takes the place
//! of lane 0's, whose output is the inverse of the cell.

use verbatim_gadgets::chip::ChipBuilder;
use verbatim_gadgets::expr::{Cell, Expr};
use verbatim_gadgets::grid::WindowWriter;
use verbatim_gadgets::machine::Chip;
use verbatim_gadgets::value::Bool;

use super::layout::Layout;

/// A row that a round leads to.
#[derive(Clone, Debug)]
pub struct Round;

impl Chip for Round {
    type Layout = Layout;
    type Event = ();
    const NAME: &'static str = "round";

    fn selector(layout: &Layout) -> Option<Cell> {
        Some(layout.marks.round)
    }

    fn build(chip: &mut ChipBuilder<'_>, layout: &Layout) -> Self {
        let constant = layout.marks.constant.expr();
        let plain = Bool::assume(Expr::one() - &constant, "a fixed column of zeros and ones");
        chip.learn_if(&layout.chi[0], 0, &plain);
        chip.learn_if(&layout.inverted, 0, &Bool::assume(constant, "a fixed column of zeros and ones"));
        layout.chi[1..].iter().for_each(|slot| {
            chip.learn(slot, 0);
        });
        Self
    }

    fn fill(&self, (): &(), _row: &mut WindowWriter<'_>) {}
}
