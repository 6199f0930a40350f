//! SSTORE.
//!
//! **Given** the slot of storage that the first operand names, of the account whose storage the call uses.
//! **Proves** that it holds the second operand, that it is warm from now on, that its first touch in the transaction made
//! its value the original one, and that gas and refund are those of EIP-2200 as changed by EIP-2929 and EIP-3529.
//!
//! With the value `v`, the original value `o` and the new one `n`, let `m` be 2800, or 19900 if `o` is zero: what writing a
//! slot costs beyond 100. The step costs 100, 2100 if it is cold, and `m` if `v` is not `n` but `o`. Two amounts are
//! refunded. One is `m` if `v` is not `n`, and `n` is `o`. The other is 4800 more with `n` than it is with `v`, where a slot
//! is worth 4800 if it is zero and was not: this is one line for three cases of the EIP, which says when the refund is
//! given and when it is taken back.
//!
//! Besides those that [every step of this circuit](super::state_step) and [SLOAD](super::load) have:
//!
//! | Label | Degree | Meaning |
//! |---|---|---|
//! | value: hi, value: lo | 1 | the new value is the second operand |
//! | new is value, new is original, value is original: ... | 3 | words are equal: zero tests of a [`distance`] |
//! | new, value, original is zero: ... | 2 | words are zero, for their limbs have no other sum of zero |
//! | extra gas | 3 | as above |
//! | refund | 3 | as above |
//! | not static | 2 | a success is no write in a static call |
//! | in range: value | 1 | what gas exceeds 2300 by, less one; below 2^128 where the step succeeds |
//! | static or underflow | 2 | the evidence of a static call (zero, or else -1), or that of a stack without operands |

use verbatim_gadgets::chip::ChipBuilder;
use verbatim_gadgets::expr::{Expr, F};
use verbatim_gadgets::grid::WindowWriter;
use verbatim_gadgets::machine::Chip;
use verbatim_gadgets::value::{Any, Bool, Limb, Word};

use super::load::SlotAccess;
use super::state_step::{StateStep, StateStepEvent};
use super::{COLD_SLOT, Layout, WARM};
use crate::bus::{Range128, StorageNative};
use crate::schedule::Class;
use crate::step::{Operand, OperandEvent};

/// The gas that a write must leave to its call, at least, and one more: EIP-2200's stipend.
pub const STIPEND: u64 = 2300;
/// What the first change of a slot costs beyond [`WARM`], unless it was zero: EIP-2929's 5000, without the cold access.
pub const RESET: u64 = 5000 - COLD_SLOT - WARM;
/// What a slot that was zero costs more than that.
pub const SET: u64 = 20_000 - WARM - RESET;
/// What clearing a slot gives back (EIP-3529).
pub const CLEAR: u64 = 4800;

/// The chip.
#[derive(Debug)]
pub struct Store {
    state: StateStep,
    key: Operand,
    value: Operand,
    access: SlotAccess,
    /// The evidence of a static call, or of an underflow.
    cause: Any,
}

/// What a step of `Store` is filled from.
#[derive(Clone, Debug)]
pub struct StoreEvent {
    /// The step, its call's context and tally.
    pub state: StateStepEvent,
    /// The key.
    pub key: OperandEvent,
    /// The new value.
    pub value: OperandEvent,
    /// The slot's token before the step. Given where the step succeeds, and where its fault shows the price.
    pub slot: Option<StorageNative>,
    /// Ticks between the last access to the slot before the step is undone and the undoing, less one; zero if it is not.
    pub undo_gap: u16,
}

impl Chip for Store {
    type Layout = Layout;
    type Event = StoreEvent;
    const NAME: &'static str = "store";
    const HEIGHT: usize = 3;

