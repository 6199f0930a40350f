//! The proof of a level: a bundle of shards of the verifier circuit.

use std::{collections::BTreeMap, sync::Arc};

use halo2_proofs::halo2curves::bn256::{G2Affine, pairing};
use verbatim_gadgets::{
    grid::Full,
    machine::Sheet,
    message::Message,
    plan::{Plan, public_sum},
};
use verbatim_prover::{
    bundle::{Bundle, BundleRejection, Job, ProveError, Prover, ShardCost, Verifier},
    challenge::Challenges,
    inventory::{Inventory, InventoryError},
    keys::ShardVerifyingKey,
    machine::ShardCircuit,
    registry::{Count, Registry},
    setup::{Setup, VerifierSetup},
    shards::PlanShard,
};

use crate::{
    Fr, G1Affine,
    bus::Outcome,
    verifier::{self, VerifierChips},
    work::Shown,
};

/// Why a level cannot be proven or judged.
#[derive(Debug, thiserror::Error)]
pub enum LevelProofError {
    /// A shard has no room.
    #[error(transparent)]
    Full(#[from] Full),
    /// A key cannot be made.
    #[error(transparent)]
    Key(#[from] InventoryError),
    /// The shards cannot be proven.
    #[error(transparent)]
    Prove(#[from] ProveError),
}

/// A level, proven.
#[derive(Clone, Debug)]
pub struct LevelProof {
    /// What it shows.
    pub shown: Shown,
    /// The shards.
    pub bundle: Bundle,
    /// Their keys.
    pub keys: Vec<Arc<ShardVerifyingKey>>,
    /// What they cost.
    pub costs: Vec<ShardCost>,
}

impl LevelProof {
    /// Proves a level by shards of at most `2^greatest_k` rows.
    ///
    /// # Errors
    /// [`LevelProofError`].
    pub fn prove(
        (sheet, shown): (&Sheet<VerifierChips>, Shown),
        greatest_k: u32,
        inventory: &mut Inventory<'_>,
        prover: &Prover<'_>,
    ) -> Result<Self, LevelProofError> {
        let plan = Plan::new(vec![sheet], greatest_k)?;
        let shard_keys = plan.shards().iter().map(|shard| inventory.key(&verifier::circuit(shard.k)));
        let shard_keys = shard_keys.collect::<Result<Vec<_>, _>>()?;
        let shards: Vec<_> = (0..shard_keys.len()).map(|shard| PlanShard::new(&plan, shard)).collect();
        let jobs: Vec<_> = shard_keys.iter().zip(&shards).map(|(key, witness)| Job { key, witness }).collect();
        let proven = prover.prove(shown.digest(), &jobs)?;
        let keys = shard_keys.iter().map(|key| Arc::clone(key.verifying())).collect();
        Ok(Self { shown, bundle: proven.bundle, keys, costs: proven.costs })
    }

    /// Verifies the shards, and that they show what is said. The pairing of the [sums](Shown::sums) is left.
    ///
    /// # Errors
    /// [`BundleRejection`] says what does not hold.
    pub fn verify(&self, setup: &Setup) -> Result<(), BundleRejection> {
        let registry = self.registry();
        let message = Outcome::tuple(&self.shown.message());
        let public = |challenges: &Challenges<Fr>| {
            public_sum([(Outcome::TAG.id, &message[..], -Fr::one())], *challenges).unwrap_or_else(Fr::one)
        };
        Verifier::new(&registry, setup.verifier()).verify(self.shown.digest(), &self.bundle, public).map(|_| ())
    }

    /// Whether the pairing of the sums holds: that all proofs below do.
    pub fn pairing_holds(&self, setup: &Setup) -> bool {
        pairing_holds(&self.shown.sums, &setup.verifier())
    }

    /// The keys of the shards.
    pub fn registry(&self) -> Registry {
        registry(&self.keys)
    }
}

/// Whether the pairing of a left and a right sum holds.
pub(crate) fn pairing_holds([left, right]: &[G1Affine; 2], setup: &VerifierSetup) -> bool {
    pairing(left, &setup.s_g2()) == pairing(right, &G2Affine::generator())
}

/// The verifier circuit with these keys, each size once.
fn registry<'k>(keys: impl IntoIterator<Item = &'k Arc<ShardVerifyingKey>>) -> Registry {
    let circuit = verifier::circuit(verifier::LEAST_K);
    let keys: BTreeMap<u32, _> = keys.into_iter().map(|key| (key.shape().k, key)).collect();
    let mut registry = Registry::new();
    let added = registry.add_circuit(circuit.name(), circuit.index(), Count::any());
    added
        .and_then(|()| keys.into_values().try_for_each(|key| registry.add_key(Arc::clone(key))))
        .expect("one circuit, and one key for each size");
    registry
}
