//! Points of the curve `y^2 = x^3 + 3` over the base field, whose order `r` is a prime.
//!
//! Every point here is on the curve and not the identity, and a point is one of the forms of its coordinates: they are
//! elements (see `limbs`), not canonical unless that is said. Additions assert that the points have different x, so that
//! the line through them is one, and their sum is neither the identity nor unknown. Doublings need not: no point of a group
//! of odd order has y = 0.

use halo2_proofs::halo2curves::bn256::Fq;
use num_bigint::BigInt;

use super::{
    cells::{Cell, Cells, Part, constant, inverse_or_zero},
    limbs::{Equation, Factor, Integer, Limbs, Sum, integer},
};
use crate::G1Affine;

/// A point.
#[derive(Clone, Debug)]
pub struct Point {
    pub(super) x: Integer,
    pub(super) y: Integer,
}

/// Points over cells.
#[derive(Debug)]
pub(super) struct Points<'a> {
    pub(super) cells: Cells<'a>,
    pub(super) limbs: Limbs,
    /// The product of all that must not be zero.
    differences: Option<Cell>,
}

impl<'a> Points<'a> {
    pub(super) fn new(cells: Cells<'a>) -> Self {
        let limbs = Limbs::new(cells.lookup_bits());
        Self { cells, limbs, differences: None }
    }

    /// A point that is known, not the identity.
    pub(super) fn constant(&mut self, point: &G1Affine) -> Point {
        let Self { cells, limbs, .. } = self;
        Point { x: limbs.constant(cells, &point.x), y: limbs.constant(cells, &point.y) }
    }

    /// A point that the prover gives by integers, canonical and on the curve.
    pub(super) fn load(&mut self, coordinates: &[BigInt; 2]) -> Point {
        let outer = self.cells.spend_on(Part::Points);
        let Self { cells, limbs, .. } = self;
        let [x, y] = coordinates.each_ref().map(|value| {
            let integer = limbs.element(cells, value);
            limbs.assert_canonical(cells, &integer);
            integer
        });
        // With t = -x^2: y^2 + t x - 3 = 0.
        let t = limbs.element(cells, &integer(&-x.field().square()));
        limbs.assert(cells, &Equation { products: &[(&x, &x)], terms: &[(Factor::Plus, &t.sum)], constant: 0 });
        limbs.assert(cells, &Equation { products: &[(&y, &y), (&t, &x)], terms: &[], constant: -CURVE_CONSTANT });
        self.cells.spend_on(outer);
        Point { x, y }
    }

    /// Asserts that the difference of two elements is not zero modulo `q`.
    ///
    /// It is above `-2^254 > -2 q` and below `2^254`, so it would be one of `0`, `q` and `-q`. Its residue modulo `r` must be
    /// none of those of these.
    pub(super) fn assert_unequal(&mut self, difference: &Integer) {
        let native = difference.sum.native;
        let square = self.limbs.q_native().square();
        let cells = &mut self.cells;
        let factor = cells.chain(constant(-square), &[(native.into(), native.into())]);
        let factor = cells.product(factor, native);
        self.differences = Some(match self.differences {
            Some(product) => cells.product(product, factor),
            None => factor,
        });
    }