    fn build(chip: &mut ChipBuilder<'_>, layout: &Layout) -> Self {
        let slots = &layout.step;
        let state = StateStep::begin(chip, layout, Class::StorageStore);
        let key = state.step.pop_a_if(chip, slots, &state.touches);
        let value = state.step.pop_b_if(chip, slots, &state.touches);
        let undo_gap = chip.checked_if(&slots.gap_a, 2, &state.undone);
        let access = SlotAccess::begin(chip, layout, &state, undo_gap, Bool::constant(false));
        let (ok, gas) = (&state.step.ok, &state.step.state.gas);
        let spare = Limb::assume(gas - (STIPEND + 1), "this message checks it");
        chip.consume_if(&layout.in_range, 0, ok, &Range128 { value: spare });

        chip.define("value: hi", slots.r[0], &value.value.hi);
        chip.define("value: lo", slots.r[1], &value.value.lo);
        chip.require_zero("not static", ok * &state.context.fixed);
        let cause = chip.any(2);
        let underflow = Expr::one() - &state.step.state.height;
        let is_static = &state.context.fixed - Expr::one();
        chip.require_zero("static or underflow", (&cause - underflow) * (&cause - is_static));
        state.end(chip, layout, -2, [cause.expr(), Expr::from(STIPEND) - gas]);
        Self::price(chip, layout, &state, &access);
        Self { state, key, value, access, cause }
    }

    fn fill(&self, event: &StoreEvent, row: &mut WindowWriter<'_>) {
        let step = &event.state.step;
        self.state.fill(&event.state, event.slot.is_some(), row);
        if let Some(slot) = &event.slot {
            self.key.fill_popped(&event.key, row);
            self.value.fill_popped(&event.value, row);
            self.access.fill(step.state.clock, slot, event.undo_gap, row);
        }
        let underflow = 1 - i64::try_from(step.state.height).unwrap_or(i64::MAX);
        let is_static = i64::from(event.state.context.fixed) - 1;
        let cause = if step.fault == Some(is_static) { is_static } else { underflow };
        let sign = if cause < 0 { -F::from(1) } else { F::from(1) };
        row.set(&self.cause, F::from(cause.unsigned_abs()) * sign);
    }
}

impl Store {
    /// Gas and refund.
    fn price(chip: &mut ChipBuilder<'_>, layout: &Layout, state: &StateStep, access: &SlotAccess) {
        let warm = access.touch(chip, layout, state, 1);
        let why = "they hold words of the stack and of storage";
        let word = |[hi, lo]: [_; 2]| Word { hi: Limb::assume(hi, why), lo: Limb::assume(lo, why) };
        let new = word(layout.step.b);
        let value = word(layout.record.value());
        let original = word(layout.record.original_after());
        let mut equal = |label: &str, a: &Word, b: &Word| chip.is_zero(label, 2, distance(a, b));
        let same = equal("new is value", &new, &value);
        let resets = equal("new is original", &new, &original);
        let unchanged = equal("value is original", &value, &original);
        let mut zero = |label: &str, word: &Word| chip.is_zero(label, 2, &word.hi + &word.lo);
        let [new, value, original] =
            [("new is zero", &new), ("value is zero", &value), ("original is zero", &original)]
                .map(|(label, word): (&str, &Word)| zero(label, word));

        let changes = same.not();
        let write = original.select(RESET + SET, RESET);
        let cold = warm.not() * Expr::from(COLD_SLOT);
        if let Some(extra) = layout.step.extra {
            chip.define("extra gas", extra, cold + WARM + &changes * &unchanged * &write);
        }
        let cleared = original.not() * (&new - &value) * Expr::from(CLEAR);
        let refund = &state.tally.refund + cleared + &changes * &resets * &write;
        chip.define("refund", layout.refund_after, refund);
    }
}

/// Zero only if two words are equal: `x^2 - 7 y^2` of the distances of their limbs. 7 generates the units of the field, so it
/// is no square, and no multiple of a square by it is another.
fn distance(a: &Word, b: &Word) -> Expr {
    let (hi, lo) = (&a.hi - &b.hi, &a.lo - &b.lo);
    &hi * &hi - &lo * &lo * Expr::from(7)
}

#[cfg(test)]
mod tests {
    use super::*;
    use halo2_proofs::arithmetic::Field;

    #[test]
    fn seven_is_no_square() {
        assert!(bool::from(F::from(7).sqrt().is_none()));
    }
}
