//! Tables of sums of a few points with signs, and the selection from them.
//!
//! A table of points `P_0 .. P_n` has the sums `P_0 + f_1 P_1 + .. + f_n P_n` for all signs `f`. A limb of the selected
//! sum is a polynomial in the signs, of degree one in each: one gate for each product of signs.

use super::{
    cells::{Cell, Cells, Filling, constant, inverse_or_zero, one, zero},
    limbs::{Integer, Sum},
    point::{Point, Points},
};
use crate::Fr;

/// A table.
#[derive(Debug)]
pub(super) struct Table {
    /// The sums. Bit `i` of the index is set where `f_(i + 1)` is minus one.
    sums: Vec<Point>,
    /// For each set of signs the coefficients of their product, negated, in the limbs of x.
    minus_x: Vec<[Cell; 3]>,
    /// Likewise of y in two halves, not negated.
    y: Vec<[Cell; 2]>,
}

/// The signs with which a sum is selected.
#[derive(Clone, Debug)]
pub(super) struct Signs {
    /// The index of the sum.
    pub(super) index: usize,
    /// The products of the signs of each set, but the empty one.
    products: Vec<Cell>,
}

impl Signs {
    /// The products of signs, which are cells that are one or minus one.
    pub(super) fn new(cells: &mut Cells, signs: &[Cell]) -> Self {
        let index = signs.iter().enumerate().map(|(i, sign)| usize::from(*sign.value() != Fr::one()) << i).sum();
        let mut products: Vec<Cell> = Vec::new();
        for set in 1..1usize << signs.len() {
            let (sign, rest) = (signs[set.trailing_zeros() as usize], set & (set - 1));
            products.push(if rest == 0 { sign } else { cells.product(products[rest - 1], sign) });
        }
        Self { index, products }
    }
}

impl Table {
    /// The table of at least one point.
    pub(super) fn new(points: &mut Points, of: &[Point]) -> Self {
        let sums = sums(points, of);
        let scale = inverse_or_zero(&Fr::from(sums.len() as u64));
        let cells = &mut points.cells;
        let mut coefficient = |set: usize, scale: Fr, cell: &dyn Fn(&Point) -> Cell| {
            let odd = |index: usize| (set & index).count_ones() % 2 == 1;
            let sign = |index: usize| constant(if odd(index) { -scale } else { scale });
            let terms: Vec<(Filling, Filling)> =
                sums.iter().enumerate().map(|(index, sum)| (cell(sum).into(), sign(index))).collect();
            cells.chain(zero(), &terms)
        };
        let sets = 0..sums.len();
        let minus_x = sets
            .clone()
            .map(|set| [0, 1, 2].map(|limb| coefficient(set, -scale, &|sum: &Point| sum.x.limbs()[limb])))
            .collect();
        let y = sets.map(|set| [0, 1].map(|half| coefficient(set, scale, &|sum: &Point| sum.y.sum.halves()[half])));
        let y = y.collect();
        Self { sums, minus_x, y }
    }

    /// `from - x` for the selected sum, and its y.
    pub(super) fn select(&self, points: &mut Points, signs: &Signs, from: &Integer) -> (Integer, Sum) {
        let Points { cells, limbs, .. } = points;
        let sum = &self.sums[signs.index];
        let chain = |cells: &mut Cells, start: Cell, coefficients: Vec<Cell>, and: Option<Cell>| {
            let products = signs.products.iter().zip(&coefficients);
            let mut terms: Vec<(Filling, Filling)> =
                products.map(|(product, coefficient)| ((*coefficient).into(), (*product).into())).collect();
            terms.extend(and.map(|and| (and.into(), one())));
            cells.chain(start, &terms)
        };
        let (minus_x, y) = (&self.minus_x, &self.y);
        let rest_of_x = |limb: usize| minus_x[1..].iter().map(|coefficients| coefficients[limb]).collect();
        let rest_of_y = |half: usize| y[1..].iter().map(|coefficients| coefficients[half]).collect();
        let difference =
            [0, 1, 2].map(|limb| chain(cells, from.limbs()[limb], rest_of_x(limb), Some(minus_x[0][limb])));
        let y = [0, 1].map(|half| chain(cells, y[0][half], rest_of_y(half), None));
        let difference = limbs.difference_of(cells, difference, &from.sum.value - &sum.x.sum.value);
        (difference, limbs.element_of(cells, y, sum.y.sum.value.clone()))
    }

    /// A sum.
    pub(super) fn sum(&self, index: usize) -> &Point {
        &self.sums[index]
    }
}

/// The sums of a table.
fn sums(points: &mut Points, of: &[Point]) -> Vec<Point> {
    if of.len() == 1 {
        return of.to_vec();
    }
    let (left, right) = of.split_at(of.len() / 2);
    let bits = left.len() - 1;
    let (left, right) = (sums(points, left), sums(points, right));
    let mut all = vec![None; 2 * left.len() * right.len()];
    for (i, a) in left.iter().enumerate() {
        for (j, b) in right.iter().enumerate() {
            // The signs of the right half are relative to its first point.
            let [minus, plus] = points.sub_and_add(a, b);
            all[i | j << (bits + 1)] = Some(plus);
            all[i | 1 << bits | (right.len() - 1 - j) << (bits + 1)] = Some(minus);
        }
    }
    all.into_iter().flatten().collect()
}
