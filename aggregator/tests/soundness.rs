//! What a level does not accept: natively, as an error, and in the verifier circuit, by the operations that are left without
//! a value or an equation that holds.
//!
//! A forger fills the windows of the programs from whatever he likes: [`Claims`]. Everything that follows from it is filled as
//! it should be, so what speaks against him are the assertions of the programs alone, and the bus.

#[path = "common/case.rs"]
mod case;
mod common;
#[path = "common/machine.rs"]
mod machine;

use std::collections::BTreeSet;

use case::{Case, LABEL};
use common::Scene;
use machine::Machine;
use verbatim_aggregator::{
    Fr, G1Affine,
    aggregate::{Below, LevelError},
    bus::{CurvePoint, Outcome, OutcomeNative, Term, Total, TotalNative},
    key::Circuit,
    level::{self, Progress, Statement},
    native::Native,
    program::Op,
    programs::{Entry, programs},
    shard::{self, Shared},
    tree::Tree,
    verifier::VerifierChips,
    witness::Witness,
    work::Shown,
};
use verbatim_circuits::statement::{Chain, Label};
use verbatim_gadgets::{
    bus::{Balance, FactCounts},
    check::check,
    machine::{ChipSet, Sheet, Workload},
};

const SHARDS: &[(&str, u32)] = &[("state", 9), ("light", 9)];

/// What a prover says, true or not.
#[derive(Clone)]
struct Claims {
    statement: Statement<Fr>,
    /// What the level below has left; none for a block.
    sums: Option<[G1Affine; 2]>,
    shared: Shared<Fr>,
    factor: Fr,
    shards: Vec<Given>,
}

/// A shard and the path of its key.
#[derive(Clone)]
struct Given {
    index: u32,
    circuit: Circuit,
    witness: Witness,
}

impl Claims {
    /// The truth about a bundle.
    fn new(case: &Case) -> Self {
        let shards = case.scene.shards().map(|(key, proof)| {
            let mut witness = Witness::of_shard(key, proof).expect("a proof");
            witness.scalars.extend(case.tree.path(key.digest()).expect("a key of the tree"));
            Given { index: key.index(), circuit: Circuit::of(key), witness }
        });
        let shared = Shared { alpha: Fr::one(), gamma: Fr::one() };
        let (statement, shards) = (case.statement.clone(), shards.collect());
        Self { statement, sums: None, shared, factor: Fr::one(), shards }.settled()
    }

    /// The same with the challenges and the factor that belong to it: the best that a prover can do.
    fn settled(mut self) -> Self {
        let nothing = Witness::default();
        let progress = self.progress().pop().expect("there is a beginning");
        self.shared = shard::challenges(&mut Native::new(&nothing), &progress.chain, &progress.shards);
        let progress = self.progress().pop().expect("there is a beginning");
        self.factor = level::factor(&mut Native::new(&nothing), &progress.tail);
        self
    }

    fn opening(&self) -> (&'static Entry, Witness) {
        let Shared { alpha, gamma } = self.shared;
        let scalars = [&self.statement.elements()[..], &[alpha, gamma, self.factor]].concat();
        let entry = if self.sums.is_some() { &programs().verified } else { &programs().block };
        (entry, Witness { scalars, points: self.sums.map_or(Vec::new(), Vec::from) })
    }

    /// How far the level is before each shard, and behind the last.
    fn progress(&self) -> Vec<Progress<Fr>> {
        let (_, opening) = self.opening();
        let mut engine = Native::new(&opening);
        let begin = if self.sums.is_some() { level::verified(&mut engine) } else { level::block(&mut engine) };
        let mut all = vec![begin];
        for Given { circuit, witness, .. } in &self.shards {
            let last = all[all.len() - 1].clone();
            all.push(last.shard(&mut Native::new(witness), circuit));
        }
        all
    }

    /// The windows of the level.
    fn machine(&self) -> Machine {
        let (mut machine, (entry, opening)) = (Machine::default(), self.opening());
        machine.run(entry.instructions(), &opening);
        let progress = self.progress();
        for (Given { index, witness, .. }, before) in self.shards.iter().zip(&progress) {
            let scalars = [before.elements(), witness.scalars.clone()].concat();
            let entry = programs().shard(*index).expect("a program");
            machine.run(entry.instructions(), &Witness { scalars, points: witness.points.clone() });
        }
        let scalars = progress[self.shards.len()].elements();
        let generator = Witness { scalars, points: vec![G1Affine::generator()] };
        machine.run(programs().close.instructions(), &generator);
        machine.finish(totals());
        machine
    }

    /// What speaks against the level if it is to show what `shown` says.
    fn objections(&self, shown: &Statement<Fr>) -> Vec<String> {
        let machine = self.machine();
        let (refused, left) = (names(&machine, self), checked(&machine, shown));
        refused.into_iter().chain(left).collect()
    }
}

/// The totals of both sums, in place of the curve's: it is not here.
fn totals() -> [G1Affine; 2] {
    let generator = G1Affine::generator();
    [generator, -generator]
}

