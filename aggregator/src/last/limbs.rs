//! Integers in limbs, and equations modulo the order `q` of the curve's base field.
//!
//! An integer is `l_0 + l_1 X + l_2 X^2` with `X = 2^b`, where `b >= 88` ([`LIMB_BITS`]) is a multiple of the lookup's bits. An *element*
//! has limbs of `b`, `b` and `254 - 2 b` bits: it is from 0 to `2^254 - 1`, and is not canonical unless that is said. What
//! is added up of elements has limbs of both signs; its *weight* says how many elements it is made of: the integer is below
//! `weight 2^254`, and its limbs are below `weight` times the bounds of an element's.
//!
//! # Why an equation holds
//!
//! For an equation `E = sum of a b + sum of c = 0` modulo `q`, the prover gives the quotient `m = E / q`. What the weights
//! allow is `|E| < 2^511`, see [`MOST_WEIGHT`], so a quotient below `2^258` is enough; greater ones are allowed as far as
//! `|E - m q| < X^3 r / 2`, with `X^3 >= 2^264`. The equation `E = m q` is asserted modulo the order `r > 2^253` of the
//! cells' field, and modulo `X^3`, limb by limb with carries. Both moduli have no common divisor, so it holds for integers.
//!
//! The carries are in range, and all that is added up in a limb is below `2^240`, so no sum of a limb wraps around.

use halo2_proofs::halo2curves::{bn256::Fq, ff::PrimeField};
use num_bigint::{BigInt, Sign};

use super::{
    accumulator::{LIMB_BITS, LIMBS},
    cells::{Cell, Cells, Filling, constant, element, lift, one, order, power, zero},
};
use crate::Fr;

/// The bits of an element.
pub(super) const BITS: usize = 254;

/// The bits of a quotient, with its sign.
const QUOTIENT_BITS: usize = 259;

/// What the products of an equation may weigh in all, each by the product of its factors' weights. Its other terms may
/// weigh as much.
///
/// With 6, the terms of a limb are below `(3 * 6 + 3 + 1) 2^(2 b)` in all, with those of `m q` and the carry, also where
/// there are two limbs in one cell; so a carry is below `2^(b + 5)`.
const MOST_WEIGHT: u32 = 6;

/// The bits of a carry, with its sign, beyond those of a limb.
const CARRY: usize = 6;

/// An integer whose two low limbs are in one cell, which is enough for what is not multiplied.
#[derive(Clone, Debug)]
pub(super) struct Sum {
    /// `l_0 + l_1 X`.
    low: Cell,
    /// `l_2`.
    high: Cell,
    /// The integer modulo the order of the cells' field.
    pub(super) native: Cell,
    /// The integer.
    pub(super) value: BigInt,
    weight: u32,
}

/// An integer in limbs.
#[derive(Clone, Debug)]
pub(super) struct Integer {
    /// The two low limbs, lowest first.
    limbs: [Cell; 2],
    /// The integer.
    pub(super) sum: Sum,
}

impl Sum {
    /// The element of the base field that the integer is.
    pub(super) fn field(&self) -> Fq {
        field(&self.value)
    }

    /// What selects it: the low limbs together, and the high one.
    pub(super) fn halves(&self) -> [Cell; 2] {
        [self.low, self.high]
    }
}

impl Integer {
    /// The element of the base field that the integer is.
    pub(super) fn field(&self) -> Fq {
        self.sum.field()
    }

    /// The limbs, lowest first.
    pub(super) fn limbs(&self) -> [Cell; 3] {
        [self.limbs[0], self.limbs[1], self.sum.high]
    }
}

/// What a term of an equation is multiplied by.
#[derive(Clone, Copy, Debug)]
pub(super) enum Factor {
    /// One.
    Plus,
    /// Minus one.
    Minus,
    /// Minus two.
    MinusTwo,
    /// A cell that is one or minus one.
    Sign(Cell),
}

impl Factor {
    fn filling(&self) -> Filling {
        match self {
            Self::Plus => constant(Fr::one()),
            Self::Minus => constant(-Fr::one()),
            Self::MinusTwo => constant(-Fr::from(2)),
            Self::Sign(cell) => (*cell).into(),
        }
    }

    fn value(&self) -> BigInt {
        lift(self.filling().value())
    }

    fn weight(&self) -> u32 {
        if matches!(self, Self::MinusTwo) { 2 } else { 1 }
    }
}

