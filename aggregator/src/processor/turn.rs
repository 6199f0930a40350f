//! The end of a program, and the beginning of the next.
//!
//! **Given** the end of a run, with a value and a phase, two rows **prove** that the next run begins with a program of that
//! phase, and provide the value as that program's first.
//!
//! | label | degree | meaning |
//! |---|---|---|
//! | end, begin | 1 | the kinds of the two operations |
//! | phase | 1 | the same in both |
//! | next run | 1 | its number is one more |
//! | handed on | 1 | the value |

use verbatim_gadgets::{chip::ChipBuilder, expr::Expr, grid::WindowWriter, machine::Chip};

use super::{Layout, Operation, Step, go_on, provide};
use crate::{
    bus::{Instruction, InstructionNative},
    rom::Kind,
};

/// What a window is filled from.
#[derive(Clone, Debug)]
pub struct TurnEvent {
    /// The end of the run.
    pub step: Step,
    /// The beginning of the next.
    pub begin: InstructionNative,
}

/// The chip.
#[derive(Debug)]
pub struct Turn {
    operation: Operation,
    begin: Instruction,
}

impl Chip for Turn {
    type Layout = Layout;
    type Event = TurnEvent;
    const NAME: &'static str = "turn";
    const HEIGHT: usize = 2;

    fn build(chip: &mut ChipBuilder<'_>, layout: &Layout) -> Self {
        let operation = Operation::receive(chip, layout, 0);
        let begin = chip.learn(&layout.instruction, 1);
        go_on(chip, layout, 1);
        let value = provide(chip, layout, 1);
        chip.require_equal("end", &operation.instruction.kind, Expr::from(Kind::End as u64));
        chip.require_equal("begin", &begin.kind, Expr::from(Kind::Begin as u64));
        chip.require_equal("phase", &begin.constant, &operation.instruction.constant);
        let run = layout.columns.run;
        chip.define("next run", run.shifted(1), run + Expr::one());
        let cell = value.value.expr().as_cell().expect("a cell");
        chip.define("handed on", cell, &operation.reads[0].value);
        Self { operation, begin }
    }

    fn fill(&self, event: &TurnEvent, row: &mut WindowWriter<'_>) {
        self.operation.fill(&event.step, row);
        row.message(&self.begin, &event.begin);
    }
}
