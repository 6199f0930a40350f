//! JUMP to a JUMPDEST. A jump to anything else is another chip's.
//!
//! **Given** a destination on the stack at which the code has a JUMPDEST.
//! **Proves** that execution goes on there.
//!
//! | Label | Degree | Meaning |
//! |---|---|---|
//! | class | 1 | the schedule gives the opcode to this chip |
//! | ok is boolean | 2 | |
//! | destination: hi | 2 | a success jumps to less than 2^128 |
//! | destination: lo | 1 | execution goes on at the destination |
//! | stack height | 1 | one word less |
//! | evidence | 3 | a fault lacks gas or the operand |

use verbatim_gadgets::chip::ChipBuilder;
use verbatim_gadgets::expr::Expr;
use verbatim_gadgets::grid::WindowWriter;
use verbatim_gadgets::machine::Chip;

use super::Layout;
use crate::schedule::Class;
use crate::step::{Needs, Operand, OperandEvent, Step, StepEvent};

/// The chip.
#[derive(Debug)]
pub struct Jump {
    step: Step,
    destination: Operand,
}

/// What a step of `Jump` is filled from.
#[derive(Clone, Debug)]
pub struct JumpEvent {
    /// The step.
    pub step: StepEvent,
    /// The destination.
    pub destination: OperandEvent,
}

impl Chip for Jump {
    type Layout = Layout;
    type Event = JumpEvent;
    const NAME: &'static str = "jump";

    fn build(chip: &mut ChipBuilder<'_>, layout: &Layout) -> Self {
        let step = Step::begin(chip, &layout.step, Class::Jump);
        let destination = step.pop_a(chip, &layout.step);
        chip.learn_if(&layout.destination, 0, &step.ok);
        chip.require_equal_if("destination: hi", &step.ok, &destination.value.hi, Expr::zero());
        chip.define("destination: lo", layout.step.next_pc, &destination.value.lo);
        step.end(chip, &layout.step, -1, &Needs::Words(1));
        Self { step, destination }
    }

    fn fill(&self, event: &JumpEvent, row: &mut WindowWriter<'_>) {
        self.step.fill(&event.step, row);
        self.destination.fill(&event.step, &event.destination, row);
    }
}