    /// Asserts all that was put off. Gives back the cells.
    pub(super) fn finish(mut self) -> Cells<'a> {
        if let Some(product) = self.differences {
            self.cells.not_zero(&product);
        }
        self.cells
    }

    /// An element that the prover gives.
    pub(super) fn element(&mut self, value: &Fq) -> Integer {
        self.limbs.element(&mut self.cells, &integer(value))
    }

    /// Asserts an equation modulo `q`.
    pub(super) fn assert(&mut self, products: &[(&Integer, &Integer)], terms: &[(Factor, &Sum)]) {
        self.limbs.assert(&mut self.cells, &Equation { products, terms, constant: 0 });
    }

    /// `a - b` and `a + b`.
    ///
    /// That x differs would follow from both lines: with equal x, `a.y` were `b.y` and `-b.y`, so zero.
    pub(super) fn sub_and_add(&mut self, a: &Point, b: &Point) -> [Point; 2] {
        let difference = self.limbs.sub(&mut self.cells, &a.x, &b.x);
        self.assert_unequal(&difference);
        [Factor::Minus, Factor::Plus].map(|sign| self.signed_sum(a, sign, b, &difference))
    }

    /// `a + b`.
    pub(super) fn add(&mut self, a: &Point, b: &Point) -> Point {
        let difference = self.limbs.sub(&mut self.cells, &a.x, &b.x);
        self.assert_unequal(&difference);
        self.signed_sum(a, Factor::Plus, b, &difference)
    }

    /// `a + sign b`, where the difference of their x is not zero.
    fn signed_sum(&mut self, a: &Point, sign: Factor, b: &Point, difference: &Integer) -> Point {
        // The line through both: slope (b.x - a.x) = sign b.y - a.y.
        let b_y = if matches!(sign, Factor::Minus) { -b.y.field() } else { b.y.field() };
        let slope = self.element(&((a.y.field() - b_y) * inverse_or_zero(&difference.field())));
        self.assert(&[(&slope, difference)], &[(sign, &b.y.sum), (Factor::Minus, &a.y.sum)]);
        let x = self.element(&(slope.field().square() - a.x.field() - b.x.field()));
        let terms = [(Factor::Plus, &difference.sum), (Factor::MinusTwo, &a.x.sum), (Factor::Minus, &x.sum)];
        self.assert(&[(&slope, &slope)], &terms);
        self.third(a, &slope, x)
    }

    /// The slope of the tangent in a point, and x of the point's double.
    pub(super) fn tangent(&mut self, a: &Point) -> (Integer, Integer) {
        let Self { cells, limbs, .. } = self;
        let twice = limbs.scale(cells, &a.y, 2);
        let minus_thrice = limbs.scale(cells, &a.x, -3);
        let slope = -minus_thrice.field() * a.x.field() * inverse_or_zero(&twice.field());
        let slope = self.element(&slope);
        self.assert(&[(&slope, &twice), (&minus_thrice, &a.x)], &[]);
        let x = self.element(&(slope.field().square() - a.x.field().double()));
        self.assert(&[(&slope, &slope)], &[(Factor::Minus, &x.sum), (Factor::MinusTwo, &a.x.sum)]);
        (slope, x)
    }

    /// The point with `x` whose negative is on the line through `a`: `slope (x - a.x) + a.y + y = 0`.
    fn third(&mut self, a: &Point, slope: &Integer, x: Integer) -> Point {
        let run = self.limbs.sub(&mut self.cells, &x, &a.x);
        let y = self.element(&-(slope.field() * run.field() + a.y.field()));
        self.assert(&[(slope, &run)], &[(Factor::Plus, &a.y.sum), (Factor::Plus, &y.sum)]);
        Point { x, y }
    }

    /// The point in canonical form, in limbs of [`LIMB_BITS`](super::LIMB_BITS) bits: x, then y, the lowest limb first.
    pub(super) fn export(&mut self, point: &Point) -> Vec<Cell> {
        let outer = self.cells.spend_on(Part::Points);
        let Self { cells, limbs, .. } = self;
        let exported = [&point.x, &point.y].map(|coordinate| {
            // The canonical form, which is another element if the coordinate is not.
            let canonical = limbs.element(cells, &integer(&coordinate.field()));
            limbs.assert_canonical(cells, &canonical);
            let terms = [(Factor::Plus, &coordinate.sum), (Factor::Minus, &canonical.sum)];
            limbs.assert(cells, &Equation { products: &[], terms: &terms, constant: 0 });
            limbs.export(cells, &canonical)
        });
        self.cells.spend_on(outer);
        exported.into_iter().flatten().collect()
    }
}

/// The curve's constant.
const CURVE_CONSTANT: i64 = 3;

#[cfg(test)]
mod tests {
    use halo2_proofs::halo2curves::{CurveAffine, ff::PrimeField};

    use super::*;
    use crate::{Fr, last::cells::order};

    #[test]
    fn the_curve_is_the_one_of_the_equation() {
        assert_eq!(G1Affine::b(), Fq::from(CURVE_CONSTANT as u64));
        assert_eq!(G1Affine::a(), Fq::zero());
        // What `assert_unequal` and the canonical form rely on.
        let [q, r] = [order::<Fq>(), order::<Fr>()];
        assert!(q.bits() == 254 && q > r && r.bits() == 254);
        assert_eq!(Fr::NUM_BITS, Fq::NUM_BITS);
    }
}