/// An equation modulo `q`: the products, the other terms and the constant add up to zero.
#[derive(Debug, Default)]
pub(super) struct Equation<'a> {
    /// Pairs of integers that are multiplied.
    pub(super) products: &'a [(&'a Integer, &'a Integer)],
    /// Integers, each with a factor.
    pub(super) terms: &'a [(Factor, &'a Sum)],
    /// The constant.
    pub(super) constant: i64,
}

/// How integers are cut into limbs.
#[derive(Clone, Debug)]
pub(super) struct Limbs {
    bits: usize,
    q: BigInt,
    q_limbs: [Fr; 3],
    q_native: Fr,
}

impl Limbs {
    /// The least and the most bits of a lookup with which limbs can be made.
    pub(super) const LOOKUP_BITS: std::ops::RangeInclusive<usize> = 8..=23;

    /// The limbs for lookups of so many bits, which are [`Limbs::LOOKUP_BITS`].
    pub(super) fn new(lookup_bits: usize) -> Self {
        let bits = LIMB_BITS.next_multiple_of(lookup_bits);
        let q = BigInt::from(order::<Fq>());
        Self { bits, q_limbs: cut(&q, bits).map(|limb| element(&limb)), q_native: element(&q), q }
    }

    /// `q` modulo the order of the cells' field.
    pub(super) fn q_native(&self) -> Fr {
        self.q_native
    }

    /// An element that is known.
    pub(super) fn constant(&self, cells: &mut Cells, value: &Fq) -> Integer {
        let value = integer(value);
        let [low, middle, high] = cut(&value, self.bits).map(|limb| cells.constant(element(&limb)));
        self.integer(cells, [low, middle, high], value, 1)
    }

    /// An element that the prover gives.
    pub(super) fn element(&self, cells: &mut Cells, value: &BigInt) -> Integer {
        #[cfg(test)]
        let value = &super::cells::tamper::element(value);
        let [low, middle, high] = cut(value, self.bits);
        let limbs = [
            cells.number(&low, self.bits, false),
            cells.number(&middle, self.bits, false),
            cells.number(&high, BITS - 2 * self.bits, false),
        ];
        self.integer(cells, limbs, value.clone(), 1)
    }

    /// The integer of limbs that are known to be those of a difference of two elements.
    pub(super) fn difference_of(&self, cells: &mut Cells, limbs: [Cell; 3], value: BigInt) -> Integer {
        self.integer(cells, limbs, value, 1)
    }

    /// The sum of halves that are known to be those of an element.
    pub(super) fn element_of(&self, cells: &mut Cells, [low, high]: [Cell; 2], value: BigInt) -> Sum {
        let native = cells.chain(low, &[(high.into(), constant(power(2 * self.bits)))]);
        Sum { low, high, native, value, weight: 1 }
    }

    fn integer(&self, cells: &mut Cells, limbs: [Cell; 3], value: BigInt, weight: u32) -> Integer {
        let weighed = |index: usize| (limbs[index].into(), constant(power(index * self.bits)));
        let (low, native) = cells.chain_with_first(limbs[0], &[weighed(1), weighed(2)]);
        let [first, second, high] = limbs;
        Integer { limbs: [first, second], sum: Sum { low, high, native, value, weight } }
    }

    /// `a - b` for elements.
    pub(super) fn sub(&self, cells: &mut Cells, a: &Integer, b: &Integer) -> Integer {
        let minus = constant(-Fr::one());
        let (left, right) = (a.limbs(), b.limbs());
        let limbs = [0, 1, 2].map(|i| cells.chain(left[i], &[(right[i].into(), minus)]));
        self.integer(cells, limbs, &a.sum.value - &b.sum.value, 1)
    }

    /// `a - b + c` for elements `a`, `b` and a difference `c = b - d` of elements: the difference `a - d`.
    pub(super) fn third_difference(&self, cells: &mut Cells, a: &Integer, b: &Integer, c: &Integer) -> Integer {
        let [minus, plus] = [constant(-Fr::one()), one()];
        let (x, y, z) = (a.limbs(), b.limbs(), c.limbs());
        let limbs = [0, 1, 2].map(|i| cells.chain(x[i], &[(y[i].into(), minus), (z[i].into(), plus)]));
        self.integer(cells, limbs, &a.sum.value - &b.sum.value + &c.sum.value, 1)
    }

