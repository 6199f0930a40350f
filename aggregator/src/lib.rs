//! One proof for a contract: aggregation of the proofs of a bundle.

pub mod engine;
pub mod hash;
pub mod key;
pub mod native;
pub mod program;
pub mod shard;
pub mod sponge;
pub mod witness;

pub use verbatim_prover::{Fr, G1Affine};
use verbatim_prover::challenge;

/// A point of the first group.
pub type G1 = <G1Affine as halo2_proofs::halo2curves::group::prime::PrimeCurveAffine>::Curve;