/// The operations without a true equation, as `opening`, `shard 0`, `close`, each with the number of the assertion, inversions
/// included.
fn names(machine: &Machine, claims: &Claims) -> Vec<String> {
    let name = |(run, pc): &(u64, u64)| {
        let entry = programs().iter().rfind(|entry| u64::from(entry.base) <= *pc).expect("a program");
        let mut next = u64::from(entry.base);
        let mut number = 0;
        for op in &entry.program.ops {
            if next == *pc {
                break;
            }
            number += usize::from(matches!(op, Op::Assert(_) | Op::Invert(_)));
            next += u64::from(op.size());
        }
        match *run as usize {
            0 => format!("opening {number}"),
            run if run > claims.shards.len() => format!("close {number}"),
            run => format!("shard {} {number}", run - 1),
        }
    };
    machine.refused.iter().map(name).collect()
}

/// What the circuit and the bus have against the windows, besides the equations that the machine knows of, which are all of
/// the circuit's.
fn checked(machine: &Machine, shown: &Statement<Fr>) -> Vec<String> {
    let mut sheet: Sheet<VerifierChips> = Sheet::new();
    machine.events.iter().for_each(|(run, event)| sheet.push(*run, event.clone()));
    let mut grid = (&sheet as &dyn Workload).grid(VerifierChips::LEAST, 0..sheet.len()).expect("they fit");
    let (mut counts, mut balance) = (FactCounts::default(), Balance::default());
    counts.consume(&grid);
    counts.provide(&mut grid);
    let failures = check(&grid).failures;
    let (forms, others): (Vec<_>, Vec<_>) = failures.iter().partition(|failure| failure.label == "form");
    let runs = |origins: Vec<u64>| origins.into_iter().collect::<BTreeSet<_>>();
    assert_eq!(forms.len(), machine.refused.len());
    assert_eq!(
        runs(forms.iter().map(|failure| failure.origin).collect()),
        runs(machine.refused.iter().map(|(run, _)| *run).collect())
    );
    balance.add_grid(&grid);
    machine.terms.iter().for_each(|term| balance.add_public::<Term>(term, -Fr::one()));
    machine.points.iter().for_each(|point| balance.add_public::<CurvePoint>(point, Fr::one()));
    for (sum, point) in (0..).zip(totals()) {
        balance.add_public::<Total>(&TotalNative { sum, point }, Fr::one());
    }
    let outcome: OutcomeNative = shown_by(shown).message();
    balance.add_public::<Outcome>(&outcome, -Fr::one());
    let left = balance.unbalanced().into_iter().map(|left| format!("bus: {}", left.tag.name));
    others.iter().map(|failure| format!("{}: {}", failure.chip, failure.label)).chain(left).collect()
}

fn shown_by(statement: &Statement<Fr>) -> Shown {
    let nothing = Witness::default();
    Shown { statement: statement.outcome(&mut Native::new(&nothing)), sums: totals() }
}

/// Why the level above a bundle is refused natively.
fn refusal(below: &Below<'_>) -> LevelError {
    below.work().expect_err("it does not hold")
}

#[test]
fn the_truth_holds() {
    let case = Case::new(SHARDS);
    assert_eq!(Claims::new(&case).objections(&case.statement), [""; 0]);
}

/// A shard that was proven under the challenges of another bundle.
#[test]
fn class_64_a_shard_under_other_challenges_is_refused() {
    let case = Case::new(SHARDS);
    let label = Label { chain_id: 2, ..LABEL };
    let other = Scene::new(Chain::new(&label).statement(), SHARDS);
    let mut bundle = case.scene.proven.bundle.clone();
    bundle.shards[1] = other.proven.bundle.shards[1].clone();
    let keys = case.keys();
    let below = Below { bundle: &bundle, ..case.below(&keys) };
    println!("{:?}", refusal(&below));
    let mut claims = Claims::new(&case);
    let (key, proof) = other.shards().nth(1).expect("two shards");
    let path =
        claims.shards[1].witness.scalars.split_off(Witness::of_shard(key, proof).expect("a proof").scalars.len());
    claims.shards[1].witness = Witness::of_shard(key, proof).expect("a proof");
    claims.shards[1].witness.scalars.extend(path);
    println!(
        "other challenges {:?} {:?}",
        claims.objections(&case.statement),
        claims.clone().settled().objections(&case.statement)
    );
}

#[test]
fn shards_are_neither_left_out_nor_counted_twice() {
    let case = Case::new(SHARDS);
    let keys = case.keys();
    let honest = Claims::new(&case);
    for (places, kept) in [(vec![0], "omitted"), (vec![0, 1, 1], "twice"), (vec![1, 0], "swapped")] {
        let mut bundle = case.scene.proven.bundle.clone();
        bundle.shards = places.iter().map(|place| bundle.shards[*place].clone()).collect();
        let own: Vec<_> = places.iter().map(|place| keys[*place]).collect();
        let below = Below { bundle: &bundle, ..case.below(&own) };
        println!("{kept} {:?}", refusal(&below));
        let mut claims = honest.clone();
        claims.shards = places.iter().map(|place| honest.shards[*place].clone()).collect();
        println!(
            "{kept} {:?} {:?}",
            claims.objections(&case.statement),
            claims.clone().settled().objections(&case.statement)
        );
    }
}

