//! MLOAD of a word of memory that is aligned and exists: the frequent case, in one row. It always succeeds; whatever else
//! may happen is the [`access`](super::access) chip's.
//!
//! **Given** an offset on the stack, and the memory's word there.
//! **Proves** that the word is pushed and stays where it is.
//!
//! The memory's token is found under the index `offset / 32`, a quotient in the field: for an offset that is no multiple of
//! 32 it is far above every index. That the token exists shows that its memory is paid for.
//!
//! | Label | Degree | Meaning |
//! |---|---|---|
//! | class | 1 | the schedule gives the opcode to this chip |
//! | succeeds | 1 | |
//! | offset: hi | 1 | below 2^128 |
//! | word stays (2) | 1 | memory keeps what is pushed |
//! | extra gas, next memory | 1 | no expansion |
//! | stack height | 1 | unchanged |
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
pub struct Load {
    step: Step,
    offset: Operand,
    value: Word,
    gap: U16,
    end: End,
}

/// What a step of [`Load`] is filled from.
#[derive(Clone, Debug)]
pub struct LoadEvent {
    /// The step, which succeeds.
    pub step: StepEvent,
    /// The top of the stack: a multiple of 32 within memory.
    pub offset: OperandEvent,
    /// The word.
    pub value: U256,
    /// The step's clock less the time of the last access to the word. This one is at `clock + 1`.
    pub gap: u16,
}

impl Chip for Load {
    type Layout = Layout;
    type Event = LoadEvent;
    const NAME: &'static str = "load";

    fn build(chip: &mut ChipBuilder<'_>, layout: &Layout) -> Self {
        let slots = &layout.step;
        let step = Step::begin_always(chip, slots, Expr::from(Class::Load as u64), true);
        let offset = step.pop_a(chip, slots);
        let value = step.push(chip, slots, "a word of memory");
        let gap = chip.checked(&layout.gap_c, 0);
        chip.receive(&layout.memory_in, 0);
        let left = chip.peek(&layout.memory_out, 0);
        chip.send(&layout.memory_out, 0, &left);
        chip.require_zero("offset: hi", &offset.value.hi);
        chip.define("word stays: hi", slots.b[0], slots.r[0]);
        chip.define("word stays: lo", slots.b[1], slots.r[1]);
        layout.keep_memory(chip);
        layout.next_pc(chip, &step);
        step.resize(chip, slots, 0);
        chip.send(&slots.leave, 0, &step.after(slots));
        Self { step, offset, value, gap, end: End::new(layout) }
    }

    fn fill(&self, event: &LoadEvent, row: &mut WindowWriter<'_>) {
        self.step.fill(&event.step, row);
        self.offset.fill_popped(&event.offset, row);
        row.set(&self.value, event.value);
        row.set(&self.gap, event.gap);
        self.end.fill(&event.step, 0, None, row);
    }
}
