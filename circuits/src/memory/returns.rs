//! RETURN and REVERT.
//!
//! **Given** an offset and a length on the stack, and the schedule's parameter: 1 for RETURN, 0 for REVERT.
//! **Proves** that memory is expanded and paid for to hold the range, and that the call ends with it as return data.
//!
//! The gas that is left is shown to be below 2^64, and since gas only falls in a call, it never was negative.
//!
//! | Label | Degree | Meaning |
//! |---|---|---|
//! | class | 1 | the schedule gives the opcode to this chip |
//! | ok is boolean | 2 | |
//! | data sized, high, far, carried is boolean | 2 | the range has no bytes, is payable, or too large in one of two ways |
//! | data is of one kind | 2 | at most one of these |
//! | data sized: high limbs | 2 | offset and length are below 2^128 |
//! | data empty: length | 2 | zero |
//! | data not empty: length | 2 | not zero: it has an inverse |
//! | words: bytes in row 1 | 1 | `offset + length + 31` |
//! | a success is empty or sized | 2 | |
//! | halt: success, halt: offset | 1, 2 | the parameter; the offset, zero if there is no data |
//! | memory grows ... (4), next memory, new words, memory cost (2) | 1 to 2 | see [`expansion`](super::expansion) |
//! | extra gas | 2 | the cost of the expansion |
//! | gas left | 2 | below 2^64 |
//! | other evidence | 2 | what is missing on the stack, or by how much the range is too large |
//! | evidence | 3 | that, or gas is short |

use verbatim_gadgets::chip::ChipBuilder;
use verbatim_gadgets::expr::Expr;
use verbatim_gadgets::grid::WindowWriter;
use verbatim_gadgets::machine::Chip;
use verbatim_gadgets::value::from_u128;

use super::expansion::{Demand, Expansion, ExpansionCells, Extent, Length, Request, dynamic, evidence};
use super::{End, Layout, short};
use crate::bus::Words;
use crate::schedule::Class;
use crate::step::{Needs, Operand, OperandEvent, Step, StepEvent};

/// The chip.
#[derive(Debug)]
pub struct Return {
    step: Step,
    extent: Extent,
    offset: Operand,
    length: Operand,
    words: Words,
    expansion: Expansion,
    end: End,
}

/// What a step of [`Return`] is filled from.
#[derive(Clone, Debug)]
pub struct ReturnEvent {
    /// The step. Where it fails, its operands are popped unless the stack has too few.
    pub step: StepEvent,
    /// The top of the stack: where the data begins.
    pub offset: OperandEvent,
    /// The word below it: how many bytes there are.
    pub length: OperandEvent,
}

impl Chip for Return {
    type Layout = Layout;
    type Event = ReturnEvent;
    const NAME: &'static str = "return";
    const HEIGHT: usize = 3;

    fn build(chip: &mut ChipBuilder<'_>, layout: &Layout) -> Self {
        let slots = &layout.step;
        let step = Step::begin(chip, slots, Class::Return);
        let flags = [slots.height, slots.gas, slots.memory, slots.next_height, slots.opcode_cell, slots.cost];
        let mut extent = Extent::any(chip, "data", flags.map(|cell| cell.shifted(2)));
        let offset = step.pop_a_if(chip, slots, &extent.popped());
        let length = step.pop_b_if(chip, slots, &extent.popped());
        let halt = chip.peek(&layout.halt, 0);
        chip.send_if(&layout.halt, 0, &step.ok, &halt);

        let any = Length::Word(length.value.clone());
        extent.constrain(chip, "data", &offset.value, &any);
        let words = extent.needed(chip, &layout.expansion, 1, &offset.value, &any);
        let payable = &extent.empty + &extent.sized;
        chip.require_zero("a success is empty or sized", &step.ok * (Expr::one() - payable));
        chip.define("halt: success", slots.r[0], &step.opcode.parameter);
        chip.define("halt: offset", slots.r[1], &extent.sized * &offset.value.lo);

        let request = Request { flag: extent.sized.clone(), words: words.words.expr() };
        let cells = ExpansionCells { grows: slots.a[0].shifted(2), creates: slots.a[1].shifted(2) };
        let on = (&layout.expansion, slots);
        let expansion = Expansion::one(chip, on, &step, cells, &request, [1, 1, 1], [1, 2]);
        let (_, extra) = dynamic(slots);
        chip.define("extra gas", extra, expansion.gas());
        chip.require_limbs16("gas left", &[0, 2, 2, 2], &step.ok * layout.gas_after());
        let other = evidence(chip, &step, Expr::from(2), 2, &[&extent]);
        step.or_fault(chip, slots, 0, &Needs::Either(other));
        Self { step, extent, offset, length, words, expansion, end: End::new(layout) }
    }

    fn fill(&self, event: &ReturnEvent, row: &mut WindowWriter<'_>) {
        let state = &event.step.state;
        self.step.fill(&event.step, row);
        let other = short(state.height, 2);
        if other.is_some() {
            self.end.fill(&event.step, 0, other, row);
            return;
        }
        self.offset.fill_popped(&event.offset, row);
        self.length.fill_popped(&event.length, row);
        let demand = Demand { offset: event.offset.value, length: event.length.value };
        self.extent.fill(&demand, row);
        if demand.sized() {
            let bytes = demand.offset.as_limbs()[0] + demand.length.as_limbs()[0] + 31;
            row.set(&self.words.words, bytes / 32);
            row.set(&self.words.rest, (bytes % 32) as u8);
        }
        let (_, extra) = self.expansion.fill(state.memory, &[demand.words()], row);
        self.end.fill(&event.step, extra, demand.excess().map(|(low, _)| from_u128(low)), row);
    }
}
