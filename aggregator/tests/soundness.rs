//! What a level does not accept: natively, as an error, and in the verifier circuit, by the operations that are left without
//! a value or an equation that holds.
//!
//! A forger fills the windows of the programs from whatever he likes: [`Claims`]. Everything that follows from it is filled as
//! it should be, so what speaks against him are the assertions of the programs alone, and the bus.

#[path = "scene/case.rs"]
mod case;
#[path = "scene/machine.rs"]
mod machine;
mod scene;

use std::collections::BTreeSet;

use case::{Case, LABEL};
use halo2_proofs::{
    arithmetic::Field,
    halo2curves::{
        bn256::{G2Affine, pairing},
        group::{Curve, Group},
    },
};
use machine::Machine;
use rand::SeedableRng;
use rand_chacha::ChaCha20Rng;
use scene::Scene;
use verbatim_aggregator::{
    Fr, G1, G1Affine,
    aggregate::Below,
    bus::{CurvePoint, Outcome, OutcomeNative, Term, Total, TotalNative},
    key::Circuit,
    level::{self, Progress, Statement},
    native::Native,
    program::{Op, Program},
    programs::{Entry, programs},
    shard,
    tree::Tree,
    verifier::VerifierChips,
    witness::Witness,
    work::{LevelWork, Shown},
};
use verbatim_circuits::statement::{Chain, Label};
use verbatim_gadgets::{
    bus::{Balance, FactCounts},
    check::check,
    machine::{ChipSet, Sheet, Workload},
};
use verbatim_prover::challenge::Challenges;

const SHARDS: &[(&str, u32)] = &[("state", 9), ("light", 9)];

/// The first shard is refused by an assertion.
const REFUSED: &str = r#"Refused { shard: 0, circuit: "state", k: 9, source: Assertion("#;

/// No objections.
const NOTHING: [&str; 0] = [];

/// The assertions and inversions of the program that ends a level, in their order.
const CLOSE: [&str; 8] =
    ["progress", "a shard", "alpha", "gamma", "factor", "bus sum", "generator's x", "generator's y"];

/// Changes what a run is told of those before it: the run's number, and the elements.
type Hand = fn(usize, &mut [Fr]);

/// What a prover says, true or not.
#[derive(Clone)]
struct Claims {
    statement: Statement<Fr>,
    /// What the level below has left; none for a block.
    sums: Option<[G1Affine; 2]>,
    shared: Challenges<Fr>,
    factor: Fr,
    shards: Vec<Given>,
    generator: G1Affine,
    hand: Hand,
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
        let shared = Challenges { alpha: Fr::one(), gamma: Fr::one() };
        let (statement, shards) = (case.statement.clone(), shards.collect());
        let (generator, hand): (_, Hand) = (G1Affine::generator(), |_, _| {});
        Self { statement, sums: None, shared, factor: Fr::one(), shards, generator, hand }.settled()
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
        let Challenges { alpha, gamma } = self.shared;
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
        let mut told = self.progress().iter().map(Progress::elements).collect::<Vec<_>>();
        told.iter_mut().enumerate().for_each(|(run, elements)| (self.hand)(run, elements));
        for (Given { index, witness, .. }, elements) in self.shards.iter().zip(&told) {
            let scalars = [&elements[..], &witness.scalars].concat();
            let entry = programs().shard(*index).expect("a program");
            machine.run(entry.instructions(), &Witness { scalars, points: witness.points.clone() });
        }
        let scalars = told[self.shards.len()].clone();
        let generator = Witness { scalars, points: vec![self.generator] };
        machine.run(programs().close.instructions(), &generator);
        machine.finish(totals());
        machine
    }

    /// What speaks against the level if it is to show what is true.
    fn against(&self, case: &Case) -> Vec<String> {
        self.objections(&case.scene, &case.statement)
    }

    /// What speaks against the level if it is to show what `shown` says.
    fn objections(&self, scene: &Scene, shown: &Statement<Fr>) -> Vec<String> {
        let (machine, mut objections) = (self.machine(), self.objections_of_circuit(shown));
        let sum = |number: u64| {
            let terms = machine.terms.iter().filter(|term| term.sum == number);
            terms.map(|term| term.point * term.rest).sum::<G1>().to_affine()
        };
        objections.extend((!pairing_holds(scene, [sum(0), sum(1)])).then(|| "pairing".to_owned()));
        objections
    }

    /// The same without the pairing.
    fn objections_of_circuit(&self, shown: &Statement<Fr>) -> Vec<String> {
        let machine = self.machine();
        names(&machine, self).into_iter().chain(checked(&machine, shown)).collect()
    }
}

