//! The permutation as a fact.
//!
//! Given the last row of a batch in a turn that holds the last byte of permutation `p`, provides the fact [`Permutation`] of its
//! lanes: the `number` cells of the batch's rows in this turn. Everything that makes it true stands in other chips.

use verbatim_gadgets::chip::ChipBuilder;
use verbatim_gadgets::expr::Cell;
use verbatim_gadgets::grid::WindowWriter;
use verbatim_gadgets::machine::Chip;

use super::layout::Layout;
#[cfg(doc)]
use crate::bus::Permutation;

/// The row where a permutation is complete.
#[derive(Clone, Debug)]
pub struct Lanes;

impl Chip for Lanes {
    type Layout = Layout;
    type Event = ();
    const NAME: &'static str = "lanes";

    fn selector(layout: &Layout) -> Option<Cell> {
        Some(layout.marks.lanes)
    }

    fn build(chip: &mut ChipBuilder<'_>, layout: &Layout) -> Self {
        let permutation = chip.peek(&layout.permutation, 0);
        chip.provide(&layout.permutation, 0, layout.columns.multiplicity, &permutation);
        Self
    }

    fn fill(&self, (): &(), _row: &mut WindowWriter<'_>) {}
}
