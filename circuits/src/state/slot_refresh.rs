//! A storage slot that has rested, moved forward in time.
//!
//! **Given** the slot's token.
//! **Proves** that it is the same at a later time. Nobody orders this: a token that is newer than it needs to be can only be
//! out of reach for accesses that would have been possible.
//!
//! | Label | Degree | Meaning |
//! |---|---|---|
//! | give slot: value, original and warm | 1 | the record stays: five constraints, one for each field element |
//! | give slot: clock | 1 | the token's next time is later by `2^16 (jump + 1)` |

use verbatim_gadgets::chip::ChipBuilder;
use verbatim_gadgets::expr::F;
use verbatim_gadgets::grid::WindowWriter;
use verbatim_gadgets::machine::Chip;
use verbatim_gadgets::value::{Counter, U16};

use super::{JUMP, Layout};
use crate::bus::{Storage, StorageNative};

/// The chip.
#[derive(Debug)]
pub struct SlotRefresh {
    slot: Storage,
    jump: U16,
}

/// What a refresh of a storage slot is filled from.
#[derive(Clone, Debug)]
pub struct SlotRefreshEvent {
    /// The slot's token.
    pub slot: StorageNative,
    /// The token's time grows by [`JUMP`] times one more than this.
    pub jump: u16,
}

impl Chip for SlotRefresh {
    type Layout = Layout;
    type Event = SlotRefreshEvent;
    const NAME: &'static str = "slot refresh";

    fn build(chip: &mut ChipBuilder<'_>, layout: &Layout) -> Self {
        let slot = chip.receive(&layout.take_slot, 0);
        let jump = chip.checked(&layout.undo_gap, 0);
        let later = &slot.clock + (&jump + 1) * F::from(JUMP);
        let next = Storage { clock: Counter::assume(later, "grows by at most 2^32"), ..slot.clone() };
        chip.send(&layout.give_slot, 0, &next);
        Self { slot, jump }
    }

    fn fill(&self, event: &SlotRefreshEvent, row: &mut WindowWriter<'_>) {
        row.message(&self.slot, &event.slot);
        row.set(&self.jump, event.jump);
    }
}
