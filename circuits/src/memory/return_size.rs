//! RETURNDATASIZE.
//!
//! **Given** the call's [`Tally`](crate::bus::Tally).
//! **Proves** that the length of the return data that it names is pushed, and the tally stays.
//!
//! | Label | Degree | Meaning |
//! |---|---|---|
//! | class | 1 | the schedule gives the opcode to this chip |
//! | ok is boolean | 2 | |
//! | result: hi | 1 | zero; the low limb stands in the tally |
//! | extra gas, next memory | 1 | no expansion |
//! | stack height | 1 | one word more |
//! | next pc | 2 | `pc + 1` |
//! | evidence | 3 | a fault lacks gas or room on the stack |

use verbatim_gadgets::chip::ChipBuilder;
use verbatim_gadgets::expr::Expr;
use verbatim_gadgets::grid::WindowWriter;
use verbatim_gadgets::machine::Chip;
use verbatim_gadgets::value::U16;

use super::{End, Layout};
use crate::bus::{Tally, TallyNative};
use crate::schedule::Class;
use crate::step::{Needs, Step, StepEvent};

/// The chip.
#[derive(Debug)]
pub struct ReturnSize {
    step: Step,
    tally: Tally,
    gaps: [U16; 2],
    end: End,
}

/// What a step of [`ReturnSize`] is filled from.
#[derive(Clone, Debug)]
pub struct ReturnSizeEvent {
    /// The step.
    pub step: StepEvent,
    /// The tally as it is found, at most 2^32 ticks old. It is sent back at `clock`.
    pub tally: TallyNative,
}

impl Chip for ReturnSize {
    type Layout = Layout;
    type Event = ReturnSizeEvent;
    const NAME: &'static str = "return size";

    fn build(chip: &mut ChipBuilder<'_>, layout: &Layout) -> Self {
        let slots = &layout.step;
        let step = Step::begin(chip, slots, Class::ReturnSize);
        step.push(chip, slots, "a counter");
        let tally = chip.receive_if(&layout.tally_in, 0, &step.ok);
        let after = chip.peek(&layout.tally_out, 0);
        chip.send_if(&layout.tally_out, 0, &step.ok, &after);
        let gaps = [&slots.gap_b, &layout.gap_c].map(|gap| chip.checked_if(gap, 0, &step.ok));
        chip.define("result: hi", slots.r[0], Expr::zero());
        layout.keep_memory(chip);
        layout.next_pc(chip, &step);
        step.end(chip, slots, 1, &Needs::Nothing);
        Self { step, tally, gaps, end: End::new(layout) }
    }

    fn fill(&self, event: &ReturnSizeEvent, row: &mut WindowWriter<'_>) {
        let state = &event.step.state;
        self.step.fill(&event.step, row);
        if event.step.fault.is_none() {
            row.message(&self.tally, &event.tally);
            let gap = state.clock.wrapping_sub(event.tally.clock + 1);
            row.set(&self.gaps[0], gap as u16);
            row.set(&self.gaps[1], (gap >> 16) as u16);
        }
        self.end.fill(&event.step, 0, super::room(state.height), row);
    }
}
