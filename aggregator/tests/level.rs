//! Levels over small bundles: what they show, checked cell by cell and message by message.

#[path = "scene/case.rs"]
mod case;
mod scene;

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Instant,
};

use case::Case;
use verbatim_aggregator::{
    Fr,
    aggregate::Below,
    bus::Outcome,
    level::Statement,
    programs::programs,
    proof::LevelProof,
    rom,
    tree::Tree,
    verifier::{self, VerifierChips, VerifierEvent},
    work::Shown,
};
use verbatim_gadgets::{
    audit::audit,
    bus::Balance,
    machine::{ChipSet, Sheet, Workload},
    plan::Plan,
};
use verbatim_prover::{bundle::Prover, inventory::Inventory, keys::KeyStore, setup::Setup};

/// Two levels above an empty bundle, proven. For the figures, and because a proof takes a while.
#[test]
#[ignore = "two proofs of the verifier circuit"]
fn two_levels_are_proven() {
    let case = Case::new(&[("state", 9), ("light", 9)]);
    let (setup, store) = (&case.scene.setup, KeyStore::new(None));
    let mut inventory = Inventory::new(setup, &store);
    let mut tree_keys = Vec::new();
    for k in 16..=17 {
        let start = Instant::now();
        tree_keys.push(inventory.key(&verifier::circuit(k)).expect("a key").verifying().digest());
        println!("key k = {k}: {:.1} s", start.elapsed().as_secs_f64());
    }
    let tree = Tree::new(tree_keys).expect("few keys");
    let statement = Statement { verifier_keys: tree.root(), ..case.statement.clone() };
    let keys = case.keys();
    let below = Below { statement: statement.clone(), ..case.below(&keys) };
    let mut level = prove(&below, setup, &mut inventory);
    for _ in 0..2 {
        let keys: Vec<_> = level.keys.iter().map(|key| &**key).collect();
        let sums = Some(level.shown.sums);
        let below = Below { statement: statement.clone(), sums, bundle: &level.bundle, keys: &keys, tree: &tree };
        level = prove(&below, setup, &mut inventory);
    }
}

fn prove(below: &Below<'_>, setup: &Setup, inventory: &mut Inventory<'_>) -> LevelProof {
    let start = Instant::now();
    let (sheet, shown) = below.work().expect("it holds").finish().expect("sums");
    println!("{} rows, {:.1} s", (&sheet as &dyn Workload).rows(), start.elapsed().as_secs_f64());
    let start = Instant::now();
    let level = LevelProof::prove((&sheet, shown), 18, inventory, &Prover::new()).expect("a proof");
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

/// One circuit, whatever the bundle: a shard, and twice as many as there were, of other circuits and sizes.
#[test]
fn a_level_takes_any_bundle() {
    let bundles: [&[(&str, u32)]; 3] =
        [&[("state", 9)], &[("state", 9), ("arith", 9)], &[("state", 9), ("arith", 9), ("state", 10), ("light", 9)]];
    let mut rows = Vec::new();
    for shards in bundles {
        let case = Case::new(shards);
        let keys = case.keys();
        let (sheet, shown) = case.below(&keys).work().expect("it holds").finish().expect("sums");
        assert_eq!(unbalanced(&sheet, &shown, |_| {}), BTreeSet::new());
        rows.push((&sheet as &dyn Workload).rows());
    }
    assert!(rows.is_sorted());
}

/// The windows of a level whose event `change` has changed, and what the bus has against them if it shows `shown`.
fn unbalanced(
    sheet: &Sheet<VerifierChips>,
    shown: &Shown,
    change: impl Fn(&mut VerifierEvent),
) -> BTreeSet<&'static str> {
    let mut forged: Sheet<VerifierChips> = Sheet::new();
    for (origin, event) in sheet.events() {
        let mut event = event.clone();
        change(&mut event);
        forged.push(*origin, event);
    }
    let mut public = Balance::default();
    public.add_public::<Outcome>(&shown.message(), -Fr::one());
    let report = Plan::new(vec![&forged], 18).expect("it fits").check(public).expect("it fits");
    assert_eq!(report.local.failures, []);
    report.unbalanced.iter().map(|left| left.tag.name).collect()
}

/// Every window of a forged level holds by itself: what refuses it is the bus between the programs and the curve.
#[test]
fn sums_are_those_of_the_terms() {
    let case = Case::new(&[("state", 9), ("light", 9)]);
    let keys = case.keys();
    let (sheet, shown): (_, Shown) = case.below(&keys).work().expect("it holds").finish().expect("sums");
    assert_eq!(unbalanced(&sheet, &shown, |_| {}), BTreeSet::new());
    // Other totals, which show what is wanted.
    let sums = shown.sums.map(|sum| -sum);
    let other = |event: &mut VerifierEvent| {
        if let VerifierEvent::Level(event) = event {
            event.totals = sums;
        }
    };
    assert_eq!(unbalanced(&sheet, &Shown { sums, ..shown }, other), ["total"].into());
    // A point that no proof has, in all terms of one that is read.
    let read = sheet.events().iter().find_map(|(_, event)| match event {
        VerifierEvent::Read(event) => Some(event.point),
        _ => None,
    });
    let (point, other) = (read.expect("a point"), shown.sums[0]);
    let other = |event: &mut VerifierEvent| match event {
        VerifierEvent::Term(event) if event.point == point => event.point = other,
        _ => {}
    };
    assert_eq!(unbalanced(&sheet, &shown, other), ["term", "point of a run"].into());
}

/// What the audit finds in the windows of a level is what the circuit knows of.
#[test]
fn the_audit_finds_nothing_else() {
    let case = Case::new(&[("state", 9), ("light", 9)]);
    let keys = case.keys();
    let (sheet, _) = case.below(&keys).work().expect("it holds").finish().expect("sums");
    let workload: &dyn Workload = &sheet;
    let mut grid = workload.grid(VerifierChips::LEAST, 0..sheet.len()).expect("it fits");
    let found = audit(&mut grid, 12);
    assert_eq!(found.unseen().collect::<Vec<_>>(), [""; 0]);
    let settled = found.settle(VerifierChips::EXCEPTIONS);
    assert_eq!(settled.unsettled, []);
    assert_eq!(settled.refuted, []);
}
