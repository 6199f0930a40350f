//! A bundle of empty shards, and the level above it.

use verbatim_aggregator::{Fr, aggregate::Below, level::Statement, tree::Tree};
use verbatim_circuits::statement::{Chain, Label};
use verbatim_prover::keys::ShardVerifyingKey;

use crate::scene::Scene;

/// Of no block.
pub(crate) const LABEL: Label = Label { chain_id: 1, fork: 4, parent_hash: [2, 3], block_hash: [4, 5] };

/// A bundle of the empty list of public messages.
pub(crate) struct Case {
    pub(crate) scene: Scene,
    pub(crate) tree: Tree,
    pub(crate) statement: Statement<Fr>,
}

impl Case {
    pub(crate) fn new(shards: &[(&str, u32)]) -> Self {
        let chain = Chain::new(&LABEL);
        let scene = Scene::of(chain.statement(), shards);
        let tree = Tree::new(scene.shards().map(|(key, _)| key.digest()).collect()).expect("few keys");
        let (count, verifier_keys) = (Fr::from(chain.count), Fr::from(77));
        let statement =
            Statement { label: chain.begin, digest: chain.digest, count, block_keys: tree.root(), verifier_keys };
        Self { scene, tree, statement }
    }

    pub(crate) fn keys(&self) -> Vec<&ShardVerifyingKey> {
        self.scene.shards().map(|(key, _)| key).collect()
    }

    pub(crate) fn below<'a>(&'a self, keys: &'a [&'a ShardVerifyingKey]) -> Below<'a> {
        let Self { scene, tree, statement } = self;
        Below { statement: statement.clone(), sums: None, bundle: &scene.proven.bundle, keys, tree }
    }
}
