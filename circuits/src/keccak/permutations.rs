//! The permutation circuit's work: states to permute, six to a batch.

use std::ops::Range;
use std::sync::Arc;

use rayon::prelude::*;
use verbatim_gadgets::circuit::{Circuit, Rows};
use verbatim_gadgets::expr::{Cell, F};
use verbatim_gadgets::grid::{Full, Grid, Window};
use verbatim_gadgets::machine::{ChipSet, Workload};

use super::layout::{BASE, HEIGHT, LANE, Layout, Place, SLICES, batches, layout, pack};
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
        let mut traces: Vec<_> = windows.into_par_iter().map(|batch| Trace::new(&self.batch(batch))).collect();
        let padding = Trace::new(&[[0; 25]; SLICES]);
        traces.resize(count, padding);
        self.write(&traces, grid);
        self.list_windows(first, grid);
        Ok(())
    }
}

impl Permutations {
    /// Fills a column at a time.
    fn write(&self, batches: &[Trace], grid: &mut Grid) {
        let (rows, columns) = (grid.rows(), &self.layout.columns);
        let mut sources: Vec<_> = (0..grid.main.len()).map(|_| Source::None).collect();
        let mut set = |cell: Cell, source| sources[usize::from(cell.column)] = source;
        let bits = columns.state.into_iter().chain(columns.theta);
        let bits = bits.chain([columns.input, columns.input_theta, columns.input_state, columns.output]);
        bits.enumerate().for_each(|(index, cell)| set(cell, Source::Bits(index)));
        for (bytes, index) in [(&columns.input_bytes, INPUT), (&columns.output_bytes, OUTPUT)] {
            set(bytes.number, Source::Numbers(index));
            set(bytes.spread, Source::Spreads(index));
        }
        let values = Values::new();
        grid.main.par_iter_mut().zip(sources).for_each(|(column, source)| values.write(source, batches, rows, column));
    }

    /// Lists the rows in which each chip is selected, for whoever counts messages.
    fn list_windows(&self, first: usize, grid: &mut Grid) {
        let rows = grid.rows();
        let selectors: Vec<_> = self.circuit.chips.iter().map(|chip| grid.selector(chip.selector)).collect();
        let mut windows = Vec::new();
        for row in 0..rows.usable {
            let origin = Place::of(row, rows).map_or(u64::MAX, |place| ((first + place.batch) * SLICES) as u64);
            let selected = selectors.iter().enumerate().filter(|(_, selector)| selector[row] != F::zero());
            windows.extend(selected.map(|(chip, _)| Window { chip, row, origin }));
        }
        grid.windows = windows;
    }
}

/// What fills a column.
#[derive(Clone, Copy, Debug)]
enum Source {
    /// Nothing.
    None,
    /// Bits of the words of this index, of all permutations.
    Bits(usize),
    /// The bytes of these words, each with those before it.
    Numbers(usize),
    /// The bits of these words' bytes.
    Spreads(usize),
}

/// Index of the words of the states before the permutations, behind those of `state` and `theta`.
const INPUT: usize = 30;
/// Index of the words of the states after them.
const OUTPUT: usize = 33;

/// A lane, or what is added to it, permutation by permutation.
type Word = [u64; SLICES];

/// What the cells of a batch hold, for each row of a turn.
#[derive(Clone, Debug)]
struct Trace(Vec<[Word; OUTPUT + 1]>);

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
        let row = |t: usize| {
            std::array::from_fn(|index| {
                std::array::from_fn(|p| match index {
                    0..25 => states[t][p][index],
                    25..INPUT => thetas[t][p][index - 25],
                    INPUT => input[p][t],
                    31 => thetas[0][p][t % 5],
                    32 => states[0][p][t],
                    _ => states[ROUNDS][p][t],
                })
            })
        };
        Self((0..HEIGHT).map(row).collect())
    }
}

/// The values that cells may have, by what they stand for.
#[derive(Debug)]
struct Values {
    /// The packed digits, by the bits that they are.
    packed: [F; 1 << SLICES],
    /// The spread bits, by the byte that they are.
    spread: Vec<F>,
}

impl Values {
    fn new() -> Self {
        let packed = std::array::from_fn(|bits| F::from(pack(|p| bits as u64 >> p & 1)));
        Self { packed, spread: (0..=u8::MAX).map(spread).collect() }
    }

    fn write(&self, source: Source, batches: &[Trace], rows: Rows, column: &mut [F]) {
        let index = match source {
            Source::None => return,
            Source::Bits(index) | Source::Numbers(index) | Source::Spreads(index) => index,
        };
        let words: Vec<Word> = batches.iter().flat_map(|batch| &batch.0).map(|words| words[index]).collect();
        for z in 0..LANE {
            let start = Place { z, batch: 0, t: 0 }.row(rows);
            let (j, p) = (z / 8, z % 8);
            let bytes = |word: &Word| word[p].swap_bytes() >> (8 * (7 - j));
            for (cell, word) in column[start..].iter_mut().zip(&words) {
                *cell = match source {
                    Source::Bits(_) => self.bits(word, z),
                    Source::Numbers(_) if p < SLICES => F::from(bytes(word)),
                    Source::Spreads(_) if p < SLICES => self.spread[bytes(word) as usize & 0xff],
                    _ => break,
                };
            }
        }
    }

    /// Bit `z` of all permutations.
    fn bits(&self, word: &Word, z: usize) -> F {
        let bits = word.iter().rev().fold(0, |bits, word| bits << 1 | (word >> z & 1) as usize);
        self.packed[bits]
    }
}

/// No two sums of digits may be confused: 13 bits are the greatest that is looked up.
const _: () = assert!(BASE > 13 && (BASE.ilog2() as usize) * SLICES <= super::layout::STRIDE_BITS as usize);
