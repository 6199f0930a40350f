//! RETURNDATACOPY (EIP-211).
//!
//! **Given** an offset in memory, one in the return data, and a length on the stack, and the call's tally, which says whose
//! memory holds the return data, and where.
//! **Proves** that memory grows to hold the range, what that and the copy costs, and that a job is sent for the bytes; or
//! that the step fails, be it because the bytes are not all within the return data.
//!
//! Row 0 is the step with the tally, row 1 has the length and where the source begins. The data is missed in one of two
//! ways: `offset + length` is at least 2^128 by its high limbs, or exceeds the size by its low ones.
//! Beyond the constraints of a [`range`](super::range):
//!
//! | Label | Degree | Meaning |
//! |---|---|---|
//! | class | 1 | the schedule gives the opcode to this chip |
//! | source | 1 | the schedule's parameter says that it is for this one |
//! | ok is boolean | 2 | |
//! | copies | 2 | a success with bytes |
//! | clock, call, height in row 1 | 1 | the length is the third operand |
//! | offset: hi | 2 | a success has an offset below 2^128 |
//! | left | 2 | and `size - offset - length` is not negative, also for a length of zero |
//! | start | 1 | the source begins at the offset |
//! | misses by high limbs, misses, misses far is boolean | 2 | what a failure says of the return data |
//! | misses only what is popped | 2 | it says something only where the tally and the operands are there |
//! | stack height | 1 | three words less |
//! | next pc | 2 | `pc + 1` |
//! | other evidence | 2 | what is missing on the stack or in the return data, or by how much the range is too large |
//! | evidence | 3 | that, or gas is short |

use ruint::aliases::U256;
use verbatim_gadgets::chip::ChipBuilder;
use verbatim_gadgets::expr::{Expr, F};
use verbatim_gadgets::grid::WindowWriter;
use verbatim_gadgets::machine::Chip;
use verbatim_gadgets::value::{Bool, U16, from_u128, split};

use super::copy::{GAS_PER_WORD, pop_three};
use super::layout::Layout;
use super::range::{Price, Range, extent};
use super::{End, short};
use crate::bus::{Tally, TallyNative};
use crate::memory::expansion::Demand;
use crate::schedule::Class;
use crate::step::{Needs, Operand, OperandEvent, Step, StepEvent};

/// The schedule's parameter.
const PARAMETER: u64 = 2;

/// The chip.
#[derive(Debug)]
pub struct ReturnCopy {
    step: Step,
    operands: Vec<Operand>,
    tally: TallyCells,
    /// By the high limbs, by the low ones, by 2^128 and more.
    misses: [Bool; 3],
    range: Range,
    end: End,
}

/// What a step of `ReturnCopy` is filled from.
#[derive(Clone, Debug)]
pub struct ReturnCopyEvent {
    /// The step. Where it fails, its operands are popped unless the stack has too few.
    pub step: StepEvent,
    /// The offset in memory, that in the return data, and the length, from the top of the stack on. Where the length is not
    /// zero and the step succeeds, a copy job is sent, for `clock +` [`JOB`](super::JOB).
    pub operands: [OperandEvent; 3],
    /// The tally as it is found, at most 2^32 ticks old. It is sent back at `clock`, also by a failure, unless the stack has
    /// too few words.
    pub tally: TallyNative,
}

/// A tally that is touched, and how long ago it was.
#[derive(Debug)]
pub(super) struct TallyCells {
    found: Tally,
    gaps: [U16; 2],
}

impl TallyCells {
    /// Receives the call's tally where `flag` is one.
    pub(super) fn receive(chip: &mut ChipBuilder<'_>, layout: &Layout, flag: &Bool) -> Self {
        let found = chip.receive_if(&layout.tally_in, 0, flag);
        let gaps = [&layout.gap_c, &layout.gap_d].map(|gap| chip.checked_if(gap, 0, flag));
        Self { found, gaps }
    }

    /// Fills the tally, found at `clock`.
    pub(super) fn fill(&self, tally: &TallyNative, clock: u64, row: &mut WindowWriter<'_>) {
        row.message(&self.found, tally);
        let gap = clock.wrapping_sub(tally.clock + 1);
        row.set(&self.gaps[0], gap as u16);
        row.set(&self.gaps[1], (gap >> 16) as u16);
    }
}

