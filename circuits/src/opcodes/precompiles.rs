//! Where one fork has precompiles.
//!
//! **Given** the block's fork, from the block's environment.
//! **Proves** that the row's fixed values are the [`Precompile`](crate::bus::Precompile) fact, if the row is of that fork.
//!
//! There is no local constraint: the fork comes from a fact, and the slot's address moves away with the distance between
//! forks.

use verbatim_gadgets::chip::ChipBuilder;
use verbatim_gadgets::expr::Cell;
use verbatim_gadgets::grid::WindowWriter;
use verbatim_gadgets::machine::Chip;
use verbatim_gadgets::value::Byte;

use super::Layout;

/// The chip.
#[derive(Debug)]
pub struct Precompiles {
    block_fork: Byte,
}

impl Chip for Precompiles {
    type Layout = Layout;
    /// The block's fork, by its number.
    type Event = u8;
    const NAME: &'static str = "precompiles";

    fn selector(layout: &Layout) -> Option<Cell> {
        Some(layout.listed)
    }

    fn build(chip: &mut ChipBuilder<'_>, layout: &Layout) -> Self {
        chip.learn(&layout.environment, 0);
        let fact = chip.peek(&layout.precompile, 0);
        chip.provide(&layout.precompile, 0, layout.multiplicity, &fact);
        Self { block_fork: Byte::assume(layout.block_fork, "the block's environment names it") }
    }

    fn fill(&self, fork: &u8, row: &mut WindowWriter<'_>) {
        row.set(&self.block_fork, *fork);
    }
}
