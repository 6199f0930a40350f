//! The bus as an exact multiset: what is sent must be received, what is consumed must be provided.

mod facts;
mod key;
mod narrow;
mod reader;
mod sums;
mod tally;

use std::ops::Range;

use crate::expr::F;
use crate::grid::Grid;
use crate::message::{Message, Tag};
use crate::program::{BATCH, Scratch};

pub use facts::{FactCounts, Providers};
pub(crate) use narrow::NarrowTuple;
pub(crate) use sums::Sums;

use key::{Key, Keyed};
use reader::parts;

/// Where a message was seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// In a row of a circuit's shard.
    Row {
        /// The circuit.
        circuit: &'static str,
        /// The chip.
        chip: &'static str,
        /// What the window was filled from.
        origin: u64,
        /// The window's first row.
        row: usize,
    },
    /// Added by the verifier.
    Public,
}

#[derive(Clone, Debug)]
struct Entry {
    sum: F,
    tag: Tag,
    tuple: Vec<F>,
    place: Place,
}

/// A message without its partner.
#[derive(Clone, Debug)]
pub struct Unbalanced {
    /// The kind of message.
    pub tag: Tag,
    /// Its field elements.
    pub tuple: Vec<F>,
    /// What is left: positive if it was sent too often, negative (modulo the field) if it was received too often.
    pub sum: F,
    /// Where it was seen first.
    pub place: Place,
}

/// The sum of all messages seen so far.
#[derive(Clone, Debug, Default)]
pub struct Balance {
    entries: Keyed<Entry>,
    messages: u64,
}

impl Balance {
    /// Adds a message of the verifier's, `multiplicity` times.
    pub fn add_public<M: Message>(&mut self, message: &M::Native, multiplicity: F) {
        self.add(M::TAG, M::tuple(message), multiplicity, || Place::Public);
    }

    /// Adds a message, `multiplicity` times.
    pub fn add(&mut self, tag: Tag, tuple: Vec<F>, multiplicity: F, place: impl FnOnce() -> Place) {
        self.messages += 1;
        let key = Key::of(&tag, &tuple);
        match self.entries.entry(key) {
            std::collections::hash_map::Entry::Occupied(mut entry) => {
                let sum = entry.get().sum + multiplicity;
                if sum == F::zero() {
                    entry.remove();
                } else {
                    entry.get_mut().sum = sum;
                }
            }
            std::collections::hash_map::Entry::Vacant(entry) => {
                entry.insert(Entry { sum: multiplicity, tag, tuple, place: place() });
            }
        }
    }

    /// Adds everything that `other` holds.
    pub fn merge(&mut self, other: Self) {
        let messages = self.messages + other.messages;
        for entry in other.entries.into_values() {
            self.add(entry.tag, entry.tuple, entry.sum, || entry.place);
        }
        self.messages = messages;
    }

    /// Adds the messages of every window of a grid.
    pub fn add_grid(&mut self, grid: &Grid) {
        let parts = parts(grid, |range| {
            let mut part = Self::default();
            part.add_rows(grid, range);
            part
        });
        parts.into_iter().for_each(|part| self.merge(part));
    }

    fn add_rows(&mut self, grid: &Grid, range: Range<usize>) {
        let circuit = &grid.circuit;
        let (mut scratch, mut numbers) = (Scratch::default(), Scratch::default());
        for chip in &circuit.chips {
            for rows in grid.selected(chip.selector, range.clone()).chunks(BATCH) {
                let multiplicities = chip.multiplicities.run_batch(grid, rows, 0, &mut numbers);
                for (index, message) in chip.messages.iter().enumerate() {
                    let slot = &circuit.slots[message.slot];
                    let program = &circuit.slot_programs[message.slot];
                    let tuples = program.run_batch(grid, rows, message.row, &mut scratch);
                    for (i, row) in rows.iter().enumerate() {
                        let multiplicity = *multiplicities.get(index, i);
                        if multiplicity == F::zero() {
                            continue;
                        }
                        let place = || Place::Row {
                            circuit: circuit.name,
                            chip: chip.name,
                            origin: origin(grid, *row),
                            row: *row,
                        };
                        let selector = grid.evaluate(&chip.selector.expr(), *row);
                        let tuple = tuples.row(i).copied().collect();
                        self.add(slot.tag, tuple, multiplicity * selector, place);
                    }
                }
            }
        }
    }

    /// How many messages were added.
    pub fn messages(&self) -> u64 {
        self.messages
    }

    /// Whether every message has its partner.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The messages without partners, those of one tag together.
    pub fn unbalanced(&self) -> Vec<Unbalanced> {
        let mut left: Vec<_> = self
            .entries
            .values()
            .map(|e| Unbalanced { tag: e.tag, tuple: e.tuple.clone(), sum: e.sum, place: e.place.clone() })
            .collect();
        left.sort_by(|a, b| (a.tag.id, &a.tuple).cmp(&(b.tag.id, &b.tuple)));
        left
    }
}

/// What the window that begins at `row` was filled from; the row itself if the grid does not say.
pub(crate) fn origin(grid: &Grid, row: usize) -> u64 {
    match grid.windows.binary_search_by_key(&row, |window| window.row) {
        Ok(index) => grid.windows[index].origin,
        Err(_) => row as u64,
    }
}
