//! The keys of a grid's messages, read many rows at a time.

use std::ops::Range;

use rayon::prelude::*;

use super::key::Key;
use super::narrow::{Numbers, Words};
use crate::chip::{ChipDef, MessageDef, Role};
use crate::expr::F;
use crate::grid::Grid;
use crate::program::{BATCH, Scratch};

/// What `work` makes of equal parts of the rows of a grid that chips may use, one for each thread.
pub(super) fn parts<T: Send>(grid: &Grid, work: impl Fn(Range<usize>) -> T + Sync + Send) -> Vec<T> {
    let usable = grid.rows().usable;
    let size = usable.div_ceil(rayon::current_num_threads()).max(1 << 10);
    let ranges: Vec<_> = (0..usable).step_by(size).map(|start| start..usable.min(start + size)).collect();
    ranges.into_par_iter().map(work).collect()
}

/// The cells of `grid` that its messages of the given roles consist of, in machine words where they are small.
pub(super) fn words(grid: &Grid, role: impl Fn(Role) -> bool) -> Words {
    let circuit = &grid.circuit;
    let messages = circuit.chips.iter().flat_map(|chip| &chip.messages).filter(|message| role(message.role));
    Words::of(grid, messages.filter_map(|message| circuit.narrow_tuples[message.slot].as_ref()))
}

/// Reads keys of one grid.
#[derive(Debug)]
pub(super) struct Reader<'g> {
    grid: &'g Grid,
    words: &'g Words,
    tuples: Scratch,
    tuple: Vec<F>,
    keys: Vec<Key>,
}

impl<'g> Reader<'g> {
    pub(super) fn new(grid: &'g Grid, words: &'g Words) -> Self {
        Self { grid, words, tuples: Scratch::default(), tuple: Vec::new(), keys: Vec::new() }
    }

    /// The keys of what a message says in the windows that begin at `rows`, at most [`BATCH`].
    pub(super) fn keys(&mut self, message: &MessageDef, rows: &[usize]) -> &[Key] {
        self.keys.clear();
        if !self.narrow(message, rows) {
            self.keys.clear();
            self.wide(message, rows);
        }
        &self.keys
    }

    /// Whether all of these tuples are narrow.
    fn narrow(&mut self, message: &MessageDef, rows: &[usize]) -> bool {
        let circuit = &self.grid.circuit;
        let Some(tuple) = &circuit.narrow_tuples[message.slot] else { return false };
        let mut numbers: Numbers = [[0; 3]; BATCH];
        if !tuple.run(self.words, rows, message.row, &mut numbers) {
            return false;
        }
        let tag = &circuit.slots[message.slot].tag;
        for numbers in &numbers[..rows.len()] {
            let Some(key) = Key::narrow(tag, &numbers[..tuple.len()]) else { return false };
            self.keys.push(key);
        }
        true
    }

    fn wide(&mut self, message: &MessageDef, rows: &[usize]) {
        let circuit = &self.grid.circuit;
        let tag = &circuit.slots[message.slot].tag;
        let tuples = circuit.slot_programs[message.slot].run_batch(self.grid, rows, message.row, &mut self.tuples);
        for index in 0..rows.len() {
            self.tuple.clear();
            self.tuple.extend(tuples.row(index));
            self.keys.push(Key::of(tag, &self.tuple));
        }
    }
}

/// Calls `seen` with the keys and the multiplicities of all messages of the given roles in the windows that begin in
/// `range`, by what the selectors in the cells say. Those with multiplicity zero are left out. Consumptions come without
/// multiplicities: theirs are minus a flag, so minus one. The keys of a call are of one tag.
pub(super) fn each_batch(
    grid: &Grid,
    words: &Words,
    range: Range<usize>,
    role: impl Fn(Role) -> bool,
    mut seen: impl FnMut(&[Key], &[F]),
) {
    let mut reader = Reader::new(grid, words);
    let (mut numbers, mut active) = (Scratch::default(), Active::default());
    for chip in &grid.circuit.chips {
        let asked = chip.messages.iter().enumerate().filter(|(_, message)| role(message.role));
        let asked: Vec<_> = asked.map(|(index, message)| (index, message, is_always_consumed(message))).collect();
        let varying = asked.iter().any(|(.., always)| !always);
        if asked.is_empty() {
            continue;
        }
        for rows in grid.selected(chip.selector, range.clone()).chunks(BATCH) {
            let multiplicities = varying.then(|| chip.multiplicities.run_batch(grid, rows, 0, &mut numbers));
            for (index, message, always) in &asked {
                match multiplicities.as_ref().filter(|_| !always) {
                    None => seen(reader.keys(message, rows), &[]),
                    Some(multiplicities) => {
                        active.take(grid, chip, rows, multiplicities.values(*index, rows.len()));
                        let multiplicities =
                            if message.role == Role::Consume { &[][..] } else { &active.multiplicities };
                        seen(reader.keys(message, &active.rows), multiplicities);
                    }
                }
            }
        }
    }
}

/// Whether every window of the chip consumes the message.
fn is_always_consumed(message: &MessageDef) -> bool {
    let constant = || message.multiplicity.degree() == 0 && message.multiplicity.evaluate(&|_| F::zero()) != F::zero();
    message.role == Role::Consume && constant()
}

/// Rows with a message.
#[derive(Debug, Default)]
struct Active {
    rows: Vec<usize>,
    multiplicities: Vec<F>,
}

impl Active {
    /// Takes the rows in which the message's multiplicity is not zero.
    fn take(&mut self, grid: &Grid, chip: &ChipDef, rows: &[usize], multiplicities: &[F]) {
        self.rows.clear();
        self.multiplicities.clear();
        let selector = grid.selector(chip.selector);
        for (row, multiplicity) in rows.iter().zip(multiplicities) {
            if *multiplicity != F::zero() {
                let selector = selector[*row];
                self.rows.push(*row);
                self.multiplicities.push(if selector == F::one() { *multiplicity } else { multiplicity * selector });
            }
        }
    }
}
