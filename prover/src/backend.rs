//! Where the work of proving is done. The processor is the only backend here; others implement [`Backend`] elsewhere.

use std::fmt::Debug;

use halo2_proofs::{
    halo2curves::{ff::Field, group::Curve},
    plonk::create_proof_from_advice,
    poly::{
        commitment::{Blind, Params as _},
        kzg::{commitment::KZGCommitmentScheme, multiopen::ProverSHPLONK},
    },
};
use rand::SeedableRng;
use rand_chacha::ChaCha20Rng;
use rayon::prelude::*;

use crate::{
    Bn256, Fr, G1Affine, Params, ProvingKey,
    challenge::Challenges,
    transcript::{Challenge, ChallengesLeft, Override},
};

/// The seed of a shard's blinding rows.
pub type Seed = [u8; 32];

/// A backend could not make a proof.
#[derive(Debug, thiserror::Error)]
pub enum BackendError {
    /// Halo2's error.
    #[error("halo2 cannot prove: {0}")]
    Halo2(#[from] halo2_proofs::plonk::Error),
    /// The circuit did not use all challenges.
    #[error(transparent)]
    Challenges(#[from] ChallengesLeft),
}

/// Commits to columns and proves shards. Both calls must agree: the proof starts with the commitments.
pub trait Backend: Debug + Sync {
    /// The commitments to columns of `2^k` rows, given without their blinding rows, which start at `usable_rows`.
    ///
    /// The blinding rows are drawn from ChaCha20 with `seed`, column by column, as [`Backend::prove`] draws them again.
    fn commit(
        &self,
        params: &Params,
        key: &ProvingKey,
        columns: Vec<Vec<Fr>>,
        usable_rows: usize,
        seed: Seed,
    ) -> Vec<G1Affine>;

    /// The proof of a shard with these advice columns, main then auxiliary ones, and this bus sum.
    ///
    /// # Errors
    ///
    /// [`BackendError`] if halo2 cannot make the proof. An unsatisfied circuit is not an error: its proof is not valid.
    fn prove(
        &self,
        params: &Params,
        key: &ProvingKey,
        advice: Vec<Vec<Fr>>,
        bus_sum: Fr,
        challenges: &Challenges<Fr>,
        seed: Seed,
    ) -> Result<Vec<u8>, BackendError>;
}

/// Halo2-axiom's own prover.
#[derive(Clone, Copy, Debug, Default)]
pub struct Cpu;

impl Backend for Cpu {
    fn commit(
        &self,
        params: &Params,
        key: &ProvingKey,
        mut columns: Vec<Vec<Fr>>,
        usable_rows: usize,
        seed: Seed,
    ) -> Vec<G1Affine> {
        let mut rng = ChaCha20Rng::from_seed(seed);
        for column in &mut columns {
            column[usable_rows..].fill_with(|| Fr::random(&mut rng));
        }
        let domain = key.get_vk().get_domain();
        let commit = |column| params.commit_lagrange(&domain.lagrange_from_vec(column), Blind::default()).to_affine();
        columns.into_par_iter().map(commit).collect()
    }

    fn prove(
        &self,
        params: &Params,
        key: &ProvingKey,
        advice: Vec<Vec<Fr>>,
        bus_sum: Fr,
        challenges: &Challenges<Fr>,
        seed: Seed,
    ) -> Result<Vec<u8>, BackendError> {
        let rng = ChaCha20Rng::from_seed(seed);
        let mut transcript = Override::new(Vec::new(), challenges);
        create_proof_from_advice::<KZGCommitmentScheme<Bn256>, ProverSHPLONK<'_, Bn256>, Challenge, _, _>(
            params,
            key,
            &[&[bus_sum]],
            advice,
            rng,
            &mut transcript,
        )?;
        Ok(transcript.finish()?.finalize())
    }
}
