//! JUMPDEST.
//!
//! **Proves** that nothing happens, for its gas.
//!
//! | Label | Degree | Meaning |
//! |---|---|---|
//! | class | 1 | the schedule gives the opcode to this chip |
//! | ok is boolean | 2 | |
//! | stack height | 1 | unchanged |
//! | next pc | 1 | `pc + 1` |
//! | evidence | 2 | a fault lacks gas |

use verbatim_gadgets::chip::ChipBuilder;
use verbatim_gadgets::grid::WindowWriter;
use verbatim_gadgets::machine::Chip;

use super::Layout;
use crate::schedule::Class;
use crate::step::{Needs, Step, StepEvent};

/// The chip.
#[derive(Debug)]
pub struct JumpDest {
    step: Step,
}

impl Chip for JumpDest {
    type Layout = Layout;
    type Event = StepEvent;
    const NAME: &'static str = "jump destination";

    fn build(chip: &mut ChipBuilder<'_>, layout: &Layout) -> Self {
        let step = Step::begin(chip, &layout.step, Class::JumpDest);
        chip.define("next pc", layout.step.next_pc, &step.state.pc + 1);
        step.end(chip, &layout.step, 0, &Needs::Nothing);
        Self { step }
    }

    fn fill(&self, event: &StepEvent, row: &mut WindowWriter<'_>) {
        self.step.fill(event, row);
    }
}
