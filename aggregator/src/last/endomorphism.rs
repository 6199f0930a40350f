//! The curve's endomorphism `(x, y) -> (beta x, y)`, which multiplies points by a number `lambda`, and scalars as
//! `a + lambda b` with numbers of half the bits (Gallant, Lambert, Vanstone, "Faster point multiplication on elliptic curves
//! with efficient endomorphisms", 2001).

use std::sync::LazyLock;

use halo2_proofs::halo2curves::{
    bn256::Fq,
    ff::{PrimeField, WithSmallOrderMulGroup},
    group::Curve,
};
use num_bigint::{BigInt, Sign};

use super::cells::order;
use crate::{Fr, G1Affine};

/// The parts of a scalar are odd and have so many bits, beside the sign.
///
/// That is enough for all scalars: odd pairs are a coset of twice the lattice, so one lies within a sum of both basis vectors,
/// which is below `2^126.8` in each part.
pub(super) const BITS: usize = 128;

/// The endomorphism, and how scalars are divided.
#[derive(Debug)]
pub(super) struct Endomorphism {
    /// What x is multiplied by.
    pub(super) beta: Fq,
    /// What points are multiplied by.
    pub(super) lambda: Fr,
    /// A basis of the pairs `(a, b)` with `a + lambda b = 0`, of short vectors.
    basis: [[BigInt; 2]; 2],
}

/// The endomorphism.
pub(super) static ENDOMORPHISM: LazyLock<Endomorphism> = LazyLock::new(|| {
    let (beta, lambda) = (Fq::ZETA, Fr::ZETA);
    let generator = G1Affine::generator();
    let image = G1Affine { x: generator.x * beta, y: generator.y };
    // Both are roots of one of order three; which go together is tried.
    let lambda = if (generator * lambda).to_affine() == image { lambda } else { lambda * lambda };
    Endomorphism { beta, lambda, basis: basis(&lambda) }
});

fn integer(value: &Fr) -> BigInt {
    BigInt::from_bytes_le(Sign::Plus, value.to_repr().as_ref())
}

/// Euclid's algorithm for `r` and `lambda`: each step has a remainder that is `t lambda` modulo `r`. The first one below the
/// root of `r`, and the shorter one of its neighbours.
fn basis(lambda: &Fr) -> [[BigInt; 2]; 2] {
    let r = BigInt::from(order::<Fr>());
    let half = r.sqrt();
    let step = |last: &[BigInt; 2], next: &[BigInt; 2]| {
        let quotient = &last[0] / &next[0];
        [&last[0] - &quotient * &next[0], &last[1] - &quotient * &next[1]]
    };
    let (mut last, mut next) = ([r, BigInt::from(0)], [integer(lambda), BigInt::from(1)]);
    while next[0] > half {
        let after = step(&last, &next);
        last = std::mem::replace(&mut next, after);
    }
    let after = step(&last, &next);
    let length = |[remainder, t]: &[BigInt; 2]| remainder.magnitude().max(t.magnitude()).clone();
    let other = if length(&after) < length(&last) { after } else { last };
    [next, other].map(|[remainder, t]| [remainder, -t])
}

impl Endomorphism {
    /// Odd numbers `a` and `b` of [`BITS`] bits with `a + lambda b` equal to the scalar modulo `r`.
    pub(super) fn divide(&self, scalar: &Fr) -> [BigInt; 2] {
        let scalar = integer(scalar);
        let [[a1, b1], [a2, b2]] = &self.basis;
        let determinant = a1 * b2 - a2 * b1;
        // The vector of the lattice that is about (scalar, 0), and those around it: one leaves odd numbers.
        let (first, second): (BigInt, BigInt) = (&scalar * b2 / &determinant, -(&scalar * b1) / &determinant);
        let around = (-2..=2).flat_map(|i| (-2..=2).map(move |j| (i, j)));
        let candidates = around.map(|(i, j)| {
            let (first, second): (BigInt, BigInt) = (&first + i, &second + j);
            [&scalar - &first * a1 - &second * a2, -(&first * b1) - &second * b2]
        });
        let odd = candidates.filter(|[a, b]| a.bit(0) && b.bit(0));
        odd.min_by_key(|[a, b]| a.magnitude().max(b.magnitude()).clone()).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use halo2_proofs::halo2curves::{bn256::G1, ff::Field, group::Group};
    use rand::SeedableRng;
    use rand_chacha::ChaCha20Rng;

    use super::*;
    use crate::last::cells::element;

    #[test]
    fn the_endomorphism_multiplies_points() {
        let mut random = ChaCha20Rng::seed_from_u64(5);
        let Endomorphism { beta, lambda, .. } = &*ENDOMORPHISM;
        for _ in 0..8 {
            let point = G1::random(&mut random).to_affine();
            let image = G1Affine { x: point.x * beta, y: point.y };
            assert_eq!((point * lambda).to_affine(), image);
        }
    }

    #[test]
    fn scalars_are_divided_into_odd_halves() {
        let mut random = ChaCha20Rng::seed_from_u64(6);
        let edges = [Fr::zero(), Fr::one(), -Fr::one(), Fr::from(2), ENDOMORPHISM.lambda, -ENDOMORPHISM.lambda];
        for scalar in edges.into_iter().chain((0..1000).map(|_| Fr::random(&mut random))) {
            let parts = ENDOMORPHISM.divide(&scalar);
            assert_eq!(element(&parts[0]) + ENDOMORPHISM.lambda * element(&parts[1]), scalar);
            assert!(parts.iter().all(|part| part.bit(0) && part.bits() <= BITS as u64), "{scalar:?}");
        }
    }
}
