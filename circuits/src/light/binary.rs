//! Opcodes with two operands and one result that arith computes.
//!
//! **Given** an opcode of the class, and the words `a` (the top of the stack) and `b`.
//! **Proves** that they are replaced by the `result` that the [`Alu`](crate::bus::Alu) fact of the opcode names.
//!
//! | Label | Degree | Meaning |
//! |---|---|---|
//! | class | 1 | the schedule gives the opcode to this chip |
//! | ok is boolean | 2 | |
//! | stack height | 1 | one word less |
//! | next pc | 1 | `pc + 1` |
//! | evidence | 3 | a fault lacks gas or operands |

use verbatim_gadgets::chip::ChipBuilder;
use verbatim_gadgets::grid::WindowWriter;
use verbatim_gadgets::machine::Chip;
use verbatim_gadgets::value::Word;

use super::Layout;
use crate::schedule::Class;
use crate::step::{Needs, Operand, OperandEvent, Step, StepEvent};

/// The chip.
#[derive(Debug)]
pub struct Binary {
    step: Step,
    a: Operand,
    b: Operand,
    result: Word,
}

/// What a step of `Binary` is filled from.
#[derive(Clone, Debug)]
pub struct BinaryEvent {
    /// The step.
    pub step: StepEvent,
    /// The top of the stack.
    pub a: OperandEvent,
    /// The word below it.
    pub b: OperandEvent,
    /// The result.
    pub result: ruint::aliases::U256,
}

impl Chip for Binary {
    type Layout = Layout;
    type Event = BinaryEvent;
    const NAME: &'static str = "binary";

    fn build(chip: &mut ChipBuilder<'_>, layout: &Layout) -> Self {
        let step = Step::begin(chip, &layout.step, Class::Binary);
        let (a, b) = (step.pop_a(chip, &layout.step), step.pop_b(chip, &layout.step));
        let result = step.push(chip, &layout.step, "arith ranges the results of its facts");
        chip.learn_if(&layout.alu, 0, &step.ok);
        chip.define("next pc", layout.step.next_pc, &step.state.pc + 1);
        step.end(chip, &layout.step, -1, &Needs::Words(2));
        Self { step, a, b, result }
    }

    fn fill(&self, event: &BinaryEvent, row: &mut WindowWriter<'_>) {
        self.step.fill(&event.step, row);
        self.a.fill(&event.step, &event.a, row);
        self.b.fill(&event.step, &event.b, row);
        row.set(&self.result, event.result);
    }
}