    /// `factor a`.
    pub(super) fn scale(&self, cells: &mut Cells, a: &Integer, factor: i32) -> Integer {
        let scalar = constant(element(&BigInt::from(factor)));
        let limbs = a.limbs().map(|limb| cells.product(limb, scalar));
        self.integer(cells, limbs, &a.sum.value * factor, a.sum.weight * factor.unsigned_abs())
    }

    /// Asserts an equation.
    pub(super) fn assert(&self, cells: &mut Cells, equation: &Equation<'_>) {
        let Equation { products, terms, constant: known } = equation;
        let weight: u32 = products.iter().map(|(a, b)| a.sum.weight * b.sum.weight).sum();
        let others: u32 = terms.iter().map(|(factor, a)| factor.weight() * a.weight).sum();
        assert!(weight <= MOST_WEIGHT && others <= MOST_WEIGHT, "an equation is within its bounds");
        let value = products.iter().fold(BigInt::from(*known), |sum, (a, b)| sum + &a.sum.value * &b.sum.value);
        let value = terms.iter().fold(value, |sum, (factor, a)| sum + factor.value() * &a.value);
        let quotient = Quotient::new(self, cells, &(value / &self.q));

        let mut carry = None;
        for limb in 0..3 {
            let mut sum: Vec<(Filling, Filling)> = Vec::new();
            for low in 0..=limb {
                let high = limb - low;
                sum.extend(products.iter().map(|(a, b)| (a.limbs()[low].into(), b.limbs()[high].into())));
                sum.push((quotient.limbs[low].into(), constant(-self.q_limbs[high])));
            }
            // What moves to the other side: constants, which cost nothing there.
            let known = if limb == 0 { element(&BigInt::from(*known)) } else { Fr::zero() };
            let known = if limb == 2 { known + quotient.offset * self.q_limbs[0] } else { known };
            let half = (limb != 1).then_some(usize::from(limb == 2));
            let terms = terms.iter().filter_map(|(factor, a)| Some((factor, a.halves()[half?]))).collect();
            carry = Some(self.carry(cells, carry, terms, sum, known));
        }

        let weights = [0, 1, 2].map(|limb| self.q_native * power(limb * self.bits));
        let mut sum: Vec<(Filling, Filling)> =
            products.iter().map(|(a, b)| (a.sum.native.into(), b.sum.native.into())).collect();
        sum.extend(quotient.limbs.iter().zip(weights).map(|(limb, weight)| ((*limb).into(), constant(-weight))));
        let terms = terms.iter().map(|(factor, a)| (factor, a.native)).collect();
        let start = start(terms, &mut sum);
        let known = element(&BigInt::from(*known)) + quotient.offset * weights[2];
        cells.chain_to(start, &sum, Some(-known));
    }

    /// Asserts that `before + terms + sum + known` is divisible by `X`, where `before` is the carry before. Gives the
    /// quotient, with an offset that makes it positive.
    fn carry(
        &self,
        cells: &mut Cells,
        before: Option<Cell>,
        terms: Vec<(&Factor, Cell)>,
        mut sum: Vec<(Filling, Filling)>,
        known: Fr,
    ) -> Cell {
        let bits = (self.bits + CARRY).next_multiple_of(cells.lookup_bits());
        let offset: BigInt = BigInt::from(1) << (bits - 1);
        let known = if before.is_some() { known - element(&offset) } else { known };
        let start = match before {
            Some(before) => {
                sum.extend(terms.into_iter().map(|(factor, cell)| (factor.filling(), cell.into())));
                before.into()
            }
            None => start(terms, &mut sum),
        };
        let total = sum.iter().fold(known + start.value(), |total, (b, c)| total + b.value() * c.value());
        let carry = cells.number(&((lift(&total) >> self.bits) + &offset), bits, false);
        sum.push((carry.into(), constant(-power(self.bits))));
        cells.chain_to(start, &sum, Some(-known - element(&offset) * power(self.bits)));
        carry
    }

    /// Asserts that an element is below `q`.
    ///
    /// An element `z` is given with `x + z = q - 1`. Both are below `2^254`, so it is enough to assert that modulo `r` and
    /// modulo `X`: the sides differ by less than `2^255 < X r`.
    pub(super) fn assert_canonical(&self, cells: &mut Cells, x: &Integer) {
        let greatest: BigInt = self.q.clone() - 1;
        let other = self.element(cells, &(greatest.clone() - x.sum.value.clone()).max(BigInt::default()));
        let one = constant(Fr::one());
        cells.chain_to(x.sum.native.into(), &[(other.sum.native.into(), one)], Some(element(&greatest)));
        let low = &cut(&greatest, self.bits)[0];
        let overflow = cells.bit(lift(x.limbs[0].value()) + lift(other.limbs[0].value()) != *low);
        let terms = [(other.limbs[0].into(), one), (overflow.into(), constant(-power(self.bits)))];
        cells.chain_to(x.limbs[0].into(), &terms, Some(element(low)));
    }

