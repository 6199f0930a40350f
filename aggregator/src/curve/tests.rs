//! Whole sums: their value, and the bus with the tables.

use halo2_proofs::arithmetic::Field;
use halo2_proofs::dev::MockProver;
use halo2_proofs::halo2curves::bn256::G1Affine;
use halo2_proofs::halo2curves::ff::PrimeField;
use verbatim_circuits::tables;
use verbatim_gadgets::check::check;
use verbatim_gadgets::expr::F;
use verbatim_gadgets::halo2::ShardCircuit;
use verbatim_gadgets::machine::{ChipSet, Workload};
use verbatim_gadgets::stats::CircuitStats;

use super::testing::{Asker, expected, random_terms};
use super::{CurveChips, CurveError, CurveWork};

/// Asks for the sum, compares it with halo2curves', and checks every constraint and the bus with the tables.
fn assert_sum(terms: &[(F, G1Affine)]) {
    let mut asker = Asker::default();
    let total = asker.sum(3, terms).expect("a sum");
    assert_eq!(total, expected(terms));
    assert_balanced(asker);
}

/// Checks the shard with the tables: every constraint, and that nothing is left on the bus.
fn assert_balanced(asker: Asker) {
    let Asker { work, mut balance, mut counts } = asker;
    let (curve, tables) = (work.finish(), tables::sheet());
    let grid = |work: &dyn Workload, k| work.grid(k, 0..work.len()).expect("the work fits");
    let (mut curve, mut tables) = (grid(&curve, 16), grid(&tables, tables::K));
    counts.consume(&curve);
    for grid in [&mut curve, &mut tables] {
        counts.provide(grid);
        assert_eq!(check(grid).failures, []);
        balance.add_grid(grid);
    }
    assert!(balance.unbalanced().is_empty(), "{:?}", balance.unbalanced().first());
}

#[test]
fn random_terms_add_up() {
    assert_sum(&random_terms(1, 5));
}

#[test]
fn repeated_points_and_scalars_at_the_edges_add_up() {
    let random = random_terms(2, 2);
    let [point, other] = [random[0].1, random[1].1];
    let scalars = [F::ZERO, F::ONE, -F::ONE, F::from(2), F::TWO_INV];
    let mut terms: Vec<_> = scalars.into_iter().map(|scalar| (scalar, point)).collect();
    terms.extend([(random[0].0, other), (random[0].0, other), (F::from(63), G1Affine::generator())]);
    assert_sum(&terms);
}

/// What is added to a bucket is taken away again.
#[test]
fn points_and_their_negatives_add_up() {
    let random = random_terms(3, 2);
    let ((scalar, point), rest) = (random[0], random[1]);
    assert_sum(&[(scalar, point), (scalar, -point), (-scalar, point), (scalar, point), rest, (scalar, -point)]);
}

#[test]
fn two_sums_do_not_mix() {
    let mut asker = Asker::default();
    for (sum, count) in [(1, 1), (9, 2)] {
        let terms = random_terms(sum, count);
        assert_eq!(asker.sum(sum, &terms), Ok(expected(&terms)));
    }
    assert_balanced(asker);
}

#[test]
fn what_cannot_be_proven_is_an_error() {
    let random = random_terms(4, 1);
    let mut asker = Asker::default();
    let identity = (random[0].0, G1Affine::default());
    assert_eq!(asker.sum(1, &[random[0], identity]), Err(CurveError::Identity { sum: 1, term: 1 }));
    assert_eq!(asker.sum(2, &[random[0], (-random[0].0, random[0].1)]), Err(CurveError::NoTotal { sum: 2 }));
    assert_eq!(asker.sum(3, &[]), Err(CurveError::NoTotal { sum: 3 }));
    let constant = super::constants::constants().bucket;
    assert_eq!(asker.sum(4, &[(F::ONE, constant)]), Err(CurveError::Exceptional { sum: 4 }));
}

/// A term that is sent and not received, or the other way around.
#[test]
fn a_term_that_is_left_out_is_missed() {
    let mut asker = Asker::default();
    let terms = random_terms(5, 2);
    asker.sum(1, &terms[..1]).expect("a sum");
    let term = crate::bus::TermNative { sum: 1, digit: 0, rest: terms[1].0, point: terms[1].1 };
    asker.balance.add_public::<crate::bus::Term>(&term, F::ONE);
    let case = asker.case(15);
    assert_eq!(case.objections(&case.grid), ["bus: term".to_owned()].into());
}

/// A total that is not the sum of its terms.
#[test]
fn another_total_is_refused() {
    let mut asker = Asker::default();
    let terms = random_terms(6, 1);
    let total = asker.sum(1, &terms).expect("a sum");
    let claim = |point| crate::bus::TotalNative { sum: 1, point };
    asker.balance.add_public::<crate::bus::Total>(&claim(total), F::ONE);
    asker.balance.add_public::<crate::bus::Total>(&claim(-total), -F::ONE);
    let case = asker.case(15);
    assert_eq!(case.objections(&case.grid), ["bus: total".to_owned()].into());
}

/// Cells of a sum of so many terms, its points included, for each term.
fn cells_per_term(terms: usize) -> usize {
    let (circuit, _) = CurveChips::build();
    let mut work = CurveWork::new();
    let terms = random_terms(8, terms);
    terms.iter().for_each(|(_, point)| work.point(*point));
    work.multiply(1, &terms).expect("a sum");
    let sheet = work.finish();
    (&sheet as &dyn Workload).rows() * (circuit.main.len() + circuit.aux_columns()) / terms.len()
}

/// The shape of the circuit and the costs in the module's description.
#[test]
fn the_costs_are_as_documented() {
    let (circuit, _) = CurveChips::build();
    let heights: Vec<_> = circuit.chips.iter().map(|chip| (chip.name, chip.height)).collect();
    assert_eq!(heights, [("add", 4), ("fold", 4), ("total", 2), ("point", 4)]);
    assert_eq!((circuit.main.len(), circuit.slots.len(), circuit.aux_columns()), (43, 41, 15));
    assert_eq!([100, 400, 800].map(cells_per_term), [19_890, 12_628, 11_418]);
    let stats = CircuitStats::of(&circuit.into());
    assert_eq!((stats.degree, stats.fixed_columns), (5, 2));
    assert_eq!(stats.multiplications, 740);
}

/// MockProver: the halo2 circuit is the one that was checked.
#[test]
fn a_shard_satisfies_mock_prover() {
    let mut asker = Asker::default();
    asker.sum(1, &random_terms(9, 1)).expect("a sum");
    let case = asker.case(15);
    let (circuit, sum) = ShardCircuit::for_mock_prover(&case.grid);
    let prover = MockProver::run(case.grid.k, &circuit, vec![vec![sum]]).expect("it runs");
    assert!(prover.verify().is_ok());
}
