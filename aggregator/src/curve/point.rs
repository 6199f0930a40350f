//! Points of the curve in their one form.
//!
//! Four rows **prove** that `(x, y)` is a point of the curve `y^2 = x^3 + 3`, with both coordinates below `q`, and provide the
//! point with its coordinates modulo `r`. The whole curve is the group: its cofactor is one. The identity has no affine
//! coordinates, and `(0, 0)`, which often stands for it, is not on the curve.
//!
//! Each coordinate stands in sixteen cells of 16 bits. With `q - 1 = 2^128 u + l`, a coordinate `2^128 h + m` is at most `q - 1`
//! if `h < u`, or if `h <= u` and `m <= l`. Which of the two is shown is a flag, `tight`:
//!
//! ```text
//! u - 1 + tight - h        and        the sum of tight (l - m) over both coordinates
//! ```
//!
//! are ranged to 128 bits by eight cells each, and one flag at most is set, so that the sum is one difference. So a point
//! both of whose coordinates are at least `2^128 u` cannot be shown; there are about two of them, by the size of the
//! curve, and nobody will meet one.
//!
//! With `s` for the square of x, below 2^254 by its cells, modulo `q` by `field`:
//!
//! ```text
//! x x = s          s x + 3 = y y
//! ```
//!
//! What is not a multiple of `q` there: `x x` and `y y` are below `q^2`, `s x` is below `2^254 q`; the difference of the
//! two is less than `2^508` in magnitude.
//!
//! # Room
//!
//! Of the plain columns, 15 cells are free, for whoever makes the window do more: columns 0, 2, 3 and 6 of row 1, all of row 2,
//! and the last four of row 3; and three of the checked cells in row 3. The point stands where a
//! [`Term`](crate::bus::Term) has it, and the free cells are those of a term's numbers.
//!
//! | label | degree | meaning |
//! |---|---|---|
//! | x, y: tight is boolean | 2 | |
//! | x, y: upper half | 1 | of `q - 1`, less the coordinate's, less one where not tight |
//! | lower half | 2 | of `q - 1`, less that of the tight coordinate |
//! | one tight coordinate | 2 | at most |
//! | curve point: point, x, y | 1 | the limbs, and their residues modulo r |
//! | square: below 2^254 | 1 | four times the highest cell has 16 bits |
//! | square, curve: low half, high half, modulo r | 2 | the equations |

use halo2_proofs::halo2curves::bn256::G1Affine;
use ruint::aliases::U256;
use verbatim_gadgets::chip::ChipBuilder;
use verbatim_gadgets::expr::Expr;
use verbatim_gadgets::grid::WindowWriter;
use verbatim_gadgets::machine::Chip;
use verbatim_gadgets::value::{Any, Bool};

use super::affine::{Affine, integer};
use super::field::{Given, LIMBS16, Number, Relation, Supply, order, product, quotient};
use super::layout::{Layout, ROOM};
use crate::bus::CurvePoint;

/// The row of the multiplicity and the flags.
const FLAGS: i16 = 3;

/// Cells of 16 bits in half a number.
const HALF16: usize = LIMBS16 / 2;

/// The chip.
#[derive(Debug)]
pub struct Point {
    coordinates: [Given; 2],
    tight: [Bool; 2],
    square: Given,
    quotients: [Given; 2],
}

impl Point {
    fn equations(&self, chip: &mut ChipBuilder<'_>, supply: &mut Supply) {
        let [x, y] = [self.coordinates[0].number(), self.coordinates[1].number()];
        let square = self.square.number();
        let linear = Number::constant(U256::from(3));
        let relations = [
            ("square", Relation { products: vec![(x.clone(), x.clone())], linear: -&square }),
            ("curve", Relation { products: vec![(square, x), (-&y, y)], linear }),
        ];
        for ((label, relation), quotient) in relations.iter().zip(&self.quotients) {
            relation.require(chip, label, quotient, supply);
        }
    }
}

/// Half of a number: 0 for the lower.
fn half(number: &Number, i: usize) -> Expr {
    &number.0[2 * i] + &number.0[2 * i + 1] * Expr::power_of_two(64)
}

/// Requires that two numbers below 2^256 are less than `q`. Answers the flags that say how it is shown.
fn require_below_order(chip: &mut ChipBuilder<'_>, [x, y]: [&Number; 2], supply: &mut Supply) -> [Bool; 2] {
    let most = Number::constant(order() - U256::from(1));
    let tight = ["x", "y"].map(|label| chip.bool(&format!("{label}: tight"), FLAGS));
    for ((label, number), tight) in [("x", x), ("y", y)].into_iter().zip(&tight) {
        let upper = half(&most, 1) - tight.not() - half(number, 1);
        chip.require_limbs16(&format!("{label}: upper half"), &supply.rows::<HALF16>(), upper);
    }
    let lower = |tight: &Bool, number: &Number| tight * (half(&most, 0) - half(number, 0));
    let lower = lower(&tight[0], x) + lower(&tight[1], y);
    chip.require_limbs16("lower half", &supply.rows::<HALF16>(), lower);
    chip.require_zero("one tight coordinate", &tight[0] * &tight[1]);
    tight
}

/// Whether a number's upper half is that of `q - 1`.
fn is_tight(number: U256) -> bool {
    number >> (16 * HALF16) == (order() - U256::from(1)) >> (16 * HALF16)
}

impl Chip for Point {
    type Layout = Layout;
    type Event = G1Affine;
    const NAME: &'static str = "point";
    const HEIGHT: usize = 4;

