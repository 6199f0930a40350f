//! Sums of multiples of points.
//!
//! A number is written by digits that are all one or minus one: it is `d_0 + 2 d_1 + 4 d_2 + ..`, which is odd. Every
//! residue modulo `r` is that of an odd number below `2^254`. Points have order `r`, so which of the numbers with the
//! residue it is makes no difference. Points are taken four at a time, and the sum of four with the signs of one digit is
//! [selected](super::table) and added: all doublings are shared, and a term takes one addition for four digits.
//!
//! In a sum of few terms, the doublings cost the most. There a term is divided into two of half the digits, by the
//! [endomorphism](super::endomorphism).
//!
//! # Exceptions
//!
//! An addition asserts that its points have different x. So that this holds for every honest witness, also where points are
//! equal, the `i`-th point is replaced by `P_i + i R` with a constant point `R`, and a term for `R` takes that back. The sum
//! starts at another constant, which is subtracted at the end. Who knows no relation of these constants to the points
//! meets an exception with negligible probability; and who does meets constraints that do not hold. A sum that is the
//! identity is such an exception.

use halo2_proofs::halo2curves::{CurveExt, bn256::Fq, ff::PrimeField, group::Curve};
use num_bigint::{BigInt, Sign};

use super::{
    cells::{Cell, Filling, Part, constant, inverse_or_zero, order, power, zero},
    endomorphism::{self, ENDOMORPHISM},
    limbs::{BITS, Factor, Integer, Sum},
    point::{Point, Points},
    table::{Signs, Table},
};
use crate::{Fr, G1};

/// How many points a table has: the sums of a table are `2^(CLUMP - 1)`.
const CLUMP: usize = 4;

/// Terms are divided if there are no more than these: then their additional tables cost less than half the doublings.
const DIVIDED: usize = 36;

/// The domain of the constant points.
const DOMAIN: &str = "verbatim-aggregator";

/// A constant point of which no relation to any other is known.
pub(super) fn independent(name: &str) -> G1 {
    G1::hash_to_curve(DOMAIN)(name.as_bytes())
}

/// The sum of terms and of points as they are, of which there is at least one.
pub(super) fn sum(points: &mut Points, terms: &[(Cell, Point)], plain: &[Point]) -> Point {
    let multiples = (!terms.is_empty()).then(|| multiples(points, terms));
    let outer = points.cells.spend_on(Part::Additions);
    let mut all = multiples.into_iter().chain(plain.iter().cloned());
    let first = all.next().expect("a sum has a term");
    let sum = all.fold(first, |sum, point| points.add(&sum, &point));
    points.cells.spend_on(outer);
    sum
}

fn multiples(points: &mut Points, terms: &[(Cell, Point)]) -> Point {
    let terms = if terms.len() > 1 { shifted(points, terms) } else { terms.to_vec() };
    let (digits, clumps) = if terms.len() <= DIVIDED { divided(points, &terms) } else { whole(points, &terms) };
    let outer = points.cells.spend_on(Part::Additions);
    let start = independent("start");
    let first = points.constant(&start.to_affine());
    let mut running = Running::at(&first);
    for digit in (0..digits).rev() {
        if digit + 1 < digits {
            let point = running.point(points);
            running = Running::twice(points, &point);
        }
        for clump in &clumps {
            running = running.plus(points, clump, digit);
        }
    }
    let sum = running.point(points);
    let start = points.constant(&-(start * power(digits - 1)).to_affine());
    let sum = points.add(&sum, &start);
    points.cells.spend_on(outer);
    sum
}

