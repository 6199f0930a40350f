//! KECCAK256 of any number of bytes: the cases that the other two chips leave over.
//!
//! **Given** an offset and a length on the stack.
//! **Proves** that they are replaced by the hash of the bytes, which a [`HashJob`](crate::bus::HashJob) has read and hashed;
//! or by the hash of the empty string; or that the step fails.
//!
//! Beyond the constraints of a [`range`](super::range):
//!
//! | Label | Degree | Meaning |
//! |---|---|---|
//! | class | 1 | the schedule gives the opcode to this chip |
//! | ok is boolean | 2 | |
//! | hashes | 2 | a success with bytes |
//! | empty: hi, empty: lo | 2 | without bytes, the hash is that of the empty string |
//! | stack height | 1 | one word less |
//! | next pc | 2 | `pc + 1` |
//! | other evidence | 2 | what is missing on the stack, or by how much the range is too large |
//! | evidence | 3 | that, or gas is short |

use ruint::aliases::U256;
use verbatim_gadgets::chip::ChipBuilder;
use verbatim_gadgets::expr::Expr;
use verbatim_gadgets::grid::WindowWriter;
use verbatim_gadgets::machine::Chip;
use verbatim_gadgets::value::{Bool, Word, from_u128};

use super::hash_pair::GAS_PER_WORD;
use super::layout::Layout;
use super::range::{Price, Range, extent};
use super::{End, short};
use crate::memory::expansion::Demand;
use crate::schedule::Class;
use crate::step::{Needs, Operand, OperandEvent, Step, StepEvent};

/// The hash of the empty string.
const EMPTY: U256 =
    U256::from_limbs([0x7bfa_d804_5d85_a470, 0xe500_b653_ca82_273b, 0x927e_7db2_dcc7_03c0, 0xc5d2_4601_86f7_233c]);

/// The chip.
#[derive(Debug)]
pub struct HashLong {
    step: Step,
    offset: Operand,
    length: Operand,
    digest: Word,
    range: Range,
    end: End,
}

/// What a step of `HashLong` is filled from.
#[derive(Clone, Debug)]
pub struct HashLongEvent {
    /// The step. Where it fails, its operands are popped unless the stack has too few.
    pub step: StepEvent,
    /// The top of the stack.
    pub offset: OperandEvent,
    /// The word below it. Where it is not zero and the step succeeds, a hash job is sent, for `clock +`
    /// [`JOB`](super::JOB).
    pub length: OperandEvent,
    /// The hash. Not read where the step fails or the length is zero.
    pub digest: U256,
}

impl Chip for HashLong {
    type Layout = Layout;
    type Event = HashLongEvent;
    const NAME: &'static str = "hash long";
    const HEIGHT: usize = 3;

    fn build(chip: &mut ChipBuilder<'_>, layout: &Layout) -> Self {
        let slots = &layout.step;
        let step = Step::begin(chip, slots, Class::Hash);
        let flags = [slots.height, slots.gas, slots.memory, slots.next_height, slots.opcode_cell, slots.cost];
        let extent = extent(chip, flags.map(|cell| cell.shifted(2)));
        let hashes = slots.ok.shifted(2);
        chip.reserve(hashes);
        chip.define("hashes", hashes, &step.ok * &extent.sized);
        let hashes = Bool::assume(hashes, "a conjunction");
        let offset = step.pop_a_if(chip, slots, &extent.popped());
        let length = step.pop_b_if(chip, slots, &extent.popped());
        let digest = step.push(chip, slots, "keccak's: it receives the lanes of no other digest");
        let job = chip.peek(&layout.hash_job, 0);
        chip.send_if(&layout.hash_job, 0, &hashes, &job);

        let operands = [&offset.value, &length.value];
        let price = Price::Word(GAS_PER_WORD);
        let cells = [slots.code_cells[0], slots.code_cells[1]].map(|cell| cell.shifted(2));
        let range = Range::build(chip, layout, &step, extent, operands, price, cells, [1, 1, 1]);
        let empty = Word::constant(EMPTY);
        chip.require_equal_if("empty: hi", &range.extent.empty, &digest.hi, &empty.hi);
        chip.require_equal_if("empty: lo", &range.extent.empty, &digest.lo, &empty.lo);
        layout.next_pc(chip, &step);
        let other = chip.store("other evidence", 2, range.evidence(&step, Expr::from(2), Expr::zero()));
        step.end(chip, slots, -1, &Needs::Either(other));
        Self { step, offset, length, digest, range, end: End::new(layout) }
    }

    fn fill(&self, event: &HashLongEvent, row: &mut WindowWriter<'_>) {
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
        let extra = self.range.fill(&demand, state.memory, row);
        row.set(&self.digest, if demand.empty() { EMPTY } else { event.digest });
        self.end.fill(&event.step, extra, demand.excess().map(|(low, _)| from_u128(low)), row);
    }
}
