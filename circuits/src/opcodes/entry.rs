//! What one fork says of one opcode.
//!
//! **Given** the block's fork, from the block's environment.
//! **Proves** that the row's fixed values are the [`Opcode`](crate::bus::Opcode) fact, if the row is of that fork.
//!
//! There is no local constraint: the fork comes from a fact, and the slot's class moves away with the distance between forks.

use verbatim_gadgets::chip::ChipBuilder;
use verbatim_gadgets::expr::Cell;
use verbatim_gadgets::grid::WindowWriter;
use verbatim_gadgets::machine::Chip;
use verbatim_gadgets::value::Byte;

use super::Layout;

/// The number under which the block's environment names its fork. No fork has this opcode.
pub const FORK: u64 = 0x0d;

/// The chip.
#[derive(Debug)]
pub struct Entry {
    block_fork: Byte,
}

impl Chip for Entry {
    type Layout = Layout;
    /// The block's fork, by its number.
    type Event = u8;
    const NAME: &'static str = "entry";

    fn selector(layout: &Layout) -> Option<Cell> {
        Some(layout.selector)
    }

    fn build(chip: &mut ChipBuilder<'_>, layout: &Layout) -> Self {
        chip.learn(&layout.environment, 0);
        let entry = chip.peek(&layout.opcode, 0);
        chip.provide(&layout.opcode, 0, layout.multiplicity, &entry);
        Self { block_fork: Byte::assume(layout.block_fork, "the block's environment names it") }
    }

    fn fill(&self, fork: &u8, row: &mut WindowWriter<'_>) {
        row.set(&self.block_fork, *fork);
    }
}
