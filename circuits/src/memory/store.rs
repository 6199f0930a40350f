//! MSTORE to a word of memory that is aligned and exists: the frequent case, in one row. It always succeeds; whatever else
//! may happen is the [`access`](super::access) chip's.
//!
//! **Given** an offset and a value on the stack.
//! **Proves** that the value takes the place of the memory's word there, found as [`load`](super::load) finds it.
//!
//! | Label | Degree | Meaning |
//! |---|---|---|
//! | class | 1 | the schedule gives the opcode to this chip |
//! | succeeds | 1 | |
//! | all bytes | 1 | MSTORE, not MSTORE8 |
//! | offset: hi | 1 | below 2^128 |
//! | extra gas, next memory | 1 | no expansion |
//! | stack height | 1 | two words less |
//! | next pc | 2 | `pc + 1` |

use ruint::aliases::U256;
use verbatim_gadgets::chip::ChipBuilder;
use verbatim_gadgets::expr::Expr;
use verbatim_gadgets::grid::WindowWriter;
use verbatim_gadgets::machine::Chip;
use verbatim_gadgets::value::{U16, Word};

use super::{End, Layout};
use crate::schedule::Class;
use crate::step::{Operand, OperandEvent, Step, StepEvent};

/// The chip.
#[derive(Debug)]
pub struct Store {
    step: Step,
    offset: Operand,
    value: Operand,
    before: Word,
    gap: U16,
    end: End,
}

/// What a step of [`Store`] is filled from.
#[derive(Clone, Debug)]
pub struct StoreEvent {
    /// The step, which succeeds.
    pub step: StepEvent,
    /// The top of the stack: a multiple of 32 within memory.
    pub offset: OperandEvent,
    /// The word below it, which is written.
    pub value: OperandEvent,
    /// The word that it replaces.
    pub before: U256,
    /// The step's clock less the time of the last access to the word. This one is at `clock + 1`.
    pub gap: u16,
}

impl Chip for Store {
    type Layout = Layout;
    type Event = StoreEvent;
    const NAME: &'static str = "store";

    fn build(chip: &mut ChipBuilder<'_>, layout: &Layout) -> Self {
        let slots = &layout.step;
        let step = Step::begin_always(chip, slots, Expr::from(Class::Store as u64), true);
        chip.require_equal("all bytes", &step.opcode.parameter, Expr::from(32));
        let (offset, value) = (step.pop_a(chip, slots), step.pop_b(chip, slots));
        let gap = chip.checked(&layout.gap_c, 0);
        let before = chip.receive(&layout.memory_in, 0).value;
        let left = chip.peek(&layout.memory_out, 0);
        chip.send(&layout.memory_out, 0, &left);
        chip.require_zero("offset: hi", &offset.value.hi);
        layout.keep_memory(chip);
        layout.next_pc(chip, &step);
        step.resize(chip, slots, -2);
        chip.send(&slots.leave, 0, &step.after(slots));
        Self { step, offset, value, before, gap, end: End::new(layout) }
    }

    fn fill(&self, event: &StoreEvent, row: &mut WindowWriter<'_>) {
        self.step.fill(&event.step, row);
        self.offset.fill_popped(&event.offset, row);
        self.value.fill_popped(&event.value, row);
        row.set(&self.before, event.before);
        row.set(&self.gap, event.gap);
        self.end.fill(&event.step, 0, None, row);
    }
}
