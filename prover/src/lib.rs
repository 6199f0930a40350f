//! Shards, challenges, proofs and bundles.
//!
//! A block is proven by many **shards**, each a halo2 proof of one circuit, that share two challenges: every shard first
//! commits to its main columns, the challenges are hashed from all these commitments, and only then is each shard proven.
//! A **bundle** is the list of shards; it is valid if every shard is, and if the bus sums of the shards and of the public
//! messages cancel out.
//!
//! | module | what it does |
//! |---|---|
//! | [`machine`] | what a circuit and a witness are to this crate, and the shape that a shard circuit must have |
//! | [`setup`] | KZG parameters: `.srs`, `.ptau`, and an unsafe development setup |
//! | [`keys`] | proving and verifying keys, cached on disk |
//! | [`challenge`] | the hash chain from the commitments to the challenges |
//! | [`transcript`] | the transcript that answers with the bundle's challenges |
//! | [`backend`], [`shard`] | the commit round and the prove round of one shard |
//! | [`shards`] | the shards of a plan of the framework's, as circuits and witnesses |
//! | [`bundle`], [`registry`], [`inventory`] | proving and verifying a whole bundle |
//! | [`jobs`] | what is done of a bundle, kept in a folder: nothing is done twice, and processes share the work |
//! | [`mod@file`] | bundles on disk |
//! | [`block`] | all of it at once: from a block to a bundle on disk, and back to a verdict |
//! | [`progress`] | observing and cancelling |
//!
//! # Example
//!
//! The challenges of a bundle follow from the statement and the digests of its shards, in order:
//!
//! ```
//! use verbatim_prover::{Fr, challenge::{bundle_challenges, key_digest, shard_digest, statement_digest}};
//!
//! let statement = statement_digest(b"block 1");
//! let key = key_digest(0, 6, Fr::from(7), &[]);
//! let shard = shard_digest(key, 6, &[]);
//! let challenges = bundle_challenges(statement, &[shard]);
//! assert_ne!(challenges.alpha, challenges.gamma);
//! ```
//!
//! Parameters for tests and experiments are made in well under a second for small sizes:
//!
//! ```
//! use verbatim_prover::setup::Setup;
//!
//! let setup = Setup::unsafe_development(None);
//! assert!(setup.is_unsafe());
//! let params = setup.params(4)?;
//! assert_eq!(setup.verifier().s_g2(), params.s_g2());
//! # Ok::<(), verbatim_prover::setup::SetupError>(())
//! ```

pub mod backend;
pub mod block;
pub mod bundle;
pub mod cache;
pub mod challenge;
pub mod clock;
pub mod file;
pub mod inventory;
pub mod jobs;
pub mod keys;
pub mod machine;
pub mod progress;
pub mod registry;
pub mod setup;
pub mod shard;
pub mod shards;
pub mod transcript;

pub use halo2_proofs::halo2curves::bn256::{Bn256, Fr, G1Affine, G2Affine};

/// The parameters of the KZG commitment scheme on BN254.
pub type Params = halo2_proofs::poly::kzg::commitment::ParamsKZG<Bn256>;

/// A halo2 verifying key on BN254.
pub type VerifyingKey = halo2_proofs::plonk::VerifyingKey<G1Affine>;

/// A halo2 proving key on BN254.
pub type ProvingKey = halo2_proofs::plonk::ProvingKey<G1Affine>;
