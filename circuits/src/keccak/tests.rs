//! Tests of the permutation circuit.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::LazyLock;

use halo2_proofs::dev::MockProver;
use verbatim_gadgets::bus::{Balance, FactCounts, Unbalanced};
use verbatim_gadgets::check::check;
use verbatim_gadgets::circuit::Rows;
use verbatim_gadgets::expr::{Cell, F};
use verbatim_gadgets::grid::Grid;
use verbatim_gadgets::halo2::ShardCircuit;
use verbatim_gadgets::machine::Workload;
use verbatim_gadgets::message::Message;
use verbatim_gadgets::plan::Plan;

use super::layout::{BASE, Place, SLICES};
use super::permutations::Permutations;
use super::reference::{ROUNDS, State, padded_blocks, permute};
use super::tables;
use super::work::KeccakWork;
use crate::bus::{KeccakTable, Permutation, PermutationNative};

const K: u32 = 13;

pub(super) fn fact(state: &State) -> PermutationNative {
    let lanes = |state: &State| state.map(u64::swap_bytes);
    PermutationNative { input: lanes(state), output: lanes(&permute(state)) }
}

fn states(count: u64) -> Vec<State> {
    (0..count)
        .map(|i| std::array::from_fn(|lane| (i * 25 + lane as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15)))
        .collect()
}

/// A filled shard that permutes these states.
fn filled(states: &[State]) -> Grid {
    let work = Permutations::new(states.to_vec());
    let work: &dyn Workload = &work;
    let mut grid = work.grid(K, 0..work.len()).expect("there is room");
    let mut counts = FactCounts::default();
    states.iter().for_each(|state| counts.add::<Permutation>(&fact(state)));
    counts.provide(&mut grid);
    grid
}

/// What a shard sends, receives, and provides without a partner, and what it consumes that no table holds.
fn unbalanced(grid: &Grid, states: &[State]) -> Vec<Unbalanced> {
    static TABLES: LazyLock<HashSet<Vec<F>>> =
        LazyLock::new(|| tables::entries().iter().map(|entry| entry.to_vec()).collect());
    let mut balance = Balance::default();
    balance.add_grid(grid);
    states.iter().for_each(|state| balance.add_public::<Permutation>(&fact(state), -F::from(1)));
    let mut left = balance.unbalanced();
    left.retain(|left| left.tag != KeccakTable::TAG || !TABLES.contains(&left.tuple));
    left
}

#[test]
fn permutations_hold() {
    let states = states(4);
    let grid = filled(&states);
    assert_eq!(check(&grid).failures.first(), None);
    assert_eq!(unbalanced(&grid, &states).len(), 0);
}

#[test]
fn all_circuits_balance() {
    let mut work = KeccakWork::new();
    let input = [7; 40];
    let digest = work.short(&input);
    let sheets = work.finish();
    let plan = Plan::new(vec![&sheets.blocks, &sheets.permutations, &sheets.tables], 11).expect("it fits");
    let report = plan.check(Balance::default()).expect("it fills");
    assert!(report.local.failures.is_empty());
    let names: BTreeSet<&str> = report.unbalanced.iter().map(|left| left.tag.name).collect();
    assert_eq!(names, BTreeSet::from(["and bytes", "range16"]), "{digest}: all that other circuits provide");
}

#[test]
fn cells_per_permutation() {
    let work = Permutations::new(Vec::new());
    let circuit = work.circuit();
    let columns = circuit.main.len() + circuit.aux_columns();
    for k in [14, 16, 18, 20] {
        let permutations = work.capacity(k).unwrap_or(0) * super::layout::SLICES;
        println!("k = {k}: {permutations} permutations, {} cells each", (columns << k) / permutations.max(1));
    }
    println!(
        "{} main, {} auxiliary, {} fixed, {} slots",
        circuit.main.len(),
        circuit.aux_columns(),
        circuit.fixed.len(),
        circuit.slots.len()
    );
    assert!(columns + circuit.fixed.len() + 7 <= 80);
}

/// A cell of a batch in a shard of the tests' size.
fn row(z: usize, batch: usize, t: usize) -> usize {
    Place { z, batch, t }.row(Rows::new(K))
}

/// Adds `change` to the cell at `row`, and answers the labels that fail and the tags that do not balance.
fn wrong_after(honest: &Grid, states: &[State], cell: Cell, row: usize, change: F) -> Vec<String> {
    let mut grid = honest.clone();
    let value = grid.read(cell, row) + change;
    grid.write(cell, row, value);
    let labels = check(&grid).failures.into_iter().map(|failure| failure.label);
    let tags = unbalanced(&grid, states).into_iter().map(|left| left.tag.name.to_owned());
    let mut wrong: Vec<String> = labels.chain(tags).collect();
    wrong.dedup();
    wrong
}

