//! Proofs of empty shards of the machine's circuits, under common challenges.

#![allow(dead_code, reason = "each test uses a part of it")]

use std::sync::Arc;

use halo2_proofs::halo2curves::{
    bn256::{G1Affine, G2Affine, pairing},
    group::Curve,
};
use verbatim_aggregator::{
    Fr, G1,
    key::Circuit,
    native::{Native, Refusal},
    shard::verify,
    witness::Witness,
};
use verbatim_circuits::schedule::Fork;
use verbatim_gadgets::{grid::Grid, halo2};
use verbatim_prover::{
    bundle::{Job, ProvenBundle, Prover, ShardProof},
    challenge::Challenges,
    keys::{KeyStore, ShardKey, ShardVerifyingKey},
    machine::ShardWitness,
    setup::Setup,
    shards::PlanCircuit,
};
use verbatim_witness::assemble::Assembly;

/// What a proof's sums are multiplied by.
pub(crate) const FACTOR: Fr = Fr::from_raw([5, 6, 7, 0]);

/// A shard without a window, which is one that holds.
struct Empty(Grid);

impl ShardWitness for Empty {
    fn main_columns(&self) -> Vec<Vec<Fr>> {
        self.0.main.clone()
    }

    fn aux_columns(&self, _: &[Vec<Fr>], alpha: Fr, gamma: Fr) -> (Vec<Vec<Fr>>, Fr) {
        halo2::auxiliary(&self.0, halo2::Challenges { alpha, gamma })
    }
}

/// Proofs of empty shards under common challenges.
pub(crate) struct Scene {
    pub(crate) setup: Setup,
    pub(crate) keys: Vec<ShardKey>,
    pub(crate) proven: ProvenBundle,
}

impl Scene {
    /// Shards of circuits of these names and sizes.
    pub(crate) fn new(shards: &[(&str, u32)]) -> Self {
        Self::of(Fr::from(3), shards)
    }

    /// The same, with challenges from a statement.
    pub(crate) fn of(statement: Fr, shards: &[(&str, u32)]) -> Self {
        let (setup, store) = (Setup::unsafe_development(None), KeyStore::new(None));
        let assembly = Assembly::empty(Fork::Osaka);
        let circuits: Vec<_> = assembly.workloads().iter().map(|workload| Arc::clone(workload.circuit())).collect();
        let place = |name| circuits.iter().position(|circuit| circuit.name == name).expect("there is such a circuit");
        let (keys, grids): (Vec<_>, Vec<_>) = shards
            .iter()
            .map(|(name, k)| {
                let circuit = &circuits[place(*name)];
                let shard = PlanCircuit::new(Arc::clone(circuit), place(*name) as u32, *k);
                let key = store.key(&shard, setup.params(*k).expect("a small size")).expect("a key");
                (key, Empty(Grid::new(Arc::clone(circuit), *k, Arc::new(circuit.fixed_values(*k)))))
            })
            .unzip();
        let jobs: Vec<_> = keys.iter().zip(&grids).map(|(key, witness)| Job { key, witness }).collect();
        let proven = Prover::new().seed([7; 32]).prove(statement, &jobs).expect("proofs");
        Self { setup, keys, proven }
    }

    pub(crate) fn shards(&self) -> impl Iterator<Item = (&ShardVerifyingKey, &ShardProof)> {
        self.keys.iter().map(|key| &**key.verifying()).zip(&self.proven.bundle.shards)
    }

    pub(crate) fn shared(&self) -> Challenges<Fr> {
        self.proven.challenges
    }

    /// Whether a proof holds with the pairing.
    pub(crate) fn holds(&self, circuit: &Circuit, witness: &Witness, shared: &Challenges<Fr>) -> Result<bool, Refusal> {
        let mut native = Native::new(witness);
        let verified = verify(&mut native, circuit, shared, &FACTOR);
        let [left, right] = native.finish()?;
        Ok(self.pair([left, right + G1Affine::generator() * verified.generator]))
    }

    /// Whether the pairing of two sums holds.
    pub(crate) fn pair(&self, [left, right]: [G1; 2]) -> bool {
        let sides = [(left, self.setup.verifier().s_g2()), (right, G2Affine::generator())];
        let [left, right] = sides.map(|(sum, other)| pairing(&sum.to_affine(), &other));
        left == right
    }
}
