//! A term of a sum, as an operation.
//!
//! **Given** the operation at the run's address, a value `a` and a point that the run has read, two rows **prove** that
//! `f_0 a + k` times the point is in the sum whose number the instruction says: they send the term.
//!
//! | label | degree | meaning |
//! |---|---|---|
//! | kind | 1 | |
//! | term: sum | 1 | the sum's number |
//! | term: digit | 1 | no digit has been added |
//! | term: rest | 2 | the whole scalar |

use halo2_proofs::halo2curves::bn256::G1Affine;
use verbatim_gadgets::{chip::ChipBuilder, grid::WindowWriter, machine::Chip, value::Any, value::Counter};

use super::{Layout, Operation, Step, go_on};
use crate::{
    bus::{Instruction, RunPoint, Term as TermMessage},
    rom::Kind,
};

/// What a window is filled from.
#[derive(Clone, Debug)]
pub struct TermEvent {
    /// The operation.
    pub step: Step,
    /// The point.
    pub point: G1Affine,
}

/// The chip.
#[derive(Debug)]
pub struct Term {
    operation: Operation,
    point: RunPoint,
}

impl Chip for Term {
    type Layout = Layout;
    type Event = TermEvent;
    const NAME: &'static str = "term";
    const HEIGHT: usize = 2;

    fn build(chip: &mut ChipBuilder<'_>, layout: &Layout) -> Self {
        let operation = Operation::receive(chip, layout, 0);
        go_on(chip, layout, 0);
        let point = chip.learn(&layout.point, 0);
        let Instruction { product, factors, constant, .. } = &operation.instruction;
        let term = TermMessage {
            sum: Counter::assume(product, "the rom has 0 and 1 there"),
            digit: Counter::constant(0),
            rest: Any::assume(&factors[0] * &operation.reads[0].value + constant, "any field element"),
            point: point.point.clone(),
        };
        chip.send(layout.curve.term(), 0, &term);
        operation.require(chip, Kind::Term);
        Self { operation, point }
    }

    fn fill(&self, event: &TermEvent, row: &mut WindowWriter<'_>) {
        self.operation.fill(&event.step, row);
        row.set(&self.point.point, event.point);
    }
}

#[cfg(test)]
mod tests {
    use verbatim_gadgets::expr::F;

    use crate::processor::testing::{Case, ProcessorEvent, assert_audited, field, objections, other_point, rows};

    #[test]
    fn every_label_refuses() {
        assert_audited(3);
    }

    /// The number of the sum, the digit, and the scalar are not for a prover to choose.
    #[test]
    fn another_term_is_refused() {
        for name in ["sum", "digit", "rest"] {
            let case = Case::new();
            let (mut grid, cell) = (case.grid(), field("term", name));
            let row = rows(&grid, "term")[0];
            grid.write(cell, row, grid.read(cell, row) + F::one());
            let label = format!("term: term: {name}");
            assert_eq!(case.objections(&grid), objections([label.as_str(), "bus: term"]));
        }
    }

    /// A point that the run has not read.
    #[test]
    fn a_point_that_was_not_read_is_refused() {
        let mut case = Case::new();
        let (index, mut event) = case.find(2, |event| match event {
            ProcessorEvent::Term(event) => Some(event.clone()),
            _ => None,
        });
        event.point = other_point();
        case.events[index].1 = ProcessorEvent::Term(event);
        assert_eq!(case.objections(&case.grid()), objections(["bus: point of a run", "bus: term"]));
    }
}
