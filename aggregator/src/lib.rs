//! The aggregation of a bundle's proofs into one.
//!
//! Under construction. What is here: the verification of a shard's proof up to the pairing, written once for any
//! [`engine`]; [`native`], which computes it; [`program`], which records it as a straight-line program; and, of the circuits
//! that are to run such programs, [`curve`], which multiplies and adds points of BN254's first group. The circuits are
//! circuits of the framework like those of the execution, on a [bus](bus::INVENTORY) of their own. [`contract`] writes the
//! contract that is to verify the last proof.
//!
//! ```
//! use verbatim_aggregator::{Fr, engine::Engine, program::Recorder, witness::Witness};
//!
//! // (a + 1) a = 12, as a program, and its run with a = 3.
//! let mut recorder = Recorder::new();
//! let a = recorder.scalar();
//! let [one, twelve] = [1, 12].map(|value| recorder.constant(Fr::from(value)));
//! let next = recorder.add(&a, &one);
//! let product = recorder.mul(&a, &next);
//! recorder.assert_equal(&product, &twelve);
//! let program = recorder.finish();
//! let given = |value| Witness { scalars: vec![Fr::from(value)], points: Vec::new() };
//! assert!(program.run(Fr::zero(), &given(3)).is_ok());
//! assert!(program.run(Fr::zero(), &given(4)).is_err());
//! ```

pub mod aggregate;
pub mod bus;
pub mod columns;
pub mod contract;
pub mod curve;
pub mod engine;
pub mod final_proof;
pub mod hash;
pub mod key;
pub mod keyset;
pub mod last;
pub mod level;
pub mod native;
pub mod pipeline;
pub mod processor;
pub mod program;
pub mod programs;
pub mod proof;
pub mod range;
pub mod rom;
pub mod shard;
pub mod sponge;
pub mod tree;
pub mod verifier;
pub mod witness;
pub mod work;

use verbatim_prover::challenge;
pub use verbatim_prover::{Fr, G1Affine};

/// A point of the first group.
pub type G1 = <G1Affine as halo2_proofs::halo2curves::group::prime::PrimeCurveAffine>::Curve;
