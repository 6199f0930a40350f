//! PC, MSIZE and GAS: what the state itself knows.
//!
//! **Given** the schedule's parameter: 0, 1 or 2.
//! **Proves** that the program counter, the size of memory in bytes, or the gas left behind this step is pushed, and that it
//! is a word: a number from 0 to below 2^32.
//!
//! The columns that hold the gaps of operands hold the halves of the result here, as there is no operand. So the range costs
//! no cell. A success with more gas, or a larger memory, than [`LIMIT`] has no window: that much gas is left to no
//! transaction whose gas limit is below 2^32, and a memory so large costs more than that. A failure has one whatever the gas.
//!
//! | Label | Degree | Meaning |
//! |---|---|---|
//! | class | 1 | the schedule gives the opcode to this chip |
//! | ok is boolean | 2 | |
//! | result: hi | 1 | zero |
//! | result: lo | 3 | the one that the parameter names, by interpolation |
//! | result: range | 2 | the result of a success is of two limbs of 16 bits |
//! | stack height | 1 | one word more |
//! | next pc | 1 | `pc + 1` |
//! | evidence | 3 | a fault lacks gas or room on the stack |

use verbatim_gadgets::chip::ChipBuilder;
use verbatim_gadgets::expr::{Expr, F};
use verbatim_gadgets::grid::WindowWriter;
use verbatim_gadgets::machine::Chip;
use verbatim_gadgets::value::{U16, inverse_or_zero};

use super::Layout;
use crate::schedule::Class;
use crate::step::{Needs, Step, StepEvent};

/// What the result of a success is below.
pub const LIMIT: u64 = 1 << 32;

/// The chip.
#[derive(Debug)]
pub struct Counter {
    step: Step,
    /// The result, its low half first.
    halves: [U16; 2],
}

impl Chip for Counter {
    type Layout = Layout;
    type Event = StepEvent;
    const NAME: &'static str = "counter";

    fn build(chip: &mut ChipBuilder<'_>, layout: &Layout) -> Self {
        let step = Step::begin(chip, &layout.step, Class::Counter);
        step.push(chip, &layout.step, "zero, and a low limb of two checked halves");
        let halves = [&layout.step.gap_a, &layout.step.gap_b].map(|half| chip.checked_if(half, 0, &step.ok));
        chip.define("result: hi", layout.step.r[0], Expr::zero());
        let which = step.opcode.parameter.expr();
        let half = inverse_or_zero(F::from(2));
        // Lagrange's polynomials of 0, 1 and 2.
        let (one, two) = (&which - 1, &which - 2);
        let pc = &one * &two * half * &step.state.pc;
        let memory = -(&which * &two) * &step.state.memory * F::from(32);
        let gas = which * one * half * (&step.state.gas - &step.opcode.gas);
        chip.define("result: lo", layout.step.r[1], pc + memory + gas);
        let sum = &halves[0] + &halves[1] * F::from(1 << 16);
        chip.require_equal_if("result: range", &step.ok, layout.step.r[1], sum);
        chip.define("next pc", layout.step.next_pc, &step.state.pc + 1);
        step.end(chip, &layout.step, 1, &Needs::Nothing);
        Self { step, halves }
    }

    fn fill(&self, event: &StepEvent, row: &mut WindowWriter<'_>) {
        self.step.fill(event, row);
        if event.fault.is_none() {
            let result = result(event);
            row.set(&self.halves[0], result as u16);
            row.set(&self.halves[1], (result >> 16) as u16);
        }
    }
}

/// What a step that succeeds pushes: below [`LIMIT`] if the chip has a window for it.
pub fn result(event: &StepEvent) -> u64 {
    match event.parameter {
        0 => event.state.pc,
        1 => event.state.memory.saturating_mul(32),
        _ => event.state.gas.saturating_sub(event.cost.into()).try_into().unwrap_or_default(),
    }
}