/// The terms with points that are independent of each other, see the module.
fn shifted(points: &mut Points, terms: &[(Cell, Point)]) -> Vec<(Cell, Point)> {
    let outer = points.cells.spend_on(Part::Tables);
    let shift = independent("shift");
    let factor = |index: usize| Fr::from(index as u64 + 1);
    let mut shifted: Vec<(Cell, Point)> = Vec::new();
    for (index, (scalar, point)) in terms.iter().enumerate() {
        let multiple = points.constant(&(shift * factor(index)).to_affine());
        shifted.push((*scalar, points.add(point, &multiple)));
    }
    let factors: Vec<(Filling, Filling)> =
        terms.iter().enumerate().map(|(index, (scalar, _))| ((*scalar).into(), constant(-factor(index)))).collect();
    let taken_back = points.cells.chain(zero(), &factors);
    shifted.push((taken_back, points.constant(&shift.to_affine())));
    points.cells.spend_on(outer);
    shifted
}

/// The clumps of terms, and the number of their digits.
fn whole(points: &mut Points, terms: &[(Cell, Point)]) -> (usize, Vec<Clump>) {
    let numbers: Vec<_> = terms.iter().map(|(scalar, point)| (odd(scalar.value()), point.clone())).collect();
    let (clumps, sums) = clumps(points, &numbers, BITS);
    for ((scalar, _), sum) in terms.iter().zip(&sums) {
        points.cells.equal(sum, scalar);
    }
    (BITS, clumps)
}

/// As [`whole`], with each term divided into two.
fn divided(points: &mut Points, terms: &[(Cell, Point)]) -> (usize, Vec<Clump>) {
    let outer = points.cells.spend_on(Part::Tables);
    let beta = points.limbs.constant(&mut points.cells, &ENDOMORPHISM.beta);
    let mut numbers = Vec::new();
    for (scalar, point) in terms {
        let x = points.element(&(point.x.field() * ENDOMORPHISM.beta));
        points.assert(&[(&beta, &point.x)], &[(Factor::Minus, &x.sum)]);
        let image = Point { x, y: point.y.clone() };
        numbers.extend(ENDOMORPHISM.divide(scalar.value()).into_iter().zip([point.clone(), image]));
    }
    let (clumps, sums) = clumps(points, &numbers, endomorphism::BITS);
    for ((scalar, _), parts) in terms.iter().zip(sums.chunks(2)) {
        let sum = points.cells.chain(parts[0], &[(parts[1].into(), constant(ENDOMORPHISM.lambda))]);
        points.cells.equal(&sum, scalar);
    }
    points.cells.spend_on(outer);
    (endomorphism::BITS, clumps)
}

/// The odd number of less than 254 bits, beside the sign, that a scalar is.
fn odd(scalar: &Fr) -> BigInt {
    let value = BigInt::from_bytes_le(Sign::Plus, scalar.to_repr().as_ref());
    if value.bit(0) { value } else { value - BigInt::from(order::<Fr>()) }
}

/// The clumps of odd numbers with points, and a cell with each number.
fn clumps(points: &mut Points, numbers: &[(BigInt, Point)], digits: usize) -> (Vec<Clump>, Vec<Cell>) {
    let (clumps, sums): (Vec<_>, Vec<_>) =
        numbers.chunks(CLUMP).map(|numbers| Clump::new(points, numbers, digits)).unzip();
    (clumps, sums.concat())
}

/// A few terms: their table, and their digits.
#[derive(Debug)]
struct Clump {
    table: Table,
    digits: Vec<Digit>,
}

/// A digit of each number of a clump.
#[derive(Debug)]
struct Digit {
    /// The first number's.
    first: Cell,
    /// The others', times the first one's.
    others: Signs,
}

