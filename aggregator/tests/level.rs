//! Levels over small bundles: what they show, checked cell by cell and message by message.

mod common;

use std::collections::BTreeMap;

use common::Scene;
use verbatim_aggregator::{
    Fr, aggregate::Below, bus::Outcome, level::Statement, programs::programs, rom, tree::Tree, work::Shown,
};
use verbatim_circuits::statement::Chain;
use verbatim_gadgets::{bus::Balance, machine::Workload, plan::Plan};
use verbatim_prover::keys::ShardVerifyingKey;

/// A bundle of the empty list of public messages.
struct Case {
    scene: Scene,
    tree: Tree,
    statement: Statement<Fr>,
}

impl Case {
    fn new(shards: &[(&str, u32)]) -> Self {
        let chain = Chain::default();
        let scene = Scene::new(chain.statement(), shards);
        let tree = Tree::new(scene.shards().map(|(key, _)| key.digest()).collect()).expect("few keys");
        let (count, verifier_keys) = (Fr::from(chain.count), Fr::from(77));
        let statement = Statement { digest: chain.digest, count, block_keys: tree.root(), verifier_keys };
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
