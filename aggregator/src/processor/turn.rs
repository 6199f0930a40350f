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

#[cfg(test)]
mod tests {
    use verbatim_gadgets::expr::F;

    use super::*;
    use crate::{
        processor::testing::{Case, ProcessorEvent, assert_audited, field, objections, rows},
        programs::{END, START},
    };

    fn turn(case: &Case, run: u64) -> (usize, TurnEvent) {
        case.find(run, |event| match event {
            ProcessorEvent::Turn(event) => Some(event.clone()),
            _ => None,
        })
    }

    #[test]
    fn every_label_refuses() {
        assert_audited(4);
    }

    /// A level begins once: no later run begins with nothing.
    #[test]
    fn a_program_of_another_phase_is_refused() {
        let mut case = Case::new();
        let (index, mut event) = turn(&case, 2);
        let (_, first) = case.find(4, |event| match event {
            ProcessorEvent::Level(event) => Some(event.begin.clone()),
            _ => None,
        });
        assert_eq!(first.constant, F::from(START));
        event.begin = first;
        case.events[index].1 = ProcessorEvent::Turn(event);
        let expected = ["turn: phase", "bus: execution", "bus: value of a run"];
        assert_eq!(case.objections(&case.grid()), objections(expected));
    }

    /// Nothing follows the end of a level: no program has its phase.
    #[test]
    fn no_run_follows_the_last() {
        let mut case = Case::new();
        let (index, mut event) = turn(&case, 2);
        let (_, last) = case.find(4, |event| match event {
            ProcessorEvent::Level(event) => Some(event.step.clone()),
            _ => None,
        });
        assert_eq!(last.instruction.constant, F::from(END));
        event.step = last;
        case.events[index].1 = ProcessorEvent::Turn(event);
        assert!(case.objections(&case.grid()).contains("turn: phase"));
    }

    /// All later runs have numbers that are one greater than they should be: nothing else notices.
    #[test]
    fn a_run_that_is_left_out_is_missed() {
        let mut case = Case::new();
        let (_, TurnEvent { step, .. }) = turn(&case, 2);
        for (_, event) in &mut case.events {
            let run = match event {
                ProcessorEvent::Form(step) => &mut step.run,
                ProcessorEvent::Permute(event) => &mut event.step.run,
                ProcessorEvent::Read(event) => &mut event.step.run,
                ProcessorEvent::Term(event) => &mut event.step.run,
                ProcessorEvent::Turn(event) => &mut event.step.run,
                ProcessorEvent::Level(event) => &mut event.step.run,
            };
            *run += u64::from(*run > step.run);
        }
        let mut grid = case.grid();
        let run = field("execution", "run");
        let is_turn = |row: &usize| grid.read(run, *row) == F::from(step.run);
        let row = rows(&grid, "turn").into_iter().find(is_turn).expect("the turn behind that run");
        grid.write(run.shifted(1), row, F::from(step.run + 2));
        assert_eq!(case.objections(&grid), objections(["turn: next run"]));
    }

    /// What is handed on is what the run has ended with.
    #[test]
    fn another_value_is_not_handed_on() {
        let case = Case::new();
        let mut grid = case.grid();
        let (row, value) = (rows(&grid, "turn")[0], field("value", "value").shifted(1));
        grid.write(value, row, grid.read(value, row) + F::one());
        assert_eq!(case.objections(&grid), objections(["turn: handed on", "bus: value of a run"]));
    }
}
