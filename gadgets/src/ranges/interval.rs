//! Intervals of integers that stand for field elements.

use num_bigint::BigInt;
use ruint::aliases::U256;

use crate::expr::F;

/// Bits beyond which an interval says nothing: sums and products of what is below stay apart modulo the field.
const WIDEST: u32 = 250;

/// The field elements that are congruent to an integer between two bounds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Interval {
    pub(super) low: BigInt,
    pub(super) high: BigInt,
}

impl Interval {
    pub(super) fn new(low: impl Into<BigInt>, high: impl Into<BigInt>) -> Self {
        Self { low: low.into(), high: high.into() }
    }

    /// `[0, 2^bits)`.
    pub(super) fn below(bits: u32) -> Self {
        Self::new(0, (BigInt::from(1) << bits) - 1)
    }

    /// `(-2^bits, 2^bits)`.
    pub(super) fn within(bits: u32) -> Self {
        let most: BigInt = (BigInt::from(1) << bits) - 1;
        Self::new(-most.clone(), most)
    }

    pub(super) fn point(value: &F) -> Self {
        let value = signed(value);
        Self::new(value.clone(), value)
    }

    pub(super) fn as_point(&self) -> Option<F> {
        (self.low == self.high).then(|| element(&self.low))
    }

    pub(super) fn is_bit(&self) -> bool {
        *self == Self::new(0, 1)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.low > self.high
    }

    pub(super) fn is_in(&self, other: &Self) -> bool {
        self.low >= other.low && self.high <= other.high
    }

    pub(super) fn plus(&self, other: &Self) -> Self {
        Self::new(&self.low + &other.low, &self.high + &other.high)
    }

    pub(super) fn times(&self, other: &Self) -> Self {
        let ends = [&self.low * &other.low, &self.low * &other.high, &self.high * &other.low, &self.high * &other.high];
        let [low, high] = [ends.iter().min(), ends.iter().max()].map(|end| end.expect("four of them").clone());
        Self { low, high }
    }

    pub(super) fn meet(&self, other: &Self) -> Self {
        Self { low: (&self.low).max(&other.low).clone(), high: (&self.high).min(&other.high).clone() }
    }

    /// Itself, unless it is so wide that different integers in it, or in a product with a small number, may be one element.
    pub(super) fn narrow(self) -> Option<Self> {
        let widest = Self::within(WIDEST);
        self.is_in(&widest).then_some(self)
    }
}

/// The integer of least absolute value that a field element is congruent to.
fn signed(value: &F) -> BigInt {
    let magnitude = |value: &F| BigInt::from_bytes_le(num_bigint::Sign::Plus, &value.to_bytes());
    let (plus, minus) = (magnitude(value), magnitude(&-value));
    if plus <= minus { plus } else { -minus }
}

/// The field element of an integer of at most 256 bits.
fn element(value: &BigInt) -> F {
    let magnitude = U256::from_le_slice(&value.magnitude().to_bytes_le());
    let element = crate::value::from_u256(&magnitude);
    if value.sign() == num_bigint::Sign::Minus { -element } else { element }
}
