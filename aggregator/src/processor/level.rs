//! A level: the beginning of its first run, and the end of its last.
//!
//! Four rows **prove** that a run with the number 0 begins, in the phase in which nothing was done, and that a run ends in
//! the phase in which a level has ended; and **send** what it ends with, and both sums' totals: what the level shows. Whoever
//! verifies the level receives that once; so there is one such window, the runs of the level are those between its two operations,
//! and both sums have one total.
//!
//! | label | degree | meaning |
//! |---|---|---|
//! | begin, end | 1 | the kinds of the two operations |
//! | nothing was done | 1 | the phase of the first |
//! | first run | 1 | its number is 0 |
//! | nothing before | 1 | its first value is 0 |
//! | the level has ended | 1 | the phase of the last |
//! | left, right | 1 | the numbers of the sums |
//! | outcome: statement, left, right | 1 | |

use halo2_proofs::halo2curves::bn256::G1Affine;
use verbatim_gadgets::{chip::ChipBuilder, expr::Expr, grid::WindowWriter, machine::Chip, value::Any};

use super::{Layout, Operation, Step, go_on, provide};
use crate::{
    bus::{Instruction, InstructionNative, Outcome, Total, TotalNative},
    curve::affine::residues,
    engine::Sum,
    programs::{END, START},
    rom::Kind,
};

/// What a window is filled from.
#[derive(Clone, Debug)]
pub struct LevelEvent {
    /// The beginning of run 0.
    pub begin: InstructionNative,
    /// The end of the last run.
    pub step: Step,
    /// The totals of both sums.
    pub totals: [G1Affine; 2],
}

/// The chip.
#[derive(Debug)]
pub struct Level {
    begin: Instruction,
    operation: Operation,
    totals: [Total; 2],
}

impl Chip for Level {
    type Layout = Layout;
    type Event = LevelEvent;
    const NAME: &'static str = "level";
    const HEIGHT: usize = 4;

    fn build(chip: &mut ChipBuilder<'_>, layout: &Layout) -> Self {
        let begin = chip.learn(&layout.instruction, 0);
        go_on(chip, layout, 0);
        let operation = Operation::receive(chip, layout, 1);
        let totals = [0, 2].map(|row| chip.receive(layout.curve.total(), row));
        let statement = operation.reads[0].value.clone();
        let [left, right] = totals.each_ref().map(|total| residues(&total.point));
        chip.send(&layout.outcome, 0, &Outcome { statement: Any::assume(&statement, "any"), left, right });
        let value = provide(chip, layout, 0);
        let kinds = [("begin", &begin, Kind::Begin), ("end", &operation.instruction, Kind::End)];
        for (label, instruction, kind) in kinds {
            chip.require_equal(label, &instruction.kind, Expr::from(kind as u64));
        }
        chip.require_equal("nothing was done", &begin.constant, Expr::from(START));
        chip.require_equal("the level has ended", &operation.instruction.constant, Expr::from(END));
        chip.define("first run", layout.columns.run, Expr::zero());
        chip.define("nothing before", value.value.expr().as_cell().expect("a cell"), Expr::zero());
        for ((label, total), sum) in ["left", "right"].iter().zip(&totals).zip([Sum::Left, Sum::Right]) {
            chip.require_equal(*label, &total.sum, Expr::from(sum as u64));
        }
        Self { begin, operation, totals }
    }

    fn fill(&self, event: &LevelEvent, row: &mut WindowWriter<'_>) {
        row.message(&self.begin, &event.begin);
        self.operation.fill(&event.step, row);
        for (sum, (total, point)) in self.totals.iter().zip(event.totals).enumerate() {
            row.message(total, &TotalNative { sum: sum as u64, point });
        }
    }
}

#[cfg(test)]
mod tests {
    use verbatim_gadgets::expr::F;

    use super::*;
    use crate::processor::testing::{Case, ProcessorEvent, assert_audited, field, objections, rows};

    fn level(case: &Case) -> (usize, LevelEvent) {
        case.find(4, |event| match event {
            ProcessorEvent::Level(event) => Some(event.clone()),
            _ => None,
        })
    }

    #[test]
    fn every_label_refuses() {
        assert_audited(5);
    }

    #[test]
    fn totals_cannot_be_exchanged() {
        let mut case = Case::new();
        let (index, mut event) = level(&case);
        event.totals.reverse();
        case.events[index].1 = ProcessorEvent::Level(event);
        let mut grid = case.grid();
        assert_eq!(case.objections(&grid), objections(["bus: total", "bus: outcome"]));
        // With their numbers.
        let row = rows(&grid, "level")[0];
        for (number, total) in [(1, 0), (0, 2)] {
            grid.write(field("total", "sum").shifted(total), row, F::from(number));
        }
        assert_eq!(case.objections(&grid), objections(["level: left", "level: right", "bus: outcome"]));
    }

    /// Runs with numbers that begin at another one than 0: nothing else notices.
    #[test]
    fn runs_begin_at_zero() {
        let mut case = Case::new();
        for (_, event) in &mut case.events {
            match event {
                ProcessorEvent::Form(step) => step.run += 1,
                ProcessorEvent::Permute(event) => event.step.run += 1,
                ProcessorEvent::Read(event) => event.step.run += 1,
                ProcessorEvent::Term(event) => event.step.run += 1,
                ProcessorEvent::Turn(event) => event.step.run += 1,
                ProcessorEvent::Level(event) => event.step.run += 1,
            }
        }
        let mut grid = case.grid();
        let row = rows(&grid, "level")[0];
        grid.write(field("execution", "run"), row, F::one());
        assert_eq!(case.objections(&grid), objections(["level: first run"]));
    }

    /// A value before the first run would be one that nothing is known of.
    #[test]
    fn nothing_is_handed_to_the_first_run() {
        let case = Case::new();
        let mut grid = case.grid();
        let row = rows(&grid, "level")[0];
        grid.write(field("value", "value"), row, F::one());
        assert_eq!(case.objections(&grid), objections(["level: nothing before", "bus: value of a run"]));
    }

    /// A second level in one bundle: nobody receives what it shows, nobody sends it totals or a run.
    #[test]
    fn class_10_an_outcome_is_sent_once() {
        let mut case = Case::new();
        let (index, _) = level(&case);
        let again = case.events[index].clone();
        case.events.push(again);
        let expected = ["bus: execution", "bus: outcome", "bus: total"];
        assert_eq!(case.objections(&case.grid()), objections(expected));
    }

    /// What is shown is what the last run ends with, and the sums' residues.
    #[test]
    fn another_outcome_is_refused() {
        for name in ["statement", "left[0]", "left[1]", "right[0]", "right[1]"] {
            let case = Case::new();
            let (mut grid, cell) = (case.grid(), field("outcome", name));
            let row = rows(&grid, "level")[0];
            grid.write(cell, row, grid.read(cell, row) + F::one());
            let label = format!("level: outcome: {name}");
            assert_eq!(case.objections(&grid), objections([label.as_str(), "bus: outcome"]));
        }
    }

    /// A run that does not end a level, as its end.
    #[test]
    fn a_level_ends_with_its_last_program() {
        let mut case = Case::new();
        let (index, mut event) = level(&case);
        let (_, turn) = case.find(2, |event| match event {
            ProcessorEvent::Turn(event) => Some(event.step.clone()),
            _ => None,
        });
        event.step = turn;
        case.events[index].1 = ProcessorEvent::Level(event);
        assert!(case.objections(&case.grid()).contains("level: the level has ended"));
    }
}
