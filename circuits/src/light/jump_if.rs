//! JUMPI, taken to a JUMPDEST or not taken. A jump to anything else is another chip's.
//!
//! **Given** a destination and a condition on the stack.
//! **Proves** that execution goes on at the destination, which is a JUMPDEST, if the condition is not zero, and behind the
//! opcode if it is.
//!
//! | Label | Degree | Meaning |
//! |---|---|---|
//! | class | 1 | the schedule gives the opcode to this chip |
//! | ok is boolean | 2 | |
//! | taken | 2 | one where the condition has an inverse |
//! | others are taken | 2 | nothing else is not taken |
//! | zero has no inverse | 2 | |
//! | destination: hi | 2 | a jump goes to less than 2^128 |
//! | next pc | 2 | the destination, or `pc + 1` |
//! | stack height | 1 | two words less |
//! | evidence | 3 | a fault lacks gas or operands |

use verbatim_gadgets::chip::ChipBuilder;
use verbatim_gadgets::expr::Expr;
use verbatim_gadgets::grid::WindowWriter;
use verbatim_gadgets::machine::Chip;
use verbatim_gadgets::value::Bool;

use super::Layout;
use crate::schedule::Class;
use crate::step::{Needs, Operand, OperandEvent, Step, StepEvent};

/// The chip.
#[derive(Debug)]
pub struct JumpIf {
    step: Step,
    destination: Operand,
    condition: Operand,
    taken: Bool,
}

/// What a step of `JumpIf` is filled from.
#[derive(Clone, Debug)]
pub struct JumpIfEvent {
    /// The step.
    pub step: StepEvent,
    /// The destination.
    pub destination: OperandEvent,
    /// The condition.
    pub condition: OperandEvent,
}

impl Chip for JumpIf {
    type Layout = Layout;
    type Event = JumpIfEvent;
    const NAME: &'static str = "jump if";

    fn build(chip: &mut ChipBuilder<'_>, layout: &Layout) -> Self {
        let step = Step::begin(chip, &layout.step, Class::JumpIf);
        let (destination, condition) = (step.pop_a(chip, &layout.step), step.pop_b(chip, &layout.step));
        // The result's columns are free here. In a step that fails the condition is any number, and `taken` still a flag: a
        // prover who sets it there only asks for one more fact.
        let taken = Bool::assume(layout.step.r[0], "constrained below");
        let inverse = layout.step.r[1];
        // Two limbs below 2^128 add up to zero only if both are.
        let sum = &condition.value.hi + &condition.value.lo;
        chip.derive_inverse(inverse, sum.clone());
        chip.require_equal("taken", &sum * inverse, &taken);
        chip.require_zero("others are taken", (Expr::one() - &taken) * &sum);
        chip.require_zero("zero has no inverse", (Expr::one() - &taken) * inverse);
        chip.learn_if(&layout.destination, 0, &taken);
        chip.require_equal_if("destination: hi", &taken, &destination.value.hi, Expr::zero());
        chip.define("next pc", layout.step.next_pc, taken.select(&destination.value.lo, &step.state.pc + 1));
        step.end(chip, &layout.step, -2, &Needs::Words(2));
        Self { step, destination, condition, taken }
    }

    fn fill(&self, event: &JumpIfEvent, row: &mut WindowWriter<'_>) {
        self.step.fill(&event.step, row);
        self.destination.fill(&event.step, &event.destination, row);
        self.condition.fill(&event.step, &event.condition, row);
        row.set(&self.taken, event.step.fault.is_none() && !event.condition.value.is_zero());
    }
}
