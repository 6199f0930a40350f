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
use verbatim_gadgets::{
    chip::ChipBuilder,
    expr::{Expr, F},
    grid::WindowWriter,
    machine::Chip,
    value::Any,
};

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
        row.field(&self.operation.instruction.constant.expr(), F::from(END));
    }
}
