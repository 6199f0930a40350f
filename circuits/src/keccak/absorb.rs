//! Theta of the first row, a lane in each row.
//!
//! Proves in every row that `input state` is `input` and `input theta` added, digit by digit: one entry of the table `xor`. The digits of
//! `input state` are then bits, which starts the induction over the rounds. The digits of `input` differ from those of the table's
//! input by the bits of `input theta`, so they lie in -1 to 2; [`transpose`](super::transpose) shows that they are bits.
//!
//! There are no local constraints. Rows outside of batches hold zeros.

use verbatim_gadgets::chip::ChipBuilder;
use verbatim_gadgets::circuit::ACTIVE;
use verbatim_gadgets::expr::Cell;
use verbatim_gadgets::grid::WindowWriter;
use verbatim_gadgets::machine::Chip;

use super::layout::Layout;

/// Any row.
#[derive(Clone, Debug)]
pub struct Absorb;

impl Chip for Absorb {
    type Layout = Layout;
    type Event = ();
    const NAME: &'static str = "absorb";

    fn selector(_layout: &Layout) -> Option<Cell> {
        Some(Cell::fixed(ACTIVE))
    }

    fn build(chip: &mut ChipBuilder<'_>, layout: &Layout) -> Self {
        chip.learn(&layout.absorb, 0);
        Self
    }

    fn fill(&self, (): &(), _row: &mut WindowWriter<'_>) {}
}
