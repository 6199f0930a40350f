//! The engine that computes: the verifier in plain field elements and points.

use std::sync::LazyLock;

use snark_verifier::halo2_base::poseidon::hasher::spec::OptimizedPoseidonSpec;
use verbatim_prover::transcript::{RATE, T, poseidon_spec};

use crate::{
    Fr, G1, G1Affine,
    challenge::coordinates,
    engine::{Engine, Sum, WIDTH},
    witness::Witness,
};

/// A statement of the verifier that does not hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// What was given has too few scalars or points.
    #[error("the verifier was given too few values")]
    Missing,
    /// Something that must be zero is not.
    #[error("assertion {0} of the verifier does not hold")]
    Assertion(usize),
    /// Something that must not be zero is.
    #[error("the verifier divides by zero")]
    Zero,
    /// A point is the identity, which no proof has.
    #[error("a point is the identity")]
    Identity,
}

/// The engine that computes.
#[derive(Debug)]
pub struct Native<'a> {
    witness: &'a Witness,
    scalars: usize,
    points: usize,
    assertions: usize,
    refusal: Option<Refusal>,
    sums: [G1; 2],
}

impl<'a> Native<'a> {
    /// An engine that is given `witness`.
    pub fn new(witness: &'a Witness) -> Self {
        Self { witness, scalars: 0, points: 0, assertions: 0, refusal: None, sums: [G1::default(); 2] }
    }

    /// The two sums, left and right, if nothing was refused.
    ///
    /// # Errors
    ///
    /// The first [`Refusal`].
    pub fn finish(self) -> Result<[G1; 2], Refusal> {
        match self.refusal {
            Some(refusal) => Err(refusal),
            None => Ok(self.sums),
        }
    }

    fn refuse(&mut self, refusal: Refusal) {
        self.refusal.get_or_insert(refusal);
    }
}

impl Engine for Native<'_> {
    type Scalar = Fr;
    type Point = G1Affine;

    fn constant(&mut self, value: Fr) -> Fr {
        value
    }

    fn add(&mut self, a: &Fr, b: &Fr) -> Fr {
        a + b
    }

    fn mul(&mut self, a: &Fr, b: &Fr) -> Fr {
        a * b
    }

    fn scale(&mut self, a: &Fr, factor: Fr) -> Fr {
        a * factor
    }

    fn invert(&mut self, a: &Fr) -> Fr {
        Option::from(a.invert()).unwrap_or_else(|| {
            self.refuse(Refusal::Zero);
            Fr::zero()
        })
    }

    fn assert_zero(&mut self, a: &Fr) {
        if *a != Fr::zero() {
            self.refuse(Refusal::Assertion(self.assertions));
        }
        self.assertions += 1;
    }

    fn permute(&mut self, state: [Fr; WIDTH]) -> [Fr; WIDTH] {
        permute(state)
    }

    fn scalar(&mut self) -> Fr {
        let scalar = self.witness.scalars.get(self.scalars).copied();
        self.scalars += 1;
        scalar.unwrap_or_else(|| {
            self.refuse(Refusal::Missing);
            Fr::zero()
        })
    }

    fn point(&mut self) -> (G1Affine, [Fr; 2]) {
        let point = self.witness.points.get(self.points).copied().unwrap_or_default();
        if self.points >= self.witness.points.len() {
            self.refuse(Refusal::Missing);
        }
        self.points += 1;
        let read = coordinates(&point);
        if read.is_none() {
            self.refuse(Refusal::Identity);
        }
        (point, read.unwrap_or_default())
    }

    fn term(&mut self, sum: Sum, scalar: &Fr, point: &G1Affine) {
        self.sums[sum as usize] += point * scalar;
    }
}

/// Poseidon's permutation with the constants of the transcript.
pub fn permute(mut state: [Fr; WIDTH]) -> [Fr; WIDTH] {
    static SPEC: LazyLock<OptimizedPoseidonSpec<Fr, T, RATE>> = LazyLock::new(poseidon_spec);
    let (constants, matrices) = (SPEC.constants(), SPEC.mds_matrices());
    let mds: &[[Fr; WIDTH]; WIDTH] = matrices.mds().as_ref();
    let pre_sparse: &[[Fr; WIDTH]; WIDTH] = matrices.pre_sparse_mds().as_ref();
    let (first, full) = constants.start().split_first().expect("there are full rounds");
    let (last, full) = full.split_last().expect("there are full rounds");
    state = std::array::from_fn(|i| state[i] + first[i]);
    for constants in full {
        state = times(mds, state.map(power_five), constants);
    }
    state = times(pre_sparse, state.map(power_five), last);
    for (constant, matrix) in constants.partial().iter().zip(matrices.sparse_matrices()) {
        state[0] = power_five(state[0]) + constant;
        let top = matrix.row().iter().zip(&state).map(|(a, b)| a * b).sum();
        let head = state[0];
        for (value, factor) in state[1..].iter_mut().zip(matrix.col_hat()) {
            *value += head * factor;
        }
        state[0] = top;
    }
    for constants in constants.end() {
        state = times(mds, state.map(power_five), constants);
    }
    times(mds, state.map(power_five), &[Fr::zero(); WIDTH])
}

/// The matrix times the sum of state and constants.
fn times(matrix: &[[Fr; WIDTH]; WIDTH], state: [Fr; WIDTH], constants: &[Fr; WIDTH]) -> [Fr; WIDTH] {
    let state: [Fr; WIDTH] = std::array::from_fn(|i| state[i] + constants[i]);
    matrix.map(|row| row.iter().zip(&state).map(|(a, b)| a * b).sum())
}

fn power_five(value: Fr) -> Fr {
    value.square().square() * value
}
