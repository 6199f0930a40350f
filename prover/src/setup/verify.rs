//! Verifying parameters by pairing, with random linear combinations.

use halo2_proofs::{
    arithmetic::best_multiexp,
    halo2curves::{
        bn256::{Fr, G1, pairing},
        ff::Field,
        group::Curve,
    },
    poly::EvaluationDomain,
};
use rand::RngCore;
use rayon::prelude::*;

use super::{SetupProblem, points::Ceremony};
use crate::{G1Affine, G2Affine};

/// Checks that the points are `G, sG, s^2 G, ...` for the secret of `s_g2`. All points must be valid ones.
///
/// With random `r_i` of 128 bits, `e(sum of r_i g_(i+1), g2) = e(sum of r_i g_i, s_g2)` holds for other points with
/// probability `2^-128`.
pub(super) fn powers(ceremony: &Ceremony, rng: &mut impl RngCore) -> Result<(), SetupProblem> {
    let Ceremony { powers, g2, s_g2, .. } = ceremony;
    if powers.first() != Some(&G1Affine::generator()) || *g2 != G2Affine::generator() {
        return Err(SetupProblem::Generator);
    }
    let weights: Vec<Fr> = (1..powers.len()).map(|_| Fr::from_raw([rng.next_u64(), rng.next_u64(), 0, 0])).collect();
    let later = best_multiexp(&weights, &powers[1..]).to_affine();
    let earlier = best_multiexp(&weights, &powers[..weights.len()]).to_affine();
    if pairing(&later, g2) == pairing(&earlier, s_g2) { Ok(()) } else { Err(SetupProblem::Powers) }
}

/// Checks that `lagrange` commits to the same polynomials as `powers`, on one random polynomial.
pub(super) fn lagrange(
    powers: &[G1Affine],
    lagrange: &[G1Affine],
    k: u32,
    rng: &mut impl RngCore,
) -> Result<(), SetupProblem> {
    if powers.len() != 1 << k || lagrange.len() != 1 << k {
        return Err(SetupProblem::Lagrange);
    }
    let values: Vec<Fr> = (0..1usize << k).map(|_| Fr::random(&mut *rng)).collect();
    let by_lagrange: G1 = best_multiexp(&values, lagrange);
    let domain = EvaluationDomain::<Fr>::new(1, k);
    let coefficients = domain.lagrange_to_coeff(domain.lagrange_from_vec(values));
    if by_lagrange == best_multiexp(&coefficients, powers) { Ok(()) } else { Err(SetupProblem::Lagrange) }
}

/// Checks sixteen random points against the multiples of the generator that they should be.
pub(super) fn sample(points: &[G1Affine], scalar: impl Fn(usize) -> Fr + Sync, rng: &mut impl RngCore) -> bool {
    let indices: Vec<usize> = (0..16).map(|_| (rng.next_u64() % points.len() as u64) as usize).collect();
    indices.into_par_iter().all(|index| (G1Affine::generator() * scalar(index)).to_affine() == points[index])
}
