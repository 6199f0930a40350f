//! Scalars as sums of odd signed digits.
//!
//! A scalar `s` modulo `r` is written as `d_0 + d_1 b + d_2 b^2 + ...` with the base `b = 2^6 - 1` and odd digits between
//! `-b` and `b`, so that every digit adds a point to one of 32 buckets and none is zero. The base is odd, so every residue
//! modulo it is that of an odd digit: of one, but for 0, which has `b` and `-b`. A base of `b` rather than `b + 1` is what
//! lets the fold of a digit's buckets multiply the digits above by the base at no cost (see [`fold`](super::fold)).
//!
//! The circuit asks only that the digits add up to the scalar modulo `r`, and for buckets that exist: which digits, and how
//! many, is the prover's choice, and gives the same point, as the group has order `r`.
//!
//! # The digits that are taken
//!
//! Odd digits at [`DIGITS`] = 43 places, an odd number, add up to an odd one, so `s` or `s - r` is taken, whichever is odd. After `i`
//! digits what is left is at most `r / b^i + 1.02`, and odd and even by turns; after 42, it is odd and below 7, and so the last
//! digit.

use halo2_proofs::arithmetic::Field;
use halo2_proofs::halo2curves::ff::PrimeField;
use ruint::aliases::U256;
use verbatim_gadgets::expr::F;

/// Bits of a bucket's number and a sign.
pub const WIDTH: u32 = 6;

/// The base of the digits.
pub const BASE: u64 = (1 << WIDTH) - 1;

/// Buckets of a digit: one for each odd magnitude up to the base.
pub const BUCKETS: u64 = 1 << (WIDTH - 1);

/// Digits of a scalar: as many as the [width](WIDTH) asks for (52 for 5, 37 for 7, 32 for 8).
pub const DIGITS: u64 = 43;

/// An odd digit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Digit {
    /// Whether it is below zero.
    pub(super) negative: bool,
    /// Its magnitude is twice this and one.
    pub(super) bucket: u64,
}

/// The digits of a scalar, the lowest first.
pub(super) fn digits(scalar: F) -> [Digit; DIGITS as usize] {
    let integer = |element: &F| U256::from_le_bytes(element.to_repr());
    let order = integer(&-F::ONE) + U256::from(1);
    let scalar = integer(&scalar);
    let negative = scalar.bit(0) != (DIGITS % 2 == 1);
    let mut rest = if negative { order - scalar } else { scalar };
    std::array::from_fn(|_| {
        let remainder: u64 = (rest % U256::from(BASE)).to();
        // The digit of the rest's magnitude: the remainder, or what is missing to the next multiple of the base.
        let above = remainder.is_multiple_of(2);
        let magnitude = if above { BASE - remainder } else { remainder };
        let digit = Digit { negative: negative != above, bucket: magnitude / 2 };
        let multiple = if above { rest + U256::from(magnitude) } else { rest - U256::from(magnitude) };
        rest = multiple / U256::from(BASE);
        digit
    })
}

impl Digit {
    /// The digit as a field element.
    pub(super) fn value(self) -> F {
        let magnitude = F::from(2 * self.bucket + 1);
        if self.negative { -magnitude } else { magnitude }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn assert_adds_up(scalar: F) {
        let digits = digits(scalar);
        let sum = digits.iter().rev().fold(F::ZERO, |sum, digit| sum * F::from(BASE) + digit.value());
        assert_eq!(sum, scalar);
        assert!(digits.iter().all(|digit| digit.bucket < BUCKETS));
    }

    #[test]
    fn edges_add_up() {
        let edges = [0, 1, 2, 62, 63, 64, 126, 3969].map(F::from);
        edges.into_iter().chain(edges.map(|edge| -edge)).for_each(assert_adds_up);
        assert_adds_up(F::TWO_INV);
        assert_adds_up(-F::TWO_INV);
    }

    proptest! {
        #[test]
        fn any_scalar_adds_up(limbs: [u64; 4]) {
            assert_adds_up(F::from_raw(limbs));
        }
    }
}
