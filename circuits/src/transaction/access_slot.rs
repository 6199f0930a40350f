//! A storage key of a transaction's access list (EIP-2930).
//!
//! **Given** the place in the list and the entry that the verifier sent for it.
//! **Proves** that the slot is warm in the transaction from then on, and that its value there is the original one: at the beginning
//! of a transaction no write has taken place.
//!
//! | Label | Degree | Meaning |
//! |---|---|---|
//! | a key | 1 | the entry is no address |
//! | a location of the block | 1 | the entry is not absent |
//! | storage: address, key, value in row 1 | 1 | those of the slot before |
//! | storage: original in row 1 | 1 | the value |
//! | storage: warm in row 1 | 1 | the transaction |
//! | sent at once | 1 | the slot's new time is the place's |
//! | access: index, transaction, position, clock in row 1 | 1 | one entry and one tick further |

use verbatim_gadgets::chip::ChipBuilder;
use verbatim_gadgets::expr::Expr;
use verbatim_gadgets::grid::WindowWriter;
use verbatim_gadgets::machine::Chip;
use verbatim_gadgets::value::U16;

use super::Layout;
use super::access_address::next_place;
use crate::bus::{Access, AccessNative, PublicAccess, PublicAccessNative, Storage, StorageNative};

/// The chip.
#[derive(Debug)]
pub struct AccessSlot {
    access: Access,
    public: PublicAccess,
    slot: Storage,
    gap: U16,
}

/// What a key of an access list is filled from.
#[derive(Clone, Debug)]
pub struct AccessSlotEvent {
    /// The place in the list.
    pub access: AccessNative,
    /// The verifier's message.
    pub public: PublicAccessNative,
    /// The slot's token. Its time is at most 2^16 ticks before that of the place.
    pub slot: StorageNative,
}

impl Chip for AccessSlot {
    type Layout = Layout;
    type Event = AccessSlotEvent;
    const NAME: &'static str = "access slot";
    const HEIGHT: usize = 2;

    fn build(chip: &mut ChipBuilder<'_>, layout: &Layout) -> Self {
        let access = chip.receive(&layout.access, 0);
        let public = chip.receive(&layout.public_access, 0);
        let gap = chip.checked(&layout.gap, 0);
        let slot = chip.receive(&layout.storage, 0);
        chip.require_equal("a key", &public.slot, Expr::one());
        chip.require_zero("a location of the block", &public.absent);
        next_place(chip, layout, &access);
        chip.define("sent at once", layout.gap.cell.shifted(1), Expr::zero());
        // The place behind is one tick later, and the slot's time one tick before that.
        let time = chip.peek(&layout.storage, 1).clock;
        let after =
            Storage { original: slot.value.clone(), warm: access.transaction.clone(), clock: time, ..slot.clone() };
        chip.send(&layout.storage, 1, &after);
        Self { access, public, slot, gap }
    }

    fn fill(&self, event: &AccessSlotEvent, row: &mut WindowWriter<'_>) {
        row.message(&self.access, &event.access);
        row.message(&self.public, &event.public);
        row.message(&self.slot, &event.slot);
        row.set(&self.gap, event.access.clock.wrapping_sub(event.slot.clock + 1) as u16);
    }
}
