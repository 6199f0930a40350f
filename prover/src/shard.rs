//! One shard: its commit round, its prove round, and its verification.

mod kept;

use halo2_proofs::{
    halo2curves::group::GroupEncoding,
    plonk::verify_proof,
    poly::kzg::{commitment::KZGCommitmentScheme, multiopen::VerifierSHPLONK, strategy::SingleStrategy},
};

use crate::{
    Bn256, Fr, G1Affine,
    backend::{Backend, BackendError, Seed},
    challenge::{Challenges, coordinates, shard_digest},
    clock::{Clock, Cost},
    keys::{ShardKey, ShardVerifyingKey},
    machine::{ELEMENT_BYTES, Shape, ShardWitness},
    setup::VerifierSetup,
    transcript::{Challenge, ChallengesLeft, Override},
};

/// Why a shard cannot be proven.
#[derive(Debug, thiserror::Error)]
pub enum ShardError {
    /// The witness has another number of columns than the circuit.
    #[error("the witness has {actual} {kind} columns, the circuit {expected}")]
    Columns {
        /// Main or auxiliary.
        kind: &'static str,
        /// What the witness has.
        actual: usize,
        /// What the circuit has.
        expected: usize,
    },
    /// A column is longer than the circuit.
    #[error("{kind} column {column} has {actual} rows, the circuit {expected}")]
    Rows {
        /// Main or auxiliary.
        kind: &'static str,
        /// Which column.
        column: usize,
        /// What the witness has.
        actual: usize,
        /// What the circuit has.
        expected: usize,
    },
    /// The proof does not start with the commitments of the first round: the witness gave other main columns.
    #[error("the main columns changed between the two rounds")]
    ColumnsChanged,
    /// A main column commits to the identity, which cannot be hashed.
    #[error("main column {0} commits to the identity")]
    Identity(usize),
    /// The proof does not have the length that the circuit says.
    #[error("the proof has {actual} bytes, not {expected}")]
    Length {
        /// The length of the proof.
        actual: usize,
        /// The length by the circuit's layout.
        expected: usize,
    },
    /// A point of the proof is the identity, which aggregation cannot represent. It happens if a quotient piece is zero: the
    /// declared degree of the circuit is too high.
    #[error("element {0} of the proof is the identity")]
    IdentityInProof(usize),
    /// The backend failed.
    #[error(transparent)]
    Backend(#[from] BackendError),
}

/// Why a shard's proof is not accepted.
#[derive(Debug, thiserror::Error)]
pub enum ShardRejection {
    /// The proof does not have the exact length.
    #[error("the proof has {actual} bytes, not {expected}")]
    Length {
        /// The length of the proof.
        actual: usize,
        /// The exact length.
        expected: usize,
    },
    /// An element of the proof is not encoded in its one way.
    #[error("element {0} of the proof is not canonical")]
    NonCanonical(usize),
    /// A main commitment is not a point of the curve.
    #[error("main commitment {0} is not a point")]
    Point(usize),
    /// Halo2 rejects the proof.
    #[error("the proof is not valid: {0}")]
    Invalid(halo2_proofs::plonk::Error),
    /// The circuit did not use all challenges.
    #[error(transparent)]
    Challenges(#[from] ChallengesLeft),
}

/// A shard after its first round.
#[derive(Clone, Debug)]
pub struct Committed {
    commitments: Vec<G1Affine>,
    seed: Seed,
    digest: Fr,
    cost: Cost,
}

impl Committed {
    /// The commitments to the main columns.
    pub fn commitments(&self) -> &[G1Affine] {
        &self.commitments
    }

    /// The shard digest that the challenges are hashed from.
    pub fn digest(&self) -> Fr {
        self.digest
    }

