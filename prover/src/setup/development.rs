//! The unsafe development setup: its secret is a public constant, so that parameters are made in seconds.
//!
//! Every point is a known multiple of the generator, computed with tables of the generator's multiples and additions of
//! affine points that share their inversions.

use std::path::Path;

use halo2_proofs::halo2curves::{
    bn256::{Fq, G1, G2Affine},
    ff::{BatchInvert, Field, FromUniformBytes, PrimeField},
    group::{Curve, prime::PrimeCurveAffine},
};
use rayon::prelude::*;

use super::{assemble, digest, points, verification_rng, verify};
use crate::{Fr, G1Affine, Params, cache};

/// Points that share one inversion.
const CHUNK: usize = 1024;

/// The public secret.
fn secret() -> Fr {
    let hash = blake2b_simd::Params::new().hash_length(64).hash(b"Verbatim: unsafe development setup, version 1");
    Fr::from_uniform_bytes(hash.as_array())
}

/// The second point of G2.
pub(super) fn s_g2() -> G2Affine {
    (G2Affine::generator() * secret()).to_affine()
}

/// The parameters for `2^k` rows, from the cache if they are there and a sample of them is right.
pub(super) fn params(k: u32, dir: Option<&Path>) -> Params {
    let s_g2 = s_g2();
    let identity = cache::Identity { kind: *b"dev!", digest: digest(&s_g2) };
    let path = dir.map(|dir| dir.join(format!("unsafe-development-setup-{k}.points")));
    if let Some(path) = &path
        && let Some(mut reader) = cache::open(path, &identity)
        && let Ok(powers) = points::read_raw_g1(&mut reader, 1 << k)
        && let Ok(lagrange) = points::read_raw_g1(&mut reader, 1 << k)
        && is_right(k, &powers, &lagrange)
    {
        return assemble(k, powers, lagrange, s_g2);
    }
    let tables = Tables::new(k);
    let powers = tables.multiples(&power_scalars(k));
    let lagrange = tables.multiples(&lagrange_scalars(k));
    if let Some(path) = &path {
        cache::store(path, &identity, |writer| {
            points::write_raw_g1(writer, &powers)?;
            points::write_raw_g1(writer, &lagrange)
        });
    }
    assemble(k, powers, lagrange, s_g2)
}

fn is_right(k: u32, powers: &[G1Affine], lagrange: &[G1Affine]) -> bool {
    let mut rng = verification_rng();
    let scalars = lagrange_scalars(k);
    verify::sample(powers, |index| secret().pow_vartime([index as u64]), &mut rng)
        && verify::sample(lagrange, |index| scalars[index], &mut rng)
}

/// `s^i`.
fn power_scalars(k: u32) -> Vec<Fr> {
    geometric(Fr::ONE, secret(), 1 << k)
}

/// `(s^n - 1) / n * w^i / (s - w^i)`: the Lagrange polynomials at s.
fn lagrange_scalars(k: u32) -> Vec<Fr> {
    let s = secret();
    let n = 1u64 << k;
    let root = (k..Fr::S).fold(Fr::ROOT_OF_UNITY, |root, _| root.square());
    let n_inverse = Fr::TWO_INV.pow_vartime([u64::from(k)]);
    let roots = geometric(Fr::ONE, root, 1 << k);
    let mut inverses: Vec<Fr> = roots.iter().map(|root| s - root).collect();
    inverses.par_chunks_mut(CHUNK).for_each(|chunk| {
        chunk.batch_invert();
    });
    let factor = (s.pow_vartime([n]) - Fr::ONE) * n_inverse;
    roots.par_iter().zip(&inverses).map(|(root, inverse)| factor * root * inverse).collect()
}

fn geometric(first: Fr, ratio: Fr, count: usize) -> Vec<Fr> {
    std::iter::successors(Some(first), |value| Some(value * ratio)).take(count).collect()
}

/// For each window of the scalar, the multiples `0, 1, ..., 2^bits - 1` of the window's base.
struct Tables {
    bits: usize,
    windows: Vec<Vec<G1Affine>>,
}

