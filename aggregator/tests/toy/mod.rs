//! A small circuit of the family that a contract verifies: products, ranges, and an instance of a statement and a deferred
//! pairing.

use std::sync::Arc;

use halo2_base::{
    gates::{
        GateInstructions, RangeInstructions,
        circuit::{BaseCircuitParams, CircuitBuilderStage, builder::BaseCircuitBuilder},
    },
    halo2_proofs::{
        halo2curves::{
            bn256::{Bn256, Fq},
            ff::{Field, PrimeField},
            group::Curve,
        },
        plonk::{ProvingKey, create_proof, keygen_pk2, verify_proof},
        poly::{
            commitment::ParamsProver,
            kzg::{
                commitment::KZGCommitmentScheme,
                multiopen::{ProverSHPLONK, VerifierSHPLONK},
                strategy::SingleStrategy,
            },
        },
        transcript::{TranscriptReadBuffer, TranscriptWriterBuffer},
    },
};
use rand::SeedableRng;
use rand_chacha::ChaCha20Rng;
use snark_verifier::{
    loader::native::NativeLoader,
    system::halo2::transcript::evm::{ChallengeEvm, EvmTranscript},
};
use verbatim_aggregator::{
    Fr, G1Affine,
    contract::{Compiled, Compiler, Contract, Field as StatementField, Kind, Statement},
};
use verbatim_prover::{Params, setup::Setup};

type Transcript<S> = EvmTranscript<G1Affine, NativeLoader, S, Vec<u8>>;

/// What the circuit's instance is made of.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Public {
    /// Two elements of 128 bits: `bytes32`.
    pub(crate) halves: [Fr; 2],
    /// The product of secret numbers.
    pub(crate) product: Fr,
    /// A small number.
    pub(crate) number: Fr,
    /// Left and right.
    pub(crate) deferred: [G1Affine; 2],
}

impl Public {
    /// All elements in order.
    pub(crate) fn instance(&self) -> Vec<Fr> {
        let mut instance = vec![self.halves[0], self.halves[1], self.product, self.number];
        instance.extend(self.deferred.iter().flat_map(|point| [point.x, point.y]).flat_map(limbs));
        instance
    }
}

/// The fields of [`Public`].
pub(crate) fn statement() -> Statement {
    let field = StatementField::new;
    Statement::new(vec![
        field("root", Kind::Bytes32, "Two halves."),
        field("product", Kind::Uint, "A product of numbers that nobody tells."),
        field("number", Kind::Uint, ""),
    ])
    .expect("a statement")
}

/// Three limbs of 88 bits, lowest first.
fn limbs(coordinate: Fq) -> [Fr; 3] {
    let bytes = coordinate.to_repr();
    [&bytes[..11], &bytes[11..22], &bytes[22..]].map(|limb| {
        let mut repr = [0; 32];
        repr[..limb.len()].copy_from_slice(limb);
        Fr::from_repr(repr).expect("88 bits are below the modulus")
    })
}

/// The size of the circuit. It has one more column, for lookups, unless it has one for gates: then lookups are in it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shape {
    /// Advice columns for gates.
    pub(crate) advice: usize,
    /// Base-2 logarithm of the rows.
    pub(crate) k: usize,
}

impl Shape {
    fn params(self) -> BaseCircuitParams {
        BaseCircuitParams {
            k: self.k,
            num_advice_per_phase: vec![self.advice],
            num_fixed: 1,
            num_lookup_advice_per_phase: vec![1],
            lookup_bits: Some(self.k - 1),
            num_instance_columns: 1,
        }
    }

    /// The circuit, with all columns in use.
    fn build(self, stage: CircuitBuilderStage, public: &Public) -> BaseCircuitBuilder<Fr> {
        let mut builder = BaseCircuitBuilder::from_stage(stage).use_params(self.params());
        let range = builder.range_chip();
        let context = builder.main(0);
        let instance = context.assign_witnesses(public.instance());
        for (i, bits) in [(0, 128), (1, 128), (3, 32)] {
            range.range_check(context, instance[i], bits);
        }
        instance[4..].iter().for_each(|limb| range.range_check(context, *limb, 88));
        let mut product = context.load_witness(public.product);
        let secret = context.load_witness(Fr::from(7));
        context.constrain_equal(&product, &instance[2]);
        let rows = self.advice * (1 << self.k);
        while context.advice.len() + 64 < rows {
            product = range.gate().mul(context, product, secret);
        }
        builder.assigned_instances[0] = instance;
        builder
    }
}

/// A circuit with its keys and its contract.
#[derive(Debug)]
pub(crate) struct Scene {
    pub(crate) setup: Setup,
    pub(crate) compiled: Compiled,
    key: ProvingKey<G1Affine>,
    pub(crate) shape: Shape,
    breaks: Vec<Vec<usize>>,
}

impl Scene {
    pub(crate) fn new(shape: Shape) -> Self {
        let setup = Setup::unsafe_development(None);
        let circuit = shape.build(CircuitBuilderStage::Keygen, &public(&setup, Fr::ONE));
        let key = keygen_pk2(&*params(&setup, shape.k), &circuit, false).expect("keys");
        let contract = Contract::new(key.get_vk(), &setup.verifier(), &statement()).expect("a contract");
        let compiler = Compiler::install(env!("CARGO_TARGET_TMPDIR").as_ref()).expect("the Solidity compiler");
        let compiled = compiler.compile(&contract).expect("the contract compiles");
        Self { setup, compiled, key, shape, breaks: circuit.break_points() }
    }

    /// A proof, which halo2 accepts.
    pub(crate) fn prove(&self, public: &Public) -> Vec<u8> {
        let circuit = self.shape.build(CircuitBuilderStage::Prover, public).use_break_points(self.breaks.clone());
        let (params, instance) = (params(&self.setup, self.shape.k), public.instance());
        let mut transcript = Transcript::<Vec<u8>>::init(Vec::new());
        create_proof::<KZGCommitmentScheme<Bn256>, ProverSHPLONK<'_, Bn256>, ChallengeEvm<_>, _, _, _>(
            &params,
            &self.key,
            &[circuit],
            &[&[&instance]],
            ChaCha20Rng::seed_from_u64(1),
            &mut transcript,
        )
        .expect("a proof");
        let proof = transcript.finalize();
        assert!(self.native(&instance, &proof), "halo2 accepts the proof");
        proof
    }

    /// What halo2 says of a proof. It does not look at the deferred pairing.
    pub(crate) fn native(&self, instance: &[Fr], proof: &[u8]) -> bool {
        let params = params(&self.setup, self.shape.k);
        verify_proof::<KZGCommitmentScheme<Bn256>, VerifierSHPLONK<'_, Bn256>, ChallengeEvm<_>, _, _>(
            &params,
            self.key.get_vk(),
            SingleStrategy::new(&params),
            &[&[instance]],
            &mut Transcript::<&[u8]>::init(proof),
        )
        .is_ok()
    }
}

fn params(setup: &Setup, k: usize) -> Arc<Params> {
    setup.params(k as u32).expect("a setup")
}

/// An instance whose deferred pairing holds: `left = scalar [1]`, `right = scalar [s]`.
pub(crate) fn public(setup: &Setup, scalar: Fr) -> Public {
    let params = params(setup, 1);
    let powers = params.get_g();
    Public {
        halves: [Fr::from_u128(u128::MAX - 3), Fr::from_u128(5 << 100)],
        product: Fr::from(7).pow([100]),
        number: Fr::from(1_234_567),
        deferred: [powers[0], powers[1]].map(|point| (point * scalar).to_affine()),
    }
}