/// By how much `offset + length` exceeds `size`, less one, if it does: by the high limbs or by the low ones, and whether it
/// is 2^128 or more.
pub fn miss(offset: &U256, length: &U256, size: u64) -> Option<(bool, u128, bool)> {
    let ((a, b), (c, d)) = (split(offset), split(length));
    let (left, right, limit) = if a != 0 || c != 0 { (a, c, 1) } else { (b, d, u128::from(size) + 1) };
    let (sum, carry) = left.overflowing_add(right);
    let (rest, borrow) = sum.overflowing_sub(limit);
    (carry || !borrow).then_some((a != 0 || c != 0, rest, carry && !borrow))
}

impl Chip for ReturnCopy {
    type Layout = Layout;
    type Event = ReturnCopyEvent;
    const NAME: &'static str = "return copy";
    const HEIGHT: usize = 3;

    fn build(chip: &mut ChipBuilder<'_>, layout: &Layout) -> Self {
        let slots = &layout.step;
        let step = Step::begin(chip, slots, Class::Copy);
        chip.require_equal("source", slots.parameter, Expr::from(PARAMETER));
        let flags = [slots.height, slots.gas, slots.memory, slots.next_height, slots.opcode_cell, slots.cost];
        let extent = extent(chip, flags.map(|cell| cell.shifted(2)));
        let places = [(slots.clock, "misses by high limbs"), (slots.call, "misses"), (slots.parameter, "misses far")];
        let misses = places.map(|(cell, label)| chip.bool_at(label, cell.shifted(2)));
        let copies = slots.ok.shifted(2);
        chip.reserve(copies);
        chip.define("copies", copies, &step.ok * &extent.sized);
        let copies = Bool::assume(copies, "a conjunction");
        let operands = pop_three(chip, layout, &step, &extent.popped());
        let tally = TallyCells::receive(chip, layout, &extent.popped());
        let after = chip.peek(&layout.tally_same, 0);
        chip.send_if(&layout.tally_same, 0, &extent.popped(), &after);
        let job = chip.peek(&layout.copy_job, 0);
        chip.send_if(&layout.copy_job, 0, &copies, &job);

        let [target, source, length] = [0, 1, 2].map(|i| &operands[i].value);
        let size = &tally.found.return_length;
        chip.require_zero("offset: hi", &step.ok * &source.hi);
        chip.require_limbs16("left", &[1, 2, 2], &step.ok * (size - &source.lo - &length.lo));
        chip.define("start", slots.b[1].shifted(1), &source.lo);
        let [high, low, far] = &misses;
        chip.require_zero("misses only what is popped", (high + low) * extent.popped().not());
        let missed = high * (&source.hi + &length.hi - 1) + low * (&source.lo + &length.lo - size - 1)
            - far * Expr::power_of_two(128);
        let price = Price::Word(GAS_PER_WORD);
        let cells = [slots.code_cells[0], slots.code_cells[1]].map(|cell| cell.shifted(2));
        let range = Range::build(chip, layout, &step, extent, [target, length], price, cells, [1, 1, 2]);
        layout.next_pc(chip, &step);
        // Each of the sums is less than zero where its flag is one but its claim is not so; so is then the whole.
        let evidence = range.evidence(&step, Expr::from(3), Expr::zero()) + high + low + missed;
        let other = chip.store("other evidence", 2, evidence);
        step.end(chip, slots, -3, &Needs::Either(other));
        Self { step, operands, tally, misses, range, end: End::new(layout) }
    }

    fn fill(&self, event: &ReturnCopyEvent, row: &mut WindowWriter<'_>) {
        let state = &event.step.state;
        self.step.fill(&event.step, row);
        let other = short(state.height, 3);
        if other.is_some() {
            self.end.fill(&event.step, 0, other, row);
            return;
        }
        self.operands.iter().zip(&event.operands).for_each(|(operand, event)| operand.fill_popped(event, row));
        self.tally.fill(&event.tally, state.clock, row);
        let [target, source, length] = event.operands.map(|operand| operand.value);
        let demand = Demand { offset: target, length };
        let extra = self.range.fill(&demand, state.memory, row);
        let mut other: Option<F> = demand.excess().map(|(low, _)| from_u128(low));
        if let (None, Some((high, rest, far))) = (other, miss(&source, &length, event.tally.return_length)) {
            other = Some(from_u128(rest));
            row.set(&self.misses[0], high);
            row.set(&self.misses[1], !high);
            row.set(&self.misses[2], far);
        }
        self.end.fill(&event.step, extra, other, row);
    }
}
