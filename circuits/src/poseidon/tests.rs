use rand::{Rng, SeedableRng, rngs::StdRng};
use verbatim_gadgets::audit::audit;
use verbatim_gadgets::bus::{Balance, FactCounts};
use verbatim_gadgets::check::check;
use verbatim_gadgets::expr::F;
use verbatim_gadgets::grid::Grid;
use verbatim_gadgets::machine::{Chip, ChipSet, Sheet, Workload};

use super::*;
use crate::bus::PoseidonPermutationNative;

const K: u32 = 9;

fn random_states(count: usize) -> Vec<State> {
    let mut random = StdRng::seed_from_u64(5);
    let mut element =
        || F::from(random.r#gen::<u64>()) * F::from(random.r#gen::<u64>()) * F::from(random.r#gen::<u64>());
    (0..count).map(|_| std::array::from_fn(|_| element() * element())).collect()
}

fn filled(states: &[State]) -> Grid {
    let mut work = Permutations::new();
    states.iter().for_each(|state| work.push(*state));
    (&work as &dyn Workload).grid(K, 0..work.len()).expect("there is room")
}

/// The field element with these digits.
fn hexadecimal(digits: &str) -> F {
    let bytes: Vec<u8> =
        (0..64).step_by(2).rev().map(|i| u8::from_str_radix(&digits[i..i + 2], 16).expect("hex")).collect();
    Option::from(F::from_bytes(&bytes.try_into().expect("32 bytes"))).expect("below the modulus")
}

/// The first constant and the first element of the matrix, as the authors' reference implementation lists them for these
/// parameters (`poseidonperm_x5_254_3`), and its test vector.
#[test]
fn the_permutation_is_the_published_one() {
    let constants = constants();
    assert_eq!(constants.rounds[0][0], hexadecimal("0ee9a592ba9a9518d05986d656f40c2114c4993c11bb29938d21d47304cd8e6e"));
    assert_eq!(constants.mds[0][0], hexadecimal("109b7f411ba0e4c9b2b70caf5c36a7b194be7c11ad24378bfedb68592ba8118b"));
    let output = permute(&[0, 1, 2].map(F::from));
    let expected = [
        "115cc0f5e7d690413df64c6b9662e9cf2a3617f2743245519e19607a4417189a",
        "0fca49b798923ab0239de1c9e7a4a9a2210312b6a2f616d18b5a87f9b628ae29",
        "0e7ae82e40091e63cbd4f16a6d16310b3729d4b6e138fcf54110e2867045a30c",
    ];
    assert_eq!(output, expected.map(hexadecimal));
}

#[test]
fn honest_windows_hold_and_provide_the_permutation() {
    let states = random_states(7);
    let mut grid = filled(&[states.clone(), states[..2].to_vec()].concat());
    let (mut counts, mut balance) = (FactCounts::default(), Balance::default());
    for state in states.iter().chain(&states[..1]).chain([&[F::zero(); WIDTH]]) {
        let fact = PoseidonPermutationNative { input: *state, output: permute(state) };
        counts.add::<PoseidonPermutation>(&fact);
        balance.add_public::<PoseidonPermutation>(&fact, -F::one());
    }
    counts.provide(&mut grid);
    balance.add_grid(&grid);
    assert!(check(&grid).failures.is_empty());
    assert!(balance.is_empty(), "{:?}", balance.unbalanced());
}

/// Other outputs than the permutation's are not provided: whatever the cells between, one constraint fails.
#[test]
fn a_window_says_nothing_else() {
    let honest = filled(&random_states(1));
    let output = WIDTH + STEPS - WIDTH;
    for index in output..output + WIDTH {
        let mut grid = honest.clone();
        grid.write(cell(index), 0, F::from(3));
        assert_eq!(check(&grid).failures.len(), 1);
    }
}

/// Each cell but the input's and the multiplicity has a constraint of its own, and where this cell alone is wrong and all
/// that follow from it are right, no other fails.
#[test]
fn every_label_is_needed() {
    let honest = filled(&random_states(1));
    let def = &honest.circuit.chips[0];
    assert_eq!((def.constraints.len(), def.derived.len()), (STEPS, STEPS));
    for (index, constraint) in def.constraints.iter().enumerate() {
        let mut grid = honest.clone();
        let wrong = grid.read(cell(WIDTH + index), 0) + F::one();
        for (step, derived) in def.derived.iter().enumerate() {
            for (target, value) in derived.values(|expr| grid.evaluate(expr, 0)) {
                grid.write(target, 0, if step == index { wrong } else { value });
            }
        }
        let failures = check(&grid).failures;
        let labels: Vec<_> = failures.iter().map(|failure| failure.label.as_str()).collect();
        assert_eq!(labels, [constraint.label.as_str()]);
    }
}

/// Windows are filled by field elements, not by the chip's expressions: the same cells.
#[test]
fn both_ways_to_fill_agree() {
    let states = random_states(3);
    let by_numbers = filled(&states);
    let mut sheet = Sheet::<PoseidonChips>::new();
    states.iter().for_each(|state| sheet.push(0, PoseidonEvent::Permutation(*state)));
    let by_chip = (&sheet as &dyn Workload).grid(K, 0..states.len()).expect("there is room");
    for index in 0..HEIGHT * COLUMNS {
        for row in (0..states.len()).map(|window| window * HEIGHT) {
            assert_eq!(by_chip.read(cell(index), row), by_numbers.read(cell(index), row), "cell {index}");
        }
    }
}

#[test]
fn the_audit_finds_nothing() {
    let mut grid = filled(&random_states(2));
    grid.windows.truncate(2);
    assert_eq!(audit(&mut grid, 2).matches(PoseidonChips::EXCEPTIONS), Ok(()));
}

#[test]
fn a_shard_is_full_of_windows() {
    let work = Permutations::new();
    for k in [9, 12] {
        let capacity = work.capacity(k).expect("by windows");
        assert_eq!(capacity, ((1 << k) - 96) / <permutation::Permutation as Chip>::HEIGHT);
        let grid = (&work as &dyn Workload).grid(k, 0..0).expect("there is room");
        assert_eq!(grid.windows.len(), capacity);
        assert!(check(&grid).failures.is_empty());
    }
    let mut work = Permutations::new();
    random_states(105).into_iter().for_each(|state| work.push(state));
    assert!((&work as &dyn Workload).grid(9, 0..105).is_err(), "104 windows fit");
}