impl Clump {
    /// The clump of odd numbers of so many digits, and cells with what the digits make.
    fn new(points: &mut Points, numbers: &[(BigInt, Point)], digits: usize) -> (Self, Vec<Cell>) {
        let outer = points.cells.spend_on(Part::Tables);
        let (numbers, of): (Vec<BigInt>, Vec<Point>) = numbers.iter().cloned().unzip();
        let table = Table::new(points, &of);
        let cells = &mut points.cells;
        cells.spend_on(Part::Digits);
        // Bit i is set where digit i is one.
        let bits: Vec<BigInt> = numbers.iter().map(|number| (number + (BigInt::from(1) << digits) - 1) >> 1).collect();
        let mut sums: Vec<Vec<(Filling, Filling)>> = vec![Vec::new(); numbers.len()];
        let digits = (0..digits)
            .map(|digit| {
                let negative: Vec<bool> = bits.iter().map(|bits| !bits.bit(digit as u64)).collect();
                let first = cells.sign(negative[0]);
                sums[0].push((first.into(), constant(power(digit))));
                let weighed = (numbers.len() > 1).then(|| cells.product(first, constant(power(digit))));
                let mut others = Vec::new();
                for (other, sum) in negative.iter().zip(&mut sums).skip(1) {
                    let relative = cells.sign(*other != negative[0]);
                    sum.extend(weighed.map(|weighed| (weighed.into(), relative.into())));
                    others.push(relative);
                }
                Digit { first, others: Signs::new(cells, &others) }
            })
            .collect();
        let sums = sums.iter().map(|sum| cells.chain(zero(), sum)).collect();
        cells.spend_on(outer);
        (Self { table, digits }, sums)
    }
}

/// A sum on its way, whose y has no cells: `-y` is `slope * run` and a term, or the term alone.
struct Running {
    x: Integer,
    /// The line that led to the point: its slope, and the difference of x from one of its points to this one.
    line: Option<(Integer, Integer)>,
    /// With the line, y of that point; without, `-y` of this one.
    term: (Factor, Sum),
    y: Fq,
}

impl Running {
    fn at(point: &Point) -> Self {
        let term = (Factor::Minus, point.y.sum.clone());
        Self { x: point.x.clone(), line: None, term, y: point.y.field() }
    }

    /// The double of a point.
    fn twice(points: &mut Points, point: &Point) -> Self {
        let (slope, x) = points.tangent(point);
        let run = points.limbs.sub(&mut points.cells, &x, &point.x);
        let y = -(slope.field() * run.field() + point.y.field());
        Self { x, line: Some((slope, run)), term: (Factor::Plus, point.y.sum.clone()), y }
    }

    /// `-y`, as the products and terms of an equation.
    fn minus_y(&self) -> (Vec<(&Integer, &Integer)>, (Factor, &Sum)) {
        let products = self.line.iter().map(|(slope, run)| (slope, run)).collect();
        (products, (self.term.0, &self.term.1))
    }

    /// The point.
    fn point(self, points: &mut Points) -> Point {
        let y = points.element(&self.y);
        let (products, term) = self.minus_y();
        points.assert(&products, &[(Factor::Plus, &y.sum), term]);
        Point { x: self.x, y }
    }

    /// The sum with what a digit selects of a clump.
    fn plus(self, points: &mut Points, clump: &Clump, digit: usize) -> Self {
        let outer = points.cells.spend_on(Part::Digits);
        let Digit { first, others } = &clump.digits[digit];
        let (difference, y) = clump.table.select(points, others, &self.x);
        points.cells.spend_on(outer);
        points.assert_unequal(&difference);
        let selected = clump.table.sum(others.index);
        let signed = if *first.value() == Fr::one() { y.field() } else { -y.field() };

        // slope (selected.x - x) = selected.y - y
        let slope = points.element(&((self.y - signed) * inverse_or_zero(&difference.field())));
        let (mut products, term) = self.minus_y();
        products.push((&slope, &difference));
        points.assert(&products, &[(Factor::Sign(*first), &y), term]);

        // x' = slope^2 - x - selected.x
        let x = points.element(&(slope.field().square() - self.x.field() - selected.x.field()));
        let terms = [(Factor::Plus, &difference.sum), (Factor::MinusTwo, &self.x.sum), (Factor::Minus, &x.sum)];
        points.assert(&[(&slope, &slope)], &terms);

        let run = points.limbs.third_difference(&mut points.cells, &x, &self.x, &difference);
        let y_value = -(slope.field() * run.field() + signed);
        Self { x, line: Some((slope, run)), term: (Factor::Sign(*first), y), y: y_value }
    }
}
