//! PC, MSIZE and GAS: what the state itself knows.
//!
//! **Given** the schedule's parameter: 0, 1 or 2.
//! **Proves** that the program counter, the size of memory in bytes, or the gas left behind this step is pushed.
//!
//! | Label | Degree | Meaning |
//! |---|---|---|
//! | class | 1 | the schedule gives the opcode to this chip |
//! | ok is boolean | 2 | |
//! | result: hi | 1 | zero |
//! | result: lo | 3 | the one that the parameter names, by interpolation |
//! | stack height | 1 | one word more |
//! | next pc | 1 | `pc + 1` |
//! | evidence | 3 | a fault lacks gas or room on the stack |

use verbatim_gadgets::chip::ChipBuilder;
use verbatim_gadgets::expr::{Expr, F};
use verbatim_gadgets::grid::WindowWriter;
use verbatim_gadgets::machine::Chip;
use verbatim_gadgets::value::inverse_or_zero;

use super::Layout;
use crate::schedule::Class;
use crate::step::{Needs, Step, StepEvent};

/// The chip.
#[derive(Debug)]
pub struct Counter {
    step: Step,
}

impl Chip for Counter {
    type Layout = Layout;
    type Event = StepEvent;
    const NAME: &'static str = "counter";

    fn build(chip: &mut ChipBuilder<'_>, layout: &Layout) -> Self {
        let step = Step::begin(chip, &layout.step, Class::Counter);
        step.push(chip, &layout.step, "counters are small; gas is negative only where the call is doomed to a fault");
        chip.define("result: hi", layout.step.r[0], Expr::zero());
        let which = step.opcode.parameter.expr();
        let half = inverse_or_zero(F::from(2));
        // Lagrange's polynomials of 0, 1 and 2.
        let (one, two) = (&which - 1, &which - 2);
        let pc = &one * &two * half * &step.state.pc;
        let memory = -(&which * &two) * &step.state.memory * F::from(32);
        let gas = which * one * half * (&step.state.gas - &step.opcode.gas);
        chip.define("result: lo", layout.step.r[1], pc + memory + gas);
        chip.define("next pc", layout.step.next_pc, &step.state.pc + 1);
        step.end(chip, &layout.step, 1, &Needs::Nothing);
        Self { step }
    }

    fn fill(&self, event: &StepEvent, row: &mut WindowWriter<'_>) {
        self.step.fill(event, row);
    }
}
