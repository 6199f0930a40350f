//! A point that a program is given.
//!
//! **Given** the operation at the run's address, two rows **prove** that a point is on the curve and in its one form, by a
//! consumed fact, and provide its coordinates as the values at this address and the next, and the point at this address.
//! Of the point there is no copy: what is consumed and what is provided stand in the same cells.
//!
//! | label | degree | meaning |
//! |---|---|---|
//! | kind | 1 | |
//! | its own address | 1 | the address that the instruction names is that of the operation: the point stands there |
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

#[cfg(test)]
mod tests {
    use halo2_proofs::halo2curves::ff::{Field, PrimeField};
    use ruint::aliases::U256;
    use verbatim_gadgets::{expr::F, message::Message};

    use super::*;
    use crate::processor::testing::{Case, ProcessorEvent, assert_audited, field, objections, other_point, rows};

    #[test]
    fn every_label_refuses() {
        assert_audited(2);
    }

    /// `x + r` has the residue of `x` modulo `r`. Of the residues nothing changes, but the point is none of the curve.
    #[test]
    fn another_point_with_the_same_residues_is_refused() {
        let case = Case::new();
        let mut grid = case.grid();
        let row = rows(&grid, "read")[1];
        let order = U256::from_le_bytes((-F::ONE).to_repr()) + U256::from(1);
        let limbs = [0, 1, 2, 3].map(|i| field("curve point", &format!("point.x[{i}]")));
        let low = |limb: F| u64::from_le_bytes(limb.to_repr()[..8].try_into().expect("eight bytes"));
        let x = U256::from_limbs(limbs.map(|limb| low(grid.read(limb, row)))) + order;
        for (limb, value) in limbs.into_iter().zip(x.into_limbs()) {
            grid.write(limb, row, F::from(value));
        }
        assert_eq!(case.objections(&grid), objections(["bus: curve point", "bus: point of a run"]));
    }

    /// A point of the curve with the values of another one.
    #[test]
    fn values_of_another_point_are_refused() {
        let case = Case::new();
        let mut grid = case.grid();
        let row = rows(&grid, "read")[0];
        let other = other_point();
        let fact = CurvePointNative { x: reduced(&other.x), y: reduced(&other.y), point: other };
        for (name, value) in CurvePoint::names().iter().zip(CurvePoint::tuple(&fact)) {
            grid.write(field("curve point", name), row, value);
        }
        let expected = ["read: abscissa", "read: ordinate", "bus: curve point", "bus: point of a run"];
        assert_eq!(case.objections(&grid), objections(expected));
    }

    /// The point stands at the address of the operation, not at another one.
    #[test]
    fn a_point_stands_at_its_own_address() {
        let mut case = Case::new();
        let (index, mut event) = case.find(0, |event| match event {
            ProcessorEvent::Read(event) => Some(event.clone()),
            _ => None,
        });
        event.step.instruction.reads[1] += 1;
        event.step.reads[1] = reduced(&event.point.y);
        case.events[index].1 = ProcessorEvent::Read(event);
        let expected = ["read: its own address", "bus: instruction", "bus: point of a run"];
        assert_eq!(case.objections(&case.grid()), objections(expected));
    }
}
