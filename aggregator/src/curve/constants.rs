//! The points with which sums begin.
//!
//! An addition of two points with the same x is none that the [add chip](super::add) can prove. So that no honest prover meets one,
//! buckets and running sums begin with points that nobody knows a relation of, to each other or to the points of a sum:
//! `G1::hash_to_curve("verbatim curve")` (RFC 9380's hash to curve, by the map of Shallue and van de Woestijne) of the names
//! in [`Constants`]. Nothing else rests on them: that the points of an addition differ is a constraint, and whoever found a
//! relation could only keep a sum from being proven.

use std::sync::LazyLock;

use halo2_proofs::halo2curves::CurveExt;
use halo2_proofs::halo2curves::bn256::{G1, G1Affine};
use halo2_proofs::halo2curves::group::{Curve, Group};
use verbatim_gadgets::expr::F;

use super::digits::{BASE, BUCKETS, DIGITS};

/// The domain of the hash.
const DOMAIN: &str = "verbatim curve";

/// The constant points of the circuit.
#[derive(Debug)]
pub(super) struct Constants {
    /// What every bucket begins with: the hash of `bucket`.
    pub(super) bucket: G1Affine,
    /// What the running sum of the highest digit begins with: the hash of `running`.
    pub(super) running: G1Affine,
    /// What the weighted sum of every digit begins with: the hash of `weighted`.
    pub(super) weighted: G1Affine,
    /// What a sum without terms comes to, taken away: see [`fold`](super::fold).
    pub(super) correction: G1Affine,
}

/// The constant points.
pub(super) fn constants() -> &'static Constants {
    static CONSTANTS: LazyLock<Constants> = LazyLock::new(|| {
        let hash = G1::hash_to_curve(DOMAIN);
        let [bucket, running, weighted] = ["bucket", "running", "weighted"].map(|name| hash(name.as_bytes()));
        // Each digit adds twice the weighted constant, and a bucket constant for every unit of weight: 1 + 3 + ... + 63.
        let digit = weighted.double() + bucket * F::from(BUCKETS * BUCKETS);
        let total = (0..DIGITS).fold(running, |total, _| total * F::from(BASE) + digit);
        let affine = |point: G1| point.to_affine();
        let correction = affine(-total);
        Constants { bucket: affine(bucket), running: affine(running), weighted: affine(weighted), correction }
    });
    &CONSTANTS
}

#[cfg(test)]
mod tests {
    use halo2_proofs::arithmetic::Field;
    use halo2_proofs::halo2curves::CurveAffine;
    use halo2_proofs::halo2curves::group::prime::PrimeCurveAffine;

    use super::*;

    #[test]
    fn the_constants_are_distinct_points() {
        let Constants { bucket, running, weighted, correction } = constants();
        let points = [bucket, running, weighted, correction];
        assert!(points.iter().all(|point| bool::from(point.is_on_curve() & !point.is_identity())));
        assert!((0..4).all(|i| (0..i).all(|j| points[i].x != points[j].x)));
    }

    /// The correction by another way: in the exponents of base 63.
    #[test]
    fn the_correction_is_the_sum_of_what_is_begun_with() {
        let Constants { bucket, running, weighted, correction } = constants();
        let power = F::from(BASE).pow([DIGITS]);
        let ones = (power - F::ONE) * F::from(BASE - 1).invert().expect("62 is not zero");
        let sum = *running * power + *weighted * (ones + ones) + *bucket * (ones * F::from(BUCKETS * BUCKETS));
        assert_eq!(sum.to_affine(), -*correction);
    }
}
