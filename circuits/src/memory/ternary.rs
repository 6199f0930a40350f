//! ADDMOD and MULMOD.
//!
//! **Given** three words on the stack.
//! **Proves** that they are replaced by the `result` that the [`Alu`](crate::bus::Alu) fact of the opcode names.
//!
//! | Label | Degree | Meaning |
//! |---|---|---|
//! | class | 1 | the schedule gives the opcode to this chip |
//! | ok is boolean | 2 | |
//! | clock, call, height in row 1 | 1 | the third operand lies below the others |
//! | extra gas, next memory | 1 | no expansion |
//! | stack height | 1 | two words less |
//! | next pc | 2 | `pc + 1` |
//! | evidence | 3 | a fault lacks gas or operands |

use ruint::aliases::U256;
use verbatim_gadgets::chip::ChipBuilder;
use verbatim_gadgets::grid::WindowWriter;
use verbatim_gadgets::machine::Chip;
use verbatim_gadgets::value::Word;

use super::{End, Layout, short};
use crate::schedule::Class;
use crate::step::{Needs, Operand, OperandEvent, Step, StepEvent};

/// The chip.
#[derive(Debug)]
pub struct Ternary {
    step: Step,
    operands: Vec<Operand>,
    result: Word,
    end: End,
}

/// What a step of [`Ternary`] is filled from.
#[derive(Clone, Debug)]
pub struct TernaryEvent {
    /// The step. Where it fails, nothing is popped.
    pub step: StepEvent,
    /// The operands from the top of the stack.
    pub operands: [OperandEvent; 3],
    /// The result.
    pub result: U256,
}

impl Chip for Ternary {
    type Layout = Layout;
    type Event = TernaryEvent;
    const NAME: &'static str = "ternary";
    const HEIGHT: usize = 2;

    fn build(chip: &mut ChipBuilder<'_>, layout: &Layout) -> Self {
        let slots = &layout.step;
        let step = Step::begin(chip, slots, Class::Ternary);
        let mut operands = vec![step.pop_a(chip, slots), step.pop_b(chip, slots)];
        operands.extend(step.pop_pair(chip, slots, 1, false));
        let result = step.push(chip, slots, "arith ranges the results of its facts");
        chip.learn_if(&layout.alu, 0, &step.ok);
        layout.keep_memory(chip);
        layout.next_pc(chip, &step);
        step.end(chip, slots, -2, &Needs::Words(3));
        Self { step, operands, result, end: End::new(layout) }
    }

    fn fill(&self, event: &TernaryEvent, row: &mut WindowWriter<'_>) {
        self.step.fill(&event.step, row);
        for (operand, event_of_it) in self.operands.iter().zip(&event.operands) {
            operand.fill(&event.step, event_of_it, row);
        }
        row.set(&self.result, event.result);
        self.end.fill(&event.step, 0, short(event.step.state.height, 3), row);
    }
}
