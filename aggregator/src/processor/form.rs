//! A form of values: a value, or nothing but an equation.
//!
//! **Given** the operation at the run's address, with kind `t`, and the values `a`, `b`, `c` that it reads, one row **proves**
//!
//! ```text
//! p a b + f_0 a + f_1 b + f_2 c + k = t v
//! ```
//!
//! and provides `v` as the value at the address. With `t = 1` it is determined; with `t = 0` it is free, and the equation, if
//! it has any terms, is about what is read: `v` itself may be among it.
//!
//! | label | degree | meaning |
//! |---|---|---|
//! | kind is boolean | 2 | no other operation is taken for one of these |
//! | form | 3 | the equation |

use verbatim_gadgets::{chip::ChipBuilder, expr::Expr, grid::WindowWriter, machine::Chip};

use super::{Layout, Operation, Step, go_on, provide};
use crate::bus::{Instruction, RunValue, RunValueNative};

/// The chip.
#[derive(Debug)]
pub struct Form {
    operation: Operation,
    value: RunValue,
}

impl Chip for Form {
    type Layout = Layout;
    type Event = Step;
    const NAME: &'static str = "form";

    fn build(chip: &mut ChipBuilder<'_>, layout: &Layout) -> Self {
        let operation = Operation::receive(chip, layout, 0);
        go_on(chip, layout, 0);
        let value = provide(chip, layout, 0);
        let Instruction { kind, product, factors, constant, .. } = &operation.instruction;
        chip.require_zero("kind is boolean", kind * (kind - Expr::one()));
        let [a, b, c] = operation.reads.each_ref().map(|read| &read.value);
        let [f, g, h] = factors;
        let form = product * a * b + f * a + g * b + h * c + constant;
        chip.require_equal("form", form, kind * &value.value);
        Self { operation, value }
    }

    fn fill(&self, step: &Step, row: &mut WindowWriter<'_>) {
        self.operation.fill(step, row);
        let value = RunValueNative { run: step.run, address: step.instruction.pc, value: step.value };
        row.message(&self.value, &value);
    }
}
