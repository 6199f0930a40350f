//! Bundles of shards without a window: they hold, and prove the empty list of public messages.

use std::sync::Arc;

use verbatim_aggregator::Fr;
use verbatim_circuits::schedule::Fork;
use verbatim_gadgets::{grid::Grid, halo2};
use verbatim_prover::{
    bundle::{Job, ProvenBundle, Prover, ShardProof},
    keys::{KeyStore, ShardKey, ShardVerifyingKey},
    machine::ShardWitness,
    setup::Setup,
    shards::PlanCircuit,
};
use verbatim_witness::assemble::Assembly;

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
    /// Shards of circuits of these names and sizes, with challenges from a statement.
    pub(crate) fn new(statement: Fr, shards: &[(&str, u32)]) -> Self {
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

    /// The shards with their keys.
    pub(crate) fn shards(&self) -> impl Iterator<Item = (&ShardVerifyingKey, &ShardProof)> {
        self.keys.iter().map(|key| &**key.verifying()).zip(&self.proven.bundle.shards)
    }
}
