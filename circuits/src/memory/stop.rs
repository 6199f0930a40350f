//! STOP, also the one that stands behind the end of every code.
//!
//! **Proves** that the call ends without return data. It costs nothing, so it cannot fail; that the gas left is not negative
//! shows, since gas only falls in a call, that it never was.
//!
//! | Label | Degree | Meaning |
//! |---|---|---|
//! | class | 1 | the schedule gives the opcode to this chip |
//! | succeeds | 1 | |
//! | halt: success, offset, length | 1 | one, zero, zero |
//! | range128: value | 1 | the gas left |
//! | extra gas, next memory | 1 | no expansion |

use verbatim_gadgets::chip::ChipBuilder;
use verbatim_gadgets::expr::Expr;
use verbatim_gadgets::grid::WindowWriter;
use verbatim_gadgets::machine::Chip;
use verbatim_gadgets::value::Limb;

use super::Layout;
use crate::bus::Range128;
use crate::schedule::Class;
use crate::step::{Step, StepEvent};

/// The chip. Its event is the step alone, which succeeds.
#[derive(Debug)]
pub struct Stop {
    step: Step,
}

impl Chip for Stop {
    type Layout = Layout;
    type Event = StepEvent;
    const NAME: &'static str = "stop";

    fn build(chip: &mut ChipBuilder<'_>, layout: &Layout) -> Self {
        let slots = &layout.step;
        let step = Step::begin_always(chip, slots, Expr::from(Class::Stop as u64), true);
        let halt = chip.peek(&layout.halt, 0);
        chip.send(&layout.halt, 0, &halt);
        chip.define("halt: success", slots.r[0], Expr::one());
        chip.define("halt: offset", slots.r[1], Expr::zero());
        chip.define("halt: length", slots.b[1], Expr::zero());
        layout.keep_memory(chip);
        let value = Limb::assume(layout.gas_after(), "this message checks it");
        chip.consume(&layout.range128, 0, &Range128 { value });
        Self { step }
    }

    fn fill(&self, event: &StepEvent, row: &mut WindowWriter<'_>) {
        self.step.fill(event, row);
    }
}
