//! The engine that computes: the verifier in plain field elements and points.

use verbatim_circuits::poseidon::permute;

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
    /// A constraint of a circuit does not hold.
    #[error("the circuit's constraints do not hold")]
    Unsatisfied,
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
        permute(&state)
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
