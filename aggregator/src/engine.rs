//! What a verifier computes with: values of the scalar field, points that it reads, and Poseidon.
//!
//! The verifier of shards ([`crate::shard`]) is written once, for any [`Engine`]: [`crate::native`] computes,
//! [`crate::program`] records what is computed, as a program that the verifier machine runs.

use crate::Fr;

/// The width of Poseidon's state.
pub const WIDTH: usize = 3;

/// A sum of multiples of points that a verifier adds to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sum {
    /// The left side: its pairing with the setup's second power of two in the second group ...
    Left,
    /// ... equals the right side's with the generator.
    Right,
}

/// What a verifier computes with.
pub trait Engine {
    /// An element of the scalar field.
    type Scalar: Clone + std::fmt::Debug;
    /// A point of the first group, other than the identity.
    type Point: Clone + std::fmt::Debug;

    /// A constant.
    fn constant(&mut self, value: Fr) -> Self::Scalar;
    /// `a + b`.
    fn add(&mut self, a: &Self::Scalar, b: &Self::Scalar) -> Self::Scalar;
    /// `a b`.
    fn mul(&mut self, a: &Self::Scalar, b: &Self::Scalar) -> Self::Scalar;
    /// `factor a`.
    fn scale(&mut self, a: &Self::Scalar, factor: Fr) -> Self::Scalar;
    /// The inverse. That `a` is not zero is asserted.
    fn invert(&mut self, a: &Self::Scalar) -> Self::Scalar;
    /// Asserts that `a` is zero.
    fn assert_zero(&mut self, a: &Self::Scalar);
    /// Poseidon's permutation.
    fn permute(&mut self, state: [Self::Scalar; WIDTH]) -> [Self::Scalar; WIDTH];
    /// The next scalar of what the verifier is given. Nothing is known of it.
    fn scalar(&mut self) -> Self::Scalar;
    /// The next point of what the verifier is given, which is on the curve, and its coordinates in the scalar field.
    fn point(&mut self) -> (Self::Point, [Self::Scalar; 2]);
    /// Adds `scalar * point` to a sum.
    fn term(&mut self, sum: Sum, scalar: &Self::Scalar, point: &Self::Point);

    /// `-a`.
    fn neg(&mut self, a: &Self::Scalar) -> Self::Scalar {
        self.scale(a, -Fr::one())
    }

    /// `a - b`.
    fn sub(&mut self, a: &Self::Scalar, b: &Self::Scalar) -> Self::Scalar {
        let b = self.neg(b);
        self.add(a, &b)
    }

    /// `a b + c`.
    fn mul_add(&mut self, a: &Self::Scalar, b: &Self::Scalar, c: &Self::Scalar) -> Self::Scalar {
        let product = self.mul(a, b);
        self.add(&product, c)
    }

    /// Asserts `a = b`.
    fn assert_equal(&mut self, a: &Self::Scalar, b: &Self::Scalar) {
        let difference = self.sub(a, b);
        self.assert_zero(&difference);
    }

    /// `a^(2^squarings)` for each number of squarings from zero to `most`.
    fn squarings(&mut self, a: &Self::Scalar, most: u32) -> Vec<Self::Scalar> {
        let mut powers = vec![a.clone()];
        for _ in 0..most {
            let last = powers.last().expect("the list is not empty").clone();
            powers.push(self.mul(&last, &last));
        }
        powers
    }

    /// The product of values; one for none.
    fn product(&mut self, values: &[Self::Scalar]) -> Self::Scalar {
        let Some((first, rest)) = values.split_first() else {
            return self.constant(Fr::one());
        };
        rest.iter().fold(first.clone(), |product, value| self.mul(&product, value))
    }

    /// The sum of `coefficients[i] * values[i]`.
    fn combine(&mut self, terms: impl IntoIterator<Item = (Self::Scalar, Fr)>) -> Self::Scalar {
        let zero = self.constant(Fr::zero());
        terms.into_iter().fold(zero, |sum, (value, factor)| {
            let term = self.scale(&value, factor);
            self.add(&sum, &term)
        })
    }
}