    fn build(chip: &mut ChipBuilder<'_>, layout: &Layout) -> Self {
        let multiplicity = chip.multiplicity(FLAGS);
        let _ = chip.peek(&layout.curve_point, 0);
        let mut supply = Supply::new([ROOM; 4]);
        let coordinates = [(); 2].map(|()| Given::new(chip, &mut supply));
        let [x, y] = [coordinates[0].number(), coordinates[1].number()];
        let mut limbs = x.0.iter().chain(&y.0).cloned();
        let point = Affine::assume(std::array::from_fn(|_| limbs.next().expect("eight")), "four cells of 16 bits");
        let [x_mod_r, y_mod_r] = [&x, &y].map(|number| Any::assume(number.native(), "any field element"));
        chip.provide(&layout.curve_point, 0, multiplicity, &CurvePoint { x: x_mod_r, y: y_mod_r, point });
        let tight = require_below_order(chip, [&x, &y], &mut supply);
        let square = Given::new(chip, &mut supply);
        square.require_below_254_bits(chip, "square", &mut supply);
        let quotients = [(); 2].map(|()| Given::new(chip, &mut supply));
        let this = Self { coordinates, tight, square, quotients };
        this.equations(chip, &mut supply);
        this
    }

    fn fill(&self, event: &G1Affine, row: &mut WindowWriter<'_>) {
        let [x, y, square] = [event.x, event.y, event.x.square()].map(|element| integer(&element));
        self.coordinates[0].set(row, x);
        self.coordinates[1].set(row, y);
        self.square.set(row, square);
        for (tight, value) in self.tight.iter().zip([x, y]) {
            row.set(tight, is_tight(value));
        }
        let one = U256::from(1);
        let quotients = [
            quotient(product(x, x), product(square, one)),
            quotient(product(square, x) + product(one, U256::from(3)), product(y, y)),
        ];
        self.quotients.iter().zip(quotients).for_each(|(cells, quotient)| cells.set(row, quotient));
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::sync::Arc;

    use halo2_proofs::arithmetic::Field;
    use halo2_proofs::halo2curves::bn256::Fq;
    use verbatim_gadgets::expr::F;
    use verbatim_gadgets::grid::Grid;
    use verbatim_gadgets::machine::ChipSet;

    use super::*;
    use crate::curve::testing::{Asker, assert_audited, cell, chips, failures, grid, random_terms};
    use crate::curve::{CurveChips, CurveEvent};

    /// The point with the greatest x below `q`.
    fn point_of_high_x() -> G1Affine {
        let points = (1..).map(|i| -Fq::from(i)).map(|x| (x, Option::<Fq>::from((x.cube() + Fq::from(3)).sqrt())));
        let (x, y) = points.filter_map(|(x, y)| Some((x, y?))).next().expect("every other x has a y");
        G1Affine { x, y }
    }

    /// The generator has low coordinates, its negative a tight y.
    fn samples() -> Vec<CurveEvent> {
        let random = random_terms(1, 2).into_iter().map(|(_, point)| point);
        let tight = [-G1Affine::generator(), point_of_high_x()];
        assert!(is_tight(integer(&tight[0].y)) && is_tight(integer(&tight[1].x)));
        [G1Affine::generator()].into_iter().chain(tight).chain(random).map(CurveEvent::Point).collect()
    }

    #[test]
    fn every_label_refuses() {
        assert_audited(samples());
    }

    #[test]
    fn points_are_provided() {
        let mut asker = Asker::default();
        for (_, point) in random_terms(2, 3) {
            asker.point(point);
            asker.point(point);
        }
        let case = asker.case(9);
        assert_eq!(case.rows("point").len(), 3);
        case.assert_holds();
    }

    #[test]
    fn a_point_beside_the_curve_is_refused() {
        let origin = G1Affine { x: Fq::ZERO, y: Fq::ZERO };
        for point in [origin, G1Affine { x: Fq::ONE, y: Fq::from(3) }] {
            let found = failures(&grid([CurveEvent::Point(point)]));
            assert!(found.contains("curve: modulo r") && found.iter().all(|label| label.starts_with("curve: ")));
        }
    }

    /// The generator with `q` added to a coordinate: only the comparison with the order speaks against it, in either way.
    #[test]
    fn another_form_of_a_point_is_refused() {
        let point = G1Affine::generator();
        for (coordinate, tight) in [(0, false), (0, true), (1, false), (1, true)] {
            let (circuit, chips) = CurveChips::build();
            let circuit = Arc::new(circuit);
            let fixed = Arc::new(circuit.fixed_values(9));
            let mut grid = Grid::new(circuit, 9, fixed);
            let fill = |row: &mut WindowWriter<'_>| {
                let chip = &chips.Point;
                chip.fill(&point, row);
                let (one, mut numbers) = (U256::from(1), [point.x, point.y].map(|element| integer(&element)));
                numbers[coordinate] += order();
                let ([x, y], square) = (numbers, integer(&point.x.square()));
                chip.coordinates[coordinate].set(row, numbers[coordinate]);
                row.set(&chip.tight[coordinate], tight);
                chip.quotients[0].set(row, quotient(product(x, x), product(square, one)));
                let cube = product(square, x) + product(one, U256::from(3));
                chip.quotients[1].set(row, quotient(cube, product(y, y)));
            };
            grid.place(3, 0, fill).expect("it fits");
            let label = if tight { "lower half" } else { ["x: upper half", "y: upper half"][coordinate] };
            assert_eq!(failures(&grid), BTreeSet::from([label.to_owned()]));
        }
    }

    /// Two tight coordinates could make up for each other.
    #[test]
    fn two_tight_coordinates_are_refused() {
        let mut case = Asker::default();
        case.point(G1Affine::generator());
        let mut case = case.case(9);
        let row = case.rows("point")[0];
        for tight in &chips().Point.tight {
            case.grid.write(cell(tight), row, F::ONE);
        }
        assert!(case.objections(&case.grid).contains("point: one tight coordinate"));
    }
}
