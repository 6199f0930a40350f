//! Keys and proofs of the last circuit, as a contract takes them: KZG with SHPLONK and the Keccak transcript of
//! snark-verifier.

use halo2_proofs::{
    halo2curves::bn256::Bn256,
    plonk::{Error, ProvingKey, create_proof, keygen_pk2, verify_proof},
    poly::kzg::{
        commitment::KZGCommitmentScheme,
        multiopen::{ProverSHPLONK, VerifierSHPLONK},
        strategy::SingleStrategy,
    },
    transcript::{TranscriptReadBuffer, TranscriptWriterBuffer},
};
use rand::{CryptoRng, RngCore};
use snark_verifier::{
    loader::native::NativeLoader,
    system::halo2::transcript::evm::{ChallengeEvm, EvmTranscript},
};
use verbatim_prover::{Params, VerifyingKey};

use super::circuit::{LastCircuit, Pinning};
use crate::{Fr, G1Affine, native::Refusal};

/// Why there is no key or no proof.
#[derive(Debug, thiserror::Error)]
pub enum ProofError {
    /// The witness does not satisfy the constraints.
    #[error("the last circuit's witness is refused: {0}")]
    Refused(#[from] Refusal),
    /// The proof system fails.
    #[error("the proof system fails: {0}")]
    Halo2(#[from] Error),
}

type Transcript<S> = EvmTranscript<G1Affine, NativeLoader, S, Vec<u8>>;

/// The proving key of a last circuit, and what has to be kept beside it.
#[derive(Debug)]
pub struct Keys {
    /// The proving key.
    pub key: ProvingKey<G1Affine>,
    /// What a circuit for a proof needs.
    pub pinning: Pinning,
}

impl Keys {
    /// Makes the keys of a circuit, which is in the stage [`LastCircuit::keygen`] or [`LastCircuit::mock`].
    ///
    /// # Errors
    ///
    /// [`ProofError::Halo2`] if the setup is too small.
    pub fn new(params: &Params, circuit: &LastCircuit) -> Result<Self, ProofError> {
        let key = keygen_pk2(params, &circuit.builder, false)?;
        let pinning = Pinning { params: circuit.params().clone(), break_points: circuit.builder.break_points() };
        Ok(Self { key, pinning })
    }

    /// A proof of a circuit, which is in the stage [`LastCircuit::prover`].
    ///
    /// # Errors
    ///
    /// [`ProofError`] if the witness is refused or the proof system fails.
    pub fn prove(
        &self,
        params: &Params,
        circuit: LastCircuit,
        random: impl RngCore + CryptoRng + Send,
    ) -> Result<Vec<u8>, ProofError> {
        if let Some(refusal) = circuit.refusal() {
            return Err(refusal.into());
        }
        let instance = circuit.instance();
        let mut transcript = Transcript::<Vec<u8>>::init(Vec::new());
        create_proof::<KZGCommitmentScheme<Bn256>, ProverSHPLONK<'_, Bn256>, ChallengeEvm<_>, _, _, _>(
            params,
            &self.key,
            &[circuit.builder],
            &[&[&instance]],
            random,
            &mut transcript,
        )?;
        Ok(transcript.finalize())
    }
}

/// Verifies a proof. The pairing of the instance's points is not checked.
///
/// # Errors
///
/// [`ProofError::Halo2`] if the proof does not hold.
pub fn verify(params: &Params, key: &VerifyingKey, instance: &[Fr], proof: &[u8]) -> Result<(), ProofError> {
    let mut transcript = Transcript::<&[u8]>::init(proof);
    verify_proof::<KZGCommitmentScheme<Bn256>, VerifierSHPLONK<'_, Bn256>, ChallengeEvm<_>, _, _>(
        params,
        key,
        SingleStrategy::new(params),
        &[&[instance]],
        &mut transcript,
    )?;
    Ok(())
}
