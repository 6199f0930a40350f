//! The end of the block.
//!
//! **Given** the last cursor.
//! **Proves** how many items the block had and what gas they used. When they ended is nobody's concern.
//!
//! There is no local constraint: the slots share their cells.

use verbatim_gadgets::chip::ChipBuilder;
use verbatim_gadgets::grid::WindowWriter;
use verbatim_gadgets::machine::Chip;

use super::Layout;
use crate::bus::{Cursor, CursorNative};

/// The chip.
#[derive(Debug)]
pub struct BlockEnd {
    cursor: Cursor,
}

/// What the end of a block is filled from.
#[derive(Clone, Debug)]
pub struct BlockEndEvent {
    /// The last cursor.
    pub cursor: CursorNative,
}

impl Chip for BlockEnd {
    type Layout = Layout;
    type Event = BlockEndEvent;
    const NAME: &'static str = "block end";

    fn build(chip: &mut ChipBuilder<'_>, layout: &Layout) -> Self {
        let cursor = chip.receive(&layout.cursor, 0);
        let end = chip.peek(&layout.block_end, 0);
        chip.send(&layout.block_end, 0, &end);
        Self { cursor }
    }

    fn fill(&self, event: &BlockEndEvent, row: &mut WindowWriter<'_>) {
        row.message(&self.cursor, &event.cursor);
    }
}