/// The columns by name.
fn column(grid: &Grid, name: &str) -> Cell {
    Cell::main(grid.circuit.main.iter().position(|column| column == name).expect("a column of the circuit"))
}

#[test]
fn every_label_rejects_a_change_that_no_other_rejects() {
    let states = states(SLICES as u64);
    let grid = filled(&states);
    let change = |name: &str, z, t| wrong_after(&grid, &states, column(&grid, name), row(z, 0, t), F::from(1));
    // Turn 3 of the first row: another lane's bit.
    for lane in 0..25 {
        let theta = change("input theta", 3, lane);
        assert!(theta.contains(&format!("input theta {lane}")), "{theta:?}");
        let state = change("input state", 3, lane);
        assert!(state.contains(&format!("input state {lane}")), "{state:?}");
        let output = change("output", 3, lane);
        assert!(output.contains(&format!("output {lane}")) && output.len() == 2, "{output:?}");
        assert!(change("input", 3, lane).contains(&"input bits".to_owned()));
    }
    for x in 0..5 {
        let theta = change(&format!("theta {x}"), 9, ROUNDS);
        assert!(theta.contains(&format!("theta {x} ends")), "{theta:?}");
    }
    for (name, label) in [("input spread", "input bits"), ("output spread", "output bits")] {
        assert!(change(name, 8, 5).contains(&label.to_owned()));
    }
}

/// Changes that keep every label but the one under test: what the frame must see, nothing else does.
#[test]
fn each_label_is_needed() {
    let states = states(SLICES as u64);
    let honest = filled(&states);
    let failing = |grid: &Grid| -> BTreeSet<String> { check(grid).failures.into_iter().map(|f| f.label).collect() };
    let only = |label: String| BTreeSet::from([label]);
    for lane in 0..25 {
        // The row-wise copy alone changes; tables are looked up with it, so the bus sees it as well, but no other label does.
        for name in ["input theta", "input state"] {
            let mut grid = honest.clone();
            let (cell, at) = (column(&grid, name), row(3, 0, lane));
            grid.write(cell, at, grid.read(cell, at) + F::from(1));
            assert_eq!(failing(&grid), only(format!("{name} {lane}")));
        }
        // Another output, with spreads to match.
        let mut grid = honest.clone();
        let (output, spread) = (column(&grid, "output"), column(&grid, "output spread"));
        grid.write(output, row(0, 0, lane), grid.read(output, row(0, 0, lane)) + F::from(1));
        grid.write(spread, row(0, 0, lane), grid.read(spread, row(0, 0, lane)) + F::from(1));
        assert_eq!(failing(&grid), only(format!("output {lane}")));
    }
    for x in 0..5 {
        let mut grid = honest.clone();
        grid.write(column(&grid, &format!("theta {x}")), row(9, 0, ROUNDS), F::from(1));
        assert_eq!(failing(&grid), only(format!("theta {x} ends")));
    }
    for name in ["input", "output"] {
        let mut grid = honest.clone();
        let spread = column(&grid, &format!("{name} spread"));
        grid.write(spread, row(8, 0, 4), grid.read(spread, row(8, 0, 4)) + F::from(1));
        assert_eq!(failing(&grid), only(format!("{name} bits")));
    }
}

#[test]
fn no_cell_of_a_batch_is_free() {
    let states = states(SLICES as u64);
    let grid = filled(&states);
    for (index, name) in grid.circuit.main.iter().enumerate() {
        // Byte cells exist in turns 8 j + p; a multiplicity where a permutation is complete.
        let places: &[(usize, usize)] = match name.as_str() {
            "multiplicity" => &[(56, ROUNDS), (56 + SLICES - 1, ROUNDS)],
            name if name.ends_with("bytes") || name.ends_with("spread") => &[(0, 0), (8, 3), (56 + SLICES - 1, 24)],
            _ => &[(0, 0), (63, ROUNDS), (31, 12)],
        };
        for (z, t) in places {
            for change in [F::from(1), F::from(0x1234_5678_9abc_def1)] {
                let wrong = wrong_after(&grid, &states, Cell::main(index), row(*z, 0, *t), change);
                assert!(!wrong.is_empty(), "{name} is free in turn {z}, row {t}");
            }
        }
    }
}

