//! PUSH0 to PUSH32.
//!
//! **Given** the push data and the next position, from the [`Code`](crate::bus::Code) fact.
//! **Proves** that the data is pushed.
//!
//! | Label | Degree | Meaning |
//! |---|---|---|
//! | class | 1 | the schedule gives the opcode to this chip |
//! | ok is boolean | 2 | |
//! | stack height | 1 | one word more |
//! | evidence | 3 | a fault lacks gas or room on the stack |

use ruint::aliases::U256;
use verbatim_gadgets::chip::ChipBuilder;
use verbatim_gadgets::grid::WindowWriter;
use verbatim_gadgets::machine::Chip;
use verbatim_gadgets::value::{Counter, Word};

use super::Layout;
use crate::schedule::Class;
use crate::step::{Needs, Step, StepEvent};

/// The chip.
#[derive(Debug)]
pub struct Push {
    step: Step,
    value: Word,
    next_pc: Counter,
}

/// What a step of `Push` is filled from.
#[derive(Clone, Debug)]
pub struct PushEvent {
    /// The step.
    pub step: StepEvent,
    /// The push data.
    pub value: U256,
    /// The position of the next opcode.
    pub next_pc: u64,
}

impl Chip for Push {
    type Layout = Layout;
    type Event = PushEvent;
    const NAME: &'static str = "push";

    fn build(chip: &mut ChipBuilder<'_>, layout: &Layout) -> Self {
        let step = Step::begin_at(chip, &layout.step, Class::Push, &layout.code_push);
        let value = step.push(chip, &layout.step, "bytecode ranges push data");
        let next_pc = Counter::assume(layout.step.next_pc, "from the code fact");
        step.end(chip, &layout.step, 1, &Needs::Nothing);
        Self { step, value, next_pc }
    }

    fn fill(&self, event: &PushEvent, row: &mut WindowWriter<'_>) {
        self.step.fill(&event.step, row);
        row.set(&self.value, event.value);
        row.set(&self.next_pc, event.next_pc);
    }
}
