//! The engine over the cells of a halo2-base circuit.

use halo2_proofs::halo2curves::{bn256::Fq, group::prime::PrimeCurveAffine};
use num_bigint::BigInt;

use super::{
    cells::{Cell, Cells, Part, constant, inverse_or_zero, zero},
    limbs::integer,
    point::{Point, Points},
    poseidon, sum,
};
use crate::{
    Fr, G1Affine,
    engine::{Engine, Sum, WIDTH},
    native::Refusal,
    witness::Witness,
};

/// A scalar: `factor cell + constant`, or a constant.
#[derive(Clone, Copy, Debug)]
pub struct Scalar {
    /// A factor, which is not zero, and a cell.
    cell: Option<(Fr, Cell)>,
    constant: Fr,
}

impl Scalar {
    fn known(value: Fr) -> Self {
        Self { cell: None, constant: value }
    }

    fn of(cell: Cell) -> Self {
        Self { cell: Some((Fr::one(), cell)), constant: Fr::zero() }
    }

    fn scaled(self, factor: Fr) -> Self {
        let cell = self.cell.map(|(f, cell)| (f * factor, cell)).filter(|(f, _)| *f != Fr::zero());
        Self { cell, constant: self.constant * factor }
    }

    fn plus(self, constant: Fr) -> Self {
        Self { constant: self.constant + constant, ..self }
    }

    /// The value by the witness.
    pub fn value(&self) -> Fr {
        self.cell.map_or(Fr::zero(), |(factor, cell)| factor * cell.value()) + self.constant
    }
}

/// The engine.
///
/// What is not in the witness is taken as zero or as the generator, and refused: a circuit has the same constraints whatever
/// the witness.
#[derive(Debug)]
pub struct Halo2Engine<'a> {
    pub(super) points: Points<'a>,
    witness: &'a Witness,
    read: [usize; 2],
    /// The terms of both sums, and the points with factor one.
    terms: [Vec<(Cell, Point)>; 2],
    plain: [Vec<Point>; 2],
}

impl<'a> Halo2Engine<'a> {
    pub(super) fn new(cells: Cells<'a>, witness: &'a Witness) -> Self {
        let (terms, plain) = Default::default();
        Self { points: Points::new(cells), witness, read: [0; 2], terms, plain }
    }

    /// A point that is known, not the identity.
    ///
    /// # Panics
    ///
    /// If it is the identity.
    pub fn known_point(&mut self, point: &G1Affine) -> Point {
        assert!(!bool::from(point.is_identity()), "the identity has no coordinates");
        self.points.constant(point)
    }

    /// A cell with a scalar.
    pub(super) fn cell(&mut self, scalar: &Scalar) -> Cell {
        let cells = &mut self.points.cells;
        match scalar.cell {
            None => cells.constant(scalar.constant),
            Some((factor, cell)) if factor == Fr::one() && scalar.constant == Fr::zero() => cell,
            Some((factor, cell)) => cells.chain(constant(scalar.constant), &[(cell.into(), constant(factor))]),
        }
    }

    /// The limbs of the left and the right sum, and what is left of the engine.
    pub(super) fn finish(mut self) -> (Vec<Cell>, Cells<'a>) {
        let mut limbs = Vec::new();
        for (terms, plain) in self.terms.iter().zip(&self.plain) {
            let sum = sum::sum(&mut self.points, terms, plain);
            limbs.extend(self.points.export(&sum));
        }
        (limbs, self.points.finish())
    }

    /// A point that the witness gives by integers, of which nothing is known.
    pub(super) fn load(&mut self, coordinates: &[BigInt; 2]) -> (Point, [Scalar; 2]) {
        let point = self.points.load(coordinates);
        let natives = [point.x.sum.native, point.y.sum.native].map(Scalar::of);
        (point, natives)
    }
}

