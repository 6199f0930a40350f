//! JUMP and JUMPI to something that is no JUMPDEST. Where gas or operands are missing as well, it does not matter; where
//! only they are, the failure is the light circuit's.
//!
//! **Given** a destination on the stack, and for JUMPI a condition that is not zero.
//! **Proves** that the call ends with a fault, because the destination is push data or another opcode, or lies behind the
//! code's end, or does not fit 128 bits.
//!
//! | Label | Degree | Meaning |
//! |---|---|---|
//! | if is boolean | 2 | JUMPI rather than JUMP |
//! | class | 1 | the schedule gives the opcode to this chip |
//! | fails | 1 | |
//! | inside, behind, high is boolean | 2 | which of the three it is |
//! | one of three | 1 | |
//! | condition | 2 | JUMPI's has an inverse |
//! | evidence | 2 | by how much the destination is too large |

use verbatim_gadgets::chip::ChipBuilder;
use verbatim_gadgets::expr::{Cell, Expr, F};
use verbatim_gadgets::grid::WindowWriter;
use verbatim_gadgets::machine::Chip;
use verbatim_gadgets::value::{Bool, Counter, split};

use super::Layout;
use super::expansion::dynamic;
use crate::schedule::Class;
use crate::step::{Operand, OperandEvent, Step, StepEvent};

/// The chip.
#[derive(Debug)]
pub struct BadJump {
    step: Step,
    conditional: Bool,
    destination: Operand,
    condition: Operand,
    /// Inside, behind, high.
    kinds: [Bool; 3],
    length: Counter,
}

/// What a step of [`BadJump`] is filled from.
#[derive(Clone, Debug)]
pub struct BadJumpEvent {
    /// The step, which fails. Its operands are popped.
    pub step: StepEvent,
    /// JUMPI rather than JUMP.
    pub conditional: bool,
    /// The top of the stack.
    pub destination: OperandEvent,
    /// The word below it: JUMPI's condition, not zero.
    pub condition: OperandEvent,
    /// The length of the code, in bytes.
    pub length: u64,
}

impl Chip for BadJump {
    type Layout = Layout;
    type Event = BadJumpEvent;
    const NAME: &'static str = "bad jump";

    fn build(chip: &mut ChipBuilder<'_>, layout: &Layout) -> Self {
        let slots = &layout.step;
        let (next_memory, extra) = dynamic(slots);
        let conditional = chip.bool_at("if", next_memory);
        let step = Step::begin_always(chip, slots, &conditional + Expr::from(Class::Jump as u64), false);
        let places: [(Cell, &str); 3] = [(slots.next_height, "inside"), (layout.gap_c.cell, "behind"), (extra, "high")];
        let kinds = places.map(|(cell, label)| chip.bool_at(label, cell));
        let destination = step.pop_a_if(chip, slots, &Bool::constant(true));
        let condition = step.pop_b_if(chip, slots, &conditional);
        let fault = chip.peek(&slots.fault, 0);
        chip.send(&slots.fault, 0, &fault);
        let [inside, behind, high] = &kinds;
        chip.learn_if(&layout.no_jump_dest, 0, inside);
        let length = chip.learn_if(&layout.code_length, 0, behind).length;
        chip.require_equal("one of three", inside + behind + high, Expr::one());
        // Two limbs below 2^128 add up to zero only if both are. The result's high limb is free here.
        let (sum, inverse) = (&condition.value.hi + &condition.value.lo, slots.r[0]);
        chip.derive_inverse(inverse, &conditional * &sum);
        chip.require_equal("condition", sum * inverse, &conditional);
        let (hi, lo) = (&destination.value.hi, &destination.value.lo);
        chip.define("evidence", slots.evidence, behind * (lo - &length) + high * (hi - 1));
        Self { step, conditional, destination, condition, kinds, length }
    }

    fn fill(&self, event: &BadJumpEvent, row: &mut WindowWriter<'_>) {
        self.step.fill(&event.step, row);
        row.set(&self.conditional, event.conditional);
        self.destination.fill_popped(&event.destination, row);
        if event.conditional {
            self.condition.fill_popped(&event.condition, row);
        }
        let (hi, lo) = split(&event.destination.value);
        let behind = lo >= u128::from(event.length);
        for (flag, one) in self.kinds.iter().zip([hi == 0 && !behind, hi == 0 && behind, hi > 0]) {
            row.set(flag, one);
        }
        row.field(&self.length.expr(), F::from(event.length));
    }
}
