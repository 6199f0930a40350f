//! MLOAD, MSTORE and MSTORE8 in general: not aligned, expanding memory, or failing.
//!
//! **Given** an offset, and for a store a value.
//! **Proves** that the 32 bytes at the offset are pushed, or that the value's bytes (the last one for MSTORE8) are written
//! there; that memory grows to hold them; and what all of that costs.
//!
//! Row 0 is the step, row 1 the word with the first byte, row 2 the word behind it.
//!
//! | Label | Degree | Meaning |
//! |---|---|---|
//! | stores is boolean | 2 | MSTORE or MSTORE8 rather than MLOAD |
//! | class | 1 | the schedule gives the opcode to this chip |
//! | ok is boolean | 2 | |
//! | bytes sized, high, far is boolean | 2 | the range is payable, or too large in one of two ways |
//! | bytes is of one kind | 2 | at most one of these |
//! | a success is sized | 2 | |
//! | bytes sized: high limbs | 2 | the offset is below 2^128 |
//! | pops b | 2 | a store pops its value |
//! | stored | 2 | a store that succeeds |
//! | byte is boolean | 2 | MSTORE8 |
//! | byte | 1 | the schedule gives it the parameter 1, and 32 to the others |
//! | stored byte | 2 | MSTORE8 that succeeds |
//! | whole word (2) | 2 | MSTORE writes its value; MSTORE8 the last byte of it, by another fact |
//! | crosses is boolean, crosses only if sized | 2 | |
//! | crosses | 2 | the bytes reach into the second word exactly if it is one, by [`pair`](super::pair) |
//! | second word | 2 | then a success touches it |
//! | no word 2 (2) | 2 | else it counts as zero |
//! | clock, index, call of word 1 and 2 (6) | 1 | where and when the words are |
//! | words: bytes | 1 | the first byte is at the offset |
//! | keep | 1 | 32 bytes, or 1 |
//! | word 1 and 2 stay (4) | 2 | a load leaves what it finds |
//! | memory grows ... (4), next memory, new words, memory cost (2) | 1 to 2 | see [`expansion`](super::expansion) |
//! | extra gas | 2 | the cost of the expansion |
//! | stack height | 1 | the same, or two words less |
//! | next pc | 2 | `pc + 1` |
//! | other evidence | 2 | what is missing on the stack, or by how much the range is too large |
//! | evidence | 3 | that, or gas is short |

use ruint::aliases::U256;
use verbatim_gadgets::chip::ChipBuilder;
use verbatim_gadgets::expr::{Cell, Expr};
use verbatim_gadgets::grid::WindowWriter;
use verbatim_gadgets::machine::Chip;
use verbatim_gadgets::value::{Bool, Counter, Word, from_u128};

use super::expansion::{Demand, Expansion, ExpansionCells, Extent, Length, Request, dynamic, evidence};
use super::pair::{Pair, Place, TokenEvent};
use super::{End, Layout, short};
use crate::bus::Stack;
use crate::schedule::Class;
use crate::step::{Needs, Operand, OperandEvent, Step, StepEvent};

/// The chip.
#[derive(Debug)]
pub struct Access {
    step: Step,
    stores: Bool,
    byte: Bool,
    extent: Extent,
    offset: Operand,
    value: Operand,
    result: Word,
    pair: Pair,
    expansion: Expansion,
    end: End,
}

/// What a step of [`Access`] is filled from.
#[derive(Clone, Debug)]
pub struct AccessEvent {
    /// The step. Its parameter is 32 or 1; where it fails, its operands are popped unless the stack has too few.
    pub step: StepEvent,
    /// MSTORE or MSTORE8 rather than MLOAD.
    pub stores: bool,
    /// The top of the stack: the first byte.
    pub offset: OperandEvent,
    /// A store's second operand.
    pub value: OperandEvent,
    /// A load's result; zero where it fails.
    pub result: U256,
    /// The word with the first byte, accessed at `clock + 2`. Not read where the step fails.
    pub first: TokenEvent,
    /// The word behind it. Not read where the bytes do not reach it.
    pub second: TokenEvent,
}

/// What goes where: a load's result is cut from the two words, a store's value or its last byte is put into them.
fn transfer(
    chip: &mut ChipBuilder<'_>,
    layout: &Layout,
    [loaded, stored, stored_byte]: [&Bool; 3],
    [result, value]: [&Word; 2],
) {
    let slots = &layout.step;
    chip.learn_if(&layout.slice, 0, loaded);
    chip.learn_if(&layout.splice, 0, stored);
    chip.learn_if(&layout.last_byte, 0, stored_byte);
    let stored_word = Bool::assume(stored - stored_byte, "a store that is not of a byte");
    chip.require_equal_if("whole word: hi", &stored_word, &result.hi, &value.hi);
    chip.require_equal_if("whole word: lo", &stored_word, &result.lo, &value.lo);
    for (row, i, name) in
        [(1, 0, "word 1 stays: hi"), (1, 1, "word 1 stays: lo"), (2, 0, "word 2 stays: hi"), (2, 1, "word 2 stays: lo")]
    {
        chip.require_equal_if(name, loaded, slots.b[i].shifted(row), slots.r[i].shifted(row));
    }
}

