//! Keys and proofs of the last circuit, as a contract takes them: KZG with SHPLONK and the Keccak transcript of
//! snark-verifier.

use std::io::{Error as IoError, Read, Write};

use halo2_base::gates::circuit::builder::BaseCircuitBuilder;
use halo2_proofs::{
    SerdeFormat,
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
    /// A proof goes on behind its end.
    #[error("the last proof has {0} bytes too many")]
    Trailing(usize),
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

    /// Writes the keys: the length of the pinning as 8 bytes, the pinning as JSON, the proving key.
    ///
    /// # Errors
    ///
    /// An error of the writer.
    pub fn write(&self, writer: &mut impl Write) -> Result<(), IoError> {
        let pinning = serde_json::to_vec(&self.pinning)?;
        writer.write_all(&(pinning.len() as u64).to_le_bytes())?;
        writer.write_all(&pinning)?;
        self.key.write(writer, SerdeFormat::RawBytes)
    }

    /// Reads keys that [`Keys::write`] has written, from a source that is trusted.
    ///
    /// # Errors
    ///
    /// An error of the reader, or that of a malformed pinning.
    ///
    /// # Panics
    ///
    /// If the proving key is cut off: halo2's reader does.
    pub fn read(reader: &mut impl Read) -> Result<Self, IoError> {
        let mut length = [0; 8];
        reader.read_exact(&mut length)?;
        let mut pinning = Vec::new();
        reader.by_ref().take(u64::from_le_bytes(length)).read_to_end(&mut pinning)?;
        let pinning: Pinning = serde_json::from_slice(&pinning)?;
        let params = pinning.params.clone();
        let key = ProvingKey::read::<_, BaseCircuitBuilder<Fr>>(reader, SerdeFormat::RawBytes, params)?;
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
/// [`ProofError::Halo2`] if the proof does not hold, [`ProofError::Trailing`] if it has other bytes behind it.
pub fn verify(params: &Params, key: &VerifyingKey, instance: &[Fr], proof: &[u8]) -> Result<(), ProofError> {
    let mut rest = proof;
    let mut transcript = Transcript::<&mut &[u8]>::init(&mut rest);
    verify_proof::<KZGCommitmentScheme<Bn256>, VerifierSHPLONK<'_, Bn256>, ChallengeEvm<_>, _, _>(
        params,
        key,
        SingleStrategy::new(params),
        &[&[instance]],
        &mut transcript,
    )?;
    drop(transcript);
    if rest.is_empty() { Ok(()) } else { Err(ProofError::Trailing(rest.len())) }
}