/// The totals of both sums, in place of the curve's: it is not here.
fn totals() -> [G1Affine; 2] {
    let generator = G1Affine::generator();
    [generator, -generator]
}

/// The operations without a true equation: the program, and which of its assertions and inversions.
fn names(machine: &Machine, claims: &Claims) -> Vec<String> {
    let name = |(run, pc): &(u64, u64)| {
        let entry = programs().iter().filter(|entry| u64::from(entry.base) <= *pc).last().expect("a program");
        let mut next = u64::from(entry.base);
        let addresses = entry.program.ops.iter().map(|op| {
            next += u64::from(op.size());
            (next - u64::from(op.size()), op)
        });
        let asserts = addresses.filter(|(_, op)| matches!(op, Op::Assert(_) | Op::Invert(_)));
        let asserts: Vec<u64> = asserts.map(|(address, _)| address).collect();
        let number = asserts.iter().position(|address| address == pc).expect("an assertion");
        match *run as usize {
            0 => format!("opening: {number}"),
            run if run > claims.shards.len() => format!("close: {}", CLOSE[number]),
            run if number == 0 => format!("shard {}: progress", run - 1),
            run if number + 1 == asserts.len() => format!("shard {}: key", run - 1),
            run => format!("shard {}: {number}", run - 1),
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
    let run = |row: usize| grid.windows.iter().find(|window| window.row == row).map(|window| window.origin);
    let runs: BTreeSet<_> = forms.iter().filter_map(|failure| run(failure.row)).collect();
    assert_eq!(forms.len(), machine.refused.len());
    assert_eq!(runs, machine.refused.iter().map(|(run, _)| *run).collect());
    balance.add_grid(&grid);
    machine.terms.iter().for_each(|term| balance.add_public::<Term>(term, -Fr::one()));
    machine.points.iter().for_each(|point| balance.add_public::<CurvePoint>(point, Fr::one()));
    for (sum, point) in (0..).zip(totals()) {
        balance.add_public::<Total>(&TotalNative { sum, point }, Fr::one());
    }
    let outcome: OutcomeNative = shown_by(shown).message();
    balance.add_public::<Outcome>(&outcome, -Fr::one());
    let left: BTreeSet<_> = balance.unbalanced().iter().map(|left| format!("bus: {}", left.tag.name)).collect();
    others.iter().map(|failure| format!("{}: {}", failure.chip, failure.label)).chain(left).collect()
}

fn shown_by(statement: &Statement<Fr>) -> Shown {
    let nothing = Witness::default();
    Shown { statement: statement.outcome(&mut Native::new(&nothing)), sums: totals() }
}

/// Whether the pairing of both sums holds: that of all shards.
fn pairing_holds(scene: &Scene, [left, right]: [G1Affine; 2]) -> bool {
    pairing(&left, &scene.setup.verifier().s_g2()) == pairing(&right, &G2Affine::generator())
}

/// What the aggregator has against the level above a bundle.
fn refusal(below: &Below<'_>, scene: &Scene) -> String {
    match below.work().map(LevelWork::finish) {
        Err(refused) => format!("{refused:?}"),
        Ok(Err(refused)) => format!("{refused:?}"),
        Ok(Ok((_, shown))) if pairing_holds(scene, shown.sums) => "nothing".to_owned(),
        Ok(Ok(_)) => "pairing".to_owned(),
    }
}

/// What a program is given, at random: nothing that holds.
fn witness(program: &Program, seed: u64) -> Witness {
    let mut random = ChaCha20Rng::seed_from_u64(seed);
    let mut witness = Witness::default();
    for op in &program.ops {
        match op {
            Op::Scalar => witness.scalars.push(Fr::random(&mut random)),
            Op::Point => witness.points.push(G1::random(&mut random).to_affine()),
            _ => {}
        }
    }
    witness
}

/// The program with values in place of its assertions, so that a run of it does not end at the first that does not hold.
fn without_assertions(program: &Program) -> (Program, BTreeSet<u64>) {
    let (mut next, mut assertions, mut ops) = (0, BTreeSet::new(), Vec::new());
    for op in &program.ops {
        ops.push(match op {
            Op::Assert(form) => {
                assertions.insert(next);
                Op::Set(form.clone())
            }
            op => op.clone(),
        });
        next += u64::from(op.size());
    }
    (Program { ops }, assertions)
}

/// Each program, run by its instructions alone: the same values, the same terms, and the assertions that do not hold.
#[test]
fn instructions_compute_what_programs_do() {
    for (seed, entry) in (0..).zip(programs().iter()) {
        let (witness, base) = (witness(&entry.program, seed), u64::from(entry.base));
        let (program, assertions) = without_assertions(&entry.program);
        let run = program.run(Fr::zero(), &witness).expect("nothing is asserted");
        let mut machine = Machine::default();
        let values = machine.run(entry.instructions(), &witness);
        for (address, expected) in (0..).zip(&run.values) {
            let value = values.get(&(base + address)).copied().unwrap_or_default();
            if assertions.contains(&address) {
                assert_eq!(machine.refused.contains(&(0, base + address)), *expected != Fr::zero());
            } else {
                assert_eq!(value, *expected, "address {address} of the program at {base}");
            }
        }
        assert!(machine.refused.iter().all(|(_, pc)| assertions.contains(&(pc - base))));
        let terms = machine.terms.iter().map(|term| (term.sum, term.rest, term.point));
        let expected = run.terms.iter().map(|(sum, scalar, point)| (*sum as u64, *scalar, *point));
        assert_eq!(terms.collect::<Vec<_>>(), expected.collect::<Vec<_>>());
    }
}

#[test]
fn the_truth_holds() {
    let case = Case::new(SHARDS);
    let keys = case.keys();
    assert_eq!(refusal(&case.below(&keys), &case.scene), "nothing");
    assert_eq!(Claims::new(&case).against(&case), NOTHING);
}

/// A shard that was proven under the challenges of another bundle. Its equations are those of the pairing.
#[test]
fn class_64_a_shard_under_other_challenges_is_refused() {
    let case = Case::new(SHARDS);
    let label = Label { chain_id: 2, ..LABEL };
    let other = Scene::of(Chain::new(&label).statement(), SHARDS);
    let mut bundle = case.scene.proven.bundle.clone();
    bundle.shards[1] = other.proven.bundle.shards[1].clone();
    let keys = case.keys();
    assert_eq!(refusal(&Below { bundle: &bundle, ..case.below(&keys) }, &case.scene), "pairing");
    let mut claims = Claims::new(&case);
    claims.shards[1] = Claims::new(&Case { scene: other, ..Case::new(SHARDS) }).shards[1].clone();
    assert_eq!(claims.against(&case), ["close: factor", "pairing"]);
    assert_eq!(claims.settled().against(&case), ["pairing"]);
}

/// The challenges are of all shards in their order: with those of the whole bundle the end does not hold, and others are not
/// those of the shards.
#[test]
fn class_57_63_shards_are_neither_left_out_nor_counted_twice() {
    let case = Case::new(SHARDS);
    let keys = case.keys();
    let honest = Claims::new(&case);
    for places in [vec![0], vec![0, 1, 1], vec![1, 0]] {
        let mut bundle = case.scene.proven.bundle.clone();
        bundle.shards = places.iter().map(|place| bundle.shards[*place].clone()).collect();
        let own: Vec<_> = places.iter().map(|place| keys[*place]).collect();
        assert_eq!(refusal(&Below { bundle: &bundle, ..case.below(&own) }, &case.scene), "pairing");
        let shards = places.iter().map(|place| honest.shards[*place].clone()).collect();
        let claims = Claims { shards, ..honest.clone() };
        assert_eq!(claims.against(&case), ["close: alpha", "close: gamma", "close: factor"]);
        assert_eq!(claims.settled().against(&case), ["pairing"]);
    }
}

#[test]
fn a_key_outside_of_the_tree_is_refused() {
    let case = Case::new(SHARDS);
    let keys = case.keys();
    let tree = Tree::new(vec![keys[0].digest()]).expect("one key");
    let statement = Statement { block_keys: tree.root(), ..case.statement.clone() };
    let below = Below { tree: &tree, statement: statement.clone(), ..case.below(&keys) };
    assert_eq!(refusal(&below, &case.scene), r#"Key { shard: 1, circuit: "light", k: 9 }"#);
    // Paths in one tree, the root of another.
    let below = Below { statement: statement.clone(), ..case.below(&keys) };
    assert!(refusal(&below, &case.scene).starts_with(REFUSED));
    let message = below.work().expect_err("it is refused").to_string();
    assert!(message.starts_with("shard 0 (state, k = 9): assertion "), "{message}");
    let claims = Claims { statement: statement.clone(), ..Claims::new(&case) }.settled();
    assert_eq!(claims.objections(&case.scene, &statement), ["shard 0: key", "shard 1: key"]);
    // A forger's own tree has the key. What he shows is of another machine.
    let mut claims = Claims::new(&case);
    let other = Tree::new(keys.iter().rev().map(|key| key.digest()).collect()).expect("two keys");
    claims.statement.block_keys = other.root();
    for (shard, key) in claims.shards.iter_mut().zip(&keys) {
        let path = other.path(key.digest()).expect("a key of the tree");
        shard.witness.scalars.truncate(shard.witness.scalars.len() - path.len());
        shard.witness.scalars.extend(path);
    }
    assert_eq!(claims.settled().against(&case), ["bus: outcome"]);
}

#[test]
fn another_bus_sum_is_refused() {
    let case = Case::new(SHARDS);
    let keys = case.keys();
    let mut bundle = case.scene.proven.bundle.clone();
    bundle.shards[0].bus_sum += Fr::one();
    let refused = refusal(&Below { bundle: &bundle, ..case.below(&keys) }, &case.scene);
    assert!(refused.starts_with(r#"Work(Refused { run: 3, program: "close", source: Assertion("#), "{refused}");
    let mut claims = Claims::new(&case);
    claims.shards[0].witness.scalars[shard::SIZES.count() + 1] += Fr::one();
    assert_eq!(claims.settled().against(&case), ["close: bus sum", "pairing"]);
}

#[test]
fn class_59_an_empty_bundle_is_refused() {
    let case = Case::new(SHARDS);
    let mut bundle = case.scene.proven.bundle.clone();
    bundle.shards.clear();
    assert_eq!(refusal(&Below { bundle: &bundle, ..case.below(&[]) }, &case.scene), "Empty");
    let claims = Claims { shards: Vec::new(), ..Claims::new(&case) }.settled();
    assert_eq!(claims.objections_of_circuit(&case.statement), ["close: a shard"]);
}

/// A shard without a key is not left out silently.
#[test]
fn every_shard_has_a_key() {
    let case = Case::new(SHARDS);
    let keys = case.keys();
    assert_eq!(refusal(&case.below(&keys[..1]), &case.scene), "Keys { shards: 2, keys: 1 }");
}

/// With a factor of a prover's own, what one shard lacks could be what another has too much.
#[test]
fn the_factor_is_not_free() {
    let case = Case::new(SHARDS);
    let mut claims = Claims::new(&case);
    claims.factor += Fr::one();
    assert_eq!(claims.against(&case), ["close: factor"]);
}

#[test]
fn the_generator_is_not_free() {
    let case = Case::new(SHARDS);
    let claims = Claims { generator: -G1Affine::generator(), ..Claims::new(&case) };
    assert_eq!(claims.against(&case), ["close: generator's y", "pairing"]);
}

/// What a program knows of those before it is what they have left: with the sum of the first shard taken out, for the second
/// one and for the end.
#[test]
fn progress_is_handed_on() {
    let case = Case::new(SHARDS);
    let hand: Hand = |run, elements| elements[11] += Fr::from(u64::from(run == 1));
    let claims = Claims { hand, ..Claims::new(&case) };
    assert_eq!(claims.against(&case), ["shard 1: progress", "close: progress"]);
}

/// That of another block is refused, because its challenges are others and its messages do not add up; that of other keys
/// of blocks, because no key is in their tree. Keys of verifiers are not looked at yet: they are shown.
#[test]
fn class_60_another_statement_is_refused() {
    let case = Case::new(SHARDS);
    let keys = case.keys();
    let refused = |change: fn(&mut Statement<Fr>)| {
        let mut claims = Claims::new(&case);
        change(&mut claims.statement);
        let shown = claims.statement.clone();
        let native = refusal(&Below { statement: shown.clone(), ..case.below(&keys) }, &case.scene);
        let settled = claims.clone().settled();
        // What speaks against it where it is shown as it is claimed, under the challenges of the truth and under its own; and
        // what does where the truth is shown.
        let [under_old, under_own] = [&claims, &settled].map(|claims| claims.objections(&case.scene, &shown));
        (native, under_old, under_own, settled.against(&case))
    };
    let of_block: [fn(&mut Statement<Fr>); 3] = [
        |statement| statement.label += Fr::one(),
        |statement| statement.digest += Fr::one(),
        |statement| statement.count += Fr::one(),
    ];
    for change in of_block {
        let (native, under_old, under_own, against) = refused(change);
        assert_eq!(native, "Statement");
        assert_eq!(under_old, ["close: alpha", "close: gamma", "close: bus sum"]);
        assert_eq!(under_own, ["close: bus sum", "pairing"]);
        assert_eq!(against, ["close: bus sum", "bus: outcome", "pairing"]);
    }
    let (native, under_old, under_own, against) = refused(|statement| statement.block_keys += Fr::one());
    assert!(native.starts_with(REFUSED));
    assert_eq!(under_old, ["shard 0: key", "shard 1: key"]);
    assert_eq!(under_own, under_old);
    assert_eq!(against, ["shard 0: key", "shard 1: key", "bus: outcome"]);
    let (native, under_old, under_own, against) = refused(|statement| statement.verifier_keys += Fr::one());
    assert_eq!(native, "nothing");
    assert_eq!(under_old, NOTHING);
    assert_eq!(under_own, NOTHING);
    assert_eq!(against, ["bus: outcome"]);
}

/// A bundle that is said to be one of levels. No shard of it sends what it shows, so its bus does not balance; that apart its
/// sums are those that its challenges are hashed from.
#[test]
fn class_60_sums_of_the_level_below_are_not_free() {
    let block = Case::new(SHARDS);
    let keys = block.keys();
    let (_, shown) = block.below(&keys).work().expect("it holds").finish().expect("sums");
    let sums = shown.sums;
    let statement = Statement { verifier_keys: block.tree.root(), ..block.statement.clone() };
    let shown = Shown { statement: statement.outcome(&mut Native::new(&Witness::default())), sums };
    let scene = Scene::of(shown.digest(), SHARDS);
    let case = Case { scene, statement, ..Case::new(SHARDS) };
    let claims = Claims { sums: Some(sums), ..Claims::new(&case) }.settled();
    assert_eq!(claims.against(&case), ["close: bus sum"]);
    // Sums of which the pairing holds as well.
    let other = sums.map(|sum| -sum);
    let keys = case.keys();
    assert_eq!(refusal(&Below { sums: Some(other), ..case.below(&keys) }, &case.scene), "Statement");
    let claims = Claims { sums: Some(other), ..claims };
    assert_eq!(claims.against(&case), ["close: alpha", "close: gamma", "close: bus sum"]);
    assert_eq!(claims.settled().against(&case), ["close: bus sum", "pairing"]);
}
