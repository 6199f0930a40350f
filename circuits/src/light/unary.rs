//! Opcodes with one operand and one result that arith computes: ISZERO and NOT.
//!
//! **Given** an opcode of the class, and the word `a` on top of the stack.
//! **Proves** that it is replaced by the `result` that the [`Alu`](crate::bus::Alu) fact of the opcode names.
//!
//! | Label | Degree | Meaning |
//! |---|---|---|
//! | class | 1 | the schedule gives the opcode to this chip |
//! | ok is boolean | 2 | |
//! | no second operand (2) | 1 | the fact is about `a` alone |
//! | stack height | 1 | unchanged |
//! | next pc | 1 | `pc + 1` |
//! | evidence | 3 | a fault lacks gas or the operand |

use ruint::aliases::U256;
use verbatim_gadgets::chip::ChipBuilder;
use verbatim_gadgets::expr::Expr;
use verbatim_gadgets::grid::WindowWriter;
use verbatim_gadgets::machine::Chip;
use verbatim_gadgets::value::Word;

use super::Layout;
use crate::schedule::Class;
use crate::step::{Needs, Operand, OperandEvent, Step, StepEvent};

/// The chip.
#[derive(Debug)]
pub struct Unary {
    step: Step,
    a: Operand,
    result: Word,
}

/// What a step of `Unary` is filled from.
#[derive(Clone, Debug)]
pub struct UnaryEvent {
    /// The step.
    pub step: StepEvent,
    /// The top of the stack.
    pub a: OperandEvent,
    /// The result.
    pub result: U256,
}

impl Chip for Unary {
    type Layout = Layout;
    type Event = UnaryEvent;
    const NAME: &'static str = "unary";

    fn build(chip: &mut ChipBuilder<'_>, layout: &Layout) -> Self {
        let step = Step::begin(chip, &layout.step, Class::Unary);
        let a = step.pop_a(chip, &layout.step);
        let result = step.push(chip, &layout.step, "arith ranges the results of its facts");
        chip.learn_if(&layout.alu, 0, &step.ok);
        chip.define("no second operand: hi", layout.step.b[0], Expr::zero());
        chip.define("no second operand: lo", layout.step.b[1], Expr::zero());
        chip.define("next pc", layout.step.next_pc, &step.state.pc + 1);
        step.end(chip, &layout.step, 0, &Needs::Words(1));
        Self { step, a, result }
    }

    fn fill(&self, event: &UnaryEvent, row: &mut WindowWriter<'_>) {
        self.step.fill(&event.step, row);
        self.a.fill(&event.step, &event.a, row);
        row.set(&self.result, event.result);
    }
}