    /// The limbs of an element as the instance has them, of [`LIMB_BITS`] bits.
    ///
    /// Both numbers are below `2^254`, so it is enough to assert that they are equal modulo `r` and modulo `2^88`. (Being equal,
    /// they share their bounds: that of the highest limb, and of what stands above these bits in the lowest, need not be sharp.)
    pub(super) fn export(&self, cells: &mut Cells, x: &Integer) -> [Cell; LIMBS] {
        let [low, middle, high] = cut(&x.sum.value, LIMB_BITS);
        let limbs = [
            cells.number(&low, LIMB_BITS, false),
            cells.number(&middle, LIMB_BITS, false),
            cells.number(&high, BITS - 2 * LIMB_BITS, false),
        ];
        let weighed = |limb: &Cell, index| ((*limb).into(), constant(power(index * LIMB_BITS)));
        let native = cells.chain(limbs[0], &[weighed(&limbs[1], 1), weighed(&limbs[2], 2)]);
        cells.equal(&native, &x.sum.native);
        let rest = self.bits - LIMB_BITS;
        if rest == 0 {
            cells.equal(&limbs[0], &x.limbs[0]);
        } else {
            let above = cells.number(&(lift(x.limbs[0].value()) >> LIMB_BITS), rest, false);
            let low = cells.chain(limbs[0], &[(above.into(), constant(power(LIMB_BITS)))]);
            cells.equal(&low, &x.limbs[0]);
        }
        limbs
    }
}

/// The quotient of an equation.
struct Quotient {
    /// The limbs, to the highest of which `offset` is added, so that they are positive.
    limbs: [Cell; 3],
    offset: Fr,
}

impl Quotient {
    /// The highest limb may have more bits than a quotient's, if `|m q|` stays below `X^3 r / 4` nevertheless.
    fn new(limbs: &Limbs, cells: &mut Cells, value: &BigInt) -> Self {
        let [low, middle, high] = cut(value, limbs.bits);
        let bits = QUOTIENT_BITS - 2 * limbs.bits;
        let rounded = bits.next_multiple_of(cells.lookup_bits());
        let loose = rounded + 2 <= limbs.bits;
        let offset: BigInt = BigInt::from(1) << (if loose { rounded } else { bits } - 1);
        let limbs = [
            cells.number(&low, limbs.bits, false),
            cells.number(&middle, limbs.bits, false),
            cells.number(&(high + &offset), bits, loose),
        ];
        Self { limbs, offset: element(&offset) }
    }
}

/// Where a sum starts: with a term without a factor, if the first is one. The terms are added to the sum.
fn start(terms: Vec<(&Factor, Cell)>, sum: &mut Vec<(Filling, Filling)>) -> Filling {
    let (first, rest) = match terms.split_first() {
        Some(((Factor::Plus, first), rest)) => (Filling::from(*first), rest),
        _ => (zero(), &terms[..]),
    };
    sum.extend(rest.iter().map(|(factor, cell)| (factor.filling(), (*cell).into())));
    first
}

/// The limbs of an integer, the highest with its sign.
fn cut(value: &BigInt, bits: usize) -> [BigInt; 3] {
    let mask = (BigInt::from(1) << bits) - 1;
    [value & &mask, (value >> bits) & &mask, value >> (2 * bits)]
}

/// The integer below `q` of a field element.
pub(super) fn integer(value: &Fq) -> BigInt {
    BigInt::from_bytes_le(Sign::Plus, value.to_repr().as_ref())
}

/// The field element of an integer.
fn field(value: &BigInt) -> Fq {
    let q = BigInt::from(order::<Fq>());
    let reduced = ((value % &q) + &q) % &q;
    let (_, bytes) = reduced.to_bytes_le();
    let mut repr = <Fq as PrimeField>::Repr::default();
    repr.as_mut()[..bytes.len()].copy_from_slice(&bytes);
    Option::from(Fq::from_repr(repr)).unwrap_or_default()
}
