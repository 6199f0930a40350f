//! The bus as an exact multiset: what is sent must be received, what is consumed must be provided.

use std::collections::HashMap;
use std::hash::{BuildHasher, Hash, Hasher};
use std::sync::{Arc, LazyLock};

use foldhash::quality::RandomState;
use halo2_proofs::arithmetic::Field;

use crate::chip::{ChipDef, MessageDef, Role};
use crate::circuit::Circuit;
use crate::expr::{Cell, Expr, F};
use crate::grid::Grid;
use crate::message::{Message, Tag};
use crate::program::Scratch;

/// Two hashers with random seeds: together 128 bits that nobody can aim at.
static HASHERS: LazyLock<[RandomState; 2]> = LazyLock::new(|| [RandomState::default(), RandomState::default()]);

type Key = [u64; 2];

fn key(tag: &Tag, tuple: &[F]) -> Key {
    std::array::from_fn(|i| {
        let mut hasher = HASHERS[i].build_hasher();
        tag.id.hash(&mut hasher);
        tuple.hash(&mut hasher);
        hasher.finish()
    })
}

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
    entries: HashMap<Key, Entry, foldhash::fast::FixedState>,
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
        let key = key(&tag, &tuple);
        match self.entries.entry(key) {
            std::collections::hash_map::Entry::Occupied(mut entry) => {
                let sum = entry.get().sum + multiplicity;
                if bool::from(sum.is_zero()) {
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
        let circuit = &grid.circuit;
        let mut scratch = Scratch::default();
        let mut multiplicities = Vec::new();
        for row in 0..grid.rows().usable {
            for chip in &circuit.chips {
                let selector = grid.evaluate(&chip.selector.expr(), row);
                if bool::from(selector.is_zero()) {
                    continue;
                }
                multiplicities.clear();
                multiplicities.extend(chip.multiplicities.run(grid, row, &mut scratch));
                for (message, multiplicity) in chip.messages.iter().zip(&multiplicities) {
                    if bool::from(multiplicity.is_zero()) {
                        continue;
                    }
                    let at = row.wrapping_add_signed(isize::from(message.row)) & (grid.rows().total - 1);
                    let tuple = circuit.slot_programs[message.slot].run(grid, at, &mut scratch).collect();
                    let place =
                        || Place::Row { circuit: circuit.name, chip: chip.name, origin: origin(grid, row), row };
                    self.add(circuit.slots[message.slot].tag, tuple, *multiplicity * selector, place);
                }
            }
        }
    }

    /// How many messages were added.
    pub fn messages(&self) -> u64 {
        self.messages
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

/// How often each fact is consumed, gathered from all shards before any multiplicity is filled.
#[derive(Clone, Debug, Default)]
pub struct FactCounts {
    counts: HashMap<Key, u64, foldhash::fast::FixedState>,
}

impl FactCounts {
    /// Counts one more consumption of a fact.
    pub fn add<M: crate::message::Fact>(&mut self, message: &M::Native) {
        *self.counts.entry(key(&M::TAG, &M::tuple(message))).or_default() += 1;
    }

    /// Counts what the windows of `grid` consume.
    pub fn consume(&mut self, grid: &Grid) {
        let circuit = Arc::clone(&grid.circuit);
        let mut scratch = Scratch::default();
        let mut tuple = Vec::new();
        for window in &grid.windows {
            let chip = &circuit.chips[window.chip];
            for message in chip.messages.iter().filter(|m| m.role == Role::Consume) {
                if bool::from(grid.evaluate(&message.multiplicity, window.row).is_zero()) {
                    continue;
                }
                self.tuple(grid, message.slot, window.row + message.row as usize, &mut scratch, &mut tuple);
                *self.counts.entry(key(&circuit.slots[message.slot].tag, &tuple)).or_default() += 1;
            }
        }
    }

    /// Takes out what the windows of `grid` provide, and answers the cells (as seen from a row) that say how often: all
    /// consumptions of a fact go to the first row that may provide it. (A row whose constraints hold the multiplicity at zero
    /// does not prove what its slot says.)
    pub fn take(&mut self, grid: &Grid) -> Vec<(Cell, usize, u64)> {
        let circuit = Arc::clone(&grid.circuit);
        let provisions: Vec<_> = circuit.chips.iter().map(Provision::all).collect();
        let mut scratch = Scratch::default();
        let (mut tuple, mut taken) = (Vec::new(), Vec::new());
        for window in &grid.windows {
            for provision in &provisions[window.chip] {
                let message = provision.message;
                self.tuple(grid, message.slot, window.row + message.row as usize, &mut scratch, &mut tuple);
                let key = key(&circuit.slots[message.slot].tag, &tuple);
                let Some(count) = self.counts.get(&key).copied() else { continue };
                if provision.allows(grid, window.row, F::from(count)) {
                    self.counts.remove(&key);
                    taken.push((provision.multiplicity, window.row, count));
                }
            }
        }
        taken
    }

    /// Fills the multiplicities of what the windows of `grid` provide, as [`take`](Self::take) says.
    pub fn provide(&mut self, grid: &mut Grid) {
        for (cell, row, count) in self.take(grid) {
            grid.write(cell, row, F::from(count));
        }
    }

    fn tuple(&self, grid: &Grid, slot: usize, row: usize, scratch: &mut Scratch, tuple: &mut Vec<F>) {
        tuple.clear();
        tuple.extend(slot_program(&grid.circuit, slot).run(grid, row, scratch));
    }
}

/// A fact that a chip provides.
struct Provision<'c> {
    message: &'c MessageDef,
    multiplicity: Cell,
    /// The constraints that read the multiplicity.
    bounds: Vec<&'c Expr>,
}

impl<'c> Provision<'c> {
    fn all(chip: &'c ChipDef) -> Vec<Self> {
        let facts = chip.messages.iter().filter(|message| message.role == Role::Provide);
        let cells = facts.filter_map(|message| Some((message, message.multiplicity.as_cell()?)));
        let bounds = |cell: &Cell| {
            let expressions = chip.constraints.iter().map(|constraint| &constraint.expr);
            expressions.filter(|expr| expr.cells().contains(cell)).collect()
        };
        cells.map(|(message, cell)| Self { message, multiplicity: cell, bounds: bounds(&cell) }).collect()
    }

    /// Whether the window that begins at `row` may provide the fact `count` times.
    fn allows(&self, grid: &Grid, row: usize, count: F) -> bool {
        let read = |cell: Cell| if cell == self.multiplicity { count } else { grid.read(cell, row) };
        self.bounds.iter().all(|expr| bool::from(expr.evaluate(&read).is_zero()))
    }
}

fn slot_program(circuit: &Circuit, slot: usize) -> &crate::program::Program {
    &circuit.slot_programs[slot]
}
