//! What a verifier is given, in the order in which it asks.

use halo2_proofs::halo2curves::{ff::PrimeField, group::GroupEncoding};
use verbatim_prover::{bundle::ShardProof, keys::ShardVerifyingKey, machine::ELEMENT_BYTES};

use crate::{Fr, G1Affine, shard::SIZES};

/// Scalars and points.
#[derive(Clone, Debug, Default)]
pub struct Witness {
    /// The scalars.
    pub scalars: Vec<Fr>,
    /// The points.
    pub points: Vec<G1Affine>,
}

/// Why a proof is nothing that a verifier could be given.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WitnessError {
    /// The proof does not have the length that its key says.
    #[error("the proof has {actual} bytes, not {expected}")]
    Length {
        /// The length of the proof.
        actual: usize,
        /// The length by its key.
        expected: usize,
    },
    /// An element is not a point, or not a scalar.
    #[error("element {0} of the proof is not what it should be")]
    Element(usize),
    /// The shard is smaller or greater than any that the verifier takes.
    #[error("no shard of k = {0} is verified: k is 6 to 23")]
    Size(u32),
}

impl Witness {
    /// What [`crate::shard::verify`] is given for a shard.
    ///
    /// # Errors
    ///
    /// [`WitnessError`] if the proof is malformed.
    pub fn of_shard(key: &ShardVerifyingKey, shard: &ShardProof) -> Result<Self, WitnessError> {
        let (k, layout) = (key.shape().k, key.shape().layout);
        if !SIZES.contains(&k) {
            return Err(WitnessError::Size(k));
        }
        if shard.proof.len() != layout.bytes() {
            return Err(WitnessError::Length { actual: shard.proof.len(), expected: layout.bytes() });
        }
        let mut scalars: Vec<Fr> = SIZES.map(|size| Fr::from(u64::from(size == k))).collect();
        scalars.extend([key.key().transcript_repr(), shard.bus_sum]);
        let mut points = key.key().fixed_commitments().clone();
        let evaluations = layout.commitments..layout.commitments + layout.evaluations;
        for (index, bytes) in shard.proof.chunks_exact(ELEMENT_BYTES).enumerate() {
            let missing = WitnessError::Element(index);
            if evaluations.contains(&index) {
                scalars.push(scalar(bytes).ok_or(missing)?);
            } else {
                points.push(point(bytes).ok_or(missing)?);
            }
        }
        Ok(Self { scalars, points })
    }
}

fn scalar(bytes: &[u8]) -> Option<Fr> {
    let mut repr = <Fr as PrimeField>::Repr::default();
    repr.as_mut().copy_from_slice(bytes);
    Fr::from_repr(repr).into()
}

fn point(bytes: &[u8]) -> Option<G1Affine> {
    let mut repr = <G1Affine as GroupEncoding>::Repr::default();
    repr.as_mut().copy_from_slice(bytes);
    G1Affine::from_bytes(&repr).into()
}
