//! SLOAD.
//!
//! **Given** the slot of storage that the operand names, of the account whose storage the call uses.
//! **Proves** that its value is pushed, that it is warm from now on, and that its first touch in the transaction made its
//! value the original one.
//!
//! Besides those that [every step of this circuit](super::state_step) has:
//!
//! | Label | Degree | Meaning |
//! |---|---|---|
//! | warm: ... | 2 | the slot was touched by this transaction; three constraints of a zero test |
//! | untouched is cold | 2 | but for SSTORE |
//! | extra gas | 1 | EIP-2929: 100, or 2100 if it is cold |
//! | value: hi, value: lo | 1 | the result is the value |
//! | original: hi, original: lo | 2 | what the record says if it is warm, else the value |
//! | refund | 1 | unchanged |
//! | undo | 2 | a success is undone at `scope - writes`; a fault sends the token back at the clock |
//! | taken | 1 | the undoing receives a token that is older |

use verbatim_gadgets::chip::ChipBuilder;
use verbatim_gadgets::grid::WindowWriter;
use verbatim_gadgets::machine::Chip;
use verbatim_gadgets::value::{Bool, U16};

use super::state_step::{StateStep, StateStepEvent, gap, lack};
use super::{COLD_SLOT, Layout, WARM};
use crate::bus::{Storage, StorageNative};
use crate::schedule::Class;
use crate::step::{Operand, OperandEvent};

/// What SLOAD and SSTORE share: the slot's token, and its undoing.
#[derive(Debug)]
pub(super) struct SlotAccess {
    slot: Storage,
    slot_gap: U16,
    undo_gap: U16,
    untouched: Bool,
}

impl SlotAccess {
    /// Receives the slot's token, unless it is `untouched`, and sends it: with the result as the value, or unchanged where
    /// the step fails. Where the step is undone, `undo_gap` says how old the token is by then.
    pub(super) fn begin(
        chip: &mut ChipBuilder<'_>,
        layout: &Layout,
        state: &StateStep,
        undo_gap: U16,
        untouched: Bool,
    ) -> Self {
        let receives = state.receives(&untouched);
        let slot_gap = chip.checked_if(&layout.step.gap_a, 1, &receives);
        let slot = chip.receive_if(&layout.take, 0, &receives);
        let next = chip.peek(&layout.give, 0);
        chip.send_if(&layout.give, 0, &state.step.ok, &next);
        chip.receive_if(&layout.take_back, 0, &state.undone);
        let again = chip.peek(&layout.give_back, 0);
        let back = Bool::assume(&state.undone + &state.priced - &untouched, "one at most is one, or none");
        chip.send_if(&layout.give_back, 0, &back, &again);
        let clock = &state.step.state.clock;
        chip.define("undo", layout.undo, state.step.ok.select(state.undo_time(), clock));
        chip.define("taken", layout.taken, layout.undo - 1 - &undo_gap);
        Self { slot, slot_gap, undo_gap, untouched }
    }

    /// Whether the slot is warm, and its original value as this transaction has it. Takes scratch cells of `row`.
    pub(super) fn touch(&self, chip: &mut ChipBuilder<'_>, layout: &Layout, state: &StateStep, row: i16) -> Bool {
        let warm = chip.is_equal("warm", row, &self.slot.warm, &state.context.transaction);
        if self.untouched.expr().as_constant().is_none() {
            chip.require_zero("untouched is cold", &self.untouched * &warm);
        }
        let [hi, lo] = layout.record.original_after();
        chip.define("original: hi", hi, warm.select(&self.slot.original.hi, &self.slot.value.hi));
        chip.define("original: lo", lo, warm.select(&self.slot.original.lo, &self.slot.value.lo));
        warm
    }

    /// Fills the token and the gaps of a step at `clock`.
    pub(super) fn fill(&self, clock: u64, slot: &StorageNative, undo_gap: u16, row: &mut WindowWriter<'_>) {
        row.set(&self.slot.value, slot.value);
        row.set(&self.slot.original, slot.original);
        row.set(&self.slot.warm, slot.warm);
        row.set(&self.slot_gap, gap(clock, slot.clock));
        row.set(&self.undo_gap, undo_gap);
    }
}

/// The chip.
#[derive(Debug)]
pub struct Load {
    state: StateStep,
    key: Operand,
    access: SlotAccess,
}

/// What a step of `Load` is filled from.
#[derive(Clone, Debug)]
pub struct LoadEvent {
    /// The step, its call's context and tally.
    pub state: StateStepEvent,
    /// The key.
    pub key: OperandEvent,
    /// The slot's token before the step. Given where the step succeeds, and where its fault shows the price.
    pub slot: Option<StorageNative>,
    /// Whether the fault shows the price without it: nobody accesses the slot in the block.
    pub untouched: bool,
    /// Ticks between the last access to the slot before the step is undone and the undoing, less one; zero if it is not.
    pub undo_gap: u16,
}

impl Chip for Load {
    type Layout = Layout;
    type Event = LoadEvent;
    const NAME: &'static str = "load";
    const HEIGHT: usize = 2;

    fn build(chip: &mut ChipBuilder<'_>, layout: &Layout) -> Self {
        let slots = &layout.step;
        let state = StateStep::begin(chip, layout, Class::StorageLoad);
        let key = state.step.pop_a_if(chip, slots, &state.touches);
        state.step.push(chip, slots, "equal to a word of storage");
        // There is no second operand.
        let undo_gap = chip.checked_if(&slots.gap_b, 0, &state.undone);
        let untouched = state.untouched(chip, slots.b[0], &layout.untouched_slot);
        let access = SlotAccess::begin(chip, layout, &state, undo_gap, untouched);
        state.end(chip, layout, 0, [-state.step.state.height.expr(), lack(&state.step, WARM)]);
        chip.define("value: hi", slots.r[0], &access.slot.value.hi);
        chip.define("value: lo", slots.r[1], &access.slot.value.lo);
        chip.define("refund", layout.refund_after, &state.tally.refund);
        let warm = access.touch(chip, layout, &state, 1);
        if let Some(extra) = slots.extra {
            chip.define("extra gas", extra, warm.select(WARM, COLD_SLOT));
        }
        Self { state, key, access }
    }

    fn fill(&self, event: &LoadEvent, row: &mut WindowWriter<'_>) {
        self.state.fill(&event.state, event.slot.is_some() || event.untouched, row);
        if event.untouched {
            self.key.fill_popped(&event.key, row);
            row.set(&self.access.untouched, true);
        }
        if let Some(slot) = &event.slot {
            self.key.fill_popped(&event.key, row);
            self.access.fill(event.state.step.state.clock, slot, event.undo_gap, row);
        }
    }
}