impl Chip for Access {
    type Layout = Layout;
    type Event = AccessEvent;
    const NAME: &'static str = "access";
    const HEIGHT: usize = 3;

    fn build(chip: &mut ChipBuilder<'_>, layout: &Layout) -> Self {
        let slots = &layout.step;
        let stores = chip.bool_at("stores", slots.ok.shifted(2));
        let step = Step::begin_as(chip, slots, &stores + Expr::from(Class::Load as u64), &slots.code);
        let [sized, high, far] = [slots.height, slots.gas, slots.memory].map(|cell| cell.shifted(2));
        let mut extent = Extent::small(chip, "bytes", [sized, high, far]);
        let crosses = chip.bool_at("crosses", slots.next_height.shifted(2));
        let byte = chip.bool_at("byte", slots.ok.shifted(1));
        let mut both = |label: &str, cell: Cell, a: &Bool, b: &Bool| {
            chip.reserve(cell);
            chip.define(label, cell, a * b);
            Bool::assume(cell, "a conjunction")
        };
        let pops_b = both("pops b", slots.code_cells[0].shifted(2), &extent.popped(), &stores);
        let stored = both("stored", slots.code_cells[1].shifted(2), &step.ok, &stores);
        let second = both("second word", slots.opcode_cell.shifted(2), &step.ok, &crosses);
        let stored_byte = both("stored byte", slots.opcode_cell.shifted(1), &step.ok, &byte);
        let offset = step.pop_a_if(chip, slots, &extent.popped());
        let value = step.pop_b_if(chip, slots, &pops_b);
        let loaded = Bool::assume(&step.ok - &stored, "a load that succeeds");
        let result = chip.peek(&slots.push, 0).value;
        let top = Counter::assume(slots.next_height - 1, "a load leaves a word");
        let (call, clock) = (step.state.call.clone(), step.state.clock.clone());
        chip.send_if(&slots.push, 0, &loaded, &Stack { call, slot: top, value: result.clone(), clock });

        let keep = slots.parameter.shifted(1);
        let place = Place {
            bytes: offset.value.lo.expr(),
            keep: keep.expr(),
            sized: extent.sized.clone(),
            first: step.ok.clone(),
            second,
            crosses,
        };
        chip.define("call of word 1", slots.call.shifted(1), slots.call);
        chip.define("keep", keep, &step.opcode.parameter);
        let pair = Pair::build(chip, layout, &place);
        chip.require_equal("byte", &step.opcode.parameter, Expr::from(32) - &byte * Expr::from(31));
        transfer(chip, layout, [&loaded, &stored, &stored_byte], [&result, &value.value]);

        let length = Length::Small(step.opcode.parameter.expr());
        extent.constrain(chip, "bytes", &offset.value, &length);
        chip.require_zero("a success is sized", &step.ok * (Expr::one() - &extent.sized));
        let request = Request { flag: extent.sized.clone(), words: pair.needed() };
        let cells = ExpansionCells { grows: slots.cost.shifted(2), creates: slots.a[0].shifted(2) };
        let on = (&layout.expansion, slots);
        let expansion = Expansion::one(chip, on, &step, cells, &request, [1, 2, 2], [1, 2]);
        let (_, extra) = dynamic(slots);
        chip.define("extra gas", extra, expansion.gas());
        chip.define("stack height", slots.next_height, &step.state.height - &stores * Expr::from(2));
        layout.next_pc(chip, &step);
        chip.send_if(&slots.leave, 0, &step.ok, &step.after(slots));
        let other = evidence(chip, &step, &stores + Expr::one(), 2, &[&extent]);
        step.or_fault(chip, slots, 0, &Needs::Either(other));
        let end = End::new(layout);
        Self { step, stores, byte, extent, offset, value, result, pair, expansion, end }
    }

    fn fill(&self, event: &AccessEvent, row: &mut WindowWriter<'_>) {
        let (state, ok) = (&event.step.state, event.step.fault.is_none());
        self.step.fill(&event.step, row);
        row.set(&self.stores, event.stores);
        row.set(&self.byte, event.step.parameter == 1);
        let other = short(state.height, 1 + u64::from(event.stores));
        if other.is_some() {
            self.end.fill(&event.step, 0, other, row);
            return;
        }
        self.offset.fill_popped(&event.offset, row);
        if event.stores {
            self.value.fill_popped(&event.value, row);
        }
        let keep = u64::from(event.step.parameter);
        let demand = Demand { offset: event.offset.value, length: U256::from(keep) };
        self.extent.fill(&demand, row);
        let mut extra = 0;
        if let Some(words) = demand.words() {
            let crosses = self.pair.fill_address(event.offset.value.as_limbs()[0], keep, row);
            extra = self.expansion.fill(state.memory, &[Some(words)], row).1;
            if ok {
                self.pair.fill_word(0, &event.first, row);
                let last = U256::from(event.value.value.byte(0)) << 248;
                let stored = if keep == 1 { last } else { event.value.value };
                row.set(&self.result, if event.stores { stored } else { event.result });
            }
            if ok && crosses {
                self.pair.fill_word(1, &event.second, row);
            }
        }
        self.end.fill(&event.step, extra, demand.excess().map(|(low, _)| from_u128(low)), row);
    }
}
