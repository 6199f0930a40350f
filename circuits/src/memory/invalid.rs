//! INVALID, and every opcode that the fork does not have.
//!
//! **Proves** that the call ends with a fault, which needs no other evidence than the opcode.
//!
//! | Label | Degree | Meaning |
//! |---|---|---|
//! | class | 1 | the schedule gives the opcode to this chip |
//! | fails | 1 | |
//! | evidence | 1 | zero |

use verbatim_gadgets::chip::ChipBuilder;
use verbatim_gadgets::expr::Expr;
use verbatim_gadgets::grid::WindowWriter;
use verbatim_gadgets::machine::Chip;

use super::Layout;
use crate::schedule::Class;
use crate::step::{Step, StepEvent};

/// The chip. Its event is the step alone, which fails.
#[derive(Debug)]
pub struct Invalid {
    step: Step,
}

impl Chip for Invalid {
    type Layout = Layout;
    type Event = StepEvent;
    const NAME: &'static str = "invalid";

    fn build(chip: &mut ChipBuilder<'_>, layout: &Layout) -> Self {
        let slots = &layout.step;
        let step = Step::begin_always(chip, slots, Expr::from(Class::Invalid as u64), false);
        chip.define("evidence", slots.evidence, Expr::zero());
        let fault = chip.peek(&slots.fault, 0);
        chip.send(&slots.fault, 0, &fault);
        Self { step }
    }

    fn fill(&self, event: &StepEvent, row: &mut WindowWriter<'_>) {
        self.step.fill(event, row);
    }
}
