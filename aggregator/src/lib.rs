//! The aggregation of a bundle's proofs into one.
//!
//! A block's bundle is verified by a *level*, a bundle of the [verifier circuit](verifier), and that by another, until there is
//! one shard; the [last circuit](last) verifies it, and a [contract] its proof. [`pipeline`] and [`final_proof`] do all of it:
//!
//! ```no_run
//! use std::path::Path;
//! use rand::rngs::OsRng;
//! use verbatim_aggregator::{final_proof::FinalKeys, keyset::KeySet, pipeline::Aggregation};
//! use verbatim_prover::{block::BlockProof, bundle::Prover, keys::KeyStore, setup::Setup};
//!
//! let (setup, store) = (Setup::unsafe_development(None), KeyStore::new(None));
//! let proof = BlockProof::read(Path::new("proofs"), &setup, &store)?;
//! let keys = KeySet::development()?;
//! let aggregation = Aggregation::new(&proof, &keys, &setup, &store)?;
//! let top = aggregation.levels(Path::new("work"), &Prover::new(), |report| println!("level {}", report.level))?;
//! let last = FinalKeys::new(&keys, &setup, None)?;
//! let last_proof = last.prove(&aggregation.last(&top)?, *aggregation.label(), OsRng)?;
//! last.verifier().verify(&last_proof, &setup.verifier())?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! | module | what it does |
//! |---|---|
//! | [`shard`], [`level`], [`tree`], [`hash`], [`sponge`] | what is verified, written once for any [`engine`] |
//! | [`native`], [`program`], [`last`] | the engines: one computes, one records a straight-line program, one makes the cells of the last circuit |
//! | [`programs`], [`rom`], [`processor`], [`curve`], [`range`](mod@range), [`columns`], [`verifier`] | the circuit that runs such programs, on a [bus](bus::INVENTORY) of its own |
//! | [`aggregate`], [`work`], [`mod@proof`], [`pipeline`] | from a bundle to the work of a level, to its proof, to one shard |
//! | [`keyset`], [`key`], [`witness`] | the keys that are allowed, and what a verifier is given |
//! | [`final_proof`], [`contract`] | the last proof, and the contract |
//!
//! An engine at work:
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
