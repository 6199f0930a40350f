//! The permutation circuit's work: states to permute, six to a batch.

use std::ops::Range;
use std::sync::Arc;

use verbatim_gadgets::circuit::{Circuit, Rows};
use verbatim_gadgets::expr::{Cell, F};
use verbatim_gadgets::grid::{Full, Grid, Window};
use verbatim_gadgets::machine::{ChipSet, Workload};

use super::layout::{BASE, Bytes, Columns, HEIGHT, LANE, Layout, Place, SLICES, batches, layout, pack};
use super::reference::{ROUNDS, State, add_theta, after_theta, theta};
use super::tables::spread;
use super::{absorb, bytes, frame, lanes, round, theta as theta_chip, transpose};

verbatim_gadgets::chips! {
    /// The chips of the permutation circuit.
    pub struct PermutationChips, PermutationEvent = "keccak", layout {
        Round: round::Round,
        Theta: theta_chip::Theta,
        Frame: frame::Frame,
        Absorb: absorb::Absorb,
        Transpose: transpose::Transpose,
        FirstByte: bytes::FirstByte,
        NextByte: bytes::NextByte,
        Lanes: lanes::Lanes,
    }
}

/// States to permute. A window is a batch of [`SLICES`].
#[derive(Clone, Debug)]
pub struct Permutations {
    circuit: Arc<Circuit>,
    layout: Layout,
    states: Vec<State>,
}

impl Permutations {
    /// The circuit with these states to permute. Equal ones need not be listed twice.
    pub fn new(states: Vec<State>) -> Self {
        let (circuit, _) = PermutationChips::build();
        let layout = layout(&mut verbatim_gadgets::circuit::CircuitBuilder::new("keccak"));
        Self { circuit: Arc::new(circuit), layout, states }
    }

    /// The states.
    pub fn states(&self) -> &[State] {
        &self.states
    }

    fn batch(&self, index: usize) -> [State; SLICES] {
        std::array::from_fn(|p| self.states.get(index * SLICES + p).copied().unwrap_or_default())
    }
}

impl Workload for Permutations {
    fn circuit(&self) -> &Arc<Circuit> {
        &self.circuit
    }

    fn len(&self) -> usize {
        self.states.len().div_ceil(SLICES)
    }

    fn size(&self) -> Option<u32> {
        None
    }

    fn chip(&self, _index: usize) -> usize {
        0
    }

    fn capacity(&self, k: u32) -> Option<usize> {
        Some(batches(Rows::new(k)))
    }

    fn fill(&self, windows: Range<usize>, grid: &mut Grid) -> Result<(), Full> {
        let count = batches(grid.rows());
        if windows.len() > count {
            return Err(Full { circuit: self.circuit.name, k: grid.k });
        }
        let first = windows.start;
        let padding = Trace::new(&[[0; 25]; SLICES]);
        for batch in 0..count {
            match first + batch {
                index if index < windows.end => Trace::new(&self.batch(index)).write(&self.layout.columns, batch, grid),
                _ => padding.write(&self.layout.columns, batch, grid),
            }
        }
        self.list_windows(first, grid);
        Ok(())
    }
}

impl Permutations {
    /// Lists the rows in which each chip is selected, for whoever counts messages.
    fn list_windows(&self, first: usize, grid: &mut Grid) {
        let rows = grid.rows();
        for row in 0..rows.usable {
            let origin = Place::of(row, rows).map_or(u64::MAX, |place| ((first + place.batch) * SLICES) as u64);
            for (chip, def) in self.circuit.chips.iter().enumerate() {
                if grid.evaluate(&def.selector.expr(), row) != F::from(0) {
                    grid.windows.push(Window { chip, row, origin });
                }
            }
        }
    }
}

/// What the cells of a batch hold, permutation by permutation.
#[derive(Debug)]
struct Trace {
    /// The states before the permutations.
    input: [State; SLICES],
    /// The rows `state`.
    states: Vec<[State; SLICES]>,
    /// The rows `theta`.
    thetas: Vec<[[u64; 5]; SLICES]>,
}

impl Trace {
    fn new(input: &[State; SLICES]) -> Self {
        let (mut states, mut thetas) = (Vec::with_capacity(HEIGHT), Vec::with_capacity(HEIGHT));
        let mut current = *input;
        for round in 0..ROUNDS {
            let added = current.map(|state| theta(&state));
            let state: [State; SLICES] = std::array::from_fn(|p| add_theta(&current[p], &added[p]));
            current = state.map(|state| after_theta(&state, round));
            states.push(state);
            thetas.push(added);
        }
        states.push(current);
        thetas.push([[0; 5]; SLICES]);
        Self { input: *input, states, thetas }
    }

    fn write(&self, columns: &Columns, batch: usize, grid: &mut Grid) {
        let rows = grid.rows();
        // The packed digits, by the bits that they are.
        let packed: [F; 1 << SLICES] = std::array::from_fn(|bits| F::from(pack(|p| bits as u64 >> p & 1)));
        for z in 0..LANE {
            for t in 0..HEIGHT {
                let row = Place { z, batch, t }.row(rows);
                let mut bits = |cell: Cell, word: &dyn Fn(usize) -> u64| {
                    let index = (0..SLICES).fold(0, |index, p| index | ((word(p) >> z & 1) as usize) << p);
                    grid.write(cell, row, packed[index]);
                };
                for (lane, cell) in columns.state.iter().enumerate() {
                    bits(*cell, &|p| self.states[t][p][lane]);
                }
                for (x, cell) in columns.theta.iter().enumerate() {
                    bits(*cell, &|p| self.thetas[t][p][x]);
                }
                bits(columns.input, &|p| self.input[p][t]);
                bits(columns.input_theta, &|p| self.thetas[0][p][t % 5]);
                bits(columns.input_state, &|p| self.states[0][p][t]);
                bits(columns.output, &|p| self.states[ROUNDS][p][t]);
                let (j, p) = (z / 8, z % 8);
                if p < SLICES {
                    write_byte(&columns.input_bytes, self.input[p][t], j, row, grid);
                    write_byte(&columns.output_bytes, self.states[ROUNDS][p][t], j, row, grid);
                }
            }
        }
    }
}

/// Writes byte `j` of `lane`.
fn write_byte(columns: &Bytes, lane: u64, j: usize, row: usize, grid: &mut Grid) {
    let bytes = lane.to_le_bytes();
    let number = bytes[..=j].iter().fold(0, |number, byte| number << 8 | u64::from(*byte));
    grid.write(columns.number, row, F::from(number));
    grid.write(columns.spread, row, spread(bytes[j]));
}

/// No two sums of digits may be confused: 13 bits are the greatest that is looked up.
const _: () = assert!(BASE > 13 && (BASE.ilog2() as usize) * SLICES <= super::layout::STRIDE_BITS as usize);