#[test]
fn a_key_outside_of_the_tree_is_refused() {
    let case = Case::new(SHARDS);
    let keys = case.keys();
    let tree = Tree::new(vec![keys[0].digest()]).expect("one key");
    let statement = Statement { block_keys: tree.root(), ..case.statement.clone() };
    let below = Below { tree: &tree, statement: statement.clone(), ..case.below(&keys) };
    println!("key {:?}", refusal(&below));
    let below = Below { statement: statement.clone(), ..case.below(&keys) };
    println!("root {:?}", refusal(&below));
    let mut claims = Claims::new(&case);
    claims.statement = statement.clone();
    println!("key {:?}", claims.settled().objections(&statement));
    // The tree of a forger has the key. What he shows is of another machine.
    let mut claims = Claims::new(&case);
    let other = Tree::new(keys.iter().rev().map(|key| key.digest()).collect()).expect("two keys");
    claims.statement.block_keys = other.root();
    for (shard, key) in claims.shards.iter_mut().zip(&keys) {
        let path = other.path(key.digest()).expect("a key of the tree");
        let proof = shard.witness.scalars.len() - path.len();
        shard.witness.scalars.truncate(proof);
        shard.witness.scalars.extend(path);
    }
    println!("own tree {:?}", claims.settled().objections(&case.statement));
}

#[test]
fn another_bus_sum_is_refused() {
    let case = Case::new(SHARDS);
    let keys = case.keys();
    let mut bundle = case.scene.proven.bundle.clone();
    bundle.shards[0].bus_sum += Fr::one();
    println!("sum {:?}", refusal(&Below { bundle: &bundle, ..case.below(&keys) }));
    let mut claims = Claims::new(&case);
    claims.shards[0].witness.scalars[shard::SIZES.count() + 1] += Fr::one();
    println!("sum {:?}", claims.settled().objections(&case.statement));
}

#[test]
fn class_59_an_empty_bundle_is_refused() {
    let case = Case::new(SHARDS);
    let mut bundle = case.scene.proven.bundle.clone();
    bundle.shards.clear();
    println!("empty {:?}", refusal(&Below { bundle: &bundle, ..case.below(&[]) }));
    let keys = case.keys();
    println!("no keys {:?}", refusal(&case.below(&keys[..1])));
    let mut claims = Claims::new(&case);
    claims.shards.clear();
    println!("empty {:?}", claims.settled().objections(&case.statement));
}

#[test]
fn the_factor_is_not_free() {
    let case = Case::new(SHARDS);
    let mut claims = Claims::new(&case);
    claims.factor += Fr::one();
    println!("factor {:?}", claims.objections(&case.statement));
}

/// Of each part of the statement: that of another block is refused if it is in the challenges, and else shown.
#[test]
fn class_60_another_statement_is_refused() {
    let case = Case::new(SHARDS);
    let changes: [fn(&mut Statement<Fr>); 5] = [
        |statement| statement.label += Fr::one(),
        |statement| statement.digest += Fr::one(),
        |statement| statement.count += Fr::one(),
        |statement| statement.block_keys += Fr::one(),
        |statement| statement.verifier_keys += Fr::one(),
    ];
    for change in changes {
        let mut claims = Claims::new(&case);
        change(&mut claims.statement);
        let shown = claims.statement.clone();
        let keys = case.keys();
        println!("statement {:?}", Below { statement: shown.clone(), ..case.below(&keys) }.work().err());
        println!("statement {:?}", claims.objections(&shown));
        println!("statement settled {:?}", claims.clone().settled().objections(&shown));
        println!("statement settled, shown honest {:?}", claims.settled().objections(&case.statement));
    }
}

/// A bundle that is said to be one of levels. Nobody sends what it shows; that apart, its sums are those of its challenges.
#[test]
fn sums_of_the_level_below_are_not_free() {
    let case = Case::new(SHARDS);
    let sums = [G1Affine::generator(), -G1Affine::generator()];
    let mut statement = case.statement.clone();
    statement.verifier_keys = case.tree.root();
    let shown = Shown { statement: statement.outcome(&mut Native::new(&Witness::default())), sums };
    let scene = Scene::new(shown.digest(), SHARDS);
    let case = Case { scene, statement: statement.clone(), ..case };
    let mut claims = Claims::new(&case);
    claims.sums = Some(sums);
    let claims = claims.settled();
    println!("level {:?}", claims.objections(&statement));
    let keys = case.keys();
    println!("level {:?}", Below { sums: Some(sums), ..case.below(&keys) }.work().err());
    let other = [sums[0], (G1Affine::generator() + G1Affine::generator()).into()];
    println!("other sums {:?}", Below { sums: Some(other), ..case.below(&keys) }.work().err());
    let claims = Claims { sums: Some(other), ..claims };
    println!("other sums {:?}", claims.objections(&statement));
    println!("other sums {:?}", claims.settled().objections(&statement));
}