impl Engine for Halo2Engine<'_> {
    type Scalar = Scalar;
    type Point = Point;

    fn constant(&mut self, value: Fr) -> Scalar {
        Scalar::known(value)
    }

    fn add(&mut self, a: &Scalar, b: &Scalar) -> Scalar {
        let (Some((f, left)), Some((g, right))) = (a.cell, b.cell) else {
            return if a.cell.is_none() { b.plus(a.constant) } else { a.plus(b.constant) };
        };
        // f left + g right = g (right + f / g left)
        let ratio = f * inverse_or_zero(&g);
        let sum = self.points.cells.chain(right, &[(left.into(), constant(ratio))]);
        Scalar::of(sum).scaled(g).plus(a.constant + b.constant)
    }

    fn mul(&mut self, a: &Scalar, b: &Scalar) -> Scalar {
        let (Some((f, left)), Some((g, right))) = (a.cell, b.cell) else {
            return if a.cell.is_none() { b.scaled(a.constant) } else { a.scaled(b.constant) };
        };
        // f g (left + k) (right + l)
        let [k, l] = [(a.constant, f), (b.constant, g)].map(|(c, f)| c * inverse_or_zero(&f));
        let mut terms = vec![(left.into(), right.into())];
        let linear = [(left, l), (right, k)].into_iter().filter(|(_, factor)| *factor != Fr::zero());
        terms.extend(linear.map(|(cell, factor)| (cell.into(), constant(factor))));
        let product = self.points.cells.chain(zero(), &terms);
        Scalar::of(product).scaled(f * g).plus(a.constant * b.constant)
    }

    fn mul_add(&mut self, a: &Scalar, b: &Scalar, c: &Scalar) -> Scalar {
        if let (Some((f, left)), Some((g, right)), Some((h, start))) = (a.cell, b.cell, c.cell)
            && a.constant == Fr::zero()
            && b.constant == Fr::zero()
            && f * g == h
        {
            let sum = self.points.cells.chain(start, &[(left.into(), right.into())]);
            return Scalar::of(sum).scaled(h).plus(c.constant);
        }
        let product = self.mul(a, b);
        self.add(&product, c)
    }

    fn scale(&mut self, a: &Scalar, factor: Fr) -> Scalar {
        a.scaled(factor)
    }

    fn invert(&mut self, a: &Scalar) -> Scalar {
        let inverse: Option<Fr> = a.value().invert().into();
        if inverse.is_none() {
            self.points.cells.refuse(Refusal::Zero);
        }
        let cell = self.cell(a);
        let cells = &mut self.points.cells;
        let inverse = cells.free(inverse.unwrap_or_default());
        cells.chain_to(zero(), &[(cell.into(), inverse.into())], Some(Fr::one()));
        Scalar::of(inverse)
    }

    fn assert_zero(&mut self, a: &Scalar) {
        let cells = &mut self.points.cells;
        match a.cell {
            Some((factor, cell)) => {
                let value = -a.constant * inverse_or_zero(&factor);
                cells.is_constant(&cell, value);
            }
            None => {
                let cell = cells.constant(a.constant);
                cells.is_constant(&cell, Fr::zero());
            }
        }
    }

    fn permute(&mut self, state: [Scalar; WIDTH]) -> [Scalar; WIDTH] {
        let outer = self.points.cells.spend_on(Part::Poseidon);
        let added = poseidon::first_constants();
        let state = [0, 1, 2].map(|i| self.cell(&state[i].plus(added[i])));
        let state = poseidon::permute(&mut self.points.cells, state);
        self.points.cells.spend_on(outer);
        state.map(Scalar::of)
    }

    fn scalar(&mut self) -> Scalar {
        let value = self.witness.scalars.get(self.read[0]).copied();
        self.read[0] += 1;
        let cells = &mut self.points.cells;
        if value.is_none() {
            cells.refuse(Refusal::Missing);
        }
        Scalar::of(cells.free(value.unwrap_or_default()))
    }

    fn point(&mut self) -> (Point, [Scalar; 2]) {
        let point = self.witness.points.get(self.read[1]).copied();
        self.read[1] += 1;
        if point.is_none() {
            self.points.cells.refuse(Refusal::Missing);
        }
        let point = point.unwrap_or_else(G1Affine::generator);
        if bool::from(point.is_identity()) {
            self.points.cells.refuse(Refusal::Identity);
        }
        self.load(&[point.x, point.y].map(|coordinate: Fq| integer(&coordinate)))
    }

    fn term(&mut self, sum: Sum, scalar: &Scalar, point: &Point) {
        if scalar.cell.is_none() && scalar.constant == Fr::one() {
            self.plain[sum as usize].push(point.clone());
        } else {
            let scalar = self.cell(scalar);
            self.terms[sum as usize].push((scalar, point.clone()));
        }
    }
}
