//! A circuit with its keys and its contract, and proofs of it for the contract.

use std::sync::Arc;

use halo2_proofs::{
    halo2curves::{bn256::Bn256, group::Curve},
    plonk::{Circuit, ProvingKey, create_proof, keygen_pk2, verify_proof},
    poly::{
        commitment::ParamsProver,
        kzg::{
            commitment::KZGCommitmentScheme,
            multiopen::{ProverSHPLONK, VerifierSHPLONK},
            strategy::SingleStrategy,
        },
    },
    transcript::{TranscriptReadBuffer, TranscriptWriterBuffer},
};
use rand::SeedableRng;
use rand_chacha::ChaCha20Rng;
use snark_verifier::{
    loader::native::NativeLoader,
    system::halo2::transcript::evm::{ChallengeEvm, EvmTranscript},
};
use verbatim_aggregator::{
    Fr, G1Affine,
    contract::{Compiled, Compiler, Contract, Statement},
};
use verbatim_prover::{Params, setup::Setup};

type Transcript<S> = EvmTranscript<G1Affine, NativeLoader, S, Vec<u8>>;

/// Compiles a contract.
pub(crate) fn compile(contract: &Contract) -> Compiled {
    let compiler = Compiler::install(env!("CARGO_TARGET_TMPDIR").as_ref()).expect("the Solidity compiler");
    compiler.compile(contract).expect("the contract compiles")
}

/// A circuit's key and contract.
#[derive(Debug)]
pub(crate) struct Keyed {
    pub(crate) contract: Contract,
    pub(crate) compiled: Compiled,
    params: Arc<Params>,
    key: ProvingKey<G1Affine>,
}

impl Keyed {
    pub(crate) fn new(circuit: &impl Circuit<Fr>, k: u32, statement: &Statement) -> Self {
        let setup = Setup::unsafe_development(None);
        let params = setup.params(k).expect("a setup");
        let key = keygen_pk2(&*params, circuit, false).expect("keys");
        let contract = Contract::new(key.get_vk(), &setup.verifier(), statement).expect("a contract");
        let compiled = compile(&contract);
        Self { contract, compiled, params, key }
    }

    /// A proof, which halo2 accepts.
    pub(crate) fn prove(&self, circuit: impl Circuit<Fr>, instance: &[Fr]) -> Vec<u8> {
        let mut transcript = Transcript::<Vec<u8>>::init(Vec::new());
        create_proof::<KZGCommitmentScheme<Bn256>, ProverSHPLONK<'_, Bn256>, ChallengeEvm<_>, _, _, _>(
            &self.params,
            &self.key,
            &[circuit],
            &[&[instance]],
            ChaCha20Rng::seed_from_u64(1),
            &mut transcript,
        )
        .expect("a proof");
        let proof = transcript.finalize();
        assert!(self.native(instance, &proof), "halo2 accepts the proof");
        proof
    }

    /// What halo2 says of a proof. It does not look at the deferred pairing.
    pub(crate) fn native(&self, instance: &[Fr], proof: &[u8]) -> bool {
        verify_proof::<KZGCommitmentScheme<Bn256>, VerifierSHPLONK<'_, Bn256>, ChallengeEvm<_>, _, _>(
            &self.params,
            self.key.get_vk(),
            SingleStrategy::new(&self.params),
            &[&[instance]],
            &mut Transcript::<&[u8]>::init(proof),
        )
        .is_ok()
    }

    /// A deferred pairing that holds: `left = scalar [1]`, `right = scalar [s]`.
    pub(crate) fn deferred(&self, scalar: Fr) -> [G1Affine; 2] {
        let powers = self.params.get_g();
        [powers[0], powers[1]].map(|point| (point * scalar).to_affine())
    }
}
