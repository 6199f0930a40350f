//! Tests of the permutation circuit.

use std::sync::OnceLock;

use verbatim_gadgets::bus::{Balance, FactCounts, Unbalanced};
use verbatim_gadgets::check::check;
use verbatim_gadgets::expr::F;
use verbatim_gadgets::grid::Grid;
use verbatim_gadgets::machine::Workload;

use super::permutations::Permutations;
use super::reference::{State, permute};
use super::tables::{self, TABLE_K};
use crate::bus::{Permutation, PermutationNative};

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

fn tables_grid() -> &'static Grid {
    static GRID: OnceLock<Grid> = OnceLock::new();
    GRID.get_or_init(|| {
        let sheet: &dyn Workload = &tables::sheet();
        sheet.grid(TABLE_K, 0..sheet.len()).expect("the tables fit")
    })
}

/// A filled shard that permutes these states, and the tables with multiplicities to match.
fn filled(states: &[State]) -> (Grid, Grid) {
    let work = Permutations::new(states.to_vec());
    let work: &dyn Workload = &work;
    let mut grid = work.grid(K, 0..work.len()).expect("there is room");
    let mut tables = tables_grid().clone();
    let mut counts = FactCounts::default();
    counts.consume(&grid);
    states.iter().for_each(|state| counts.add::<Permutation>(&fact(state)));
    counts.provide(&mut tables);
    counts.provide(&mut grid);
    (grid, tables)
}

fn unbalanced(grids: &[&Grid], states: &[State]) -> Vec<Unbalanced> {
    let mut balance = Balance::default();
    grids.iter().for_each(|grid| balance.add_grid(grid));
    states.iter().for_each(|state| balance.add_public::<Permutation>(&fact(state), -F::from(1)));
    balance.unbalanced()
}

#[test]
fn permutations_hold() {
    let states = states(4);
    let (grid, tables) = filled(&states);
    assert_eq!(check(&grid).failures.first(), None);
    let left = unbalanced(&[&grid, &tables], &states);
    assert!(left.is_empty(), "{} left, first {:?}", left.len(), left.first());
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
