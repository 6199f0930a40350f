//! Tables of sums of a few points with signs, and the selection from them.
//!
//! A table of points `P_0 .. P_n` has the sums `P_0 + f_1 P_1 + .. + f_n P_n` for all signs `f`. A limb of the selected
//! sum is a polynomial in the signs, of degree one in each: one gate for each product of signs.

use super::{
    cells::{Cell, Cells, Filling, constant, inverse_or_zero, zero},
    limbs::Integer,
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
    /// Likewise of y, not negated.
    y: Vec<[Cell; 3]>,
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
        let mut coefficients = |coordinate: fn(&Point) -> &Integer, scale: Fr| {
            let scale = scale * inverse_or_zero(&Fr::from(sums.len() as u64));
            let limb = |set: usize, limb: usize, cells: &mut Cells| {
                let terms: Vec<(Filling, Filling)> = sums
                    .iter()
                    .enumerate()
                    .map(|(index, sum)| {
                        let odd = (set & index).count_ones() % 2 == 1;
                        (coordinate(sum).limbs[limb].into(), constant(if odd { -scale } else { scale }))
                    })
                    .collect();
                cells.chain(zero(), &terms)
            };
            (0..sums.len()).map(|set| [0, 1, 2].map(|i| limb(set, i, &mut points.cells))).collect()
        };
        let minus_x = coefficients(|sum| &sum.x, -Fr::one());
        let y = coefficients(|sum| &sum.y, Fr::one());
        Self { sums, minus_x, y }
    }

    /// `from - x` for the selected sum, and its y.
    pub(super) fn select(&self, points: &mut Points, signs: &Signs, from: &Integer) -> (Integer, Integer) {
        let Points { cells, limbs, .. } = points;
        let sum = &self.sums[signs.index];
        let terms = |of: &[[Cell; 3]], limb: usize| -> Vec<(Filling, Filling)> {
            let products = signs.products.iter().zip(&of[1..]);
            products.map(|(product, coefficient)| (coefficient[limb].into(), (*product).into())).collect()
        };
        let difference = [0, 1, 2].map(|limb| {
            let mut terms = terms(&self.minus_x, limb);
            terms.push((self.minus_x[0][limb].into(), constant(Fr::one())));
            cells.chain(from.limbs[limb], &terms)
        });
        let y = [0, 1, 2].map(|limb| cells.chain(self.y[0][limb], &terms(&self.y, limb)));
        let difference = limbs.difference_of(cells, difference, &from.value - &sum.x.value);
        (difference, limbs.difference_of(cells, y, sum.y.value.clone()))
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