    /// What the round cost.
    pub fn cost(&self) -> Cost {
        self.cost
    }
}

/// A shard after its second round.
#[derive(Clone, Debug)]
pub struct Proven {
    /// The shard's instance.
    pub bus_sum: Fr,
    /// The proof.
    pub proof: Vec<u8>,
    /// What the round cost.
    pub cost: Cost,
}

/// The first round: commits to the main columns, with blinding rows drawn from `seed`.
///
/// # Errors
///
/// [`ShardError`] if the witness does not fit the circuit.
pub fn commit(
    backend: &dyn Backend,
    key: &ShardKey,
    witness: &dyn ShardWitness,
    seed: Seed,
) -> Result<Committed, ShardError> {
    let clock = Clock::start();
    let shape = key.shape();
    let main = fit("main", witness.main_columns(), shape.main_columns, shape)?;
    let commitments = backend.commit(key.params(), key.key(), main, shape.usable_rows, seed);
    let digest = digest(key.verifying(), &commitments).map_err(ShardError::Identity)?;
    Ok(Committed { commitments, seed, digest, cost: clock.cost() })
}

/// The second round: fills the auxiliary columns and proves.
///
/// # Errors
///
/// [`ShardError`] if the witness does not fit the circuit or its main columns are not those of the first round. A witness
/// that does not satisfy the circuit is not an error: its proof is not valid.
pub fn prove(
    backend: &dyn Backend,
    key: &ShardKey,
    witness: &dyn ShardWitness,
    committed: &Committed,
    challenges: &Challenges<Fr>,
) -> Result<Proven, ShardError> {
    let clock = Clock::start();
    let shape = key.shape();
    let mut advice = fit("main", witness.main_columns(), shape.main_columns, shape)?;
    let (aux, bus_sum) = witness.aux_columns(&advice, challenges.alpha, challenges.gamma);
    advice.extend(fit("auxiliary", aux, shape.aux_columns, shape)?);
    let proof = backend.prove(key.params(), key.key(), advice, bus_sum, challenges, committed.seed)?;
    let expected = shape.layout.bytes();
    if proof.len() != expected {
        return Err(ShardError::Length { actual: proof.len(), expected });
    }
    let first: Vec<u8> = committed.commitments.iter().flat_map(|point| point.to_bytes().as_ref().to_vec()).collect();
    if !proof.starts_with(&first) {
        return Err(ShardError::ColumnsChanged);
    }
    if let Some(element) = shape.layout.non_canonical(&proof) {
        return Err(ShardError::IdentityInProof(element));
    }
    Ok(Proven { bus_sum, proof, cost: clock.cost() })
}

/// Columns of `2^k` rows, filled up with zeros.
fn fit(
    kind: &'static str,
    mut columns: Vec<Vec<Fr>>,
    expected: usize,
    shape: &Shape,
) -> Result<Vec<Vec<Fr>>, ShardError> {
    if columns.len() != expected {
        return Err(ShardError::Columns { kind, actual: columns.len(), expected });
    }
    for (column, values) in columns.iter_mut().enumerate() {
        if values.len() > shape.rows() {
            return Err(ShardError::Rows { kind, column, actual: values.len(), expected: shape.rows() });
        }
        values.resize(shape.rows(), Fr::zero());
    }
    Ok(columns)
}

/// The shard digest, or the index of a commitment that is the identity.
fn digest(key: &ShardVerifyingKey, commitments: &[G1Affine]) -> Result<Fr, usize> {
    let points: Result<Vec<_>, _> =
        commitments.iter().enumerate().map(|(index, point)| coordinates(point).ok_or(index)).collect();
    Ok(shard_digest(key.digest(), key.shape().k, &points?))
}

/// The shard digest by the main commitments that a proof starts with. Checks the proof's exact length and that its points
/// are encoded canonically.
///
/// # Errors
///
/// [`ShardRejection`] if the proof is malformed.
pub fn read_digest(key: &ShardVerifyingKey, proof: &[u8]) -> Result<Fr, ShardRejection> {
    check_encoding(key, proof)?;
    let main = proof.chunks_exact(ELEMENT_BYTES).take(key.shape().main_columns).enumerate();
    let commitments: Result<Vec<_>, _> =
        main.map(|(index, bytes)| point(bytes).ok_or(ShardRejection::Point(index))).collect();
    digest(key, &commitments?).map_err(ShardRejection::Point)
}

/// The point of a compressed encoding, of [`ELEMENT_BYTES`].
fn point(bytes: &[u8]) -> Option<G1Affine> {
    let mut repr = <G1Affine as GroupEncoding>::Repr::default();
    repr.as_mut().copy_from_slice(bytes);
    G1Affine::from_bytes(&repr).into()
}

/// The exact length, and no flag that the decoder of points would ignore.
fn check_encoding(key: &ShardVerifyingKey, proof: &[u8]) -> Result<(), ShardRejection> {
    let expected = key.shape().layout.bytes();
    if proof.len() != expected {
        return Err(ShardRejection::Length { actual: proof.len(), expected });
    }
    match key.shape().layout.non_canonical(proof) {
        Some(element) => Err(ShardRejection::NonCanonical(element)),
        None => Ok(()),
    }
}

/// Verifies one proof under the given challenges, which the caller must have recomputed from all shards.
///
/// # Errors
///
/// [`ShardRejection`] if the proof is not valid.
pub fn verify(
    setup: &VerifierSetup,
    key: &ShardVerifyingKey,
    bus_sum: Fr,
    proof: &[u8],
    challenges: &Challenges<Fr>,
) -> Result<(), ShardRejection> {
    check_encoding(key, proof)?;
    let params = setup.params(key.shape().k);
    let mut transcript = Override::new(proof, challenges);
    verify_proof::<KZGCommitmentScheme<Bn256>, VerifierSHPLONK<'_, Bn256>, Challenge, _, _>(
        &params,
        key.key(),
        SingleStrategy::new(&params),
        &[&[&[bus_sum]]],
        &mut transcript,
    )
    .map_err(ShardRejection::Invalid)?;
    transcript.finish()?;
    Ok(())
}
