//! The states to permute.

use std::collections::HashSet;
use std::ops::Range;
use std::sync::Arc;

use verbatim_gadgets::circuit::{Circuit, Rows};
use verbatim_gadgets::expr::F;
use verbatim_gadgets::grid::{Full, Grid, Window};
use verbatim_gadgets::machine::{ChipSet, Workload};

use super::constants::State;
use super::rounds::permutation;
use super::{HEIGHT, PoseidonChips, WIDTH, cell};

/// States to permute, each once. A window is a permutation; the other windows of a shard permute zeros.
#[derive(Clone, Debug)]
pub struct Permutations {
    circuit: Arc<Circuit>,
    states: Vec<State>,
    known: HashSet<State>,
}

impl Default for Permutations {
    fn default() -> Self {
        Self::new()
    }
}

impl Permutations {
    /// The circuit without work.
    pub fn new() -> Self {
        Self { circuit: Arc::new(PoseidonChips::build().0), states: Vec::new(), known: HashSet::new() }
    }

    /// Makes sure that the permutation of `state` is provided.
    pub fn push(&mut self, state: State) {
        if self.known.insert(state) {
            self.states.push(state);
        }
    }

    /// The states, in the order of their windows.
    pub fn states(&self) -> &[State] {
        &self.states
    }
}

/// Writes the window that begins at `row`: what the chip's constraints give its cells, computed over numbers.
fn write(cells: &[F], row: usize, grid: &mut Grid) {
    cells.iter().enumerate().for_each(|(index, value)| grid.write(cell(index), row, *value));
}

/// The cells of a window, but for the multiplicity.
fn cells(state: &State) -> Vec<F> {
    let mut cells = state.to_vec();
    permutation(&mut cells, state);
    cells
}

impl Workload for Permutations {
    fn circuit(&self) -> &Arc<Circuit> {
        &self.circuit
    }

    fn len(&self) -> usize {
        self.states.len()
    }

    fn size(&self) -> Option<u32> {
        None
    }

    fn chip(&self, _index: usize) -> usize {
        0
    }

    fn capacity(&self, k: u32) -> Option<usize> {
        Some(Rows::new(k).usable / HEIGHT)
    }

    fn fill(&self, windows: Range<usize>, grid: &mut Grid) -> Result<(), Full> {
        let count = grid.rows().usable / HEIGHT;
        if windows.len() > count {
            return Err(Full { circuit: self.circuit.name, k: grid.k });
        }
        let padding = cells(&[F::zero(); WIDTH]);
        for index in 0..count {
            let (row, state) = (index * HEIGHT, self.states[windows.clone()].get(index));
            match state {
                Some(state) => write(&cells(state), row, grid),
                None => write(&padding, row, grid),
            }
            let origin = state.map_or(u64::MAX, |_| (windows.start + index) as u64);
            grid.windows.push(Window { chip: 0, row, origin });
        }
        Ok(())
    }
}