#[test]
fn a_digit_outside_of_its_range_is_rejected() {
    // The state's digit 2 for 0 has the same parity, and -1 the same as 1: tables have no such digits.
    let states = states(SLICES as u64);
    let grid = filled(&states);
    let cell = column(&grid, "state 7");
    for t in [0, 1, ROUNDS - 1] {
        for change in [F::from(2), -F::from(2), F::from(BASE)] {
            let wrong = wrong_after(&grid, &states, cell, row(20, 0, t), change);
            assert!(wrong.contains(&"keccak table".to_owned()), "{wrong:?}");
        }
    }
}

#[test]
fn an_input_and_its_theta_cannot_be_traded() {
    // `input` one less and `input theta` one more keep the table's argument: the frame and the bytes see it.
    let states = states(SLICES as u64);
    let mut grid = filled(&states);
    for (name, change) in [("input", -F::from(1)), ("input theta", F::from(1))] {
        let cell = column(&grid, name);
        grid.write(cell, row(5, 0, 2), grid.read(cell, row(5, 0, 2)) + change);
    }
    let labels: BTreeSet<String> = check(&grid).failures.into_iter().map(|failure| failure.label).collect();
    assert_eq!(labels, BTreeSet::from(["input bits".to_owned(), "input theta 2".to_owned()]));
}

#[test]
fn a_swap_of_two_permutations_is_rejected() {
    let states = states(2);
    let grid = filled(&states);
    let mut swapped = [fact(&states[0]), fact(&states[1])];
    let output = swapped[0].output;
    swapped[0].output = swapped[1].output;
    swapped[1].output = output;
    let mut balance = Balance::default();
    balance.add_grid(&grid);
    swapped.iter().for_each(|fact| balance.add_public::<Permutation>(fact, -F::from(1)));
    let left = balance.unbalanced();
    assert_eq!(left.iter().filter(|left| left.tag == Permutation::TAG).count(), 4);
}

#[test]
fn the_permutation_circuit_holds_in_halo2() {
    let grid = filled(&states(3));
    let (circuit, sum) = ShardCircuit::for_mock_prover(&grid);
    let prover = MockProver::run(K, &circuit, vec![vec![sum]]).expect("it runs");
    assert_eq!(prover.verify().map_err(|failures| format!("{} {:?}", failures.len(), failures[0])), Ok(()));
    let mut wrong = grid.clone();
    let cell = column(&grid, "state 3");
    wrong.write(cell, row(2, 0, ROUNDS), grid.read(cell, row(2, 0, ROUNDS)) + F::from(1));
    let (circuit, sum) = ShardCircuit::for_mock_prover(&wrong);
    let prover = MockProver::run(K, &circuit, vec![vec![sum]]).expect("it runs");
    assert!(prover.verify().is_err());
}

#[test]
fn chi_is_a_function_of_its_argument() {
    let entries: HashMap<(u64, u64), u64> = tables::entries()
        .iter()
        .take(7)
        .map(|[input, output, _]| {
            let small = |x: F| u64::from(x.to_bytes()[0] & 15);
            ((1, small(*input)), small(*output))
        })
        .collect();
    for bits in 0..16u64 {
        let [a, d, b, c] = [0, 1, 2, 3].map(|i| bits >> i & 1);
        let output = entries[&(1, 2 * (a + d) + b + 1 - c)] & 1;
        assert_eq!(output, a ^ d ^ ((1 - b) & c));
    }
}

#[test]
fn a_batch_has_as_many_rows_as_the_layout_says() {
    for k in [13, 16, 18] {
        let rows = Rows::new(k);
        for index in 0..rows.usable {
            if let Some(place) = Place::of(index, rows) {
                assert_eq!(place.row(rows), index);
            }
        }
        assert!(super::layout::batches(rows) > 0);
    }
    assert_eq!(super::layout::batches(Rows::new(12)), 0);
}

#[test]
fn the_reference_is_keccak() {
    for length in [0, 1, 135, 136, 137, 271, 272, 1000] {
        let input: Vec<u8> = (0..length).map(|i| (i * 7 + 3) as u8).collect();
        let state = padded_blocks(&input).iter().fold([0u64; 25], |state, block| {
            permute(&std::array::from_fn(|lane| state[lane] ^ block.get(lane).unwrap_or(&0)))
        });
        let digest: Vec<u8> = state[..4].iter().flat_map(|lane| lane.to_le_bytes()).collect();
        assert_eq!(digest, alloy_primitives::keccak256(&input).0);
    }
}
