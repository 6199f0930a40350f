//! SWAP1 to SWAP16.
//!
//! **Given** the top of the stack and the word that lies `parameter` below it.
//! **Proves** that they change places.
//!
//! | Label | Degree | Meaning |
//! |---|---|---|
//! | class | 1 | the schedule gives the opcode to this chip |
//! | ok is boolean | 2 | |
//! | rise: hi, rise: lo | 1 | the result, which goes to the top, is the lower word |
//! | stack height | 1 | unchanged |
//! | next pc | 1 | `pc + 1` |
//! | evidence | 3 | a fault lacks gas or operands |

use verbatim_gadgets::chip::ChipBuilder;
use verbatim_gadgets::grid::WindowWriter;
use verbatim_gadgets::machine::Chip;
use verbatim_gadgets::value::Any;

use super::Layout;
use crate::schedule::Class;
use crate::step::{Needs, Operand, OperandEvent, Step, StepEvent};

/// The chip.
#[derive(Debug)]
pub struct Swap {
    step: Step,
    a: Operand,
    b: Operand,
}

/// What a step of `Swap` is filled from.
#[derive(Clone, Debug)]
pub struct SwapEvent {
    /// The step.
    pub step: StepEvent,
    /// The top of the stack.
    pub a: OperandEvent,
    /// The lower word.
    pub b: OperandEvent,
}

impl Chip for Swap {
    type Layout = Layout;
    type Event = SwapEvent;
    const NAME: &'static str = "swap";

    fn build(chip: &mut ChipBuilder<'_>, layout: &Layout) -> Self {
        let step = Step::begin(chip, &layout.step, Class::Swap);
        let (a, b) = (step.pop_a(chip, &layout.step), step.pop_b(chip, &layout.step));
        chip.send_if(&layout.sink_a, 0, &step.ok, &step.back(&a));
        step.push(chip, &layout.step, "equal to a word of the stack");
        chip.define("rise: hi", layout.step.r[0], &b.value.hi);
        chip.define("rise: lo", layout.step.r[1], &b.value.lo);
        chip.define("next pc", layout.step.next_pc, &step.state.pc + 1);
        let too_low =
            Any::assume(&step.opcode.parameter - &step.state.height, "one word more than the depth is needed");
        step.end(chip, &layout.step, 0, &Needs::Either(too_low));
        Self { step, a, b }
    }

    fn fill(&self, event: &SwapEvent, row: &mut WindowWriter<'_>) {
        self.step.fill(&event.step, row);
        self.a.fill(&event.step, &event.a, row);
        self.b.fill(&event.step, &event.b, row);
    }
}
