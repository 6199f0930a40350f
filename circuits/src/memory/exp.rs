//! EXP.
//!
//! **Given** a base and an exponent on the stack.
//! **Proves** that they are replaced by the power, from the [`Alu`](crate::bus::Alu) fact of the opcode, for 50 gas a byte of
//! the exponent (EIP-160) beyond the schedule's.
//!
//! The slot of the [`ByteLength`](crate::bus::ByteLength) fact reads the length as the fiftieth part of the extra gas.
//!
//! | Label | Degree | Meaning |
//! |---|---|---|
//! | class | 1 | the schedule gives the opcode to this chip |
//! | ok is boolean | 2 | |
//! | popped is boolean | 2 | the operands are popped, also by a fault |
//! | a success pops | 2 | |
//! | no third operand (2) | 1 | the fact is about two |
//! | extra gas | 2 | none if nothing is popped |
//! | next memory | 1 | no expansion |
//! | stack height | 1 | one word less |
//! | next pc | 2 | `pc + 1` |
//! | other evidence | 2 | what is missing on the stack |
//! | evidence | 3 | that, or gas is short |

use ruint::aliases::U256;
use verbatim_gadgets::chip::ChipBuilder;
use verbatim_gadgets::expr::Expr;
use verbatim_gadgets::grid::WindowWriter;
use verbatim_gadgets::machine::Chip;
use verbatim_gadgets::value::{Bool, Limb, Word};

use super::expansion::dynamic;
use super::{End, Layout, short};
use crate::schedule::Class;
use crate::step::{Needs, Operand, OperandEvent, Step, StepEvent};

/// Gas for a byte of the exponent (EIP-160).
pub const GAS_PER_BYTE: u64 = 50;

/// The chip.
#[derive(Debug)]
pub struct Exp {
    step: Step,
    popped: Bool,
    base: Operand,
    exponent: Operand,
    extra: Limb,
    result: Word,
    end: End,
}

/// What a step of `Exp` is filled from.
#[derive(Clone, Debug)]
pub struct ExpEvent {
    /// The step. Where it fails, its operands are popped unless the stack has too few.
    pub step: StepEvent,
    /// The top of the stack.
    pub base: OperandEvent,
    /// The word below it.
    pub exponent: OperandEvent,
    /// The power.
    pub result: U256,
}

impl Chip for Exp {
    type Layout = Layout;
    type Event = ExpEvent;
    const NAME: &'static str = "exp";
    const HEIGHT: usize = 2;

    fn build(chip: &mut ChipBuilder<'_>, layout: &Layout) -> Self {
        let slots = &layout.step;
        let step = Step::begin(chip, slots, Class::Exp);
        let popped = chip.bool_at("popped", slots.height.shifted(1));
        let base = step.pop_a_if(chip, slots, &popped);
        let exponent = step.pop_b_if(chip, slots, &popped);
        let result = step.push(chip, slots, "arith ranges the results of its facts");
        chip.learn_if(&layout.alu, 0, &step.ok);
        chip.learn_if(&layout.byte_length, 0, &popped);
        chip.require_zero("a success pops", &step.ok * (Expr::one() - &popped));
        chip.define("no third operand: hi", slots.a[0].shifted(1), Expr::zero());
        chip.define("no third operand: lo", slots.a[1].shifted(1), Expr::zero());
        let (next_memory, extra) = dynamic(slots);
        chip.require_zero("extra gas", (Expr::one() - &popped) * extra);
        chip.define("next memory", next_memory, slots.memory);
        layout.next_pc(chip, &step);
        let missing = (Expr::one() - &popped) * (Expr::from(2) - &step.state.height) - 1;
        let other = chip.store("other evidence", 1, missing);
        step.end(chip, slots, -1, &Needs::Either(other));
        let extra = Limb::assume(extra, "fifty times a byte");
        Self { step, popped, base, exponent, extra, result, end: End::new(layout) }
    }

    fn fill(&self, event: &ExpEvent, row: &mut WindowWriter<'_>) {
        self.step.fill(&event.step, row);
        let other = short(event.step.state.height, 2);
        let mut gas = 0;
        if other.is_none() {
            row.set(&self.popped, true);
            self.base.fill_popped(&event.base, row);
            self.exponent.fill_popped(&event.exponent, row);
            gas = u128::from(GAS_PER_BYTE) * event.exponent.value.bit_len().div_ceil(8) as u128;
        }
        row.set(&self.extra, gas);
        row.set(&self.result, event.result);
        self.end.fill(&event.step, gas, other, row);
    }
}
