//! Levels over small bundles: what they show, checked cell by cell and message by message.

mod common;

use std::{collections::BTreeMap, path::Path, time::Instant};

use common::Scene;
use verbatim_aggregator::{
    Fr,
    aggregate::Below,
    bus::Outcome,
    level::Statement,
    programs::programs,
    proof::{LevelProof, VerifierKeys},
    rom,
    tree::Tree,
    work::Shown,
};
use verbatim_circuits::statement::{Chain, Label};
use verbatim_gadgets::{bus::Balance, machine::Workload, plan::Plan};
use verbatim_prover::{
    bundle::Prover,
    keys::{KeyStore, ShardVerifyingKey},
    setup::Setup,
};

/// Of no block.
const LABEL: Label = Label { chain_id: 1, fork: 4, parent_hash: [2, 3], block_hash: [4, 5] };

/// A bundle of the empty list of public messages.
struct Case {
    scene: Scene,
    tree: Tree,
    statement: Statement<Fr>,
}

impl Case {
    fn new(shards: &[(&str, u32)]) -> Self {
        let chain = Chain::new(&LABEL);
        let scene = Scene::new(chain.statement(), shards);
        let tree = Tree::new(scene.shards().map(|(key, _)| key.digest()).collect()).expect("few keys");
        let (count, verifier_keys) = (Fr::from(chain.count), Fr::from(77));
        let statement =
            Statement { label: chain.begin, digest: chain.digest, count, block_keys: tree.root(), verifier_keys };
        Self { scene, tree, statement }
    }

    fn keys(&self) -> Vec<&ShardVerifyingKey> {
        self.scene.shards().map(|(key, _)| key).collect()
    }

    fn below<'a>(&'a self, keys: &'a [&'a ShardVerifyingKey]) -> Below<'a> {
        let Self { scene, tree, statement } = self;
        Below { statement: statement.clone(), sums: None, bundle: &scene.proven.bundle, keys, tree }
    }
}

/// Two levels above an empty bundle, proven. For the figures, and because a proof takes a while.
#[test]
#[ignore = "two proofs of the verifier circuit"]
fn two_levels_are_proven() {
    let case = Case::new(&[("state", 9), ("light", 9)]);
    let (setup, store) = (&case.scene.setup, KeyStore::new(Some(Path::new("/tmp/verbatim-keys"))));
    let mut verifier_keys = VerifierKeys::default();
    let mut tree_keys = Vec::new();
    for k in 16..=17 {
        let start = Instant::now();
        tree_keys.push(verifier_keys.get(k, setup, &store).expect("a key").verifying().digest());
        println!("key k = {k}: {:.1} s", start.elapsed().as_secs_f64());
    }
    let tree = Tree::new(tree_keys).expect("few keys");
    let statement = Statement { verifier_keys: tree.root(), ..case.statement.clone() };
    let keys = case.keys();
    let below = Below { statement: statement.clone(), ..case.below(&keys) };
    let mut level = prove(&below, setup, &store, &mut verifier_keys);
    for _ in 0..2 {
        let keys: Vec<_> = level.keys.iter().map(|key| &**key).collect();
        let sums = Some(level.shown.sums);
        let below = Below { statement: statement.clone(), sums, bundle: &level.bundle, keys: &keys, tree: &tree };
        level = prove(&below, setup, &store, &mut verifier_keys);
    }
}

fn prove(below: &Below<'_>, setup: &Setup, store: &KeyStore, keys: &mut VerifierKeys) -> LevelProof {
    let start = Instant::now();
    let (sheet, shown) = below.work().expect("it holds").finish().expect("sums");
    println!("{} rows, {:.1} s", (&sheet as &dyn Workload).rows(), start.elapsed().as_secs_f64());
    let start = Instant::now();
    let level = LevelProof::prove((&sheet, shown), 18, (setup, store, keys), &Prover::new()).expect("a proof");
    println!("proven in {:.1} s", start.elapsed().as_secs_f64());
    for cost in &level.costs {
        let cpu = (cost.commit.cpu + cost.prove.cpu).as_secs_f64();
        println!("{} k = {}: {cpu:.1} CPU-s", cost.circuit, cost.k);
    }
    level.verify(setup).expect("it holds");
    assert!(level.pairing_holds(setup));
    level
}

#[test]
fn a_level_holds() {
    let case = Case::new(&[("state", 9), ("light", 9)]);
    let keys = case.keys();
    let (sheet, shown): (_, Shown) = case.below(&keys).work().expect("it holds").finish().expect("sums");
    let mut windows: BTreeMap<&str, usize> = BTreeMap::new();
    for index in 0..sheet.len() {
        *windows.entry(sheet.circuit().chips[sheet.chip(index)].name).or_default() += 1;
    }
    println!("{windows:?}, {} rows", (&sheet as &dyn Workload).rows());
    let circuit = sheet.circuit();
    println!(
        "{} main, {} aux, {} fixed, {} slots",
        circuit.main.len(),
        circuit.aux_columns(),
        circuit.fixed.len(),
        circuit.slots.len()
    );
    println!(
        "rom: {} instructions, {} addresses",
        rom::len(),
        programs().iter().map(|entry| entry.program.len()).sum::<u32>()
    );
    let plan = Plan::new(vec![&sheet], 18).expect("it fits");
    println!("{:?}", plan.shards());
    let mut public = Balance::default();
    public.add_public::<Outcome>(&shown.message(), -Fr::one());
    let report = plan.check(public).expect("it fits");
    println!("{} constraints, {} messages", report.local.evaluated, report.messages);
    assert!(report.holds(), "{:?} {:?}", report.local.failures.first(), report.unbalanced.first());
}
