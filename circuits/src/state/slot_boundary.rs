//! Where the chain of a storage slot begins and ends.
//!
//! **Given** the slot's value before and after the block, from the verifier.
//! **Proves** that the first access of the block found the one, cold, and that the last left the other.
//!
//! | Label | Degree | Meaning |
//! |---|---|---|
//! | give slot: original.hi, give slot: original.lo | 1 | the value itself; of no meaning until the first touch sets it |
//! | give slot: warm | 1 | no transaction has touched it |
//! | give slot: clock | 1 | time 0 |
//!
//! When the last access was, in which transaction, and what the slot held before that, is of no meaning behind the block.

use ruint::aliases::U256;
use verbatim_gadgets::chip::ChipBuilder;
use verbatim_gadgets::grid::WindowWriter;
use verbatim_gadgets::machine::Chip;
use verbatim_gadgets::value::Counter;

use super::Layout;
use crate::bus::{PublicSlot, PublicSlotNative, Storage};

/// The chip.
#[derive(Debug)]
pub struct SlotBoundary {
    public: PublicSlot,
    last: Storage,
}

/// What a slot's boundary row is filled from.
#[derive(Clone, Debug)]
pub struct SlotBoundaryEvent {
    /// The value before and after the block.
    pub public: PublicSlotNative,
    /// The value before the transaction of the last touch, as the last token has it.
    pub original: U256,
    /// The transaction of the last touch, as the last token has it.
    pub warm: u64,
    /// The time of the last token.
    pub clock: u64,
}

impl Chip for SlotBoundary {
    type Layout = Layout;
    type Event = SlotBoundaryEvent;
    const NAME: &'static str = "slot boundary";

    fn build(chip: &mut ChipBuilder<'_>, layout: &Layout) -> Self {
        let public = chip.receive(&layout.public_slot, 0);
        let first = Storage {
            address: public.address.clone(),
            key: public.key.clone(),
            value: public.before.clone(),
            original: public.before.clone(),
            warm: Counter::constant(0),
            clock: Counter::constant(0),
        };
        chip.send(&layout.give_slot, 0, &first);
        let last = chip.receive(&layout.take_slot, 0);
        Self { public, last }
    }

    fn fill(&self, event: &SlotBoundaryEvent, row: &mut WindowWriter<'_>) {
        row.message(&self.public, &event.public);
        row.set(&self.last.original, event.original);
        row.set(&self.last.warm, event.warm);
        row.set(&self.last.clock, event.clock);
    }
}
