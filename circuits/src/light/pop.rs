//! POP.
//!
//! **Given** a word on the stack.
//! **Proves** that it is gone.
//!
//! | Label | Degree | Meaning |
//! |---|---|---|
//! | class | 1 | the schedule gives the opcode to this chip |
//! | ok is boolean | 2 | |
//! | stack height | 1 | one word less |
//! | next pc | 1 | `pc + 1` |
//! | evidence | 3 | a fault lacks gas or the operand |

use verbatim_gadgets::chip::ChipBuilder;
use verbatim_gadgets::grid::WindowWriter;
use verbatim_gadgets::machine::Chip;

use super::Layout;
use crate::schedule::Class;
use crate::step::{Needs, Operand, OperandEvent, Step, StepEvent};

/// The chip.
#[derive(Debug)]
pub struct Pop {
    step: Step,
    a: Operand,
}

/// What a step of `Pop` is filled from.
#[derive(Clone, Debug)]
pub struct PopEvent {
    /// The step.
    pub step: StepEvent,
    /// The top of the stack.
    pub a: OperandEvent,
}

impl Chip for Pop {
    type Layout = Layout;
    type Event = PopEvent;
    const NAME: &'static str = "pop";

    fn build(chip: &mut ChipBuilder<'_>, layout: &Layout) -> Self {
        let step = Step::begin(chip, &layout.step, Class::Pop);
        let a = step.pop_a(chip, &layout.step);
        chip.define("next pc", layout.step.next_pc, &step.state.pc + 1);
        step.end(chip, &layout.step, -1, &Needs::Words(1));
        Self { step, a }
    }

    fn fill(&self, event: &PopEvent, row: &mut WindowWriter<'_>) {
        self.step.fill(&event.step, row);
        self.a.fill(&event.step, &event.a, row);
    }
}
