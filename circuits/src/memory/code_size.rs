//! CODESIZE.
//!
//! **Proves** that the length of the running code, from its [`CodeLength`](crate::bus::CodeLength) fact, is pushed.
//!
//! | Label | Degree | Meaning |
//! |---|---|---|
//! | class | 1 | the schedule gives the opcode to this chip |
//! | ok is boolean | 2 | |
//! | result: hi | 1 | zero; the low limb stands in the fact |
//! | extra gas, next memory | 1 | no expansion |
//! | stack height | 1 | one word more |
//! | next pc | 2 | `pc + 1` |
//! | evidence | 3 | a fault lacks gas or room on the stack |

use verbatim_gadgets::chip::ChipBuilder;
use verbatim_gadgets::expr::Expr;
use verbatim_gadgets::grid::WindowWriter;
use verbatim_gadgets::machine::Chip;
use verbatim_gadgets::value::Counter;

use super::{End, Layout};
use crate::schedule::Class;
use crate::step::{Needs, Step, StepEvent};

/// The chip.
#[derive(Debug)]
pub struct CodeSize {
    step: Step,
    length: Counter,
    end: End,
}

/// What a step of [`CodeSize`] is filled from.
#[derive(Clone, Debug)]
pub struct CodeSizeEvent {
    /// The step.
    pub step: StepEvent,
    /// The length of the running code, in bytes.
    pub length: u64,
}

impl Chip for CodeSize {
    type Layout = Layout;
    type Event = CodeSizeEvent;
    const NAME: &'static str = "code size";

    fn build(chip: &mut ChipBuilder<'_>, layout: &Layout) -> Self {
        let slots = &layout.step;
        let step = Step::begin(chip, slots, Class::CodeSize);
        step.push(chip, slots, "a counter");
        let length = chip.learn_if(&layout.code_length, 0, &step.ok).length;
        chip.define("result: hi", slots.r[0], Expr::zero());
        layout.keep_memory(chip);
        layout.next_pc(chip, &step);
        step.end(chip, slots, 1, &Needs::Nothing);
        Self { step, length, end: End::new(layout) }
    }

    fn fill(&self, event: &CodeSizeEvent, row: &mut WindowWriter<'_>) {
        self.step.fill(&event.step, row);
        row.set(&self.length, event.length);
        self.end.fill(&event.step, 0, super::room(event.step.state.height), row);
    }
}