impl Tables {
    /// Tables of the size that makes `2 * 2^k` multiplications cheapest.
    fn new(k: u32) -> Self {
        let cost = |bits: &usize| 256usize.div_ceil(*bits) * ((2 << k) + (1 << bits));
        let bits = (4..=16).min_by_key(cost).unwrap_or(8);
        let count = 256usize.div_ceil(bits);
        let mut bases = vec![G1::from(G1Affine::generator())];
        while bases.len() < count {
            let next = (0..bits).fold(bases[bases.len() - 1], |base, _| base + base);
            bases.push(next);
        }
        let windows = bases.par_iter().map(|base| window(base.to_affine(), bits)).collect();
        Self { bits, windows }
    }

    fn multiples(&self, scalars: &[Fr]) -> Vec<G1Affine> {
        let mut points = vec![G1Affine::identity(); scalars.len()];
        points.par_chunks_mut(CHUNK).zip(scalars.par_chunks(CHUNK)).for_each(|(points, scalars)| {
            let scalars: Vec<[u8; 32]> = scalars.iter().map(|scalar| scalar.to_repr()).collect();
            let mut terms = vec![G1Affine::identity(); points.len()];
            for (index, window) in self.windows.iter().enumerate() {
                for (term, scalar) in terms.iter_mut().zip(&scalars) {
                    *term = window[digit(scalar, index * self.bits, self.bits)];
                }
                add_all(points, &terms);
            }
        });
        points
    }
}

/// `0, base, 2 base, ...`, `2^bits` points.
fn window(base: G1Affine, bits: usize) -> Vec<G1Affine> {
    let mut points = vec![G1Affine::identity(), base];
    for bit in 1..bits {
        let top = (points[1 << (bit - 1)] + points[1 << (bit - 1)]).to_affine();
        let mut upper = points.clone();
        for chunk in upper.chunks_mut(CHUNK) {
            let tops = vec![top; chunk.len()];
            add_all(chunk, &tops);
        }
        points.extend(upper);
    }
    points
}

/// The `bits` bits from bit `start` on.
fn digit(scalar: &[u8; 32], start: usize, bits: usize) -> usize {
    let byte = |index: usize| scalar.get(index).map_or(0, |&byte| u32::from(byte));
    let word = byte(start / 8) | byte(start / 8 + 1) << 8 | byte(start / 8 + 2) << 16;
    (word >> (start % 8)) as usize & ((1 << bits) - 1)
}

/// Adds `terms` to `points`, one by one, with one inversion for all.
fn add_all(points: &mut [G1Affine], terms: &[G1Affine]) {
    let zero = |point: &G1Affine| bool::from(point.is_identity());
    let mut inverses: Vec<Fq> = points.iter().zip(terms).map(|(point, term)| term.x - point.x).collect();
    // Zeros are left as they are.
    inverses.batch_invert();
    for ((point, term), inverse) in points.iter_mut().zip(terms).zip(inverses) {
        if zero(term) {
            continue;
        }
        if zero(point) {
            *point = *term;
        } else if point.x == term.x {
            *point = (*point + *term).to_affine();
        } else {
            let slope = (term.y - point.y) * inverse;
            let x = slope.square() - point.x - term.x;
            *point = G1Affine { x, y: slope * (point.x - x) - point.y };
        }
    }
}

#[cfg(test)]
mod tests {
    use halo2_proofs::{
        halo2curves::bn256::Bn256,
        poly::{commitment::ParamsProver, kzg::commitment::ParamsKZG},
    };

    use super::*;

    #[test]
    fn points_are_the_powers_and_their_lagrange_basis() {
        for k in [1, 4, 9] {
            let params: ParamsKZG<Bn256> = params(k, None);
            let powers = params.get_g().to_vec();
            let lagrange = Tables::new(k).multiples(&lagrange_scalars(k));
            let ceremony =
                points::Ceremony { k, powers, lagrange: None, prepared: None, g2: params.g2(), s_g2: params.s_g2() };
            let mut rng = verification_rng();
            verify::powers(&ceremony, &mut rng).unwrap();
            verify::lagrange(&ceremony.powers, &lagrange, k, &mut rng).unwrap();
            assert!(is_right(k, &ceremony.powers, &lagrange));
            assert!(!is_right(k, &lagrange, &ceremony.powers));
        }
    }
}
