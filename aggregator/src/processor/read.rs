//! A point that a program is given.
//!
//! **Given** the operation at the run's address, two rows **prove** that a point is on the curve and in its one form, by a
//! consumed fact, and provide its coordinates as the values at this address and the next, and the point at this address.
//!
//! | label | degree | meaning |
//! |---|---|---|
//! | kind | 1 | |
//! | its own address | 1 | the address that the instruction names is that of the operation: the point stands there |
//! | point: point.x, point.y | 1 | the point is that of the fact |
//! | abscissa, ordinate | 1 | the values are its coordinates, modulo the order of the cells' field |
//! | run / address in row 1 | 1 | |

use halo2_proofs::halo2curves::bn256::G1Affine;
use verbatim_gadgets::{chip::ChipBuilder, grid::WindowWriter, machine::Chip};

use super::{Layout, Operation, Step, go_on, provide, require_next};
use crate::{
    bus::{CurvePoint, CurvePointNative, RunPoint},
    curve::affine::reduced,
    rom::Kind,
};

/// What a window is filled from.
#[derive(Clone, Debug)]
pub struct ReadEvent {
    /// The operation.
    pub step: Step,
    /// The point.
    pub point: G1Affine,
}

/// The chip.
#[derive(Debug)]
pub struct Read {
    operation: Operation,
    point: CurvePoint,
}

impl Chip for Read {
    type Layout = Layout;
    type Event = ReadEvent;
    const NAME: &'static str = "read";
    const HEIGHT: usize = 2;

    fn build(chip: &mut ChipBuilder<'_>, layout: &Layout) -> Self {
        let operation = Operation::receive(chip, layout, 0);
        go_on(chip, layout, 1);
        let point = chip.learn(layout.curve.curve_point(), 0);
        let known: RunPoint = chip.peek(&layout.point, 0);
        let values = [0, 1].map(|row| provide(chip, layout, row));
        let multiplicity = chip.multiplicity(0);
        chip.provide(&layout.point, 0, multiplicity, &RunPoint { point: point.point.clone(), ..known.clone() });
        operation.require(chip, Kind::Read);
        chip.require_equal("its own address", &known.address, &operation.instruction.pc);
        require_next(chip, layout, 1);
        for ((label, value), coordinate) in ["abscissa", "ordinate"].iter().zip(&values).zip([&point.x, &point.y]) {
            let cell = value.value.expr().as_cell().expect("a cell");
            chip.define(*label, cell, coordinate);
        }
        Self { operation, point }
    }

    fn fill(&self, event: &ReadEvent, row: &mut WindowWriter<'_>) {
        self.operation.fill(&event.step, row);
        let point = event.point;
        row.message(&self.point, &CurvePointNative { x: reduced(&point.x), y: reduced(&point.y), point });
    }
}
