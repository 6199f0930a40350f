//! The shards of a framework's [`Plan`], as circuits and witnesses.

use std::sync::Arc;

use verbatim_gadgets::{
    circuit::Circuit,
    grid::Grid,
    halo2::{self, Challenges},
    plan::Plan,
};

use crate::{
    Fr,
    machine::{ShardCircuit, ShardWitness},
};

/// A circuit of the framework at one size.
#[derive(Clone, Debug)]
pub struct PlanCircuit {
    circuit: Arc<Circuit>,
    index: u32,
    k: u32,
}

impl PlanCircuit {
    /// The circuit with number `index` in the inventory of circuits, with `2^k` rows.
    pub fn new(circuit: Arc<Circuit>, index: u32, k: u32) -> Self {
        Self { circuit, index, k }
    }

    /// The circuit of a shard, numbered as its workload is in the plan.
    pub fn of(plan: &Plan<'_>, shard: usize) -> Self {
        let index = plan.shards()[shard].workload;
        let index = u32::try_from(index).expect("a machine has few circuits");
        Self::new(Arc::clone(plan.workload(shard).circuit()), index, plan.shards()[shard].k)
    }
}

impl ShardCircuit for PlanCircuit {
    type Circuit = halo2::ShardCircuit;

    fn name(&self) -> &str {
        self.circuit.name
    }

    fn index(&self) -> u32 {
        self.index
    }

    fn k(&self) -> u32 {
        self.k
    }

    fn main_columns(&self) -> usize {
        self.circuit.main.len()
    }

    fn circuit(&self) -> halo2::ShardCircuit {
        halo2::ShardCircuit::for_keys(Arc::clone(&self.circuit), self.k)
    }
}

/// A shard of a plan. If the plan does not keep it, it is filled anew in each round: no more than one such shard is in
/// memory.
#[derive(Clone, Copy, Debug)]
pub struct PlanShard<'p> {
    plan: &'p Plan<'p>,
    shard: usize,
}

impl<'p> PlanShard<'p> {
    /// Shard `shard` of `plan`.
    pub fn new(plan: &'p Plan<'p>, shard: usize) -> Self {
        Self { plan, shard }
    }

    fn grid(&self) -> Arc<Grid> {
        self.plan.grid(self.shard).expect("a plan fills each of its shards when it is made")
    }
}

impl ShardWitness for PlanShard<'_> {
    fn main_columns(&self) -> Vec<Vec<Fr>> {
        Arc::unwrap_or_clone(self.grid()).main
    }

    fn aux_columns(&self, _: &[Vec<Fr>], alpha: Fr, gamma: Fr) -> (Vec<Vec<Fr>>, Fr) {
        halo2::auxiliary(&self.grid(), Challenges { alpha, gamma })
    }
}
