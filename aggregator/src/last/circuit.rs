//! The circuit, in the stages of its life: for keys, for a proof, for a test.

use std::collections::BTreeMap;

use halo2_base::gates::circuit::{BaseCircuitParams, CircuitBuilderStage, builder::BaseCircuitBuilder};
use serde::{Deserialize, Serialize};
use verbatim_prover::challenge::Challenges;
use verbatim_prover::keys::fixed_digest;

use super::{
    cells::{Cells, Part},
    engine::{Halo2Engine, Scalar},
    limbs::Limbs,
    proof::ProofError,
};
use crate::{
    Fr, G1Affine,
    engine::{Engine, Sum},
    key::Circuit,
    native::Refusal,
    shard::{Verified, verify},
    witness::Witness,
};

/// Rows at the end of a column that have no cells of the circuit, at most.
const UNUSABLE_ROWS: usize = 10;

/// What has to be kept of a circuit beside its proving key.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Pinning {
    /// The size and the columns.
    pub params: BaseCircuitParams,
    /// The rows at which the cells go on in the next column.
    pub break_points: Vec<Vec<usize>>,
}

/// The circuit with the cells of a witness.
#[derive(Debug)]
pub struct LastCircuit {
    pub(super) builder: BaseCircuitBuilder<Fr>,
    spent: BTreeMap<Part, usize>,
    refusal: Option<Refusal>,
}

impl LastCircuit {
    /// The circuit of `2^k` rows for making keys, with as few columns as hold it.
    ///
    /// `body` is what the circuit proves. It answers the scalars of the instance, and adds at least one term to each sum. It must
    /// be the same in all stages.
    ///
    /// # Panics
    ///
    /// If the body adds no term to a sum, or `k` is below 9.
    pub fn keygen(k: u32, body: impl FnOnce(&mut Halo2Engine<'_>) -> Vec<Scalar>) -> Self {
        Self::fitted(CircuitBuilderStage::Keygen, k, &Witness::default(), body)
    }

    /// The circuit with a witness, for testing whether its constraints hold.
    pub fn mock(k: u32, witness: &Witness, body: impl FnOnce(&mut Halo2Engine<'_>) -> Vec<Scalar>) -> Self {
        Self::fitted(CircuitBuilderStage::Mock, k, witness, body)
    }

    /// The circuit with a witness, for a proof.
    pub fn prover(
        pinning: &Pinning,
        witness: &Witness,
        body: impl FnOnce(&mut Halo2Engine<'_>) -> Vec<Scalar>,
    ) -> Self {
        let builder = BaseCircuitBuilder::prover(pinning.params.clone(), pinning.break_points.clone());
        Self::fill(builder, witness, body)
    }

    fn fitted(
        stage: CircuitBuilderStage,
        k: u32,
        witness: &Witness,
        body: impl FnOnce(&mut Halo2Engine<'_>) -> Vec<Scalar>,
    ) -> Self {
        let k = k as usize;
        assert!(k > *Limbs::LOOKUP_BITS.start(), "the lookups' table fits the circuit");
        let bits = (k - 1).clamp(*Limbs::LOOKUP_BITS.start(), *Limbs::LOOKUP_BITS.end());
        let builder = BaseCircuitBuilder::from_stage(stage).use_k(k).use_lookup_bits(bits).use_instance_columns(1);
        let mut circuit = Self::fill(builder, witness, body);
        circuit.builder.calculate_params(Some(UNUSABLE_ROWS));
        circuit
    }

    fn fill(
        mut builder: BaseCircuitBuilder<Fr>,
        witness: &Witness,
        body: impl FnOnce(&mut Halo2Engine<'_>) -> Vec<Scalar>,
    ) -> Self {
        let bits = builder.lookup_bits().expect("a pinning has lookups");
        let mut engine = Halo2Engine::new(Cells::new(&mut builder, bits), witness);
        let statement = body(&mut engine);
        let mut instance: Vec<_> = statement.iter().map(|scalar| engine.cell(scalar)).collect();
        let (limbs, cells) = engine.finish();
        instance.extend(limbs);
        let (spent, refusal) = cells.finish();
        builder.assigned_instances[0] = instance;
        Self { builder, spent, refusal }
    }

    /// The circuit as halo2 takes it.
    pub fn builder(&self) -> &BaseCircuitBuilder<Fr> {
        &self.builder
    }

    /// The digest of all that its key follows from, but the setup: see [`fixed_digest`]. It takes the cells of the circuit, which
    /// halo2-base can lay out only once.
    ///
    /// # Errors
    /// [`ProofError::Halo2`] if it cannot be laid out.
    pub fn digest(self) -> Result<[u8; 32], ProofError> {
        Ok(fixed_digest("last", &self.builder)?)
    }

    /// The instance.
    pub fn instance(&self) -> Vec<Fr> {
        self.builder.assigned_instances[0].iter().map(|cell| *cell.value()).collect()
    }

    /// Why the constraints do not hold for the witness, if they do not.
    pub fn refusal(&self) -> Option<Refusal> {
        self.refusal
    }

    /// How many cells each part takes, before copies for lookups.
    pub fn spent(&self) -> &BTreeMap<Part, usize> {
        &self.spent
    }

    /// The size and the columns.
    pub fn params(&self) -> &BaseCircuitParams {
        &self.builder.config_params
    }
}

/// Reads the challenges and a factor, then a shard's proof, and verifies it up to the pairing: all that a body does for its
/// shard, but constrain the challenges.
pub fn verify_shard(engine: &mut Halo2Engine<'_>, circuit: &Circuit) -> (Challenges<Scalar>, Verified<Scalar>) {
    let [alpha, gamma, factor] = [(); 3].map(|()| engine.scalar());
    let shared = Challenges { alpha, gamma };
    let verified = verify(engine, circuit, &shared, &factor);
    let generator = engine.known_point(&G1Affine::generator());
    engine.term(Sum::Right, &verified.generator, &generator);
    (shared, verified)
}
