//! DUP1 to DUP16.
//!
//! **Given** the word that lies `parameter` below the top of the stack.
//! **Proves** that it stays, and is pushed once more.
//!
//! | Label | Degree | Meaning |
//! |---|---|---|
//! | class | 1 | the schedule gives the opcode to this chip |
//! | ok is boolean | 2 | |
//! | copy: hi, copy: lo | 1 | the result is the word |
//! | overflow is boolean | 2 | |
//! | stack evidence | 2 | what an overflow, or else an underflow, is short of |
//! | stack height | 1 | one word more |
//! | next pc | 1 | `pc + 1` |
//! | evidence | 3 | a fault lacks gas, the word, or room on the stack |

use verbatim_gadgets::chip::ChipBuilder;
use verbatim_gadgets::expr::Expr;
use verbatim_gadgets::grid::WindowWriter;
use verbatim_gadgets::machine::Chip;
use verbatim_gadgets::value::{Any, Bool};

use super::Layout;
use crate::schedule::Class;
use crate::step::{Needs, Operand, OperandEvent, STACK_LIMIT, Step, StepEvent};

/// The chip.
#[derive(Debug)]
pub struct Dup {
    step: Step,
    b: Operand,
    overflow: Bool,
}

/// What a step of `Dup` is filled from.
#[derive(Clone, Debug)]
pub struct DupEvent {
    /// The step.
    pub step: StepEvent,
    /// The word.
    pub b: OperandEvent,
}

impl Chip for Dup {
    type Layout = Layout;
    type Event = DupEvent;
    const NAME: &'static str = "dup";

    fn build(chip: &mut ChipBuilder<'_>, layout: &Layout) -> Self {
        let step = Step::begin(chip, &layout.step, Class::Dup);
        let b = step.pop_b(chip, &layout.step);
        chip.send_if(&layout.keep_b, 0, &step.ok, &step.back(&b));
        step.push(chip, &layout.step, "equal to a word of the stack");
        chip.define("copy: hi", layout.step.r[0], &b.value.hi);
        chip.define("copy: lo", layout.step.r[1], &b.value.lo);
        chip.define("next pc", layout.step.next_pc, &step.state.pc + 1);
        // The first operand's columns are free here.
        let overflow = Bool::assume(layout.step.a[0], "constrained below");
        chip.require_zero("overflow is boolean", &overflow * (Expr::one() - &overflow));
        let too_high = &step.state.height - STACK_LIMIT;
        let too_low = &step.opcode.parameter - &step.state.height;
        chip.define("stack evidence", layout.step.a[1], overflow.select(too_high, too_low));
        step.end(chip, &layout.step, 1, &Needs::Either(Any::assume(layout.step.a[1], "defined above")));
        Self { step, b, overflow }
    }

    fn fill(&self, event: &DupEvent, row: &mut WindowWriter<'_>) {
        self.step.fill(&event.step, row);
        self.b.fill(&event.step, &event.b, row);
        row.set(&self.overflow, event.step.state.height >= STACK_LIMIT);
    }
}
